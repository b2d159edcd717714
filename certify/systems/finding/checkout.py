"""A repository without a contract: its files, as they are looked through for what a contract would say."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from certify.contract import Contract
from certify.contract.contract import SubjectPlan
from certify.contract.detection import GENERIC, detect_system, pyproject
from certify.repository import Repository
from certify.repository.config.document import ConfigFile, read_config
from certify.repository.project.pyproject import Project
from certify.repository.source.modules import PythonSources, read_package
from certify.rules import NotApplicable, Unverified
from certify.subject import Package, Subject
from certify.systems import subject_of
from certify.systems.finding.setup_py import SETUP_PY, Setup, read_setup

#: A dependency in a file that is not read as TOML.
_NAMED_IN = re.compile(r"[\"'](singer-sdk|singer-python|airbyte-cdk)\b")
_SYSTEM_OF = {"singer-sdk": "singer", "singer-python": "singer", "airbyte-cdk": "airbyte"}


class Checkout:
    """Each file is read once; nothing of the connector is run."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self.repository = Repository(self.root)

    @cached_property
    def system(self) -> tuple[str, str]:
        """The system it belongs to, and what tells."""
        known = detect_system(self.root)
        if known != GENERIC:
            return known, "its files"
        if self.mapping("manifest.yaml").get("type") == "DeclarativeSource":
            return "airbyte", "manifest.yaml"
        poetry = self.poetry.get("dependencies")
        for name in poetry if isinstance(poetry, dict) else ():
            if name in _SYSTEM_OF:
                return _SYSTEM_OF[name], "pyproject.toml"
        named = _NAMED_IN.search(self.repository.text(SETUP_PY) or "")
        if named:
            return _SYSTEM_OF[named[1]], SETUP_PY
        is_singer = [name for name in self.scripts if name.startswith(("tap-", "target-"))]
        return (
            ("singer", f"the script {is_singer[0]}") if is_singer else (GENERIC, "no system's file is there")
        )

    @cached_property
    def poetry(self) -> dict[str, Any]:
        """The `[tool.poetry]` table of pyproject.toml."""
        tool = pyproject(self.root).get("tool")
        poetry = tool.get("poetry") if isinstance(tool, dict) else None
        return poetry if isinstance(poetry, dict) else {}

    @cached_property
    def _setup(self) -> Setup:
        return read_setup(self.repository)

    @cached_property
    def scripts(self) -> list[str]:
        """The console scripts, by pyproject.toml or setup.py."""
        tables = (inside(pyproject(self.root), "project", "scripts"), self.poetry.get("scripts"))
        return [
            *(name for table in tables if isinstance(table, dict) for name in table),
            *self._setup.scripts,
        ]

    @cached_property
    def name(self) -> tuple[str, str]:
        """The distribution's name, else the folder's; and where it stands."""
        stated = Project(self.repository).name
        if stated is not None:
            return stated.text, stated.place
        if self._setup.name is not None:
            return self._setup.name, SETUP_PY
        folder = re.sub(r"[^A-Za-z0-9_.-]+", "_", self.root.name).strip("_.-")[:100]
        return folder or "connector", "the folder's name"

    @cached_property
    def subject(self) -> Subject:
        """The connector as rules would see it under a contract that says nothing."""
        # Of Poetry's names and setup.py's, and of single modules, a plain Python connector knows nothing.
        name = re.sub(r"[-_.]+", "_", self.name[0]).lower()
        usual = (f"src/{name}", name, f"src/{name}.py", f"{name}.py")
        is_there = any(map(self.repository.exists, usual))
        return subject_of(
            Contract(
                root=self.root,
                file="certification.yaml",
                digest="",
                connector="",
                system=self.system[0],
                capabilities={},
                subject=SubjectPlan(package=name if name.isidentifier() and is_there else None),
            )
        )

    @cached_property
    def package(self) -> Package | None:
        """Its import package, where one can be told."""
        try:
            return self.subject.package()
        except (NotApplicable, Unverified, OSError):
            return None

    @cached_property
    def sources(self) -> PythonSources:
        """The modules of that package; those in the root where there is none."""
        if self.package is None:
            return read_package(self.repository, ".", self.root)
        return read_package(self.repository, self.package.name, Path(self.package.folder))

    @cached_property
    def schema_file(self) -> ConfigFile | None:
        """The configuration's JSON Schema, where a file has one that can be read."""
        try:
            found = self.subject.config_schema()
        except (NotApplicable, Unverified):
            return None
        return found if found.fault is None and isinstance(found.value, dict) else None

    def mapping(self, name: str) -> dict[str, Any]:
        """A JSON or YAML file that is a mapping; empty where there is none that can be read."""
        file = self.file(name)
        return file.value if file is not None else {}

    def file(self, name: str) -> ConfigFile | None:
        """A JSON or YAML file that is a mapping."""
        if not self.repository.exists(name):
            return None
        file = read_config(self.repository, name)
        return file if file.fault is None and isinstance(file.value, dict) else None

    def line(self, name: str, *keys: str | int) -> str:
        """Where a key of such a file stands: `metadata.yaml:12`."""
        file = self.file(name)
        return str(file.at(keys)) if file is not None else name


def inside(value: Any, *keys: str) -> Any:
    """What stands below these keys; None where one of them does not."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def texts(value: Any) -> list[str]:
    """The texts of a list; of a text, itself; of all else, none."""
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple) else []
