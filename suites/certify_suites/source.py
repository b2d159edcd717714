"""Source: what is read is all of it, once, as declared, and can be taken up again from every state."""

from __future__ import annotations

from certify import (
    Contract,
    Effort,
    EvidenceLog,
    Finding,
    NotApplicable,
    SourceReads,
    Subject,
    Tier,
    Unverified,
    no_findings,
    rule,
)
from certify.sandbox.parts import Part
from certify.sandbox.stand_ins import empty_source, without_middle_page
from certify.text import counted
from certify_suites.readings import (
    LISTED,
    NEEDS_KEYS,
    bad_keys,
    come_again,
    cursors_of,
    is_in_order,
    lost_records,
    mismatches,
    no_schemas,
    of,
    other_rows,
    other_schemas,
    quoted,
    require_incremental,
    resumed_wrongly,
    rows,
    rows_from_before,
    shown,
    states_that_go_back,
    told_schemas,
    without_cursor,
)


@rule(
    "required_methods_exist",
    tier=Tier.SILVER,
    effort=Effort.LOW,
    capabilities=("source", "sink", "state"),
)
def test_required_methods_exist(subject: Subject, parts: tuple[Part, ...], evidence: EvidenceLog) -> None:
    """Each factory that the contract names makes what its platform can call.

    Why: a method that is misspelt, or a factory that does not take the arguments of its platform, is met for
    the first time by the first user who runs it.

    Fix: make_source(config) gives an object with read() or extract_rows(); make_sink(config, *, target_url,
    table, strategy, primary_key) one with load_rows(rows); make_state(config, *, url) one with
    read_state(key) and write_state(key, value). A class of Planasonix has test(), list() and read() to read,
    write() to load.
    """
    for part in parts:
        evidence.saw("part", f"{part.factory} makes a {part.type}" if part.type else part.factory)
    no_findings(
        Finding(f"{part.factory} {part.wrong}", subject.names(part.kind)) for part in parts if part.wrong
    )
    raised = [part for part in parts if part.raised]
    if raised:
        raise Unverified(f"{raised[0].factory} cannot be called without a network: {raised[0].raised}")


