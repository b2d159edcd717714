"""Read as many rows as a contract asks for, and four times as many, from answers made on demand."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from certify.model import Load, Location, Machine
from certify.provenance import machine
from certify.replay.lineage import trace
from certify.replay.made_rows import MadeRows
from certify.replay.paging import Paging, find_paging
from certify.replay.records import Path as RecordPath
from certify.replay.records import at, document_of
from certify.replay.synthetic import Synthetic
from certify.rules import HarnessFault, Unverified
from certify.run import Run
from certify.sandbox.commands import drive_of
from certify.sandbox.driven import FreshSource
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.limits import Limits
from certify.sandbox.pace import FirstRow, Pace, PaceMeter
from certify.sandbox.reads import SourceReads, Traced
from certify.sandbox.zygote import Zygote

#: How many times as many rows the large read has.
FACTOR = 4
#: Pages of the read that shows that the source takes made answers for recorded ones.
_REHEARSED = 3
#: Seconds of a read at the contract's size that still leave time for one four times as large; of a slower
#: source a quarter is compared with the whole.
_QUICK = 2.0
#: Rounds of it at most, and processor seconds for all of them: a benchmark is one area among many. Of fewer
#: than three there is no median to speak of, and of one no spread.
_ROUNDS, _SECONDS = 3, 2.5
#: Rows of the reads that show what columns cost, at most: a tenth of a second each.
_WIDE_ROWS = 2000
#: Seconds of waiting that are no matter.
_UNSEEN = 1.0
#: Bytes of pages that are parsed for comparison, and how often.
_PARSED, _PARSINGS = 2_000_000, 4

_NEEDS_PAGES = "# certify record --force, of a list that takes three pages or more\n"
_NEEDS_KEYS = """\
subject:
  primary_keys: {your_stream: [id]}
