"""One load, point by point: where it stood still, what others saw there, how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from certify.run import Raised
from certify.target.contents import Contents, Row

#: Kinds of points that there is one of.
_MOMENTS = {
    "end": "after the last row",
    "returned": "after load_rows returned",
    "written": "after write_state returned",
}


@dataclass(frozen=True)
class Point:
    """A moment of a load. `kind` is `row`, `end` (after the last row), `call`, `statement` or `message`.

    Where a state is written after it, also `returned` and `written`; where messages are loaded, `line`:
    before one that is no row, and before the end of them.

    `number` counts the process's own points, or the relay's messages, from 0; `place` those of its kind,
    from 1.
    """

    kind: str
    number: int
    place: int
    words: str = ""

    @property
    def is_between_rows(self) -> bool:
        """Whether the sink was about to take a row, or to be told that there is no more."""
        return self.kind in ("row", "end")

    @property
    def is_call(self) -> bool:
        """Whether the database was spoken to."""
        return not self.is_between_rows and self.kind != "line"

    def __str__(self) -> str:
        if self.kind == "row":
            return f"before row {self.place}"
        if self.kind == "line":
            return f"before the {self.words}"
        if self.kind in _MOMENTS:
            return _MOMENTS[self.kind]
        if self.kind == "message":
            return f"at message {self.place} to the database"
        return f"at database call {self.place} ({self.words})"


@dataclass(frozen=True)
class Look:
    """What another connection saw of the target at a point; None where it could not read.

    `also` is what whoever asked for the looks saw beside it. Where the load locks its database's file,
    `seen` is what is committed there: others are kept out, and see it once the load is over, or killed.
    """

    point: Point
    seen: Contents | None
    also: Any = None
    is_locked: bool = False

    @property
    def told(self) -> str:
        """What there is to see, and for whom."""
        return f"{'the locked file holds' if self.is_locked else 'others see'} {self.seen}"


@dataclass(frozen=True)
class Said:
    """What a target told on its standard output: the states in order, and the lines that are none.

    Each of those has its number, itself, cut, and why it is no state. `is_cut`: it told more than is kept.
    """

    states: tuple[Any, ...] = ()
    strays: tuple[tuple[int, str, str], ...] = ()
    is_cut: bool = False


#: A sink that is no command tells nothing there.
SILENT = Said()


@dataclass(frozen=True)
class Load:
    """What was observed of one load.

    `how` it ended: `finished`, `raised`, `killed` (by us, at `stop`), or what the sandbox ended it for. `cut`
    tells that the connection was cut at `stop`. `most_taken` is the largest number of rows that were taken
    between two calls to the database, `after` what the target held then, `left_over` the tables, views and
    files beside it.
    """

    strategy: str
    rows: tuple[Row, ...]
    how: str
    returned: Any
    raised: Raised | None
    points: tuple[Point, ...]
    looks: tuple[Look, ...]
    stop: Point | None
    most_taken: int
    after: Contents
    left_over: tuple[str, ...]
    output: str
    #: A command's exit code.
    code: int | None = None
    said: Said = SILENT
    #: What a sink that is no command logged, and whether it printed or logged more than is kept.
    log: tuple[str, ...] = ()
    output_is_cut: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether its platform would take it for loaded."""
        return self.how == "finished"

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.how == "exit":
            lines = self.output.strip().splitlines()
            return f"exit code {self.code}" + (f" ({lines[-1][:160]})" if lines else "")
        if self.raised is not None:
            first = self.raised.message.partition("\n")[0] or "no message"
            return f"{self.raised.type.rpartition('.')[2]}: {first[:160]}"
        words = {"finished": "success", "killed": "its end by SIGKILL", "wall": "no end within 20 s"}
        return words.get(self.how, f"an end by the sandbox ({self.how})")

    @property
    def calls(self) -> tuple[Point, ...]:
        """The points at which the database was spoken to."""
        return tuple(one for one in self.points if one.is_call)