@rule("schema_is_stable", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_schema_is_stable(source_reads: SourceReads, evidence: EvidenceLog) -> None:
    """The schema is the same in every run, and in whichever order the records come.

    Why: tables are made from it. A schema that is guessed from the first rows changes its types with the
    weather, and the load of the next night fails on a table of the last one.

    Fix: declare the schema, or take it from the API's description; guess from rows only what may be widened.
    """
    no_findings(no_schemas(source_reads))
    schemas = told_schemas(source_reads)
    runs = "2 runs" if source_reads.asks_nothing else "3 runs, one of them with the records in reverse"
    evidence.saw("schema", f"{counted(len(schemas), 'schema')} in {runs}")
    no_findings(other_schemas(source_reads))


@rule("full_read_is_complete", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_full_read_is_complete(source_reads: SourceReads, evidence: EvidenceLog) -> None:
    """A full read gives a row for every record that the API holds.

    Why: rows that never arrive are the one fault that nothing downstream can see.

    Fix: read until the API says that there is no more. A count that is too low, or a page that is shorter
    than the others, does not say so.
    """
    run = source_reads.full.run
    if len(run.rows) > len(run.rows.kept):
        raise Unverified("the recording is longer than what is kept of a run, and is not compared whole")
    for traced in source_reads.traced:
        if traced.lineage is None:
            raise Unverified(
                f"which records the rows{of(traced.stream)} come from cannot be told", NEEDS_KEYS
            )
        told = f"{rows(len(traced.rows))}{of(traced.stream)}, {len(traced.records)} records in the answers"
        evidence.saw("rows", told)
    no_findings(lost_records(source_reads))


@rule("full_read_repeats", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_full_read_repeats(source_reads: SourceReads, evidence: EvidenceLog) -> None:
    """Read twice, the same answers give the same rows.

    Why: what a run adds of its own (the time of loading, a random key) makes every row new each night, and a
    merge that should change nothing rewrites the table.

    Fix: make rows of what the API says alone; the platform knows when it loaded them.
    """
    full, again = source_reads.full.run, source_reads.again.run
    evidence.saw("rows", f"{rows(len(full.rows))}, and {len(again.rows)} in a second run")
    no_findings(other_rows(source_reads))


@rule("incremental_reads_past_cursor", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_incremental_reads_past_cursor(
    contract: Contract, source_reads: SourceReads, evidence: EvidenceLog
) -> None:
    """A read from the last state gives only rows whose cursor is not before it.

    Why: an incremental read that reads everything again costs what a full one does, and appended, doubles it.

    Fix: ask the API for what changed since the state, and leave out what comes all the same.
    """
    cursors = cursors_of(contract)
    found: list[Finding] = []
    seen = 0
    is_cut = len(source_reads.full.run.rows) > len(source_reads.full.run.rows.kept)
    for one in source_reads.resumptions():
        if is_in_order(source_reads, one.checkpoint, cursors):
            seen += len(one.read.run.rows)
            found += rows_from_before(source_reads, one, cursors)
            evidence.saw("rows", f"{rows(len(one.read.run.rows))} from state {one.number}")
    no_findings(found[:LISTED])
    source_reads.require_all_tried()
    if is_cut:
        raise Unverified("a read is longer than what is kept of a run, and is not looked at whole")
    if not seen:
        raise Unverified("no read from a state gave any row")


@rule("second_read_is_empty", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_second_read_is_empty(contract: Contract, source_reads: SourceReads, evidence: EvidenceLog) -> None:
    """A read from the last state gives no row that the read before it gave.

    Why: with each run the edge is appended once more. A hundred nights later one order is there a hundred
    times.

    Fix: many APIs include the edge that they are asked from. Keep its keys in the state, and leave them out.
    """
    require_incremental(contract)
    last = source_reads.last_resumption()
    again = come_again(source_reads, last)
    evidence.saw(
        "rows", f"{rows(len(last.read.run.rows))} from the last state, {quoted(last.checkpoint.state)}"
    )
    if again:
        said = f"{rows(len(again))} of the read before, such as {quoted(again[0])}"
        no_findings(
            [Finding(f"the read from the last state gives {said}", source_reads.at(), "none of them")]
        )


@rule("rows_match_schema", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_rows_match_schema(source_reads: SourceReads, evidence: EvidenceLog) -> None:
    """Every row is as the schema says.

    Why: the table was made from the schema. The first row that is not of its kind ends the load, or is turned
    into something else in silence.

    Fix: mend the row, or the schema; the finding names the row, the place in it and the value.
    """
    told_schemas(source_reads)
    audit = source_reads.full.audit
    for stream, seen in audit.streams.items():
        if audit.schema_of(stream) is None:
            raise Unverified(f"there is no schema of the rows{of(stream)}")
        evidence.saw(
            "rows", f"{rows(seen.rows)}{of(stream)} beside their schema: {seen.mismatched} mismatches"
        )
    no_findings(mismatches(source_reads))


@rule("primary_keys_are_unique", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_primary_keys_are_unique(
    contract: Contract, source_reads: SourceReads, evidence: EvidenceLog
) -> None:
    """Within one read each primary key comes once, and is never NULL.

    Why: a merge takes one of two rows with the same key, whichever comes last, and none without a key.

    Fix: declare the columns that tell two rows apart, and leave out what an API sends twice.
    """
    if not contract.subject.primary_keys:
        raise Unverified("the contract names no primary key", NEEDS_KEYS)
    audit = source_reads.full.audit
    found: list[Finding] = []
    for stream, columns in contract.subject.primary_keys.items():
        if stream not in audit.streams:
            raise Unverified(f"no row of {stream} is read; rows come of {', '.join(audit.streams)}")
        key = ", ".join(columns)
        evidence.saw("rows", f"{rows(len(audit.streams[stream].keys))}{of(stream)} with a key ({key})")
        found += bad_keys(source_reads, stream, key)
    no_findings(found)


@rule("cursor_is_monotonic", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_cursor_is_monotonic(contract: Contract, source_reads: SourceReads, evidence: EvidenceLog) -> None:
    """Every row has its cursor, and from state to state the cursor never goes back.

    Why: a row without a cursor is passed over by every incremental read. A state that goes back reads twice
    what lies between; one that jumps ahead never reads it.

    Fix: sort by the cursor, or emit a state only where everything before it was read.
    """
    cursors = cursors_of(contract)
    audit = source_reads.full.audit
    evidence.saw("rows", f"{rows(len(source_reads.full.run.rows))}, {len(audit.checkpoints)} states")
    found = list(without_cursor(source_reads))
    for column in dict.fromkeys(cursors.values()):
        found += states_that_go_back(source_reads, column)
    no_findings(found)


@rule("resume_from_every_checkpoint", tier=Tier.SILVER, effort=Effort.HIGH, capabilities=("source",))
def test_resume_from_every_checkpoint(
    contract: Contract, source_reads: SourceReads, evidence: EvidenceLog
) -> None:
    """Taken up from any state that a read emitted, the rest comes: nothing is lost and nothing comes twice.

    Why: runs end in the middle, and the next one goes on from the last state. What a state covers too much is
    lost for ever, since no later read looks there again.

    Fix: emit a state after the rows that it covers, never before; on resuming, leave out what the API gives
    again at the edge.
    """
    require_incremental(contract)
    found: list[Finding] = []
    for one in source_reads.resumptions():
        told = f"{rows(len(one.read.run.rows))} from state {one.number}, which covers {one.checkpoint.rows}"
        evidence.saw("rows", told)
        found += resumed_wrongly(source_reads, one)
    no_findings(found)
    source_reads.require_all_tried()


@rule("pagination_is_complete", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_pagination_is_complete(source_reads: SourceReads, evidence: EvidenceLog) -> None:
    """Every page is read, also those that come after an empty one.

    Why: APIs filter after they have cut pages, so that a page may be short, or empty, while its link leads
    on. A reader that stops there loses all the rest.

    Fix: stop where the answer has no link to a next page, and nowhere else.
    """
    full = source_reads.full.run
    unasked = source_reads.unasked({one.key for one in full.exchanges})
    evidence.saw("request", f"{len(full.exchanges)} requests; {len(unasked)} recorded ones were never sent")
    no_findings(
        Finding(f"a recorded page is never asked for: {one}", source_reads.at(), "every page is asked for")
        for one in unasked[:LISTED]
    )
    gap = without_middle_page(source_reads)
    evidence.saw("rows", f"{gap.page} left empty: {rows(len(gap.read.run.rows))} of {len(full.rows)}")
    if gap.lost:
        said = f"with {gap.page} left empty, {rows(len(gap.lost))} of other pages never come"
        where = source_reads.at(gap.read.run)
        no_findings([Finding(f"{said}, such as {shown(gap.lost[0])}", where, "the rows of every other page")])


@rule("empty_source_is_fine", tier=Tier.SILVER, effort=Effort.LOW, capabilities=("source",))
def test_empty_source_is_fine(source_reads: SourceReads, evidence: EvidenceLog) -> None:
    """An API without any records gives a success without rows.

    Why: a new tenant has none, and so has a quiet night. Whoever takes the first record of an empty page
    fails on exactly those.

    Fix: do not touch the first record before there is one.
    """
    run = empty_source(source_reads).run
    evidence.saw("rows", f"{rows(len(run.rows))} of answers without records; the run {run.how}")
    if not run.succeeded:
        said = f"without any record the run ends: {source_reads.ending(run)}"
        no_findings([Finding(said, source_reads.at(run), "a success without rows")])
    if run.rows:
        said = f"without any record come {rows(len(run.rows))}, such as {quoted(run.rows[0][1])}"
        no_findings([Finding(said, source_reads.at(), "a success without rows")])


@rule("wide_and_odd_values", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("source",))
def test_wide_and_odd_values(source_reads: SourceReads, evidence: EvidenceLog) -> None:
    """Odd values come through as they are, and columns that are new do no harm.

    Why: an empty text is not NULL, 2⁵³ + 1 is not 2⁵³, and names hold emoji. What a connector rounds, trims
    or drops is missed when the sums no longer agree.

    Fix: hand values on as they were read; convert none that the schema does not name.
    """
    from certify.sandbox.odd_runs import odd_findings, odd_streams  # Hypothesis takes 200 ms to import

    wide = source_reads.contract.performance.wide_columns
    streams = odd_streams(source_reads)
    found = list(odd_findings(source_reads, streams, wide))
    for one in streams:
        names = ", ".join(column.name for column in one.columns) or "no column"
        refused = f" (refused by name: {', '.join(sorted(one.refused))})" if one.refused else ""
        evidence.saw(
            "rows", f"odd values in {names}{refused}, in {one.runs} runs; one with {wide} more columns"
        )
    no_findings(found)
    if not any(one.tried for one in streams):
        raise NotApplicable(
            f"{wide} more columns do no harm, and no column takes over a field as it is, whatever its value"
        )
