"""Every row of a run is looked at as it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from certify.sandbox.audit import RowAudit
from certify.sandbox.row_schema import RowSchema

SCHEMA = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


def hear(*messages: Any, keys: Any = None, cursors: Any = None) -> RowAudit:
    audit = RowAudit(keys or {}, cursors or {})
    for one in messages:
        audit.hears(one)
    return audit


def rows(*values: Any, stream: str = "orders") -> dict[str, Any]:
    return {"rows": [[stream, json.dumps(value)] for value in values]}


def test_rows_are_let_go_and_all_else_stays() -> None:
    audit = RowAudit()
    assert audit.hears(rows({"id": 1})) == b""
    assert audit.hears({"log": "x"}) is None
    assert audit.hears({"state": "{}"}) is None


def test_the_first_rows_are_kept_and_later_ones_told_as_digests() -> None:
    audit = hear(*(rows(*({"id": place + one} for one in range(500))) for place in range(0, 10_500, 500)))
    assert len(audit.rows) == 10_500
    assert len(audit.rows.kept) == 10_000


def test_keys_that_come_twice_or_not_at_all_are_told_by_the_numbers_of_their_rows() -> None:
    told = rows({"id": 7}, {"id": None}, {"id": 8}, {"id": 7}, {})
    seen = hear(told, keys={"orders": ("id",)}).streams["orders"]
    assert list(seen.repeated()) == [(1, 4)]
    assert [one.row for one in seen.without_key] == [2, 5]


def test_a_key_of_two_columns_is_not_the_texts_joined() -> None:
    told = rows({"a": "1", "b": "12"}, {"a": "11", "b": "2"})
    seen = hear(told, keys={"orders": ("a", "b")}).streams["orders"]
    assert list(seen.repeated()) == []


def test_a_state_knows_the_rows_and_the_highest_cursors_before_it() -> None:
    audit = hear(
        rows({"at": "2026-01-02"}, {"at": "2026-01-01"}),
        {"state": '{"at": "2026-01-02"}'},
        rows({"at": None}),
        {"state": "{}"},
        cursors={"orders": "at"},
    )
    assert [(one.rows, dict(one.cursors)) for one in audit.checkpoints] == [
        (2, {"orders": "2026-01-02"}),
        (3, {"orders": "2026-01-02"}),
    ]
    assert [one.row for one in audit.streams["orders"].without_cursor] == [3]


def test_rows_without_a_stream_are_those_of_the_only_one_that_is_named() -> None:
    assert set(hear(rows({"id": 1}, stream=""), keys={"orders": ("id",)}).streams) == {"orders"}
    assert set(hear(rows({"id": 1}, stream=""), keys={"a": ("id",), "b": ("id",)}).streams) == {""}


@pytest.mark.parametrize("stream", ["orders", ""])
def test_rows_are_held_against_the_schema_that_was_told_before_them(stream: str) -> None:
    schema = {"schema": json.dumps(SCHEMA), "stream": stream}
    seen = hear(schema, rows({"id": 1}, {"id": "1"}, {})).streams["orders"]
    assert [(one.row, one.path, one.value) for one in seen.mismatches] == [(2, "$.id", '"1"'), (3, "$", "{}")]
    assert seen.mismatched == 2


def test_values_that_json_has_no_form_for_are_what_the_schema_says() -> None:
    schema = RowSchema(json.dumps({"properties": {"at": {"format": "date-time"}, "sum": {"type": "number"}}}))
    audit = hear({"schema": json.dumps({"properties": {"at": {"format": "date-time"}}}), "stream": ""})
    audit.hears(rows({"at": "datetime:2026-01-02 03:04:05"}))
    assert audit.streams["orders"].mismatched == 0
    assert [one.path for one in schema.mismatches({"at": "today", "sum": 1})] == ["$.at"]


@pytest.mark.parametrize(
    "schema", [{"type": "objekt"}, {"$ref": "file:///etc/passwd"}, {"$ref": "https://x.example/s"}]
)
def test_what_is_no_schema_or_points_elsewhere_is_refused(schema: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        list(RowSchema(json.dumps(schema)).mismatches({}))
