"""What is wrong with what a source read, and how it is told."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence

from certify import Contract, Finding, HarnessFault, NotApplicable, SourceReads, Unverified
from certify.replay.lineage import trace
from certify.replay.records import Path, Record, at
from certify.sandbox.audit import Checkpoint
from certify.sandbox.cells import comes_after
from certify.sandbox.reads import Resumption, Traced, digests_of
from certify.sandbox.row_schema import RowSchema
from certify.text import counted, cut

#: Findings of one kind that are listed; the evidence has their number.
LISTED = 5
_QUOTED = 120
NEEDS_SCHEMA = "# def schema(self) -> dict: the JSON Schema of a row, beside read()"
NEEDS_KEYS = "subject:\n  primary_keys: {your_stream: [id]}   # columns by which rows are told apart\n"
NEEDS_CURSOR = "subject:\n  cursor_fields: {your_stream: updated_at}\n"


# --- schemas ------------------------------------------------------------------------------------


def told_schemas(reads: SourceReads) -> Mapping[str, str]:
    """The schemas that the full read told, by stream. Unverified when it told none."""
    if not reads.full.audit.schemas:
        raise Unverified("the source tells no schema of its rows", NEEDS_SCHEMA)
    return reads.full.audit.schemas


def no_schemas(reads: SourceReads) -> Iterator[Finding]:
    """What is told for a schema and is none."""
    audit = reads.full.audit
    if audit.schema_error is not None:
        yield Finding(f"schema() raises {audit.schema_error}", reads.at(), "the schema of a row")
    for stream, schema in audit.schemas.items():
        try:
            RowSchema(schema)
        except ValueError as error:
            said = str(error).splitlines()[0]
            yield Finding(f"what is told as the schema{of(stream)} is none: {said}", reads.at())


def other_schemas(reads: SourceReads) -> Iterator[Finding]:
    """Schemas that another run tells otherwise."""
    runs = {"a second run": reads.again}
    if not reads.asks_nothing:
        in_reverse = reads.changed(lambda _, records: records[::-1])
        runs["a run with the records of each answer in reverse"] = in_reverse
    for what, read in runs.items():
        for stream, schema in told_schemas(reads).items():
            other = read.audit.schemas.get(stream)
            if other != schema:
                said = f"{what} tells another schema{of(stream)}: {quoted(other or 'none')}"
                yield Finding(said, reads.at(), quoted(schema))


def mismatches(reads: SourceReads) -> Iterator[Finding]:
    """Rows that are not as their schema says."""
    for stream, seen in reads.full.audit.streams.items():
        for one in seen.mismatches[:LISTED]:
            said = f"row {one.row}{of(stream)}: {one.path} is {one.value}: {one.expected}"
            yield Finding(said, reads.at(), "a value as the schema says")


# --- rows ---------------------------------------------------------------------------------------


def lost_records(reads: SourceReads) -> Iterator[Finding]:
    """Recorded records that gave no row, but for those before a start that the configuration names."""
    for traced in reads.traced:
        lost = traced.lineage.lost(traced.records, traced.rows) if traced.lineage else []
        if lost and not _lie_before_the_start(reads, traced, lost):
            said = f"{len(lost)} of {len(traced.records)} records give no row{of(traced.stream)}"
            yield Finding(f"{said}, such as {shown(lost[0])}", reads.at(), "a row for each record")


def _lie_before_the_start(reads: SourceReads, traced: Traced, lost: Sequence[Record]) -> bool:
    """Whether a value of the configuration parts these records from those that gave rows: a `start_date`."""
    column = reads.contract.subject.cursor_fields.get(traced.stream)
    field = trace(traced.rows, traced.records, (column,)) if column else None
    if column is None or field is None:
        return False
    before = [at(one, field.fields[0]) for one in lost]
    after = [row[column] for row in traced.rows if row.get(column) is not None]
    return None not in before and any(
        all(comes_after(start, one) for one in before) and not any(comes_after(start, one) for one in after)
        for start in reads.starts
    )


def other_rows(reads: SourceReads) -> Iterator[Finding]:
    """How the rows of a second run differ from the first's."""
    full, again = reads.full.run, reads.again.run
    if sorted(digests_of(full.rows)) == sorted(digests_of(again.rows)):
        return
    more = list((again.row_counts - full.row_counts).elements())
    less = list((full.row_counts - again.row_counts).elements())
    said = f"a second run gives {rows(len(again.rows))}, {len(more)} of them unlike the first"
    expected = rows(len(full.rows)) + (f", among them {quoted(less[0][1])}" if less else "")
    yield Finding(said + (f", such as {quoted(more[0][1])}" if more else ""), reads.at(), expected)


def bad_keys(reads: SourceReads, stream: str, key: str) -> Iterator[Finding]:
    """Rows without a key, and rows that share one."""
    seen = reads.full.audit.streams[stream]
    for one in seen.without_key[:LISTED]:
        yield Finding(f"row {one.row}{of(stream)} has no {one.said}", reads.at(), f"a value in {key}")
    for first, second in itertools.islice(seen.repeated(), LISTED):
        yield Finding(f"rows {first} and {second}{of(stream)} have the same key ({key})", reads.at())


