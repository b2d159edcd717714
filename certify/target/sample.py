"""Rows to load: some that lie in the target before, and a load that changes, adds and leaves alone."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from certify.target.contents import Row

#: Rows before the load, rows of the load with a key of theirs, and rows of it that are new.
_BEFORE, _CHANGED, _NEW = 5, (1, 3), 6
#: Rows that a sample holds: those, and images for the changed ones.
SIZE = _BEFORE + _NEW + len(_CHANGED)


class TooFew(Exception):
    """So many different rows cannot be made of these."""


@dataclass(frozen=True)
class Sample:
    """`SIZE` rows, no two with the same key; `origin` says whose they are.

    `replace_by` is the column of the slices that `replace` replaces, `slices` two or more values of it.
    """

    rows: tuple[Row, ...]
    key: tuple[str, ...]
    origin: str
    replace_by: str | None = None
    slices: tuple[Any, ...] = ()
    #: Whether the contract names them, so that the sink takes them.
    is_declared: bool = False

    @property
    def before(self) -> tuple[Row, ...]:
        """What lies in the target before a load: the first slice, the third, and the second between them."""
        rows = self.rows[:_BEFORE]
        return tuple(self._in_slice(row, {0: 0, 2: 2}.get(place, 1)) for place, row in enumerate(rows))

    @property
    def changing(self) -> tuple[Row, ...]:
        """A load of which two rows have the key of a row that is there, and none is of its other slices."""
        images = self.rows[_BEFORE + _NEW :]
        changed = [
            image | {name: self.rows[place][name] for name in self.key}
            for place, image in zip(_CHANGED, images, strict=True)
        ]
        return self._sliced([*changed, *self.rows[_BEFORE : _BEFORE + _NEW]])

    @property
    def adding(self) -> tuple[Row, ...]:
        """A load of as many rows with keys that are new, all of them."""
        return self._sliced(self.rows[_BEFORE:])

    def many(self, count: int) -> tuple[Row, ...]:
        """A load of so many rows, all of them new. Raises TooFew where no further keys can be made."""
        return self._sliced(grown(self.rows, self.key, _BEFORE + count)[_BEFORE:])

    def _sliced(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        """All in the second slice, but the last two in the fourth, if there is one."""
        last = 3 if len(self.slices) > 3 else 1
        return tuple(
            self._in_slice(row, 1 if place < len(rows) - 2 else last) for place, row in enumerate(rows)
        )

    def _in_slice(self, row: Row, place: int) -> Row:
        """The row in a slice; where there are but two, the third is the first."""
        if self.replace_by is None or not self.slices:
            return row
        return row | {self.replace_by: self.slices[place if place < len(self.slices) else 0]}


def make_sample(
    rows: Iterable[Row],
    key: tuple[str, ...],
    origin: str,
    replace_by: str | None = None,
    *,
    is_declared: bool = False,
) -> Sample:
    """A sample of these rows. Raises TooFew where they cannot be made as many as it takes."""
    distinct = grown(_distinct(rows, key), key, SIZE)
    slices = _values(distinct, replace_by) if replace_by else []
    told = tuple(slices) if len(slices) > 1 else ()
    return Sample(tuple(distinct), key, origin, replace_by, told, is_declared)


def generated(key: tuple[str, ...], replace_by: str | None) -> list[Row]:
    """Rows of nobody: `id`, `name`, `amount`, `updated_at`, and the columns that the contract names."""
    rows: list[Row] = []
    for number in range(1, SIZE + 1):
        row: Row = dict.fromkeys(key, number)
        row |= {
            "id": number,
            "name": None if number == SIZE else f"name {number} – żółć",
            "amount": number * 10,
            "updated_at": f"2026-01-{number:02}T08:30:00+00:00",
        }
        if replace_by:
            row.setdefault(replace_by, f"2026-01-{1 + number % 3:02}")
        rows.append(row)
    return rows


def grown(rows: Sequence[Row], key: tuple[str, ...], count: int) -> list[Row]:
    """The rows, and copies of them with keys of their own until there are `count`. Raises TooFew."""
    if len(rows) >= count:
        return list(rows[:count])
    names = [name for name in key if all(_can_grow(row[name]) for row in rows)]
    if not rows or not names:
        raise TooFew(f"there are {len(rows)} different rows, and it takes {count}")
    name = names[0]
    more = list(rows)
    whole = [row[name] for row in rows if isinstance(row[name], int)]
    for number in range(1, count - len(rows) + 1):
        row = rows[(number - 1) % len(rows)]
        more.append(row | {name: _next(row[name], number, max(whole, default=0))})
    return more


def _can_grow(value: Any) -> bool:
    return isinstance(value, int | str | Decimal | datetime.date) and not isinstance(value, bool)


def _next(value: Any, number: int, highest: int) -> Any:
    """A value that none of the rows has."""
    if isinstance(value, str):
        return f"{value}-{number}"
    if isinstance(value, datetime.date):
        return value + datetime.timedelta(days=1000 + number)
    return type(value)(highest + number) if isinstance(value, int) else value + 1_000_000 + number


def whole_number_column(sample: Sample) -> str | None:
    """A column of whole numbers, not of the key if there is another."""
    names = [*(name for name in sample.rows[0] if name not in sample.key), *sample.key]
    for name in names:
        values = [row.get(name) for row in sample.rows if row.get(name) is not None]
        if values and all(type(value) is int for value in values):
            return name
    return None


def emptied(sample: Sample) -> Row | None:
    """A row that is in the target before, with NULL where it had a value, in a column that may be NULL."""
    fixed = {*sample.key, sample.replace_by}
    for name in sample.rows[0]:
        if name in fixed or all(row.get(name) is not None for row in sample.rows):
            continue
        for row in sample.before:
            if row.get(name) is not None:
                return row | {name: None}
    return None


def _distinct(rows: Iterable[Row], key: tuple[str, ...]) -> list[Row]:
    """The rows but those whose key another has, or that lack it."""
    found: dict[str, Row] = {}
    for row in rows:
        named = [row.get(name) for name in key] if key else [sorted(row.items(), key=repr)]
        if all(one is not None for one in named):
            found.setdefault(repr(named), row)
    return list(found.values())


def _values(rows: Iterable[Row], column: str) -> list[Any]:
    found = {repr(row[column]): row[column] for row in rows if row.get(column) is not None}
    return list(found.values())
