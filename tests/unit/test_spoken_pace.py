"""What a measured command speaks is counted and let go."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from certify.run import Rows, Run
from certify.sandbox.dialects import Singer
from certify.sandbox.pace import Pace, PaceMeter
from certify.sandbox.spoken import Spoken
from certify.sandbox.spoken_pace import Counter

RUN = Run("finished", Rows(), (), (), (), (), "", None, None, 0.0, 0.5, 30_000)


@dataclass
class Still:
    """A clock that stands still."""

    offset: float = 7.0
    budget: float = 600.0


def counted(*messages: dict[str, Any], needles: tuple[str, ...] = ()) -> tuple[Pace, list[dict[str, Any]]]:
    """What was measured, and what was told besides."""
    meter = PaceMeter("levels", ("id",))
    spoken = Spoken(Singer(), Still(), needles, makes=partial(Counter, meter.plan))
    schemas: list[dict[str, Any]] = [
        {"type": "SCHEMA", "stream": stream, "schema": {}, "key_properties": ["id"]}
        for stream in ("levels", "gauges")
    ]
    text = "".join(json.dumps(one) + "\n" for one in (*schemas, *messages)).encode()
    said = [*spoken.feed(text), *spoken.end()]
    left = [one for one in said if meter.hears(one) is None and "schema" not in one]
    meter.hears({"pace": {"cpu_seconds": 0.0, "floor_kib": 29_000}})
    return meter.pace(RUN), left


def record(number: int, stream: str = "levels") -> dict[str, Any]:
    return {"type": "RECORD", "stream": stream, "record": {"id": number, "level": 1.5}}


def test_rows_are_counted_and_those_of_the_stream_have_keys() -> None:
    state = {"type": "STATE", "value": {"page": 1}}
    seen, left = counted(*map(record, range(1200)), record(1), record(5, "gauges"), state)
    assert (seen.rows, seen.keyed, seen.distinct, seen.grown_kib) == (1202, 1201, 1200, 1000)
    assert left == []


def test_the_first_row_is_told_when_it_is_heard() -> None:
    seen, _ = counted(record(1))
    assert seen.first_row is not None
    assert (seen.first_row.waited, seen.first_row.columns) == (7.0, 2)
    assert seen.first_row.cpu_seconds == 0.0, "the whole of the run took no longer"


def test_without_a_row_there_is_no_first_one() -> None:
    seen, _ = counted()
    assert (seen.rows, seen.first_row) == (0, None)


def test_what_is_no_message_is_still_kept() -> None:
    _, left = counted({"hello": "NEEDLE"}, needles=("NEEDLE",))
    assert [next(iter(one)) for one in left] == ["holds", "misspoken"]
