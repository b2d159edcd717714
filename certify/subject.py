"""What a rule may ask of a connector, whichever system it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from certify.contract import Contract
from certify.contract.document import Document, KeyPath
from certify.model import Finding, Location
from certify.repository.config.document import ConfigFile
from certify.repository.docs.changelog import Changelog
from certify.repository.docs.page import Page
from certify.repository.docs.pages import Pages
from certify.repository.project.installed import Installed
from certify.repository.project.versions import StatedVersion


@dataclass(frozen=True)
class Package:
    """A Python package to import: its name, the folder it is found in (None: installed), its files."""

    name: str
    path: str | None
    folder: str
    modules: tuple[str, ...]


@dataclass(frozen=True)
class Example:
    """A manifest example: its document, or why it does not parse (the line within the message)."""

    file: str
    document: Document | None
    error: str = ""

    @property
    def value(self) -> dict[str, Any]:
        """The manifest; empty when it does not parse or is no mapping."""
        value = self.document.value if self.document else None
        return value if isinstance(value, dict) else {}

    def at(self, *keys: str | int) -> Location:
        """Where a key stands in the example."""
        path: KeyPath = keys
        return Location(self.file, self.document.line(path) if self.document else 1)


class Subject(Protocol):
    """A connector under certification. Methods raise Unverified or NotApplicable where there is nothing."""

    @property
    def contract(self) -> Contract:
        """Its contract."""
        ...

    @property
    def version(self) -> str | None:
        """Its version, as its own metadata says; None when it says none."""
        ...

    def package(self) -> Package:
        """The import package."""
        ...

    @property
    def installed(self) -> Installed | None:
        """The package where it is installed; None where it lies in the repository, or nowhere."""
        ...

    def requirements(self) -> tuple[str, ...]:
        """Names of the distributions it needs, its own first."""
        ...

    @property
    def requires_python(self) -> str:
        """The Python versions it says it runs on, as a specifier; empty when it says nothing."""
        ...

    def optional_distributions(self) -> tuple[str, ...]:
        """Names of the distributions that only its extras and dependency groups need."""
        ...

    @property
    def extras_elsewhere(self) -> str:
        """The file that may declare extras and is not read for them; empty where they are all known."""
        ...

    def public_names(self) -> dict[str, str | frozenset[str]]:
        """Names its package must have, with the text or the set of texts the contract implies."""
        ...

    def examples(self) -> tuple[Example, ...]:
        """Its manifest examples."""
        ...

    def missing_fields(self, example: Example) -> tuple[str, ...]:
        """Keys that a manifest of this system must have and this one has not."""
        ...

    def sides(self, example: Example) -> dict[str, str | None]:
        """Under which capabilities this example uses the connector, each with the strategy it names."""
        ...

    def declared(self) -> dict[str, tuple[Location, Any]]:
        """What the system's own manifest says of the connector, to be held against the contract.

        Raises ContractError when there is one that cannot be read.
        """
        ...

    def config_schema(self) -> ConfigFile:
        """The JSON Schema of its configuration; what is wrong with the file is its `fault`."""
        ...

    def form(self) -> ConfigFile:
        """The form that shows the configuration, a list of fields."""
        ...

    def documentation(self, pages: Pages) -> Page:
        """The page that explains it to its users. Raises Blocked when there is none."""
        ...

    def page_defects(self, page: Page) -> Iterator[Finding]:
        """Where that page departs from the form that the system prescribes."""
        ...

    def changelog(self, pages: Pages, names: Iterable[str] = ()) -> Changelog | None:
        """Its list of changes; `names` may stand before a version. None when there is none."""
        ...

    def latest_change(self, pages: Pages) -> StatedVersion | None:
        """The topmost release of that list; None where it has none, or cannot be read."""
        ...

    def names(self, kind: str) -> Location:
        """The line that names its source, sink or state."""
        ...

    def own_versions(self) -> tuple[StatedVersion, ...]:
        """Every place where its version stands, where it is no Python package; the first one counts."""
        ...

    def sdk_versions(self) -> tuple[StatedVersion, ...]:
        """Every place where a version of its SDK stands, where that is no Python package."""
        ...

    def sample_config(self) -> ConfigFile | None:
        """The contract's sample configuration; None when it names none, or one that is not there."""
        ...