"""


@dataclass(frozen=True)
class _Measured:
    """The list that is made longer: where its records stand, and which of their fields are made anew."""

    paging: Paging
    path: RecordPath
    traced: Traced
    keys: tuple[RecordPath, ...]
    cursor: RecordPath | None


class Paces:
    """Makes each measurement when it is asked for, and keeps all: noise can only make one worse."""

    def __init__(self, reads: SourceReads, runs: FaultRuns, interpreter: Path | None, zygote: Zygote) -> None:
        self._reads = reads
        self._runs = runs
        self._interpreter = interpreter
        self._zygote = zygote
        self._at: defaultdict[int, list[Pace]] = defaultdict(list)
        self._by_columns: dict[int, float] = {}
        self._asked = reads.contract.performance

    @property
    def rows(self) -> int:
        """As many as the contract asks for."""
        return self._asked.minimum_rows

    @property
    def columns(self) -> int:
        """The columns of each record."""
        return max(self._asked.wide_columns, len(self._list.traced.records[0]))

    @property
    def machine(self) -> Machine:
        """What it is measured on."""
        return Machine(os.cpu_count() or 1, self._zygote.start()["python"], machine())

    @property
    def at(self) -> Location:
        """The line to look at: the factory that the contract names."""
        return self._runs.named

    def require_rehearsal(self) -> None:
        """Unverified when the source does not take made answers for recorded ones."""
        _ = self.rehearsal

    def at_size(self) -> Pace:
        """One more read at the contract's size."""
        return self._once(self.rows)

    @cached_property
    def rounds(self) -> int:
        """How often that is repeated."""
        pace, first = self.rehearsal, self.rehearsal.first_row
        begun = first.cpu_seconds if first is not None else 0.0  # what every run takes is no matter of rows
        one = (pace.cpu_seconds - begun) / pace.rows * self.rows
        return max(1, min(_ROUNDS, int(_SECONDS / max(one, 0.01))))

    @cached_property
    def rehearsal(self) -> Pace:
        """A read of a few pages. Unverified when the source does not take them for recorded ones."""
        rows = _REHEARSED * self._synthetic(self.rows).page_rows - 1
        pace = self._pace(rows)
        if pace.run.missed:
            raise Unverified(
                f"the source asks for what cannot be made: {pace.run.missed[0].miss}", _NEEDS_PAGES
            )
        if not pace.has_each_of(rows):
            raised = f": {pace.run.raised.message[:200]}" if pace.run.raised else ""
            told = f"of {rows} rows made like the recorded ones it gives {pace.distinct}{raised}"
            raise Unverified(told, _NEEDS_PAGES)
        return pace

    @cached_property
    def sizes(self) -> tuple[int, int]:
        """Two numbers of rows to compare, of which one is the contract's."""
        quickest = min(one.run.seconds for one in self.all_at(self.rows))
        return (self.rows, FACTOR * self.rows) if quickest < _QUICK else (self.rows // FACTOR, self.rows)

    def all_at(self, rows: int) -> list[Pace]:
        """The measured reads of so many rows, of which there is at least one."""
        if not self._at[rows]:
            _ = self.rehearsal
            self._once(rows)
        return self._at[rows]

    def again(self) -> None:
        """Measure both sizes once more: what is too slow the first time may have been disturbed."""
        for rows in self.sizes:
            self._once(rows)

    def load(self, rows: int) -> Load:
        """The best that was measured at so many rows."""
        paces = self.all_at(rows)
        return Load(rows, min(one.cpu_seconds for one in paces), min(one.grown_kib for one in paces) / 1024)

    @property
    def loads(self) -> tuple[Load, Load]:
        """The best at both sizes."""
        small, large = self.sizes
        return self.load(small), self.load(large)

    def widths(self) -> tuple[float, float] | None:
        """Processor seconds of some rows with a quarter of the columns, and with all: the best until now.

        None where the recorded rows have more than a quarter anyway.
        """
        wide = self._asked.wide_columns
        narrow = wide // FACTOR
        if narrow < len(self._list.traced.records[0]):
            return None
        for columns in (narrow, wide):
            seconds = self._pace(min(self.rows, _WIDE_ROWS), columns).cpu_seconds
            self._by_columns[columns] = min(seconds, self._by_columns.get(columns, seconds))
        return self._by_columns[narrow], self._by_columns[wide]

    @cached_property
    def parse_seconds(self) -> float:
        """How long it takes to parse the pages of a row and no more, in the same interpreter."""
        made = self._synthetic(self.rows)
        pages, rows, size = [], 0, 0
        while rows < made.rows.count and size < _PARSED:
            body = made.page(rows).body
            pages.append(body.replace(b"\n", b" "))
            rows, size = min(rows + made.page_rows, made.rows.count), size + len(body)
        self._zygote.start()
        file = self._zygote.write("pages", b"\n".join(pages))
        ended = self._zygote.run({"do": "parse", "file": str(file), "rounds": _PARSINGS}, Limits())
        told = [float(one["parsed"]) for one in ended.messages if "parsed" in one]
        if not told or told[0] <= 0:
            raise HarnessFault("the time to parse the pages could not be measured")
        return told[0] / rows

    def first_row(self) -> FirstRow:
        """What it takes until the first row of one page comes, in a new interpreter."""
        meter = self._meter()
        cassette = self._synthetic(self._synthetic(self.rows).page_rows)
        plan = self._runs.source.plan
        pace = meter.pace(FreshSource(self._interpreter, plan, drive_of(plan)).run(cassette, meter=meter))
        if pace.first_row is None:
            raise Unverified(f"of one page the source gives no row: {pace.run.how}", _NEEDS_PAGES)
        if plan.command is not None:
            self._require_seen(pace.first_row, pace.run)
        return pace.first_row

    def _require_seen(self, first: FirstRow, run: Run) -> None:
        """Unverified where a command waits once it is answered: it is heard later than it speaks."""
        answered = [one.at for one in run.exchanges if self._list.paging.is_for_list(one.asked)]
        after = first.waited - max(answered, default=0.0)
        if after >= _UNSEEN:
            raise Unverified(f"it waits {after:.0f} s, and whether before its first row cannot be told")

    def _once(self, rows: int) -> Pace:
        pace = self._pace(rows)
        self._at[rows].append(pace)
        return pace

    def _pace(self, rows: int, columns: int | None = None) -> Pace:
        meter = self._meter()
        return meter.pace(self._runs.source.run(self._synthetic(rows, columns), meter=meter))

    def _meter(self) -> PaceMeter:
        traced = self._list.traced
        return PaceMeter(traced.stream, traced.lineage.columns if traced.lineage else ())

    def _synthetic(self, rows: int, columns: int | None = None) -> Synthetic:
        found, cassette = self._list, self._runs.cassette
        columns = columns or self._asked.wide_columns
        try:
            made = MadeRows(found.traced.records, found.keys, found.cursor, columns, rows)
        except ValueError as error:
            raise Unverified(f"no cursors like the recorded ones can be made: {error}") from error
        return Synthetic(
            f"{rows} rows like {cassette.name}", cassette.recorded, found.paging, made, found.path
        )

    @cached_property
    def _list(self) -> _Measured:
        paging = find_paging(self._runs.baseline.exchanges, self._reads.records.paths)
        if paging is None:
            raise Unverified(
                "how the pages of the recorded list follow each other cannot be told", _NEEDS_PAGES
            )
        documents = [document_of(one.sent) for one in paging.pages if one.sent is not None]
        path = next(path for path in self._reads.records.paths if isinstance(at(documents[0], path), list))
        plan = self._reads.contract.subject
        for traced in self._reads.traced:
            if traced.path != path or traced.stream not in plan.primary_keys or traced.lineage is None:
                continue
            column = plan.cursor_fields.get(traced.stream)
            cursor = trace(traced.rows, traced.records, (column,)) if column else None
            if column and cursor is None:
                raise Unverified(
                    f"which field of the records {column} comes from cannot be told", _NEEDS_KEYS
                )
            field = cursor.fields[0] if cursor else None
            keys = tuple(one for one in traced.lineage.fields if one != field)
            return _Measured(paging, path, traced, keys, field)
        raise Unverified("which fields of the records make a row the one it is cannot be told", _NEEDS_KEYS)
