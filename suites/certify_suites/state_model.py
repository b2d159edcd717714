"""What a state back end must give, by a model in memory, and how it is told when it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from certify import NOTHING, Kept, Make, Operation, Read, Write

_MOST_QUOTED = 160
#: What is said of an operation that hangs.
NO_END = "comes to no end, and is stopped after 20 s"


@dataclass(frozen=True)
class Departure:
    """The first operation at which a back end departs from the model, and what was done before it."""

    before: tuple[Kept, ...]
    kept: Kept
    expected: str

    def __str__(self) -> str:
        return f"{_story(self.before, self.kept)} {outcome(self.kept)}"


def departure(done: Sequence[Kept]) -> Departure | None:
    """Where it departs, if it does. A write that is refused with an error changes nothing."""
    held: dict[str, Any] = {}
    for place, kept in enumerate(done):
        expected: str | None = None
        match kept.operation:
            case Make() if kept.raised is not None or kept.hangs:
                expected = "make_state opens what is there"
            case Write() if kept.hangs:
                expected = "the state is written, or refused with an error"
            case Write(key, value) if kept.raised is None:
                held[key] = value
            case Read(key) if not _gives(kept, held.get(key, NOTHING)):
                expected = shown(held.get(key, NOTHING))
        if expected is not None:
            return Departure(tuple(done[:place]), kept, expected)
    return None


def _gives(kept: Kept, expected: Any) -> bool:
    """Whether a read gave it; where nothing was written, an error is as good."""
    if kept.raised is not None:
        return expected is NOTHING
    if kept.hangs:
        return False
    return same(kept.value, expected)


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same in JSON; an empty state is none."""
    if one is NOTHING or other is NOTHING:
        return all(value is NOTHING or value == {} for value in (one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    # True equals 1 in Python, and nowhere else.
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def outcome(kept: Kept) -> str:
    """What an operation gave, in words."""
    if kept.hangs:
        return NO_END
    if kept.raised is not None:
        first = kept.raised.message.splitlines()[0] if kept.raised.message else "no message"
        return f"raises {kept.raised.type.rpartition('.')[2]}: {first[:_MOST_QUOTED]}"
    return f"gives {shown(kept.value)}"


def shown(value: Any) -> str:
    """A value, cut where it is long."""
    text = repr(value)
    return text if len(text) <= _MOST_QUOTED else f"{text[: _MOST_QUOTED - 1]}… ({len(text)} characters)"


def _story(before: Sequence[Kept], last: Kept) -> str:
    """What was written, who asks, and what for."""
    told = [_told(one) for one in before if isinstance(one.operation, Write)]
    makes = [one.operation for one in before if isinstance(one.operation, Make)]
    after_writes = bool(before) and isinstance(before[-1].operation, Make | Read)
    asks = f"{_call(last.operation)}{f' {makes[-1]}' if len(makes) > 1 and after_writes else ''}"
    return f"after {', then '.join(told)}, {asks}" if told else asks


def _told(kept: Kept) -> str:
    refused = " (refused)" if kept.raised is not None else ""
    return _call(kept.operation) + refused


def _call(operation: Operation) -> str:
    match operation:
        case Write(key, value):
            return f"write_state({shown(key)}, {shown(value)})"
        case Read(key):
            return f"read_state({shown(key)})"
        case Make():
            return "make_state"
