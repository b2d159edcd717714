"""Read a source as its platform does: whole, again, on from each of its states, and with other records."""

from __future__ import annotations

import itertools
import json
from array import array
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from certify.contract import Contract
from certify.model import Location
from certify.replay.cassette import Cassette
from certify.replay.lineage import Lineage, trace
from certify.replay.matching import CassetteIndex, Key, names_a_token_call
from certify.replay.played import Exchange
from certify.replay.records import Change, Path, Record, Records, find_records
from certify.rules import HarnessFault, NotApplicable, Unverified
from certify.run import Rows, Run, digest_of
from certify.sandbox.audit import Checkpoint, RowAudit
from certify.sandbox.cells import is_a_place, plain
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.observed_run import innermost

_NAME_RECORDS = """\
replay:
  records: {your_stream: "$.data[*]"}   # where the records stand in an answer
"""
_RECORD = (
    "# certify record writes incremental.yaml and resume@1.yaml, resume@2.yaml … beside full_refresh.yaml"
)


@dataclass(frozen=True)
class Read:
    """One read: what the run did, and what was seen of its rows."""

    run: Run
    audit: RowAudit
    #: Whether its rows are JSON as a command spoke it, in which no text stands for a value of Python's.
    is_spoken: bool = False

    def records(self) -> Iterator[tuple[str, Record]]:
        """The rows that were kept, each with its stream, as values."""
        for stream, text in self.run.rows.kept:
            try:
                row = json.loads(text)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield self.audit.name_of(stream), row if self.is_spoken else plain(row)


@dataclass(frozen=True)
class Resumption:
    """A read that was taken up from a state of the full one; `number` counts those, from 1."""

    number: int
    checkpoint: Checkpoint
    read: Read


@dataclass(frozen=True)
class Traced:
    """A stream's rows, and the records that they come from; `lineage` is None where that cannot be told."""

    stream: str
    rows: list[Record]
    path: Path
    records: list[Record]
    lineage: Lineage | None
    #: The numbers of the answers in which they stand.
    answers: frozenset[int] = frozenset()

    def lost(self, records: Iterable[Record], rows: Iterable[Record]) -> list[Record]:
        """The records that gave a row in the full read, and none among these."""
        if self.lineage is None:
            return []
        given = {self.lineage.of_row(row) for row in self.rows}
        wanted = [one for one in records if self.lineage.of_record(one) in given]
        return self.lineage.lost(wanted, rows)


def _traced(stream: str, rows: list[Record], found: Records, keys: Sequence[str]) -> Traced:
    """Of several lists that could be meant, the one that is as long as the rows are many.

    Lists of several streams may stand at one path, in answers of their own kinds: those of a kind that gave
    no row of the stream are another's.
    """
    told = []
    for path in found.paths:
        lists = {number: _objects(records) for number, at, records in found.lists() if at == path}
        mixed = trace(rows, itertools.chain(*lists.values()), keys)
        own = _own(lists, rows, mixed, found) if mixed else frozenset()
        records = [one for number in lists if number in own for one in lists[number]]
        lineage = trace(rows, records, keys)  # a value may stand in a field of another stream's records too
        if lineage is not None:
            told.append(Traced(stream, rows, path, records, lineage, own))
    none = Traced(stream, rows, (), [], None)
    return min(told, key=lambda one: abs(len(one.records) - len(rows)), default=none)


def _own(
    lists: Mapping[int, list[Record]], rows: Iterable[Record], lineage: Lineage, found: Records
) -> frozenset[int]:
    """The answers of the kinds of those that gave one of these rows."""
    given = {lineage.of_row(row) for row in rows}
    kinds = {
        found.kind(number)
        for number, records in lists.items()
        if any(lineage.of_record(one) in given for one in records)
    }
    return frozenset(number for number in lists if found.kind(number) in kinds)


def _objects(records: Iterable[Any]) -> list[Record]:
    return [one for one in records if isinstance(one, dict)]


