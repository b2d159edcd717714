"""What is asked of a state back end, one operation after the other, and what each gave: values alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from certify.run import Places, Raised

#: Kill after the write rather than before one of its driver calls.
AFTER = -1


class Nothing(Enum):
    """What a state back end gives where nothing was written: no value of JSON."""

    HERE = "nothing"

    def __repr__(self) -> str:
        return self.value


NOTHING = Nothing.HERE


@dataclass(frozen=True)
class Make:
    """A new instance, in the same process or, where `anew`, in another one."""

    anew: bool = False

    def __str__(self) -> str:
        return "in another process" if self.anew else "by a new instance"


@dataclass(frozen=True)
class Read:
    """`read_state`."""

    key: str

    def __str__(self) -> str:
        return f"read_state({self.key!r})"


@dataclass(frozen=True)
class Write:
    """`write_state`; `kill` is the number of the driver call before which the process is killed.

    Where the back end speaks to a server, its connection is cut at the message of that number instead.
    """

    key: str
    value: Any = field(hash=False)
    kill: int | None = None

    def __str__(self) -> str:
        return f"write_state({self.key!r}, {self.value!r})"


Operation = Make | Read | Write


@dataclass(frozen=True)
class Kept:
    """What one operation gave or raised. A read's value is what JSON has for it, or `Odd`.

    `killed` tells where it was ended, as it was asked to; `calls` how many driver calls a write took, or
    how many messages its process sent to a server; `hangs` that it was stopped since it came to no end.
    """

    operation: Operation
    value: Any = NOTHING
    raised: Raised | None = None
    killed: str | None = None
    calls: int = 0
    places: Places = ()
    hangs: bool = False


@dataclass(frozen=True)
class Odd:
    """A value that is none of JSON."""

    shown: str

    def __repr__(self) -> str:
        return self.shown
