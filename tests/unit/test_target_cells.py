"""What comes back from a database is the same value, in whatever type the database keeps it, or it is not."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from certify.target.cells import difference
from certify.target.contents import NO_TABLE, Contents

_NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
_IN_WARSAW = datetime.datetime(2026, 3, 1, 13, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))


def told(given: Any, read: Any) -> str:
    """What is said of one value, beside a key; empty where it has not changed."""
    found = difference([{"id": 1, "value": given}], Contents.of(("id", "value"), [(1, read)]))
    return "" if found is None else str(found)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (True, 1),
        (7, 7.0),
        (7, Decimal("7.00")),
        (2**70, str(2**70)),
        (1e22, 10**22),
        (0.1, Decimal("0.1")),
        (-0.0, 0),
        (float("nan"), float("nan")),
        (Decimal("12.50"), "12.5"),
        (Decimal("12.50"), 12.5),
        (b"\0\xff", memoryview(b"\0\xff")),
        (datetime.date(2026, 3, 1), "2026-03-01"),
        (datetime.date(2026, 3, 1), datetime.datetime(2026, 3, 1)),
        (_IN_WARSAW, _NOON),
        (_IN_WARSAW, "2026-03-01 12:00:00+00:00"),
        (_IN_WARSAW.isoformat(), _NOON),
        (datetime.time(8, 30), "08:30:00"),
        ({"b": 1, "a": [None]}, '{"a": [null], "b": 1.0}'),
        ('{"a": 1}', {"a": 1}),
        ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")),
        ("", ""),
        (None, None),
    ],
)
def test_a_value_is_the_same_in_the_types_of_databases(given: Any, read: Any) -> None:
    assert told(given, read) == ""


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", None),
        (None, ""),
        (0, None),
        ("007", 7),
        ("1", 1),
        ("a\0b", "a"),
        ("é", "e\u0301"),
        (2**53 + 1, float(2**53)),
        (0.1 + 0.2, 0.3),
        (Decimal("0.10000000001"), 0.1),
        (float("nan"), None),
        (b"abc", "abc"),
        (_NOON, datetime.datetime(2026, 3, 1, 13, tzinfo=datetime.UTC)),
        (_NOON, "2026-03-01"),
        ({"a": 1}, {"a": "1"}),
        ({"a": True}, {"a": 1}),
        ([1, 2], [2, 1]),
    ],
)
def test_a_value_that_has_changed_is_told(given: Any, read: Any) -> None:
    assert "1 row lacking, such as" in told(given, read)


def test_rows_are_compared_as_often_as_they_are_there() -> None:
    rows = [{"id": 1}, {"id": 1}, {"id": 2}]
    found = difference(rows, Contents.of(("id",), [(2,), (1,), (2,)]))
    assert found is not None
    assert (found.lacking, found.more) == (({"id": 1},), ({"id": 2},))
    assert difference(rows, Contents.of(("id",), [(2,), (1,), (1,)])) is None


def test_columns_of_the_sinks_own_are_nothing_to_the_rows_and_case_is_neither() -> None:
    assert difference([{"Id": 1}], Contents.of(("ID", "loaded_at"), [(1, "now")])) is None


def test_a_column_that_holds_nothing_need_not_be_there() -> None:
    there = Contents.of(("id",), [(1,)])
    assert difference([{"id": 1, "note": None}], there) is None
    assert str(difference([{"id": 1, "note": ""}], there)) == "the target has no column note"


def test_no_target_is_told() -> None:
    assert str(difference([{"id": 1}], NO_TABLE)) == "the target is not there"


def test_a_text_column_is_not_read_as_moments_where_one_text_is_none() -> None:
    there = Contents.of(("id", "at"), [(1, _NOON), (2, None)])
    assert difference([{"id": 1, "at": _NOON.isoformat()}, {"id": 2, "at": "never"}], there) is not None


@pytest.mark.parametrize(
    ("given", "read", "is_same"),
    [
        ("2026-01-06T08:30:00+00:00", "2026-01-06 08:30:00+00:00", True),
        ("2026-01-06T08:30:00Z", "2026-01-06 09:30:00+01:00", True),
        ("2026-01-06T08:30:00Z", "2026-01-06 09:30:00+00:00", False),
        ("2026-01-06T08:30:00Z", "2026-01-06", False),
        ("2026-01-06", "2026-01-06T00:00:00", False),
        ("2026-01-06T08:30:00 or later", "2026-01-06 08:30:00 or later", False),
    ],
)
def test_a_moment_may_come_back_as_another_text(given: str, read: str, is_same: bool) -> None:
    there = Contents.of(("id", "at"), [("1", read), ("2", None)])
    rows: list[dict[str, Any]] = [{"id": 1, "at": given}, {"id": 2, "at": None}]
    assert (difference(rows, there) is None) is is_same


def test_a_truth_value_may_come_back_by_its_name() -> None:
    rows = [{"id": 1, "on": True}, {"id": 2, "on": False}]
    assert difference(rows, Contents.of(("id", "on"), [("1", "true"), ("2", "False")])) is None
    assert difference(rows, Contents.of(("id", "on"), [("1", "true"), ("2", "true")])) is not None
