"""What was seen while a package was imported, as values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from certify.model import Finding, Location

#: Effects that harm whoever imports the package, whichever dependency has them. The others (a filter, a
#: logger, an environment variable) are judged only where the connector's own code has them.
HARMFUL = frozenset({"file", "network", "process", "thread", "exit", "signal"})


@dataclass(frozen=True)
class ImportPlan:
    """What to import: `modules` are dotted names, parents first; `path` is None when installed.

    `folders` hold the connector's own files (absolute), `names` the public names to read from the package.
    """

    package: str
    path: Path | None
    folders: tuple[Path, ...]
    modules: tuple[str, ...]
    root: Path
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class SideEffect:
    """One thing that importing did to the world, and whose code did it."""

    kind: str
    detail: str
    package: str | None
    own: bool
    module: str
    location: Location | None

    @property
    def counts(self) -> bool:
        """Whether the connector answers for it."""
        return self.own or self.kind in HARMFUL

    def finding(self) -> Finding:
        """The effect as a finding that names the package when it is not the connector's own code."""
        by = "" if self.own or self.package is None else f" (by {self.package}, imported here)"
        return Finding(
            message=f"importing {self.module} {_WORDS[self.kind]}: {self.detail}{by}",
            location=self.location,
            expected="importing a connector changes nothing outside its own modules",
            fix=_FIXES[self.kind],
        )


@dataclass(frozen=True)
class ImportFailure:
    """A module that could not be imported. `missing` is the module that was not found, if that was it."""

    module: str
    error: str
    message: str
    location: Location | None
    missing: str | None = None
    distribution_missing: bool = False

    def finding(self) -> Finding:
        """The failure in one line."""
        return Finding(
            message=f"importing {self.module} fails: {self.error}: {self.message}".rstrip(": "),
            location=self.location,
            expected="every submodule imports in a fresh interpreter",
            fix=_FIXES.get(self.error, "make the module importable on its own, without any service or file"),
        )


@dataclass(frozen=True)
class HeavyModule:
    """A module that takes long to import: processor seconds, its own and with what it imports."""

    name: str
    owner: str
    own_seconds: float
    total_seconds: float


@dataclass(frozen=True)
class ImportCost:
    """Processor seconds of one import of everything, by whose code ran, and the dearest modules."""

    connector_seconds: float
    third_party_seconds: float
    python_seconds: float
    modules: int
    heaviest: tuple[HeavyModule, ...]

    @property
    def total_seconds(self) -> float:
        """All of it."""
        return self.connector_seconds + self.third_party_seconds + self.python_seconds


@dataclass(frozen=True)
class HeldClient:
    """A network client that a module holds: `path` within `module`, and its class."""

    module: str
    path: str
    type: str


@dataclass(frozen=True)
class PublicName:
    """A public name of the package: absent, a text, some texts, or of another type."""

    present: bool
    text: str | None = None
    texts: tuple[str, ...] | None = None
    type: str | None = None


@dataclass(frozen=True)
class ImportObservation:
    """All that was seen while a package was imported."""

    plan: ImportPlan
    isolation: str
    interpreter: str
    imported: tuple[str, ...]
    failures: tuple[ImportFailure, ...]
    effects: tuple[SideEffect, ...]
    cost: ImportCost | None
    clients: tuple[HeldClient, ...]
    names: dict[str, PublicName]

    @property
    def complete(self) -> bool:
        """Whether every module was imported."""
        return not self.failures and set(self.imported) == set(self.plan.modules)


_WORDS = {
    "file": "writes to the file system",
    "network": "uses the network",
    "process": "starts a process",
    "thread": "starts a thread",
    "exit": "ends the process",
    "signal": "signals a process",
    "print": "prints",
    "sleep": "sleeps",
    "state": "changes what the whole process shares",
    "patch": "patches another package",
}

_LAZY = "do it inside the method that needs it, not while the module is imported"
_FIXES = {
    "file": _LAZY,
    "network": "connect inside the method that needs it, through a client that is passed in",
    "process": _LAZY,
    "thread": "start the thread when the connector starts, and join it when it closes",
    "exit": "raise an exception inside the method that finds the problem",
    "signal": _LAZY,
    "print": "log through logging.getLogger(__name__), inside a function",
    "sleep": "wait inside the method that retries",
    "state": "leave process-wide state to the program that uses the connector",
    "patch": "subclass or wrap what you need to change, and pass it in",
    "SyntaxError": "mend the syntax; the file does not parse in this Python",
    "SystemExit": "raise an exception inside the method that finds the problem",
    "hang": "nothing may wait while a module is imported: move it into the method that needs it",
    "output": "log through logging.getLogger(__name__), inside a function",
}
