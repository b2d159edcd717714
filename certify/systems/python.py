"""A connector that is a Python package, of no system in particular; the base of those that are."""

from __future__ import annotations

import importlib.machinery
import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from certify.contract import Contract
from certify.contract.detection import project_table
from certify.contract.document import read_document
from certify.errors import ContractError
from certify.model import Finding, Location
from certify.repository import Repository
from certify.repository.config.document import ConfigFile, read_config
from certify.repository.config.places import find_form, find_schema
from certify.repository.docs import NEEDS_MARKDOWN, Page, Pages
from certify.repository.docs.changelog import Changelog
from certify.repository.project import Project
from certify.repository.project.installed import FindsInstalled, Installed, not_installed, project_of
from certify.repository.project.manifests import is_low_code
from certify.repository.project.versions import StatedVersion, changelog_version
from certify.rules import Blocked, NotApplicable, Undecided, Unverified
from certify.subject import Example, Package

#: Folders beside a package that are no package of the connector.
_NOT_THE_PACKAGE = frozenset(
    {"tests", "test", "docs", "doc", "examples", "certification", "scripts", "build", "dist", "benchmarks"}
)
#: Modules that are not imported by whoever uses a connector: programs and tests.
_NOT_IMPORTED = re.compile(r"__main__|conftest|setup|tests?|test_.*|.*_test")
_SOURCE = ".py"
#: More than this is no connector, and would take minutes.
_MAX_MODULES = 2000
_MAX_EXAMPLES = 500
#: Platforms that show every connector's configuration as a form, and the lines that say where its schema is.
_DEMANDS_SCHEMA = {
    "airbyte": "# spec.json in the package, with the schema under connectionSpecification",
    "planasonix": "# in connector.yaml\nconfig_schema: config.schema.json",
}


