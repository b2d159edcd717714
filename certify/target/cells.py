"""Hold what was read from a database against what was given to a sink, cell by cell.

Databases keep truth values as numbers, moments and nested values as text: such a value has not changed.
A text that comes back as a number has.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from certify.target.contents import Contents, Row

#: Where a value that is quoted is cut.
_LONGEST = 120

#: A day and a time, as a text begins that is both.
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")

#: A value as its kind and a text; two values are the same where both are.
Cell = tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """How a target differs from what it should hold."""

    expected: int
    found: Contents
    lacking: tuple[Row, ...]
    more: tuple[Row, ...]
    absent: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.found.columns is None:
            return "the target is not there"
        if self.absent:
            return f"the target has no column {', '.join(self.absent)}"
        told = [f"the target holds {self.found}"]
        if self.lacking:
            told.append(f"{_rows(self.lacking)} lacking, such as {quoted(self.lacking[0])}")
        if self.more:
            told.append(f"{_rows(self.more)} unexpected, such as {quoted(self.more[0])}")
        return "; ".join(told)


def difference(expected: Sequence[Row], found: Contents) -> Difference | None:
    """How a target differs from these rows, each as often; None where it does not.

    Columns that no row has are the sink's own (when it loaded what), and nothing to the rows. A column
    that holds nothing need not be there.
    """
    names = {name: None for row in expected for name in row}
    filled = {name for row in expected for name, value in row.items() if value is not None}
    columns = {name.casefold(): place for place, name in enumerate(found.columns or ())}
    absent = tuple(name for name in names if name in filled and name.casefold() not in columns)
    if absent or found.columns is None:
        return Difference(len(expected), found, tuple(expected), (), absent)
    there = {name: columns[name.casefold()] for name in names if name.casefold() in columns}
    given = {name: [row.get(name) for row in expected] for name in there}
    read = {name: [row[place] for row in found.rows] for name, place in there.items()}
    wanted, got = _canonical(given, read, len(expected)), _canonical_read(given, read, len(found.rows))
    lacking, more = Counter(wanted) - Counter(got), Counter(got) - Counter(wanted)
    if not lacking and not more:
        return None
    read_rows = [{name: row[place] for name, place in there.items()} for row in found.rows]
    return Difference(len(expected), found, _named(lacking, wanted, expected), _named(more, got, read_rows))


def _canonical(given: dict[str, list[Any]], read: dict[str, list[Any]], count: int) -> list[str]:
    return _lines([_reading(given[name], read[name])[0] for name in given], list(given.values()), count)


def _canonical_read(given: dict[str, list[Any]], read: dict[str, list[Any]], count: int) -> list[str]:
    return _lines([_reading(given[name], read[name])[1] for name in given], list(read.values()), count)


def _lines(readers: list[Reader], columns: list[list[Any]], count: int) -> list[str]:
    cells = [[reader(value) for value in column] for reader, column in zip(readers, columns, strict=True)]
    return [repr([column[place] for column in cells]) for place in range(count)]


def _named(counted: Counter[str], lines: list[str], rows: Sequence[Row]) -> tuple[Row, ...]:
    left = Counter(counted)
    named = []
    for line, row in zip(lines, rows, strict=True):
        if left[line] > 0:
            left[line] -= 1
            named.append(row)
    return tuple(named)


Reader = Callable[[Any], Cell]


def _reading(given: Iterable[Any], read: Iterable[Any]) -> tuple[Reader, Reader]:
    """How the values of one column are read on both sides.

    Where one side has texts alone and the other one kind, the texts are read as that kind; but no text that
    was given is taken for a number, nor for bytes. Texts that are moments on both sides are held against each
    other as such.
    """
    kinds_given, kinds_read = _kinds(given), _kinds(read)
    if any(isinstance(value, float) for value in given):
        return _approximate, _approximate
    if kinds_given == kinds_read == {"text"} and _are_moments(given) and _are_moments(read):
        return _as("moment"), _as("moment")  # files have texts alone, and moments more than one form
    if kinds_read == {"text"} and len(kinds_given) == 1:
        return cell, _as(next(iter(kinds_given)))
    if kinds_given == {"text"} and kinds_read in ({"moment"}, {"nested"}):
        return _as(next(iter(kinds_read))), cell
    return cell, cell


def _are_moments(values: Iterable[Any]) -> bool:
    """Whether each of these texts is a day with a time."""
    return all(value is None or _MOMENT.match(value) for value in values)


def _approximate(value: Any) -> Cell:
    """A number of a column that floats were given to: what a database keeps of one, it may write in full."""
    if isinstance(value, float | int | Decimal):
        nearest = _as_float(value)
        if not isinstance(value, int) or nearest == value:
            return "number", repr(nearest + 0.0)  # there is no negative zero in a numeric column
    return cell(value)


def _as_float(value: float | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _kinds(values: Iterable[Any]) -> set[str]:
    return {cell(value)[0] for value in values} - {"null"}


def cell(value: Any) -> Cell:
    """A value as it is compared."""
    if value is None:
        return "null", ""
    if isinstance(value, bool | int | float | Decimal):
        return "number", _number(value)
    if isinstance(value, str):
        return "text", value
    if isinstance(value, bytes | bytearray | memoryview):
        return "bytes", bytes(value).hex()
    if isinstance(value, datetime.date | datetime.time):
        return "moment", _moment(value)
    if isinstance(value, dict | list | tuple):
        return "nested", _nested(value)
    return "text", str(value)  # a UUID, an address: read back as what it was given as


def _as(kind: str) -> Reader:
    """Read texts as a kind; what is none of it stays a text."""
    parse = _PARSERS.get(kind)

    def read(value: Any) -> Cell:
        if not isinstance(value, str) or parse is None:
            return cell(value)
        try:
            return cell(parse(value))
        except (ValueError, InvalidOperation, RecursionError):
            return cell(value)

    return read


def _parse_number(text: str) -> Decimal:
    """A number; of a truth value, which is one here, also its name: files have no other form for it."""
    return Decimal(_TRUTH.get(text.strip().lower(), text.strip()))


_TRUTH = {"true": "1", "false": "0"}


def _parse_moment(text: str) -> datetime.date | datetime.time:
    for kind in (datetime.datetime, datetime.time):
        try:
            return kind.fromisoformat(text)
        except ValueError:
            continue
    raise ValueError(text)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "number": _parse_number,
    "moment": _parse_moment,
    "nested": json.loads,
}


def _number(value: bool | int | float | Decimal) -> str:
    """Every digit of it, and no zero that means nothing: 1, True, 1.0 and 1.00 are the same number."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return repr(value)
        value = Decimal(repr(value))
    exact = Decimal(value)
    if not exact.is_finite():
        return str(float(exact)) if not exact.is_snan() else "nan"
    sign, digits, exponent = exact.as_tuple()
    text = "".join(map(str, digits))
    kept = text.rstrip("0").lstrip("0")
    if not kept:
        return "0"
    return f"{'-' if sign else ''}{kept}e{int(exponent) + len(text) - len(text.rstrip('0'))}"


def _moment(value: datetime.date | datetime.time) -> str:
    """A moment in UTC; one without a zone is taken for UTC, a day for its beginning."""
    if isinstance(value, datetime.time):
        return value.isoformat()
    if not isinstance(value, datetime.datetime):
        return f"{value.isoformat()}T00:00:00"
    if value.tzinfo is not None:
        try:
            value = value.astimezone(datetime.UTC).replace(tzinfo=None)
        except OverflowError:  # at either end of the calendar
            return value.isoformat()
    return value.isoformat()


def _nested(value: Any) -> str:
    return json.dumps(_sorted(value), ensure_ascii=False, default=repr)


def _sorted(value: Any) -> Any:
    """Keys in order, numbers as they are compared: databases keep neither."""
    if isinstance(value, dict):
        return {str(key): _sorted(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_sorted(one) for one in value]
    if isinstance(value, bool):
        return value
    return {"number": _number(value)} if isinstance(value, int | float | Decimal) else value


def quoted(value: Any) -> str:
    """A value as a finding shows it."""
    text = repr(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _rows(rows: Sequence[Row]) -> str:
    return "1 row" if len(rows) == 1 else f"{len(rows)} rows"
