"""A load in the messages of Singer: what a tap would say of its rows."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest

from certify.target.messages import Unsayable, load_lines, plain, rows_covered, said_by, schema_of

ROWS: list[dict[str, Any]] = [{"id": 1, "name": None}, {"id": 2, "name": "żółć"}, {"id": 3, "name": "c"}]
SCHEMA = schema_of(ROWS, ("id",))


def test_a_schema_comes_first_and_a_state_last() -> None:
    lines = load_lines(ROWS, "orders", ("id",), SCHEMA)
    assert [one.name for one in lines] == ["SCHEMA", "RECORD", "RECORD", "RECORD", "STATE"]
    assert [one.kind for one in lines] == ["line", "row", "row", "row", "line"]
    first, second, last = (json.loads(lines[place].text) for place in (0, 2, -1))
    assert (first["stream"], first["key_properties"], first["schema"]) == ("orders", ["id"], SCHEMA)
    assert second["record"] == ROWS[1]
    assert rows_covered(last["value"], "orders") == 3


def test_a_state_covers_the_rows_before_it() -> None:
    lines = load_lines(ROWS, "orders", (), SCHEMA, states_every=2)
    assert [one.name for one in lines] == ["SCHEMA", "RECORD", "RECORD", "STATE", "RECORD", "STATE"]
    assert rows_covered(json.loads(lines[3].text)["value"], "orders") == 2


def test_a_version_is_activated_once_its_records_are_there() -> None:
    lines = load_lines(ROWS[:1], "orders", (), SCHEMA, version=7)
    assert [one.name for one in lines] == ["SCHEMA", "RECORD", "ACTIVATE_VERSION", "STATE"]
    assert {json.loads(lines[place].text)["version"] for place in (1, 2)} == {7}


@pytest.mark.parametrize(
    "state", [None, [], {}, {"bookmarks": []}, {"bookmarks": {"orders": {"certify_rows": "3"}}}]
)
def test_a_state_that_is_not_ours_covers_nothing_that_is_known(state: Any) -> None:
    assert rows_covered(state, "orders") is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1, None], {"type": ["integer", "null"]}),
        ([1, 2.5], {"type": ["number", "null"]}),
        ([True], {"type": ["boolean", "null"]}),
        ([None], {"type": ["string", "null"]}),
        (["a", 1], {"type": ["string", "integer", "null"]}),
        ([{"a": 1}, []], {"type": ["object", "array", "null"]}),
        (["2026-01-01"], {"type": ["string", "null"], "format": "date"}),
        (["2026-01-01T00:00:00Z", "x"], {"type": ["string", "null"]}),
        (
            [datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)],
            {"type": ["string", "null"], "format": "date-time"},
        ),
    ],
)
def test_a_column_is_of_the_types_of_its_values(values: list[Any], said: dict[str, Any]) -> None:
    assert schema_of([{"a": value} for value in values])["properties"]["a"] == said


def test_a_key_is_never_null() -> None:
    assert SCHEMA["properties"]["id"] == {"type": "integer"}


@pytest.mark.parametrize(
    "value",
    [b"", float("nan"), Decimal("NaN"), Decimal("0.12345678901234567890"), datetime.datetime(1, 1, 1)],
)
def test_what_json_does_not_hold_exactly_is_not_said(value: Any) -> None:
    with pytest.raises(Unsayable):
        plain({"nested": [value]})
    assert list(said_by([1, value, Decimal("0.5")])) == [1, Decimal("0.5")]
