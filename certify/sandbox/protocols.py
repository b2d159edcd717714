"""How the commands of a system are asked to discover and to read, and what they answer in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from certify.sandbox.catalogs import everything_configured, everything_selected, is_catalog
from certify.sandbox.dialects import Airbyte, Singer
from certify.sandbox.inside.teller import Clock
from certify.sandbox.spoken import Dialect, Document, Spoken, parse
from certify.sandbox.zygote import Listens


class Discovery(Listens, Protocol):
    """Hears a discovery out."""

    @property
    def catalog(self) -> Mapping[str, Any] | None:
        """The catalog, if what was said is one."""
        ...


class CommandProtocol(Protocol):
    """What a system's commands understand; the arguments are paths of files."""

    #: Whether the log comes in messages, and is not to be told by loggers too.
    speaks_log: bool

    def discover(self, config: Path) -> list[str]:
        """The arguments that have it tell its catalog."""
        ...

    def read(self, config: Path, catalog: Path | None, state: Path | None) -> list[str]:
        """The arguments that have it read."""
        ...

    def discovery(self, clock: Clock) -> Discovery:
        """Who hears a discovery out."""
        ...

    def choose(self, catalog: Mapping[str, Any]) -> dict[str, Any]:
        """The catalog with everything in it chosen."""
        ...

    def dialect(self, catalog: Mapping[str, Any] | None) -> Dialect:
        """What its messages mean, in a read of this catalog."""
        ...


class SingerTap:
    """`tap --config c [--catalog f] [--state f] [--discover]`."""

    speaks_log = False

    def discover(self, config: Path) -> list[str]:
        """The arguments that have it tell its catalog."""
        return ["--config", str(config), "--discover"]

    def read(self, config: Path, catalog: Path | None, state: Path | None) -> list[str]:
        """The arguments that have it read."""
        return ["--config", str(config), *_optional("--catalog", catalog), *_optional("--state", state)]

    def discovery(self, clock: Clock) -> Discovery:
        """One document: the catalog."""
        return _CatalogDocument()

    def choose(self, catalog: Mapping[str, Any]) -> dict[str, Any]:
        """Every stream selected."""
        return everything_selected(catalog)

    def dialect(self, catalog: Mapping[str, Any] | None) -> Dialect:
        """Singer's."""
        return Singer()


class AirbyteSource:
    """`source discover --config c`, `source read --config c --catalog f [--state f]`."""

    speaks_log = True

    def discover(self, config: Path) -> list[str]:
        """The arguments that have it tell its catalog."""
        return ["discover", "--config", str(config)]

    def read(self, config: Path, catalog: Path | None, state: Path | None) -> list[str]:
        """The arguments that have it read."""
        return ["read", *SingerTap().read(config, catalog, state)]

    def discovery(self, clock: Clock) -> Discovery:
        """Messages, one of them with the catalog."""
        return _CatalogMessage(clock)

    def choose(self, catalog: Mapping[str, Any]) -> dict[str, Any]:
        """Every stream configured."""
        return everything_configured(catalog)

    def dialect(self, catalog: Mapping[str, Any] | None) -> Dialect:
        """Airbyte's, which has the schemas from the catalog."""
        return Airbyte(catalog)


#: By the system that a contract names.
COMMANDS: Mapping[str, CommandProtocol] = {"singer": SingerTap(), "airbyte": AirbyteSource()}


def _optional(name: str, path: Path | None) -> list[str]:
    return [] if path is None else [name, str(path)]


class _CatalogDocument(Document):
    @property
    def catalog(self) -> Mapping[str, Any] | None:
        try:
            said = parse(self.text)
        except (ValueError, RecursionError):
            return None
        return said if is_catalog(said) else None


class _CatalogMessage(Spoken):
    def __init__(self, clock: Clock) -> None:
        self._airbyte = Airbyte()
        super().__init__(self._airbyte, clock)

    @property
    def catalog(self) -> Mapping[str, Any] | None:
        return self._airbyte.found if is_catalog(self._airbyte.found) else None