def without_cursor(reads: SourceReads) -> Iterator[Finding]:
    """Rows that have none."""
    for stream, seen in reads.full.audit.streams.items():
        for one in seen.without_cursor[:LISTED]:
            yield Finding(f"row {one.row}{of(stream)} has no {one.said}", reads.at(), "a cursor in every row")


# --- states -------------------------------------------------------------------------------------


def require_incremental(contract: Contract) -> None:
    """Not applicable to what only reads in full."""
    claimed = contract.claim("source")
    strategies = claimed.strategies if claimed else ()
    # Planasonix streams what came since a checkpoint; it has no other word for that.
    is_incremental = "streaming" in contract.capabilities
    if not is_incremental and not any(one.startswith("incremental") for one in strategies):
        raise NotApplicable("the contract claims no incremental strategy of the source")


def cursors_of(contract: Contract) -> Mapping[str, str]:
    """The cursor of each stream. Unverified when the contract names none."""
    require_incremental(contract)
    if not contract.subject.cursor_fields:
        raise Unverified("the contract names no cursor", NEEDS_CURSOR)
    return contract.subject.cursor_fields


def states_that_go_back(reads: SourceReads, column: str) -> Iterator[Finding]:
    """States whose cursor is before that of the state before."""
    last: dict[Path, tuple[int, object]] = {}
    for number, one in enumerate(reads.full.audit.checkpoints, 1):
        for path, value in inside(one.value, column):
            before, then = last.get(path, (number, value))
            if comes_after(then, value):
                said = f"state {number} goes back in {column}, to {value!r}"
                yield Finding(said, reads.at(), f"{then!r} of state {before}, or later")
            last[path] = number, value


def rows_from_before(reads: SourceReads, one: Resumption, cursors: Mapping[str, str]) -> Iterator[Finding]:
    """Rows of a resumed read whose cursor is before the highest that its state covers."""
    highest = one.checkpoint.cursors
    for stream, row in one.read.records():
        value = row.get(cursors.get(stream, ""))
        if value is not None and highest.get(stream) is not None and comes_after(highest[stream], value):
            said = (
                f"from state {one.number} comes a row{of(stream)} from before it: {cursors[stream]} {value!r}"
            )
            yield Finding(said, reads.at(), f"{highest[stream]!r}, or later")


def is_in_order(reads: SourceReads, checkpoint: Checkpoint, cursors: Mapping[str, str]) -> bool:
    """Whether the full read gave, after a state, no row from before it: else no read from it need not."""
    later = itertools.islice(reads.full.records(), checkpoint.rows, None)
    return not any(
        comes_after(checkpoint.cursors[stream], row[cursors[stream]])
        for stream, row in later
        if checkpoint.cursors.get(stream) is not None and row.get(cursors.get(stream, "")) is not None
    )


def resumed_wrongly(reads: SourceReads, one: Resumption) -> Iterator[Finding]:
    """Rows that a read from a state lacks, and rows that it gives again."""
    where = f"taken up from state {one.number}, {quoted(one.checkpoint.state)},"
    if not one.read.run.succeeded:
        said = f"{where} the read ends: {reads.ending(one.read.run)}"
        yield Finding(said, reads.at(one.read.run), "the rows after the state")
        return
    full = reads.compared(reads.full)
    before, after = full[: one.checkpoint.rows], full[one.checkpoint.rows :]
    given = set(reads.compared(one.read))
    texts = dict(zip(full, reads.full.run.rows, strict=True))
    lost, again = set(after).difference(given, before), given.intersection(before)
    for what, wrong in (("never", lost), ("a second time", again)):
        if wrong:
            sample = quoted(texts[next(one for one in full if one in wrong)][1])
            said = f"{where} {_come(len(wrong))} {what}, such as {sample}"
            yield Finding(said, reads.at(), "the rows after the state, each once")


def come_again(reads: SourceReads, one: Resumption) -> list[str]:
    """The rows that a resumed read gives again, though its state covers them."""
    if not one.read.run.succeeded:
        raise HarnessFault("the read from the last state fails; see resume_from_every_checkpoint")
    full = set(reads.compared(reads.full))
    return [
        row
        for (_, row), digest in zip(one.read.run.rows, reads.compared(one.read), strict=True)
        if digest in full
    ]


def inside(value: object, name: str, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """What stands under a name, at any depth of a state, each with its place."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        if key == name and one is not None and not isinstance(one, (dict, list)):
            yield path, one
        else:
            yield from inside(one, name, (*path, str(key)))


# --- words --------------------------------------------------------------------------------------


def rows(count: int) -> str:
    """`1 row`, `2 rows`."""
    return counted(count, "row")


def _come(count: int) -> str:
    return "1 row comes" if count == 1 else f"{count} rows come"


def of(stream: str) -> str:
    """` of orders`; nothing where streams have no name."""
    return f" of {stream}" if stream else ""


def shown(value: object) -> str:
    """A value as JSON, cut."""
    return quoted(json.dumps(value, ensure_ascii=False))


def quoted(text: str) -> str:
    """The text, cut."""
    return cut(text, _QUOTED)
