"""How the commands of a system are asked to discover and to read, and what they answer in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from certify.run import Failure, Misspoken
from certify.sandbox.catalogs import everything_configured, everything_selected, is_catalog
from certify.sandbox.dialects import Airbyte, Singer
from certify.sandbox.spoken import Dialect, Spoken, document


@dataclass(frozen=True)
class Said:
    """What a command answered on its standard output: documents, and what is wrong with it."""

    messages: tuple[Mapping[str, Any], ...] = ()
    misspoken: tuple[Misspoken, ...] = ()
    failures: tuple[Failure, ...] = ()

    def of_type(self, kind: str) -> list[Mapping[str, Any]]:
        """The messages of one type."""
        return [one for one in self.messages if one.get("type") == kind]


class CommandProtocol(Protocol):
    """What a system's commands understand; the arguments are paths of files."""

    #: Whether the log comes in messages, and is not to be told by loggers too.
    speaks_log: bool

    def typed(self, further: Sequence[str], arguments: list[str]) -> list[str]:
        """What is typed after the command: the arguments of a question, and those that the contract adds."""
        ...

    def tells_own_spec(self, script: str) -> bool:
        """Whether this command's specification is the connector's."""
        ...

    def spec(self) -> list[str]:
        """The arguments that have it tell what its configuration is."""
        ...

    def check(self, config: Path) -> list[str] | None:
        """The arguments that have it try the configuration; None where nothing but a read does."""
        ...

    def discover(self, config: Path) -> list[str]:
        """The arguments that have it tell its catalog."""
        ...

    def read(self, config: Path, catalog: Path | None, state: Path | None) -> list[str]:
        """The arguments that have it read."""
        ...

    def said(self, text: bytes) -> Said:
        """What an answer holds that is no read."""
        ...

    def schema(self, said: Said) -> Mapping[str, Any] | None:
        """The JSON Schema of the configuration, if it was told."""
        ...

    def refusal(self, said: Said) -> str:
        """Why a check says that it cannot connect; empty where it does not say so."""
        ...

    def catalog(self, said: Said) -> Mapping[str, Any] | None:
        """The catalog, if it was told."""
        ...

    def choose(self, catalog: Mapping[str, Any]) -> dict[str, Any]:
        """The catalog with everything in it chosen."""
        ...

    def dialect(self, catalog: Mapping[str, Any] | None, folder: Path) -> Dialect:
        """What its messages mean, in a read of this catalog in a sandbox that has this folder."""
        ...


class SingerTap:
    """`tap --config c [--catalog f] [--state f] [--discover]`; those of Meltano's SDK know `--about` too."""

    speaks_log = False

    def typed(self, further: Sequence[str], arguments: list[str]) -> list[str]:
        """What the contract adds comes first."""
        return [*further, *arguments]

    def tells_own_spec(self, script: str) -> bool:
        """A tap is one connector."""
        return True

    def spec(self) -> list[str]:
        """The arguments that have it tell what its configuration is."""
        return ["--about", "--format=json"]

    def check(self, config: Path) -> list[str] | None:
        """There is none."""
        return None

    def discover(self, config: Path) -> list[str]:
        """The arguments that have it tell its catalog."""
        return ["--config", str(config), "--discover"]

    def read(self, config: Path, catalog: Path | None, state: Path | None) -> list[str]:
        """The arguments that have it read."""
        return ["--config", str(config), *_optional("--catalog", catalog), *_optional("--state", state)]

    def said(self, text: bytes) -> Said:
        """One document, over however many lines."""
        message, why = document(text)
        if not text.strip():
            return Said()
        if why or not isinstance(message, dict):
            told = text[:200].decode("utf-8", "replace")
            return Said((), (Misspoken(1, told, why or "is no JSON object", not why),))
        return Said((message,))

    def schema(self, said: Said) -> Mapping[str, Any] | None:
        """The settings that the SDK tells."""
        settings = said.messages[0].get("settings") if said.messages else None
        return settings if isinstance(settings, dict) else None

    def refusal(self, said: Said) -> str:
        """There is no check."""
        return ""

    def catalog(self, said: Said) -> Mapping[str, Any] | None:
        """The document, if it has streams."""
        return next(filter(is_catalog, said.messages), None)

    def choose(self, catalog: Mapping[str, Any]) -> dict[str, Any]:
        """Every stream selected."""
        return everything_selected(catalog)

    def dialect(self, catalog: Mapping[str, Any] | None, folder: Path) -> Dialect:
        """Singer's, which finds records in files, too."""
        return Singer(folder)


