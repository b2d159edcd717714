from __future__ import annotations

from dataclasses import replace

import pytest

from certify import Pipeline
from certify.sandbox.observed_load import Load, Point
from certify.sandbox.pipelines import Moment, failures
from certify.target.contents import Contents

_OLD, _NEW = Contents.of(("id",), [(1,)]), Contents.of(("id",), [(1,), (2,)])
_STATE, _NEXT = (("orders", {"id": 1}),), (("orders", {"id": 2}),)


def a_load(*points: str) -> Load:
    reached = tuple(Point(kind, number, 1) for number, kind in enumerate(points))
    rows = ({"id": 1}, {"id": 2}, {"id": 3}, {"id": 4})
    return Load("full_refresh", rows, "finished", 4, None, reached, (), None, 0, _NEW, (), "")


def a_pipeline(*points: str) -> Pipeline:
    before = Moment("before it", _OLD, _STATE)
    return Pipeline("a load", a_load(*points), {"id": 2}, before, (), Moment("after it", _NEW, _NEXT))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (Moment("then", _OLD, _STATE), False),
        (Moment("then", _NEW, _STATE), False),
        (Moment("then", _NEW, _NEXT), False),
        (Moment("then", _OLD, _NEXT), True),
        (Moment("then", None, _NEXT), False),
        (Moment("then", _OLD, None), False),
    ],
)
def test_a_state_is_ahead_where_it_moved_and_the_target_did_not(moment: Moment, expected: bool) -> None:
    assert a_pipeline("row").is_ahead(moment) is expected


def test_a_load_has_returned_where_it_came_to_that_point() -> None:
    assert a_pipeline("row", "returned").returned
    assert not a_pipeline("row", "end").returned


def test_a_load_fails_in_its_source_in_its_last_row_and_at_each_of_its_points() -> None:
    words = [one.words for one in failures(a_load("row", "end", "returned", "written"), ("id",))]
    assert words == [
        "the source breaks off after 0 of 4 rows",
        "the source breaks off after 2 of 4 rows",
        "the source breaks off after 3 of 4 rows",
        "the last row has no key",
        "the process is killed before row 1",
        "the process is killed after the last row",
        "the process is killed after load_rows returned",
        "the process is killed after write_state returned",
    ]
    assert len(failures(a_load("row"), ())) == 4


def test_of_many_calls_some_are_taken_the_last_before_the_state_is_written_among_them() -> None:
    calls = tuple(Point("call", number, number, f"call {number}") for number in range(1000))
    load = replace(a_load(), points=(*calls, Point("returned", 1000, 1), Point("written", 1001, 1)))
    kills = [one.stop.number for one in failures(load, ()) if one.stop is not None]
    assert kills[-3:] == [999, 1000, 1001]
    assert len(kills) < 20
