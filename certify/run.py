"""A run: what one connector did in one scenario, as a value."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from certify.replay.played import Exchange

#: A row as `(stream, the row as canonical JSON)`.
Row = tuple[str, str]
#: Bytes of a row's digest.
_DIGEST = 8


def digest_of(row: Row) -> bytes:
    """What stands for a row where it is not kept; the sandbox makes the same."""
    told = "\0".join(row).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(told, digest_size=_DIGEST).digest()


@dataclass(frozen=True)
class Rows(Sequence[Row]):
    """The rows of a run, in their order but that those told as digests stand last: `("", "row 01ab…")`.

    Some thousand are kept as they are. A million more take eight bytes each.
    """

    kept: tuple[Row, ...] = ()
    digests: bytes = b""

    def __len__(self) -> int:
        return len(self.kept) + len(self.digests) // _DIGEST

    def __iter__(self) -> Iterator[Row]:
        yield from self.kept
        for place in range(0, len(self.digests), _DIGEST):
            yield self._digest(place)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        place = range(len(self))[index] - len(self.kept)
        return self.kept[place] if place < 0 else self._digest(place * _DIGEST)

    @property
    def counts(self) -> Counter[Row]:
        """The rows as a multiset."""
        return Counter(self)

    def are_those_of(self, other: Rows) -> bool:
        """Whether they are those of another run, each as often as there."""
        return len(self) == len(other) and (self == other or self.counts == other.counts)

    def _digest(self, place: int) -> Row:
        return "", f"row {self.digests[place : place + _DIGEST].hex()}"


#: Files and lines that are neither Python's nor an installed package's, the innermost last.
Places = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Wait:
    """One wait on the virtual clock: what waited, from when, and for how long, in seconds."""

    kind: str
    at: float
    seconds: float
    places: Places = ()


@dataclass(frozen=True)
class Unanswered:
    """One connection that was never accepted: to which host, from when, and from where."""

    host: str
    at: float
    places: Places = ()


@dataclass(frozen=True)
class Connected:
    """The first connection to a host and port, whatever was spoken on it, and from where it was opened."""

    host: str
    port: int
    places: Places = ()


@dataclass(frozen=True)
class LogLine:
    """One message that the connector logged."""

    level: str
    text: str
    at: float


@dataclass(frozen=True)
class Raised:
    """The error that ended a run; `places` are the lines that it passed."""

    type: str
    message: str
    traceback: str
    places: Places = ()


@dataclass(frozen=True)
class Held:
    """A text that was looked for, in something that is not told, or not whole.

    `kind` says what that is: a `row` (its stream is `name`), a line of `log` (its level), a `state`, or a
    part of an `error` (`message` or `traceback`).
    """

    kind: str
    name: str
    text: str


@dataclass(frozen=True)
class Misspoken:
    """A line on a command's standard output, counted from 1, that is no sound message, and why.

    `is_json` where it is a document all the same, and only says what its protocol does not allow.
    """

    line: int
    text: str
    why: str
    is_json: bool = False


@dataclass(frozen=True)
class Failure:
    """What a command told its platform of an error: its kind, as the protocol names it, and the message."""

    kind: str
    message: str


@dataclass(frozen=True)
class Run:
    """What was observed of one run. A row is `(stream, the row as canonical JSON)`.

    `how` it ended: `finished`, `raised`, `exit` (by SystemExit, with `code`), `limit` (too long on
    the virtual clock), or what the sandbox ended it for: `wall`, `output`, `memory`, `processes`,
    `requests`, `lost`, `crashed` (by the signal -`code`). `asked_from` tells for each request from where
    it was sent, where that is known; `held` which of the texts to look for stood in what is not told whole.
    Of what was printed the first is kept; whether that is not all, `output_is_cut` says. `rows_before` tells
    for each state how many rows came before it. `is_told_whole` unless it told more at once than is taken.
    `misspoken` are the first lines that a command should not have written to its standard output, and
    `failures` are the errors that it told of there.
    """

    how: str
    rows: Rows
    states: tuple[str, ...]
    exchanges: tuple[Exchange, ...]
    waits: tuple[Wait, ...]
    log: tuple[LogLine, ...]
    output: str
    raised: Raised | None
    code: int | None
    virtual_seconds: float
    seconds: float
    peak_kib: int
    asked_from: tuple[Places, ...] = ()
    unanswered: tuple[Unanswered, ...] = ()
    connected: tuple[Connected, ...] = ()
    held: tuple[Held, ...] = ()
    output_is_cut: bool = False
    rows_before: tuple[int, ...] = ()
    is_told_whole: bool = True
    misspoken: tuple[Misspoken, ...] = ()
    failures: tuple[Failure, ...] = ()
    #: Of the processor, of all its processes that it waited for.
    cpu_seconds: float = 0.0

    @property
    def waits_in_real_time(self) -> bool:
        """Whether it was stopped while it waited where no virtual clock reaches: in C, in a program."""
        return self.how == "wall" and self.cpu_seconds < self.seconds / 2

    @property
    def succeeded(self) -> bool:
        """Whether its platform would call it a success."""
        return self.how == "finished" or (self.how == "exit" and self.code == 0)

    @property
    def failed_itself(self) -> bool:
        """Whether it said that it failed: a typed error, or an exit code."""
        return self.how == "raised" or (self.how in ("exit", "vanished") and self.code != 0)

    @property
    def row_counts(self) -> Counter[Row]:
        """The rows as a multiset."""
        return self.rows.counts

    def gives_rows_of(self, other: Run) -> bool:
        """Whether the rows are those of another run, each as often as there."""
        return self.rows.are_those_of(other.rows)

    @property
    def delivered(self) -> tuple[Exchange, ...]:
        """The exchanges that met the fault."""
        return tuple(one for one in self.exchanges if one.is_faulty)

    @property
    def missed(self) -> tuple[Exchange, ...]:
        """The requests that nothing was recorded for."""
        return tuple(one for one in self.exchanges if one.miss is not None)

    @property
    def waited(self) -> float:
        """Virtual seconds of waiting in all, on whatever waited longest at a time."""
        return self.virtual_seconds