class AirbyteSource:
    """`source discover --config c`, `source read --config c --catalog f [--state f]`."""

    speaks_log = True

    def typed(self, further: Sequence[str], arguments: list[str]) -> list[str]:
        """The question comes first: `check --manifest-path manifest.yaml --config c`."""
        return [arguments[0], *further, *arguments[1:]]

    def tells_own_spec(self, script: str) -> bool:
        """What runs every manifest tells, for each of them, that it takes a manifest."""
        return script != "source-declarative-manifest"

    def spec(self) -> list[str]:
        """The arguments that have it tell what its configuration is."""
        return ["spec"]

    def check(self, config: Path) -> list[str] | None:
        """The arguments that have it try the configuration."""
        return ["check", "--config", str(config)]

    def discover(self, config: Path) -> list[str]:
        """The arguments that have it tell its catalog."""
        return ["discover", "--config", str(config)]

    def read(self, config: Path, catalog: Path | None, state: Path | None) -> list[str]:
        """The arguments that have it read."""
        return ["read", *SingerTap().read(config, catalog, state)]

    def said(self, text: bytes) -> Said:
        """Messages, one a line."""
        dialect = Airbyte()
        spoken = Spoken(dialect, _Standing())
        told = [*spoken.feed(text), *spoken.end()]
        misspoken = [Misspoken(*one["misspoken"]) for one in told if "misspoken" in one]
        failures = [Failure(*one["failure"]) for one in told if "failure" in one]
        return Said(tuple(dialect.answers), tuple(misspoken), tuple(failures))

    def schema(self, said: Said) -> Mapping[str, Any] | None:
        """That of the last SPEC."""
        specs = [one["spec"].get("connectionSpecification") for one in said.of_type("SPEC")]
        return specs[-1] if specs and isinstance(specs[-1], dict) else None

    def refusal(self, said: Said) -> str:
        """What a CONNECTION_STATUS says that is FAILED."""
        statuses = [one["connectionStatus"] for one in said.of_type("CONNECTION_STATUS")]
        failed = [one for one in statuses if one["status"] == "FAILED"]
        return f"FAILED: {failed[0].get('message') or 'no message'}" if failed else ""

    def catalog(self, said: Said) -> Mapping[str, Any] | None:
        """That of the last CATALOG."""
        catalogs = [one["catalog"] for one in said.of_type("CATALOG")]
        return catalogs[-1] if catalogs and is_catalog(catalogs[-1]) else None

    def choose(self, catalog: Mapping[str, Any]) -> dict[str, Any]:
        """Every stream configured."""
        return everything_configured(catalog)

    def dialect(self, catalog: Mapping[str, Any] | None, folder: Path) -> Dialect:
        """Airbyte's, which has the schemas from the catalog."""
        return Airbyte(catalog)


#: By the system that a contract names.
COMMANDS: Mapping[str, CommandProtocol] = {"singer": SingerTap(), "airbyte": AirbyteSource()}


@dataclass(frozen=True)
class _Standing:
    """The clock of what was said before it is looked at."""

    offset: float = 0.0
    budget: float = 0.0


def _optional(name: str, path: Path | None) -> list[str]:
    return [] if path is None else [name, str(path)]
