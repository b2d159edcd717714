"""Tell which field of the records a column of the rows comes from, and which records gave no row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from certify.replay.records import Path, Record, as_text, at, leaves


@dataclass(frozen=True)
class Lineage:
    """The fields that some columns come from, in the columns' order."""

    columns: tuple[str, ...]
    fields: tuple[Path, ...]

    def of_row(self, row: Record) -> tuple[str, ...]:
        """The row, told by these columns."""
        return tuple(as_text(row.get(column)) for column in self.columns)

    def of_record(self, record: Record) -> tuple[str, ...]:
        """The record, told by the fields that they come from."""
        return tuple(as_text(at(record, field)) for field in self.fields)

    def lost(self, records: Iterable[Record], rows: Iterable[Record]) -> list[Record]:
        """The records that no row stands for."""
        given = {self.of_row(row) for row in rows}
        return [record for record in records if self.of_record(record) not in given]


def trace(rows: Sequence[Record], records: Iterable[Record], columns: Sequence[str]) -> Lineage | None:
    """Where the columns come from; without any, all whose every value stands in one field of the records.

    None when that cannot be told: a column that the connector computes comes from no field. A field of the
    same name comes before another.
    """
    wanted = columns or [column for column in rows[0] if all(_says(row.get(column)) for row in rows)]
    values: defaultdict[Path, set[str]] = defaultdict(set)
    for record in records:
        for path, value in leaves(record):
            values[path].add(value)
    found: dict[str, Path] = {}
    for column in wanted:
        field = _field_of(column, rows, values)
        if field is not None:
            found[column] = field
        elif columns:
            return None
    return Lineage(tuple(found), tuple(found.values())) if found else None


def _field_of(column: str, rows: Sequence[Record], values: dict[Path, set[str]]) -> Path | None:
    texts = {as_text(row[column]) for row in rows if _says(row.get(column))}
    there = [path for path in values if texts and texts <= values[path]]
    return max(there, key=lambda path: (path[-1:] == (column,), -len(path)), default=None)


def _says(value: Any) -> bool:
    return value is not None and value != "" and not isinstance(value, (bool, list, dict))
