"""Runs are compared but for what differs between them without a fault."""

from __future__ import annotations

import json
from typing import Any

from certify.run import Rows, Run
from certify.sandbox.cells import comes_after, plain
from certify.sandbox.volatile import volatile_columns


def run(*rows: dict[str, Any], stream: str = "orders") -> Run:
    told = tuple((stream, json.dumps(row, sort_keys=True)) for row in rows)
    return Run("finished", Rows(told), (), (), (), (), "", None, 0, 0.0, 0.0, 0)


def test_columns_that_differ_are_left_out_of_both() -> None:
    one, other = (
        run({"id": 1, "at": "10:00"}, {"id": 2, "at": "10:00"}),
        run({"id": 1, "at": "10:01"}, {"id": 2, "at": "10:01"}),
    )
    found = volatile_columns(one, other)
    assert str(found) == "at"
    assert found.masked(one.rows).are_those_of(found.masked(other.rows))
    lost = run({"id": 1, "at": "10:02"})
    assert not found.masked(one.rows).are_those_of(found.masked(lost.rows))


def test_rows_in_another_order_do_not_differ() -> None:
    assert not volatile_columns(run({"id": 1}, {"id": 2}), run({"id": 2}, {"id": 1}))


def test_another_number_of_rows_is_no_matter_of_a_column() -> None:
    assert not volatile_columns(run({"id": 1}), run({"id": 1}, {"id": 2}))


def test_a_column_of_one_stream_is_kept_in_another() -> None:
    found = volatile_columns(run({"at": 1}), run({"at": 2}))
    other = run({"at": 1}, stream="people")
    assert found.masked(other.rows) == other.rows


def test_rows_that_are_no_objects_are_compared_as_they_are() -> None:
    told = Run("finished", Rows((("", "[1]"), ("", "no json"))), (), (), (), (), "", None, 0, 0.0, 0.0, 0)
    assert not volatile_columns(told, run({"id": 1}, {"id": 2}))


def test_cursors_are_compared_as_what_they_are() -> None:
    assert comes_after(10, 9)
    assert comes_after("2026-01-01T00:00:00+00:00", "2026-01-01T00:30:00+01:00")
    assert not comes_after("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00")
    assert comes_after("datetime:2026-01-02 00:00:00", "2026-01-01")
    assert comes_after("b", "a")
    assert comes_after("10", "1")


def test_what_json_has_no_form_for_is_read_as_what_it_was() -> None:
    assert plain({"at": "datetime:2026-01-02 03:04:05", "sum": ["Decimal:1.50", "Decimal:7"]}) == {
        "at": "2026-01-02T03:04:05Z",
        "sum": [1.5, 7],
    }
    assert plain("datetime:2026-01-02 03:04:05+02:00") == "2026-01-02T03:04:05+02:00"
    assert plain("Decimal:many") == "many"
    assert plain("note: x") == "note: x"