class SourceReads:
    """Makes each read once, and remembers it: several rules look at the same one."""

    def __init__(self, fault_runs: FaultRuns, contract: Contract, recorded: Mapping[str, Cassette]) -> None:
        self._runs = fault_runs
        self.contract = contract
        self.recorded = recorded
        self._resumed: dict[int, Resumption | str] = {}

    @cached_property
    def full(self) -> Read:
        """All of it, from the beginning. Blocked when that fails."""
        _ = self._runs.baseline
        read = self.read(self._runs.cassette)
        if not (read.run.succeeded and read.run.rows):
            raise HarnessFault(f"the happy path succeeds, and then does not: {self.ending(read.run)}")
        return read

    @cached_property
    def again(self) -> Read:
        """The same, once more."""
        _ = self.full
        return self.read(self._runs.cassette)

    @property
    def asks_nothing(self) -> bool:
        """Whether its rows come from nowhere but the machine that it runs on."""
        return not (self._runs.baseline.exchanges or self._runs.baseline.connected)

    @property
    def cassette(self) -> Cassette:
        """What was recorded of the full read."""
        return self._runs.cassette

    @cached_property
    def records(self) -> Records:
        """The records in the recorded answers. Unverified when none are found."""
        if self.asks_nothing:
            raise NotApplicable("a read asks nothing of an API: there is no record to hold a row against")
        rows = (row for _, row in self.full.records())
        found = find_records(self._runs.cassette, rows, self.contract.replay.records)
        if not any(records for _, _, records in found.lists()):
            raise Unverified("no list of records is found in the recorded answers", _NAME_RECORDS)
        return found

    @cached_property
    def traced(self) -> list[Traced]:
        """For each stream, its rows beside the records that they come from."""
        by_stream: defaultdict[str, list[Record]] = defaultdict(list)
        for stream, row in self.full.records():
            by_stream[stream].append(row)
        keys = self.contract.subject.primary_keys
        return [_traced(name, rows, self.records, keys.get(name, ())) for name, rows in by_stream.items()]

    def compared(self, read: Read) -> array[int]:
        """A digest of each row in order, but for what differs from run to run anyway."""
        return digests_of(self._runs.volatile.masked(read.run.rows))

    def read(self, cassette: Cassette, state: Any = None) -> Read:
        """One read of a cassette."""
        plan = self.contract.subject
        audit = RowAudit(plan.primary_keys, plan.cursor_fields)
        run = self._runs.run(cassette, state=state, audit=audit)
        return Read(run, audit, self._runs.source.plan.command is not None)

    def changed(self, change: Change) -> Read:
        """One read of the full cassette with other records in its answers."""
        read = self.read(self.records.changed(change))
        if read.run.missed:
            miss = read.run.missed[0].miss
            raise Unverified(
                f"with other records in its answers the source asks for what is not recorded: {miss}"
            )
        return read

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """The states of the full read. Not every source emits any: unverified then."""
        found = self.full.audit.checkpoints
        if not found:
            raise Unverified(
                "the source emits no state",
                '# read() yields {"type": "STATE", "value": …} after the rows that it covers',
            )
        return found

    def resumptions(self) -> Iterator[Resumption]:
        """A read from each state of the full one that can be tried, on what was recorded for it.

        Without a recording of its own, a state is tried on the full one: a source that resumes by page asks
        for nothing else.
        """
        for number, checkpoint in enumerate(self.checkpoints, 1):
            found = self._resume(number, checkpoint)
            if isinstance(found, Resumption):
                yield found

    def require_all_tried(self) -> None:
        """Unverified when nothing is recorded for a read from one of the states."""
        tried = [self._resume(number, one) for number, one in enumerate(self.checkpoints, 1)]
        untried = [f"{number} ({one})" for number, one in enumerate(tried, 1) if isinstance(one, str)]
        if untried:
            raise Unverified(f"nothing is recorded for a read from state {', '.join(untried[:5])}", _RECORD)

    def _resume(self, number: int, checkpoint: Checkpoint) -> Resumption | str:
        if number not in self._resumed:
            self._resumed[number] = self._resume_first(number, checkpoint)
        return self._resumed[number]

    def _resume_first(self, number: int, checkpoint: Checkpoint) -> Resumption | str:
        is_last = number == len(self.checkpoints)
        own = self.recorded.get("incremental" if is_last else f"resume@{number}")
        read = self.read(own or self._runs.cassette, checkpoint.value)
        if read.run.missed:
            if own is not None:
                raise HarnessFault(f"{own.name}: {read.run.missed[0].miss}")
            return str(read.run.missed[0].miss)
        return Resumption(number, checkpoint, read)

    def resumed_at(self, state: Any, recording: str) -> Read | str:
        """A read from a state of the author's, or what it asks for that is not recorded.

        It is made on the recording of that name, and on the full one where that has what it asks for.
        """
        _ = self.full
        missed = ""
        for cassette in (self.recorded.get(recording), self._runs.cassette):
            if cassette is not None:
                read = self.read(cassette, state)
                if not read.run.missed:
                    return read
                missed = missed or str(read.run.missed[0].miss)
        return missed

    def last_resumption(self) -> Resumption:
        """The read from the last state. Unverified when nothing is recorded for it."""
        number = len(self.checkpoints)
        found = self._resume(number, self.checkpoints[-1])
        if isinstance(found, str):
            raise Unverified(f"nothing is recorded for a read from the last state ({found})", _RECORD)
        return found

    @cached_property
    def _index(self) -> CassetteIndex:
        return CassetteIndex(self._runs.cassette, self._runs.source.plan.canaries)

    def unasked(self, asked: Container[Key]) -> list[str]:
        """The recorded requests that are none of these, but for those of a discovery, or for a token."""
        discovered = self._runs.source.discovered
        requests = [one.asked for one in self._runs.cassette.recorded if not names_a_token_call(one.asked)]
        keys = map(self._index.key, requests)
        return [
            str(one)
            for one, key in zip(requests, keys, strict=True)
            if key not in asked and key not in discovered
        ]

    def recorded_as(self, exchange: Exchange) -> int:
        """The number in the cassette of the answer that an exchange of the full read got."""
        keys = [self._index.key(one.asked) for one in self._runs.cassette.recorded]
        return keys.index(exchange.key)

    @property
    def starts(self) -> list[Any]:
        """The values of the configuration from which on a source may be meant to read."""
        plain = (str, int, float)
        values = self._runs.source.plan.config.values()
        return [one for one in values if isinstance(one, plain) and is_a_place(one)]

    def ending(self, run: Run) -> str:
        """How a run ended, in words."""
        return self._runs.observed(run).ending

    def at(self, run: Run | None = None) -> Location:
        """The line to look at: where an error was raised, else the factory that the contract names."""
        places = run.raised.places if run is not None and run.raised is not None else ()
        return innermost(places, self._runs.root) or self._runs.named


def digests_of(rows: Rows) -> array[int]:
    """Every row in order, eight bytes each."""
    made = array("Q")
    made.frombytes(b"".join(map(digest_of, rows.kept)))
    made.frombytes(rows.digests)
    return made
