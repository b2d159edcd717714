"""What a table holds at one moment, as a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

#: A row as its platform has it: by column.
Row = dict[str, Any]


@dataclass(frozen=True)
class Contents:
    """A table's columns and rows, in no order; `columns` is None where there is no such table.

    Two are equal where they hold the same columns and the same rows, each as often.
    """

    columns: tuple[str, ...] | None
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Contents:
        """The contents that were read."""
        return cls(tuple(columns), tuple(tuple(row) for row in rows))

    @cached_property
    def _counted(self) -> Counter[str]:
        # A NaN is not equal to itself; its text is.
        return Counter(map(repr, self.rows))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Contents):
            return NotImplemented
        return self.columns == other.columns and self._counted == other._counted

    def __hash__(self) -> int:
        return hash((self.columns, len(self.rows)))

    def __str__(self) -> str:
        if self.columns is None:
            return "no table"
        return "1 row" if len(self.rows) == 1 else f"{len(self.rows)} rows"

    def only(self, names: Iterable[str]) -> Contents:
        """Those columns alone, however their letters are written."""
        wanted = {name.casefold() for name in names}
        places = [place for place, name in enumerate(self.columns or ()) if name.casefold() in wanted]
        columns = None if self.columns is None else tuple(self.columns[place] for place in places)
        return Contents(columns, tuple(tuple(row[place] for place in places) for row in self.rows))

    @property
    def as_rows(self) -> list[Row]:
        """The rows by column."""
        return [dict(zip(self.columns or (), row, strict=True)) for row in self.rows]


#: What there is of a table that is not there.
NO_TABLE = Contents(None, ())
