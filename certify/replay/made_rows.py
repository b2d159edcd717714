"""Make records on demand, in the form of recorded ones: unique keys, growing cursors, many columns."""

from __future__ import annotations

import datetime
import json
import re
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from certify.replay.records import Path, Record, at, put

#: A value by the row's number, counted from 1, as JSON.
Value = Callable[[int], str]

#: Records that are taken for patterns.
_PATTERNS = 20


class MadeRows:
    """`count` records with `columns` columns. `keys` and `cursor` are the fields that differ in each.

    Raises ValueError for a cursor in a form that is not known.
    """

    def __init__(
        self, recorded: Sequence[Record], keys: Sequence[Path], cursor: Path | None, columns: int, count: int
    ) -> None:
        self.count = count
        self.columns = columns
        fields: dict[Path, Value] = {path: _key(_first(recorded, path), count) for path in keys}
        if cursor is not None:
            fields[cursor] = _growing(_highest(recorded, cursor), count)
        self._fields = {f"f{number}": value for number, value in enumerate(fields.values())}
        self._patterns = [_pattern(one, tuple(fields), columns) for one in recorded[:_PATTERNS]]

    def text(self, number: int) -> str:
        """The record with this number, from 1, as JSON."""
        values = {name: value(number) for name, value in self._fields.items()}
        return self._patterns[number % len(self._patterns)] % values


def _pattern(record: Record, fields: Sequence[Path], columns: int) -> str:
    """The record's JSON, with `%(f0)s` where a field is to be filled in."""
    wide: Any = record | {f"c{number:03}": _filler(number) for number in range(len(record) + 1, columns + 1)}
    for number, path in enumerate(fields):
        if at(wide, path) is not None:
            wide = put(wide, path, f"\0f{number}")
    text = json.dumps(wide, ensure_ascii=False).replace("%", "%%")
    return re.sub(r'"\\u0000(f\d+)"', r"%(\1)s", text)


def _filler(number: int) -> Any:
    return (f"text {number}", number * 11, number + 0.25)[number % 3]


def _first(recorded: Sequence[Record], path: Path) -> Any:
    return next((found for one in recorded if (found := at(one, path)) is not None), None)


def _highest(recorded: Sequence[Record], path: Path) -> Any:
    values = [found for one in recorded if (found := at(one, path)) is not None]
    return max(values, key=lambda one: (isinstance(one, (int, float)), one), default=None)


def _key(sample: Any, count: int) -> Value:
    """Keys of the recorded kind."""
    if not isinstance(sample, str):
        return str
    if sample.isdigit():
        return lambda number: f'"{number:0{len(sample)}}"'
    if _is_uuid(sample):
        return lambda number: f'"{uuid.UUID(int=number, version=4)}"'
    if _is_moment(sample):
        return _growing(sample, count)
    prefix = json.dumps(re.sub(r"\d+$", "", sample), ensure_ascii=False)[:-1]
    return lambda number: f'{prefix}{number}"'


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    try:
        return _form_of(text) is not None
    except ValueError:
        return False


def _growing(highest: Any, count: int) -> Value:
    """Cursors that grow up to the highest recorded one: none lies in the future."""
    if isinstance(highest, (int, float)) and not isinstance(highest, bool):
        base = int(highest) - count if highest >= count else 0
        return lambda number: str(base + number)
    if isinstance(highest, str) and highest.isdigit():
        base = int(highest) - count if int(highest) >= count else 0
        return lambda number: f'"{base + number:0{len(highest)}}"'
    form = _form_of(highest)
    moment = datetime.datetime.fromisoformat(highest)
    second = datetime.timedelta(seconds=1)
    return lambda number: f'"{form(moment - second * (count - number))}"'


def _form_of(sample: Any) -> Callable[[datetime.datetime], str]:
    """How moments are written. Raises ValueError when that cannot be told."""
    try:
        moment = datetime.datetime.fromisoformat(sample)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{sample!r} is no moment of a known form") from error
    separator = sample[10:11]
    forms: list[Callable[[datetime.datetime], str]] = [lambda one: one.date().isoformat()]
    for detail in ("seconds", "milliseconds", "microseconds", "minutes") if separator else ():
        forms += [
            lambda one, detail=detail: one.isoformat(separator, detail),  # type: ignore[misc]  # its default
            lambda one, detail=detail: one.isoformat(separator, detail).replace("+00:00", "Z"),  # type: ignore[misc]  # its default
        ]
    for form in forms:
        if form(moment) == sample:
            return form
    raise ValueError(f"{sample!r} is no moment of a known form")