class PythonConnector:
    """Reads pyproject.toml and the tree; everything is found once."""

    #: Import names that the system's own manifest gives, before anything is guessed.
    needs_package = "subject:\n  package: your_import_package"

    def __init__(self, contract: Contract, find_installed: FindsInstalled = not_installed) -> None:
        self._contract = contract
        self._find_installed = find_installed
        self.root = contract.root

    @property
    def contract(self) -> Contract:
        """Its contract."""
        return self._contract

    @cached_property
    def project(self) -> dict[str, Any]:
        """The `[project]` table of its pyproject.toml, or what stands for it where it is only installed."""
        metadata = self.installed.metadata if self.installed else None
        return project_table(self.root) or (project_of(metadata) if metadata else {})

    @cached_property
    def installed(self) -> Installed | None:
        """The package where it is installed; None where it lies in the repository, or nowhere."""
        return None if self._name is None or self._in_tree else self._find_installed(self._name)

    @property
    def version(self) -> str | None:
        """The version in pyproject.toml or setup.cfg, or the literal `__version__` of the package."""
        stated = Project(self._repository).version
        if stated is not None:
            return stated.text
        if self.installed is not None and self.installed.metadata is not None:
            return self.installed.metadata.version
        try:
            folder = Path(self.package().folder)
        except (Undecided, OSError):
            return None
        init = folder / "__init__.py"
        text = init.read_text("utf-8", "replace")[:100_000] if init.is_file() else ""
        literal = re.search(r"^__version__(?:\s*:\s*\w+)?\s*=\s*[\"']([^\"']+)[\"']", text, re.MULTILINE)
        return literal[1] if literal else None

    def package(self) -> Package:
        """The import package: named by the system's manifest or the contract, else the only one there is."""
        name = self._name
        if name is None and is_low_code(self._repository):
            raise NotApplicable("the connector is a manifest, and no Python package")
        if name is None:
            raise Unverified("the connector's import package cannot be told", self.needs_package)
        if self._in_tree is not None:
            place, found = self._in_tree
            return Package(name, str(place), str(found), tuple(_modules(found, name)))
        if self.installed is None:
            raise Unverified(
                f"the import package {name!r} is neither under src/, nor in the root, nor installed",
                self.needs_package,
            )
        folder = self.installed.folder
        return Package(name, None, str(folder), tuple(_modules(folder, name)))

    @cached_property
    def _name(self) -> str | None:
        return self.import_name() or self._guessed_name()

    @cached_property
    def _in_tree(self) -> tuple[Path, Path] | None:
        """Where the package lies in the repository: the folder to import it from, and its own."""
        places = [(place, _find_package(place, self._name or "")) for place in (self.root / "src", self.root)]
        return next(((place, found) for place, found in places if found is not None and self._name), None)

    def import_name(self) -> str | None:
        """The name that is written down somewhere."""
        return self.contract.subject.package

    def _guessed_name(self) -> str | None:
        own = str(project_table(self.root).get("name") or "")
        normal = re.sub(r"[-_.]+", "_", own).lower()
        for place in (self.root / "src", self.root):
            names = [name for name in _packages_in(place) if name not in _NOT_THE_PACKAGE]
            if normal in names:
                return normal
            if len(names) == 1:
                return names[0]
        return None

    def requirements(self) -> tuple[str, ...]:
        """Names in `project.dependencies`."""
        return tuple(_distribution_names(self.project.get("dependencies")))

    @property
    def requires_python(self) -> str:
        """`project.requires-python`."""
        said = self.project.get("requires-python")
        return said if isinstance(said, str) else ""

    def optional_distributions(self) -> tuple[str, ...]:
        """Names in the extras that are not required anyway."""
        extras = self.project.get("optional-dependencies")
        own = {_normal(str(self.project.get("name") or "")), *map(_normal, self.requirements())}
        names: dict[str, None] = {}
        for requirements in extras.values() if isinstance(extras, dict) else ():
            names.update(
                (name, None) for name in _distribution_names(requirements) if _normal(name) not in own
            )
        return tuple(names)

    @property
    def extras_elsewhere(self) -> str:
        """setup.py or setup.cfg, where the `[project]` table leaves the extras to them."""
        dynamic = self.project.get("dynamic")
        left_open = not self.project or (isinstance(dynamic, list) and "optional-dependencies" in dynamic)
        files = [name for name in ("setup.py", "setup.cfg") if (self.root / name).is_file()]
        return files[0] if files and left_open else ""

    def public_names(self) -> dict[str, str | frozenset[str]]:
        """A plain Python connector promises no names."""
        raise NotApplicable("only a system that prescribes public names can compare them")

    def examples(self) -> tuple[Example, ...]:
        """Every YAML file under `examples/`, in order of their names."""
        folder = self.root / "examples"
        paths = sorted(_files(folder, (".yaml", ".yml")))[:_MAX_EXAMPLES]
        if not paths:
            self.without_examples()
        return tuple(self._example(path) for path in paths)

    def without_examples(self) -> NoReturn:
        """Whoever belongs to no platform has no manifests to show."""
        raise NotApplicable("there is no manifest example, and no platform that reads one")

    def _example(self, path: Path) -> Example:
        shown = path.relative_to(self.root).as_posix()
        try:
            return Example(shown, read_document(path, shown))
        except ContractError as error:
            return Example(shown, None, str(error))

    def missing_fields(self, example: Example) -> tuple[str, ...]:
        """Nothing is known to be required."""
        return ()

    def sides(self, example: Example) -> dict[str, str | None]:
        """Unknown: the system's manifest format is not known."""
        raise NotApplicable("the form of this system's manifests is not known")

    def declared(self) -> dict[str, tuple[Location, Any]]:
        """There is no manifest of a system."""
        return {}

    @cached_property
    def _repository(self) -> Repository:
        return Repository(self.root)

    @cached_property
    def _found_schema(self) -> ConfigFile | None:
        try:
            folder = Path(self.package().folder).resolve()
        except Undecided:
            folder = self._repository.root
        inside = folder.is_relative_to(self._repository.root)
        own = [folder.relative_to(self._repository.root).as_posix()] if inside else []
        found = find_schema(self._repository, [*own, "."])
        return (
            find_schema(Repository(folder.parent), [folder.name]) if found is None and not inside else found
        )

    def config_schema(self) -> ConfigFile:
        """Named by connector.yaml, or `config.schema.json` or its like in the package or the root."""
        if self._found_schema is None:
            if self.contract.system in _DEMANDS_SCHEMA:
                raise Unverified("there is no configuration schema", _DEMANDS_SCHEMA[self.contract.system])
            raise NotApplicable("there is no configuration schema, and nothing that reads one")
        return self._found_schema

    def form(self) -> ConfigFile:
        """`form` in connector.yaml, or `form.yaml` or `form.json` beside the schema."""
        found = find_form(self._repository, self.config_schema())
        if found is None:
            raise NotApplicable("there is no form: it is made from the schema, or there is none to show")
        return found

    def documentation(self, pages: Pages) -> Page:
        """docs/NAME, else a page under docs/ that names it, else the README."""
        name = pages.guide(self.contract.connector)
        if name is None:
            raise Blocked("there is neither a guide nor a README; see docs_exist")
        page = pages.page(name)
        if page is None:
            raise Unverified(f"{name} is no Markdown that can be read", NEEDS_MARKDOWN)
        return page

    def page_defects(self, page: Page) -> Iterator[Finding]:
        """None: what belongs to no system is free in its form."""
        return iter(())

    def changelog(self, pages: Pages, names: Iterable[str] = ()) -> Changelog | None:
        """CHANGELOG.md or another usual name, else a section of a page."""
        return pages.changelog(names)

    def latest_change(self, pages: Pages) -> StatedVersion | None:
        """The topmost heading of CHANGELOG.md or its like."""
        return changelog_version(self._repository)

    def names(self, kind: str) -> Location:
        """A key of the contract's subject."""
        return self.contract.at("subject", kind)

    def own_versions(self) -> tuple[StatedVersion, ...]:
        """None but the package's."""
        return ()

    def sdk_versions(self) -> tuple[StatedVersion, ...]:
        """None: its SDK is a requirement like others."""
        return ()

    def sample_config(self) -> ConfigFile | None:
        """What `subject.config` of the contract leads to."""
        name = self.contract.subject.config
        if name is None or not self._repository.exists(name):
            return None  # contract_is_valid says that it leads nowhere
        return read_config(self._repository, name)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _distribution_names(requirements: Any) -> list[str]:
    texts = [one for one in requirements if isinstance(one, str)] if isinstance(requirements, list) else []
    matches = [re.match(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)", text) for text in texts]
    return [match[1] for match in matches if match]


def _find_package(place: Path, name: str) -> Path | None:
    """The folder of a package (or the file of a module) of this dotted name directly below a place."""
    path = place.joinpath(*name.split("."))
    if path.is_dir() and any(True for _ in _files(path, (_SOURCE,))):
        return path
    module = path.with_suffix(_SOURCE)
    return module if module.is_file() else None


def _packages_in(place: Path) -> list[str]:
    try:
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
    except OSError:
        return []
    return [one.name for one in entries if one.is_dir() and (Path(one.path) / "__init__.py").is_file()]


def _files(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """Regular files below a folder, hidden ones left out, links not followed."""
    for base, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        for name in sorted(names):
            path = Path(base) / name
            if name.endswith(suffixes) and not path.is_symlink() and path.is_file():
                yield path


def _modules(folder: Path, package: str) -> Iterator[str]:
    """The package and its submodules as dotted names, parents first; programs and tests left out."""
    yield package
    if folder.is_file():
        return
    native = tuple(importlib.machinery.EXTENSION_SUFFIXES)
    names = set()
    for path in _files(folder, (_SOURCE, *native)):
        stem = path.name.partition(".")[0]
        parts = [*path.relative_to(folder).parent.parts, *([] if stem == "__init__" else [stem])]
        if parts and all(one.isidentifier() and not _NOT_IMPORTED.fullmatch(one) for one in parts):
            names.add(".".join([package, *parts]))
    yield from sorted(names)[:_MAX_MODULES]
