"""Tell a load in the messages of Singer, as a tap would write them to a target.

The specification is that of https://hub.meltano.com/singer/spec.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from certify.target.contents import Row

#: Where a state says how many rows of the load came before it.
_ROWS = "certify_rows"
#: Texts that taps give a format; what has none of it is a plain text.
_FORMATS = {
    "date-time": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"),
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
}


@dataclass(frozen=True)
class Line:
    """One line of a target's input. `kind` is `row` for a row of the load, else `line`; `name` its type."""

    kind: str
    name: str
    text: str


class Unsayable(ValueError):
    """No JSON of the standard, as every parser reads it, holds this value."""


def load_lines(
    rows: Sequence[Row],
    stream: str,
    key: Sequence[str],
    schema: Mapping[str, Any],
    *,
    version: int | None = None,
    states_every: int = 0,
) -> list[Line]:
    """The messages of one load: its schema, its records, and a STATE after the last.

    With a `version` it replaces the whole stream. `states_every` so many rows there is a STATE, too.
    """
    versions = [] if version is None else [activate_line(stream, version)]
    lines = [schema_line(stream, schema, key)]
    for number, row in enumerate(rows, start=1):
        lines.append(record_line(stream, row, version))
        if states_every and number % states_every == 0 and number < len(rows):
            lines.append(state_line(stream, number))
    return [*lines, *versions, state_line(stream, len(rows))]


def schema_line(stream: str, schema: Any, key: Sequence[str] = ()) -> Line:
    """A SCHEMA."""
    return message_line(type="SCHEMA", stream=stream, schema=schema, key_properties=list(key))


def record_line(stream: str, row: Row, version: int | None = None) -> Line:
    """A RECORD. Raises Unsayable."""
    record = {name: plain(value) for name, value in row.items()}
    more = {} if version is None else {"version": version}
    return Line("row", "RECORD", _text({"type": "RECORD", "stream": stream, "record": record} | more))


def activate_line(stream: str, version: int) -> Line:
    """An ACTIVATE_VERSION."""
    return message_line(type="ACTIVATE_VERSION", stream=stream, version=version)


def state_line(stream: str, rows: int) -> Line:
    """The STATE that covers so many rows."""
    return message_line(type="STATE", value={"bookmarks": {stream: {_ROWS: rows}}})


def message_line(**message: Any) -> Line:
    """A message that is no row of the load."""
    return Line("line", str(message["type"]), _text(message))


def rows_covered(state: Any, stream: str) -> int | None:
    """How many rows a state of ours covers; None where it is none of ours."""
    try:
        count = state["bookmarks"][stream][_ROWS]
    except (TypeError, KeyError, IndexError):
        return None
    return count if type(count) is int else None


def schema_of(rows: Iterable[Row], key: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON Schema that a tap would give these rows: what is not in the key may be null."""
    values: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            values.setdefault(name, []).append(value)
    properties = {name: _property(found, is_key=name in key) for name, found in values.items()}
    return {"type": "object", "properties": properties}


def _property(values: Sequence[Any], *, is_key: bool) -> dict[str, Any]:
    types = dict.fromkeys(_type(value) for value in values if value is not None) or {"string": None}
    if "number" in types:
        types.pop("integer", None)
    kinds = [*types] if is_key else [*types, "null"]
    return {"type": kinds[0] if len(kinds) == 1 else kinds} | _format(values)


def _type(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    for name, kinds in _TYPES.items():
        if isinstance(value, kinds):
            return name
    return "string"


_TYPES: dict[str, type | tuple[type, ...]] = {
    "integer": int,
    "number": (float, Decimal),
    "object": dict,
    "array": (list, tuple),
}


def _format(values: Iterable[Any]) -> dict[str, str]:
    texts = [plain(value) for value in values if value is not None]
    for name, form in _FORMATS.items():
        if texts and all(isinstance(one, str) and form.fullmatch(one) for one in texts):
            return {"format": name}
    return {}


def plain(value: Any) -> Any:
    """The value as JSON has it, in numbers that every parser reads exactly. Raises Unsayable."""
    if isinstance(value, datetime.datetime) and value.tzinfo is None:
        raise Unsayable("a date-time of JSON Schema has a zone")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, Decimal):
        # RFC 8259, 6: a reader that keeps numbers as doubles reads JSON as it may be read.
        if not value.is_finite() or Decimal(repr(float(value))) != value:
            raise Unsayable("more digits than a double has")
        return float(value)
    if isinstance(value, bytes) or (isinstance(value, float) and not math.isfinite(value)):
        raise Unsayable(f"JSON has no {type(value).__name__} such as this")
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def said_by(values: Iterable[Any]) -> Iterator[Any]:
    """Those of the values that messages can carry."""
    for value in values:
        try:
            plain(value)
        except Unsayable:
            continue
        yield value


def _text(message: Mapping[str, Any]) -> str:
    return json.dumps(message)
