"""What a Python project's own files say of it: pyproject.toml (PEP 621, Poetry) or setup.cfg; nothing is run.

What only running can tell (`dynamic` keys, setup.py) is None here, never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from certify.contract.bounded_toml import HostileToml
from certify.contract.document import Document, KeyPath
from certify.model import Location
from certify.repository.project.setup_cfg import SETUP_CFG, SETUP_PY, SetupCfg
from certify.repository.project.stated import Declared, Stated
from certify.repository.project.toml import NotToml, parse_toml
from certify.repository.tree import MAX_TEXT_BYTES, Repository

PYPROJECT = "pyproject.toml"

#: What PEP 517 prescribes where there is no `[build-system]`.
_LEGACY_BACKEND = "setuptools.build_meta:__legacy__"
#: With these the version in pyproject.toml is a placeholder.
_VERSION_PLUGINS = ("poetry-dynamic-versioning",)


@dataclass(frozen=True)
class BuildSystem:
    """How the wheel is built (PEP 517, PEP 518)."""

    requires: tuple[str, ...]
    backend: str
    backend_path: tuple[str, ...]
    location: Location


class Project:
    """Looks things up; each file is read once."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    @property
    def exists(self) -> bool:
        """Whether this is a Python project at all."""
        return any(self.repository.exists(name) for name in (PYPROJECT, SETUP_CFG, SETUP_PY))

    @property
    def trouble(self) -> NotToml | None:
        """Why pyproject.toml cannot be read, if it cannot; nothing else is known then."""
        return self._parsed if isinstance(self._parsed, NotToml) else None

    @property
    def document(self) -> Document | None:
        """pyproject.toml, if there is one that can be read."""
        return self._parsed if isinstance(self._parsed, Document) else None

    @property
    def unread(self) -> str | None:
        """Why pyproject.toml was not looked at, if it was not; nothing else is known then either."""
        return str(self._parsed) if isinstance(self._parsed, HostileToml) else None

    @cached_property
    def _parsed(self) -> Document | NotToml | HostileToml | None:
        content = self.repository.content(PYPROJECT)
        try:
            if content is not None:
                return parse_toml(_decoded(content), PYPROJECT)
            if self.repository.exists(PYPROJECT):
                raise HostileToml(f"it is no regular file of at most {MAX_TEXT_BYTES:,} bytes")
        except (NotToml, HostileToml) as error:
            return error
        return None

    def at(self, *keys: str | int) -> Location:
        """Where a key stands in pyproject.toml, or its nearest ancestor."""
        path: KeyPath = keys
        return Location(PYPROJECT, self.document.line(path) if self.document else 1)

    def value(self, *keys: str) -> Any:
        """What stands under a key of pyproject.toml; None when nothing does."""
        value: Any = self.document.value if self.document else None
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    @property
    def build_system(self) -> BuildSystem:
        """`[build-system]`, or what stands for it where there is none."""
        requires = _texts(self.value("build-system", "requires"))
        backend = self.value("build-system", "build-backend")
        if not isinstance(backend, str):
            where = self.at("build-system") if self.document else Location(SETUP_PY)
            return BuildSystem(requires or ("setuptools",), _LEGACY_BACKEND, (), where)
        return BuildSystem(
            requires,
            backend,
            _texts(self.value("build-system", "backend-path")),
            self.at("build-system", "build-backend"),
        )

    @property
    def name(self) -> Stated | None:
        """The distribution's name."""
        return self._single("name")

    @property
    def version(self) -> Stated | None:
        """The version that is written down."""
        plugins = [one for one in self.build_system.requires if one.startswith(_VERSION_PLUGINS)]
        return None if plugins else self._single("version")

    @property
    def licence(self) -> Stated | None:
        """A licence's name or expression; None where at most a file is named."""
        if isinstance(self.value("project", "license"), dict):
            return self._text("project", "license", "text")
        return self._single("license")

    @property
    def licence_is_written_down(self) -> bool:
        """Whether no build could tell more of the licence than these files do."""
        dynamic = _texts(self.value("project", "dynamic"))
        poetry = self.value("tool", "poetry") is not None
        return "license" not in dynamic and (poetry or self.value("project") is not None)

    @property
    def licence_is_expression(self) -> bool:
        """Whether the licence stands where PEP 639 wants an SPDX expression."""
        return isinstance(self.value("project", "license"), str)

    @property
    def licence_is_a_file(self) -> bool:
        """Whether a file stands in its place."""
        return self._text("project", "license", "file") is not None

    @property
    def licence_place(self) -> Location:
        """Where a licence is declared, or would be."""
        if self.value("project") is None and self.value("tool", "poetry") is None:
            return Location(SETUP_PY if self.repository.exists(SETUP_PY) else SETUP_CFG, 1)
        return self.at("project", "license") if self.value("project") else self.at("tool", "poetry")

    @property
    def licence_files(self) -> tuple[Stated, ...]:
        """Names or patterns of licence files, where the project names them."""
        one = self._text("project", "license", "file")
        if one is not None:
            return (one,)
        listed = self.value("project", "license-files")
        if isinstance(listed, dict):  # hatchling before PEP 639 was settled
            listed = [*_texts(listed.get("paths")), *_texts(listed.get("globs"))]
        where = self.at("project", "license-files")
        return tuple(Stated(pattern, where) for pattern in _texts(listed))

    @property
    def classifiers(self) -> tuple[Stated, ...]:
        """Trove classifiers, as far as they are written down."""
        for keys in (("project", "classifiers"), ("tool", "poetry", "classifiers")):
            if self.value(*keys) is not None:
                return tuple(Stated(one.text, one.location) for one in self._listed(keys))
        file = self._setup_cfg
        return (file.items("metadata", "classifiers", separator=",") if file else None) or ()

    @property
    def requirements(self) -> tuple[Declared, ...] | None:
        """Dependencies and those of the extras; None when only a build can tell."""
        if self.value("project") is None:
            return self._requirements_of_setup_cfg()
        dynamic = _texts(self.value("project", "dynamic"))
        if "dependencies" in dynamic or "optional-dependencies" in dynamic:
            return None
        extras = self.value("project", "optional-dependencies")
        found = self._listed(("project", "dependencies"))
        for extra in extras if isinstance(extras, dict) else ():
            found += self._listed(("project", "optional-dependencies", extra), extra)
        return tuple(found)

    def where_required(self, requirement: str) -> Location:
        """Where a requirement that the build gave comes from: by its name, in Poetry's table or setup.py."""
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
        spelled = re.compile("[-_.]+".join(map(re.escape, re.split("[-_.]+", name))), re.IGNORECASE)
        table = self.value("tool", "poetry", "dependencies")
        for key in table if isinstance(table, dict) else ():
            if spelled.fullmatch(key):
                return self.at("tool", "poetry", "dependencies", key)
        for number, line in enumerate((self.repository.text(SETUP_PY) or "").splitlines(), 1):
            if re.search(rf"[\"']\s*{spelled.pattern}(?![\w.-])", line, re.IGNORECASE):
                return Location(SETUP_PY, number)
        return self.build_system.location

    def _requirements_of_setup_cfg(self) -> tuple[Declared, ...] | None:
        file = self._setup_cfg
        if file is None:
            return None
        required = file.items("options", "install_requires")
        extras = file.keys("options.extras_require", "extras_require")
        if required is None or extras is None:
            return None
        found = [Declared(one.text, one.location) for one in required]
        for extra in extras:
            listed = file.items("options.extras_require", extra, "extras_require") or ()
            found += [Declared(one.text, one.location, extra) for one in listed]
        return tuple(found)

    def _listed(self, keys: tuple[str, ...], extra: str | None = None) -> list[Declared]:
        value = self.value(*keys)
        return [
            Declared(text, self.at(*keys, index), extra)
            for index, text in enumerate(value if isinstance(value, list) else [])
            if isinstance(text, str)
        ]

    def _single(self, key: str) -> Stated | None:
        """The same key, where the standard, Poetry or setuptools has it."""
        stated = self._text("project", key)
        if stated is None and (self.value("project") is None or "poetry" in self.build_system.backend):
            stated = self._text("tool", "poetry", key)
        if stated is None and self._setup_cfg is not None:
            stated = self._setup_cfg.text("metadata", key)
        return stated

    def _text(self, *keys: str) -> Stated | None:
        value = self.value(*keys)
        return Stated(value, self.at(*keys)) if isinstance(value, str) else None

    @cached_property
    def _setup_cfg(self) -> SetupCfg | None:
        """setup.cfg, where pyproject.toml describes no project: only then does it speak for the project."""
        elsewhere = self.value("project") is not None or self.value("tool", "poetry") is not None
        return None if elsewhere or self.trouble or self.unread else SetupCfg(self.repository)


def _decoded(content: bytes) -> str:
    """As the standard has it: UTF-8, without a mark at its beginning."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotToml(content.count(b"\n", 0, error.start) + 1, "not UTF-8") from error


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
