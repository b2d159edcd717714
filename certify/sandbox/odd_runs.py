"""Read records with odd values in them, and tell which did not come through."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from certify.examples import fixed_settings
from certify.model import Finding
from certify.replay.records import Record, as_text
from certify.rules import HarnessFault, Unverified
from certify.sandbox.odd_values import Cells, Column, changed_record, is_same, open_columns
from certify.sandbox.reads import Read, SourceReads, Traced
from certify.text import cut

#: Sets of values that are tried, and records that get any.
_TRIED, _RECORDS = 6, 20
#: Runs in which a smaller example is looked for.
_SHRINKING = 40
_SHOWN = 60
_QUIET = fixed_settings(_TRIED, Phase.generate)


@dataclass(frozen=True)
class Odd:
    """One value that did not come through: into which column it was put, and what became of it."""

    stream: str
    column: str
    value: Any
    became: str
    read: Read


class _Found(Exception):
    def __init__(self, cells: Cells) -> None:
        self.cells = cells


class OddStream:
    """One stream with odd values in its records."""

    def __init__(self, reads: SourceReads, traced: Traced) -> None:
        self._reads = reads
        self._traced = traced
        self.runs = 0
        #: Columns for which the source takes not every value, and says so.
        self.refused: set[str] = set()
        self._gave_row = _gave_one_row(traced)
        self.columns = self._open()

    def _open(self) -> list[Column]:
        plan = self._reads.contract.subject
        stream = self._traced.stream
        fixed = [*plan.primary_keys.get(stream, ()), *filter(None, [plan.cursor_fields.get(stream)])]
        schema = self._reads.full.audit.schema_of(stream)
        rows, records = self._traced.rows[:_RECORDS], self._traced.records
        columns = open_columns(rows, records, schema, fixed)
        asked = " ".join(f"{one.asked.target} {one.asked.body!r}" for one in self._reads.full.run.exchanges)
        return [one for one in columns if not any(_stands_in(row.get(one.name), asked) for row in rows)]

    @property
    def tried(self) -> list[str]:
        """The columns in which odd values are tried, but for those that the source refuses by name."""
        return [one.name for one in self.columns if one.name not in self.refused]

    def first_odd(self) -> Odd | None:
        """The first value that did not come through, made small."""
        places = [
            (number, column.name)
            for number in range(min(_RECORDS, len(self._traced.records)))
            for column in self.columns
        ]
        by_name = {column.name: column.values for column in self.columns}
        cells_of = st.fixed_dictionaries({place: by_name[place[1]] for place in places})

        @_QUIET
        @given(cells_of)
        def comes_through(cells: Cells) -> None:
            if self._problem(cells) is not None:
                raise _Found(cells)

        try:
            comes_through()
        except _Found as found:
            return self._small(found.cells)
        return None

    def _small(self, cells: Cells) -> Odd:
        """One cell, if one alone does it; and the simplest value that does."""
        left = list(cells.items())
        while len(left) > 1:
            half = len(left) // 2
            part = next((one for one in (left[:half], left[half:]) if self._problem(dict(one))), None)
            if part is None:
                break
            left = part
        place, value = left[0]
        if len(left) == 1:
            value = self._simplest(place, value)
        problem = self._problem({place: value}) or self._problem(dict(left)) or self._problem(cells)
        if problem is None:
            raise HarnessFault("with the same odd values a second run did not do what the first one did")
        read, became = problem
        return Odd(self._traced.stream, place[1], value, became, read)

    def _simplest(self, place: tuple[int, str], value: Any) -> Any:
        left = iter(range(_SHRINKING))
        strategy = next(column.values for column in self.columns if column.name == place[1])

        def fails(tried: Any) -> bool:
            return next(left, None) is not None and self._problem({place: tried}) is not None

        shrinking = settings(_QUIET, max_examples=_SHRINKING, phases=[Phase.generate, Phase.shrink])
        try:
            return find(strategy, fails, settings=shrinking)
        except NoSuchExample:
            return value

    def _problem(self, cells: Cells) -> tuple[Read, str] | None:
        """What became of the first value that did not come through; None when all did.

        A column of which the source says that it does not take such values is left alone from then on.
        """
        while cells := {place: value for place, value in cells.items() if place[1] not in self.refused}:
            self.runs += 1
            read = self._reads.changed(self._change(cells))
            if read.run.succeeded:
                return self._first_changed(read, cells)
            refused = _refused(read, cells)
            if not refused:
                return read, f"ends the run: {self._reads.ending(read.run)}"
            self.refused |= refused
        return None

    def _first_changed(self, read: Read, cells: Cells) -> tuple[Read, str] | None:
        lineage = self._traced.lineage
        assert lineage is not None
        rows = {lineage.of_row(row): row for stream, row in read.records() if stream == self._traced.stream}
        for (number, name), value in cells.items():
            row = rows.get(lineage.of_record(self._traced.records[number]))
            if not self._gave_row[number]:
                continue
            if row is None:
                return read, "makes its row disappear"
            if not is_same(value, row.get(name)):
                return read, f"comes as {_shown(row.get(name))}"
        return None

    def _change(self, cells: Cells) -> Callable[[int, list[Any]], list[Any]]:
        """Records are counted through all lists of the stream, as they are in `Traced`."""
        begins: dict[int, int] = {}
        count = 0
        for number, path, records in self._reads.records.lists():
            if path == self._traced.path and number in self._traced.answers:
                begins[number] = count
                count += len(records)

        def change(number: int, records: list[Any]) -> list[Any]:
            if number not in begins:
                return records
            start = begins[number]
            return [
                changed_record(one, start + place, self.columns, cells) for place, one in enumerate(records)
            ]

        return change

    def lost_when_wide(self, columns: int) -> tuple[Read, list[Record]]:
        """A read with so many columns more in each record, and the records that gave no row."""
        more = {f"added_{number:04}": _ADDED[number % len(_ADDED)] for number in range(columns)}
        read = self._reads.changed(
            lambda _, records: [one | more if isinstance(one, dict) else one for one in records]
        )
        rows = [row for stream, row in read.records() if stream == self._traced.stream]
        return read, self._traced.lost(self._traced.records, rows)


def _refused(read: Read, cells: Cells) -> set[str]:
    """The columns that the source names in an error of its own, which it raises for what it does not take."""
    error = read.run.raised
    if error is None or "." not in error.type:
        return set()
    return {name for _, name in cells if name in error.message}


def _gave_one_row(traced: Traced) -> list[bool]:
    """For each record whether it gave a row, and no other record has its key."""
    assert traced.lineage is not None
    given = {traced.lineage.of_row(row) for row in traced.rows}
    keys = [traced.lineage.of_record(one) for one in traced.records]
    counts = Counter(keys)
    return [key in given and counts[key] == 1 for key in keys]


#: What stands in added columns.
_ADDED: Sequence[Any] = (1, "text", None, 0.5, True, {"inner": [1, 2]}, [])


def odd_streams(reads: SourceReads) -> list[OddStream]:
    """The streams whose rows can be told apart by their primary key; unverified when there is none."""
    keyed = [
        one
        for one in reads.traced
        if one.lineage is not None and reads.contract.subject.primary_keys.get(one.stream)
    ]
    if not keyed:
        raise Unverified(
            "the contract names no primary key by which rows could be told apart",
            "subject:\n  primary_keys: {your_stream: [id]}\n",
        )
    return [OddStream(reads, one) for one in keyed]


def odd_findings(reads: SourceReads, streams: Sequence[OddStream], wide: int) -> Iterator[Finding]:
    """What did not come through."""
    for one in streams:
        odd = one.first_odd() if one.columns else None
        if odd is not None:
            said = f"{odd.column} of {odd.stream}: the value {_shown(odd.value)} {odd.became}"
            yield Finding(said, reads.at(odd.read.run), "the value as it was read")
        read, lost = one.lost_when_wide(wide)
        if not read.run.succeeded:
            said = f"with {wide} more columns the run ends: {reads.ending(read.run)}"
            yield Finding(said, reads.at(read.run), "the rows")
        elif lost:
            yield Finding(f"with {wide} more columns {len(lost)} rows are lacking", reads.at(), "the rows")


def _stands_in(value: Any, asked: str) -> bool:
    text = as_text(value)
    return len(text) > 2 and text in asked and text != "null"


def _shown(value: Any) -> str:
    return cut(json.dumps(value, ensure_ascii=True), _SHOWN)
