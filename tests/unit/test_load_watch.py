"""A load is followed from point to point, by what its process says and what the relay passes."""

from __future__ import annotations

from typing import Any, cast

import pytest

from certify.sandbox.load_watch import LoadWatch
from certify.sandbox.observed_load import Point
from certify.target.contents import Contents
from certify.target.database import Database, Unreadable


class Target:
    """A target that holds one row more at each look, and cannot be read at the third."""

    is_locked = False

    def __init__(self) -> None:
        self.looks = iter([1, 1, None, 2])

    def look(self) -> Contents:
        count = next(self.looks)
        if count is None:
            raise Unreadable("locked")
        return Contents.of(("id",), [(number,) for number in range(count)])


@pytest.fixture
def target() -> Database:
    return cast("Database", Target())


def said(watch: LoadWatch, *points: tuple[int, str, str]) -> None:
    for point in points:
        assert watch.hears({"point": list(point)}) == b""


def test_points_are_numbered_by_their_kind_and_named_by_their_statement(target: Database) -> None:
    watch = LoadWatch(target, False, None)
    said(watch, (0, "call", "sqlite3.execute"))
    assert watch.hears({"does": "BEGIN"}) == b""
    said(watch, (1, "row", "1"), (2, "end", ""), (3, "call", "sqlite3.fetchall"), (4, "statement", "COMMIT"))
    assert [str(point) for point in watch.points] == [
        "at database call 1 (sqlite3.execute: BEGIN)",
        "before row 1",
        "after the last row",
        "at database call 2 (sqlite3.fetchall, after BEGIN)",
        "at database call 3 (COMMIT)",
    ]


def test_rows_are_counted_from_one_call_to_the_next(target: Database) -> None:
    watch = LoadWatch(target, False, None)
    said(watch, (0, "row", "1"), (1, "row", "2"), (2, "call", "x"), (3, "row", "3"), (4, "end", ""))
    assert watch.most_taken == 2


def test_a_point_that_waits_is_answered_once_the_target_was_looked_at(target: Database) -> None:
    watch = LoadWatch(target, True, None)
    for number in range(4):
        assert watch.hears({"point": [number, "row", ""], "waits": True}) == b"."
    seen = [look.seen for look in watch.looks]
    assert [str(one) for one in seen] == ["1 row", "1 row", "None", "2 rows"]
    assert seen[0] is seen[1]  # a thousand looks hold few contents


def test_the_message_to_stop_at_is_not_passed_on(target: Database) -> None:
    watch = LoadWatch(target, False, Point("message", 1, 2))
    assert [watch.passes(number) for number in range(3)] == [True, False, True]


@pytest.mark.parametrize(
    "message",
    [{"point": 7}, {"point": ["0", "row", ""]}, {"does": None}, {"ended": {}}, {}],
)
def test_what_is_no_point_is_kept_for_the_end(message: dict[str, Any], target: Database) -> None:
    assert LoadWatch(target, True, None).hears(message) is None
