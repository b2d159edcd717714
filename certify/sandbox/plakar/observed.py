"""What a run of a connector did, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from certify.sandbox.plakar.messages import Described, ImportedRecord
from certify.text import one_line

#: Two of gRPC's status codes.
OK, UNIMPLEMENTED = 0, 12
#: The codes that plug-ins do use, by their names.
_CODES = {1: "CANCELLED", 2: "UNKNOWN", 4: "DEADLINE_EXCEEDED", 5: "NOT_FOUND", 12: "UNIMPLEMENTED"}
_CODES |= {3: "INVALID_ARGUMENT", 7: "PERMISSION_DENIED", 13: "INTERNAL", 14: "UNAVAILABLE"}


@dataclass(frozen=True)
class Over:
    """A call has ended: gRPC's status (0 is OK) and its words."""

    stream: int
    status: int
    words: str

    @property
    def said(self) -> str:
        """Both, for people."""
        name = _CODES.get(self.status, f"status {self.status}")
        return f"{name}: {one_line(self.words, 300)}" if self.words else name


@dataclass(frozen=True)
class Wish:
    """What is asked: the type of connector, a protocol, and the configuration."""

    kind: str
    protocol: str
    config: Mapping[str, str]


@dataclass(frozen=True)
class Opened:
    """A record whose content was asked for: how many bytes came, and how that ended; None: not to its end."""

    record: ImportedRecord
    size: int
    over: Over | None


@dataclass(frozen=True)
class PluginRun:
    """What one run of a connector did, from Init to Close.

    `trouble` says how it broke off, in the call `doing`; `answers` are the ends of calls by their names.
    """

    wish: Wish
    words: str
    answers: dict[str, Over]
    described: Described | None
    records: tuple[ImportedRecord, ...]
    opened: tuple[Opened, ...]
    is_finished: bool
    is_cut: bool
    doing: str
    trouble: str
    stray: bytes
    stray_in: str
    complaints: str
    complaints_are_cut: bool
    seconds: float

    def failed_in(self, *calls: str) -> Over | None:
        """The first of these calls that ended with an error."""
        ends = (self.answers.get(name) for name in calls)
        return next((one for one in ends if one is not None and one.status), None)
