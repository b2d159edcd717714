"""Put odd values into the records of a recording, where a column takes them over as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hypothesis import strategies as st

from certify.examples import texts
from certify.replay.lineage import trace
from certify.replay.records import Path, Record, at, put

#: Keywords of JSON Schema that bind a value beyond its type.
_BINDING = frozenset(
    {"format", "enum", "const", "pattern", "maxLength", "minLength", "minimum", "maximum", "multipleOf"}
    | {
        "exclusiveMinimum",
        "exclusiveMaximum",
        "items",
        "properties",
        "$ref",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
    }
)
#: Values that connectors stumble over, beside those that Hypothesis thinks of.
_TEXTS = ("", " ", "null", "None", "0", "é", "配達 \U0001f69a", "a\nb\tc", '"', "\\", "\0", "x" * 5000, "1e5")
#: Of Hypothesis's own choice.
_LETTERS = "aZ09 _-.,;:'\"\\/<>&%{}[]()\t\n\r\0éßŻ配済\u00a0\u200b\u2028\u202e\ufeff\U0001f69a"
_WHOLE = (0, -1, 2**31, 2**53 + 1, 2**63 - 1)
_REAL = (0.1, -0.0, 1e-9, 1e300, 123456789.123)

#: What is put where: by the number of a record, and the column.
Cells = Mapping[tuple[int, str], Any]


@dataclass(frozen=True)
class Column:
    """A column that takes over what stands in a field, and the values that it may be given."""

    name: str
    field: Path
    values: st.SearchStrategy[Any]


def open_columns(
    rows: Sequence[Record], records: Sequence[Record], schema: str | None, but_not: Sequence[str]
) -> list[Column]:
    """The columns that come from a field as it is, and that nothing binds to certain values."""
    described = _properties(schema)
    found = []
    for name in rows[0] if rows else ():
        lineage = trace(rows, records, (name,))
        if name in but_not or lineage is None or _BINDING & described.get(name, {}).keys():
            continue
        field = lineage.fields[0]
        given = [value for one in records if (value := at(one, field)) is not None]
        values = _values(given)
        if values is not None and _taken_over(rows, records, name, field):
            found.append(Column(name, field, values))
    return found


def _properties(schema: str | None) -> dict[str, dict[str, Any]]:
    described = json.loads(schema).get("properties", {}) if schema else {}
    return {name: one for name, one in described.items() if isinstance(one, dict)}


def _taken_over(rows: Sequence[Record], records: Sequence[Record], name: str, field: Path) -> bool:
    """Whether the values are the same to the type: what is converted has a form of its own."""
    told = {json.dumps(at(record, field), sort_keys=True) for record in records}
    return all(json.dumps(row.get(name), sort_keys=True) in told for row in rows)


def _values(given: Sequence[Any]) -> st.SearchStrategy[Any] | None:
    """Odd values of the type that all of these have; none for texts that are moments, or addresses."""
    kinds = {type(value) for value in given}
    if kinds == {str} and not any(map(_has_a_form, given)):
        return st.one_of(st.sampled_from(_TEXTS), texts(_LETTERS, 40))
    if kinds == {int}:
        return st.one_of(st.sampled_from(_WHOLE), st.integers(-(2**63), 2**63 - 1))
    if kinds == {float}:
        return st.one_of(st.sampled_from(_REAL), st.floats(allow_nan=False, allow_infinity=False))
    return None


def _has_a_form(text: str) -> bool:
    for read in (datetime.fromisoformat, date.fromisoformat):
        try:
            read(text)
        except ValueError:
            continue
        return True
    return "://" in text or "@" in text


def is_same(value: Any, read: Any) -> bool:
    """Whether a value came through. JSON knows numbers, and neither 0.0 nor 1e3 from 0 and 1000."""
    if type(value) is float and type(read) is int:
        return value == read
    return json.dumps(read) == json.dumps(value)


def changed_record(record: Record, number: int, columns: Sequence[Column], cells: Cells) -> Record:
    """The record with the values that are meant for it."""
    for column in columns:
        if (number, column.name) in cells and isinstance(at(record, column.field[:-1]), dict):
            record = put(record, column.field, cells[number, column.name])
    return record
