"""Columns whose values are those of the run, not of the API: the time of loading, a random key."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from certify.rules import Unverified
from certify.run import Row, Rows, Run


@dataclass(frozen=True)
class Volatile:
    """The columns of each stream that differ from run to run without a fault."""

    columns: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.columns.values())

    def __str__(self) -> str:
        return ", ".join(sorted({name for names in self.columns.values() for name in names}))

    def masked(self, rows: Rows) -> Rows:
        """The rows without them, so that runs can be compared. Unverified where some are told as digests."""
        if not self:
            return rows
        if rows.digests:
            raise Unverified(f"rows differ in {self} from run to run, and are too many to compare without")
        return Rows(tuple(self._masked(row) for row in rows.kept))

    def _masked(self, row: Row) -> Row:
        stream, text = row
        columns = self.columns.get(stream)
        value = json.loads(text) if columns else None
        if not isinstance(value, dict) or columns is None:
            return row
        kept = {name: one for name, one in value.items() if name not in columns}
        return stream, json.dumps(kept, sort_keys=True, ensure_ascii=False)


def steady() -> Volatile:
    """Nothing differs."""
    return Volatile()


def volatile_columns(one: Run, other: Run) -> Volatile:
    """The columns by which two runs differ that should give the same rows.

    Rows may come in any order: a column is looked at by itself.
    """
    if one.gives_rows_of(other) or len(one.rows) != len(other.rows):
        return steady()
    first, second = _by_column(one), _by_column(other)
    found: defaultdict[str, set[str]] = defaultdict(set)
    for stream, column in first.keys() & second.keys():
        if first[stream, column] != second[stream, column]:
            found[stream].add(column)
    return Volatile({stream: frozenset(names) for stream, names in found.items()})


def _by_column(run: Run) -> dict[tuple[str, str], Counter[str]]:
    values: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for stream, column, value in _cells(run):
        values[stream, column][value] += 1
    return values


def _cells(run: Run) -> Iterator[tuple[str, str, str]]:
    for stream, text in run.rows.kept:
        try:
            row = json.loads(text)
        except ValueError:
            continue
        if isinstance(row, dict):
            for name, value in row.items():
                yield stream, name, json.dumps(value, sort_keys=True)
