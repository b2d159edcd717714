"""A load is seen whole or not at all, and does to its target what its strategy says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certify import (
    Contract,
    Effort,
    EvidenceLog,
    Finding,
    HarnessFault,
    NotApplicable,
    SinkRuns,
    Tier,
    Unverified,
    rule,
)
from certify.target.sample import TooFew, emptied, whole_number_column
from certify_suites.loading import (
    broken,
    carries,
    described,
    holds,
    judge,
    note,
    nothing_left,
    refused,
    require_nothing_partly_committed,
    survives,
    unchanged,
    whole_at_each_look,
)
from certify_suites.odd_values import FAMILIES, come_back

if TYPE_CHECKING:
    from certify.sandbox.observed_load import Load

#: The column that a load brings and no load before it did.
_NEW_COLUMN = "certify_note"
_TEXT = "no number"
#: Batches that a load takes, and the largest that are tried.
_BATCHES, _LARGEST_BATCH = 3, 5_000
_NEEDS_KEY = "subject:\n  primary_keys: {your_stream: [id]}\n"
_NEEDS_NUMBERS = "target:\n  rows: certification/rows.json   # rows with a column of whole numbers\n"


@rule("partial_load_is_never_visible", tier=Tier.SILVER, effort=Effort.HIGH, capabilities=("sink",))
def test_partial_load_is_never_visible(sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """At no point of a load does anybody else see a part of it in the target.

    Why: reports read the target while it is loaded. What they make of the first half of a day's rows is
    wrong, and nobody can tell afterwards.

    Looked at is the target over a connection of its own, at each row and each call of the sink to its
    database, while the load stands still there; in a load of more than two batches, now and then. A file
    that the load locks is looked at in a copy.

    Fix: load into a staging table, and bring its rows into the target in one transaction.
    """
    loads = []
    for strategy in sink_runs.claimed:
        load = sink_runs.watched(strategy)
        read = [look for look in load.looks if look.seen is not None]
        if not read:
            raise HarnessFault(f"{strategy}: the target could be read at none of {len(load.looks)} points")
        locked = sum(look.is_locked for look in read)
        copies = f", {locked} times in a copy of the locked file" if locked else ""
        note(evidence, load, f", looked at at {len(read)} of {len(load.points)} points{copies}")
        loads.append(load)
        long = sink_runs.watched_long(strategy)
        if long is not None:
            note(evidence, long, f", looked at at {len(long.looks)} of {len(long.points)} points")
            loads.append(long)
    judge(whole_at_each_look(sink_runs, load) for load in loads)
    for load in loads:
        require_nothing_partly_committed(sink_runs, load)


@rule("full_refresh_equals_model", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("sink",))
def test_full_refresh_equals_model(sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """After a full refresh the target holds the rows of the load, each once, and no other.

    Why: what is deleted at the source is to be gone from the target too. Old rows that stay are counted
    for ever.

    Fix: delete every row and insert the staged ones in one transaction, or exchange the tables.
    """
    sink_runs.require("full_refresh")
    findings = []
    for rows in (sink_runs.sample.changing, sink_runs.sample.changing[:1]):
        load = sink_runs.load("full_refresh", rows)
        note(evidence, load)
        findings.append(holds(sink_runs, load, sink_runs.expected("full_refresh", rows)))
    judge(findings)


@rule("append_only_appends", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("sink",))
def test_append_only_appends(sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """An append adds the rows of the load; it neither changes nor deletes a row that is there.

    Why: who appends keeps a history. A row that is updated in place, or replaced since its key is known,
    takes a piece of that history away.

    A load may refuse a row whose key is there already, as a whole and with an error.

    Fix: insert, and nothing else; leave out only what is there exactly as it is, from the same load.
    """
    sink_runs.require("incremental_append")
    load = sink_runs.load("incremental_append", sink_runs.sample.adding)
    note(evidence, load)
    known = sink_runs.load("incremental_append", sink_runs.sample.changing)
    note(evidence, known, ", two of them with the key of a row that is there")
    expected = sink_runs.expected("incremental_append", load.rows)
    findings = [holds(sink_runs, load, expected)]
    if known.succeeded:
        findings.append(holds(sink_runs, known, sink_runs.expected("incremental_append", known.rows)))
    else:
        before = sink_runs.before("incremental_append").contents
        findings.append(unchanged(sink_runs, known, f"{described(known)} that is refused", before))
    judge(findings)


@rule("merge_is_idempotent", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("sink",))
def test_merge_is_idempotent(sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """A merge replaces each row whose key is there as a whole, adds the others, and repeated changes nothing.

    Why: sources repeat rows, and loads are repeated. A merge that appends counts them twice; one that
    takes over some columns makes rows that never were.

    Fix: find rows by the whole key, and take every column of the new image, NULL too.
    """
    sink_runs.require("incremental_merge")
    if not sink_runs.sample.key:
        raise Unverified("the rows have no primary key", _NEEDS_KEY)
    rows = sink_runs.sample.changing
    expected = sink_runs.expected("incremental_merge", rows)
    findings = []
    load = sink_runs.load("incremental_merge", rows)
    again = sink_runs.load_again("incremental_merge", rows)
    for one, what in ((load, ", two of which are there"), (again, ", the same once more")):
        note(evidence, one, what)
        findings.append(holds(sink_runs, one, expected))
    image = emptied(sink_runs.sample)
    if image is not None:
        load = sink_runs.load("incremental_merge", [image])
        note(evidence, load, ", with NULL for a value that is there")
        findings.append(holds(sink_runs, load, sink_runs.expected("incremental_merge", [image])))
    judge(findings)


@rule("merge_refuses_bad_keys", tier=Tier.SILVER, effort=Effort.LOW, capabilities=("sink",))
def test_merge_refuses_bad_keys(sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """A merge with a key that is NULL, or that two rows of the load have, fails and changes nothing.

    Why: NULL equals nothing, so such a row is added again with each load. Of two rows with one key, which
    one stays is chance. To a Singer target messages come in order: of such two it may keep the last.

    Fix: look for both in the staging table, and raise before the target is touched.
    """
    sink_runs.require("incremental_merge")
    if not sink_runs.sample.key:
        raise Unverified("the rows have no primary key", _NEEDS_KEY)
    rows, name = sink_runs.sample.changing, sink_runs.sample.key[0]
    keys = {each: rows[1][each] for each in sink_runs.sample.key}
    findings = []
    for bad, why in (
        (rows[4] | {name: None}, f"{name} of row 5 being NULL"),
        (rows[4] | keys, f"{name} of row 5 being that of row 2"),
    ):
        load = sink_runs.load("incremental_merge", [*rows[:4], bad, *rows[5:]])
        note(evidence, load, f", {why}")
        findings.append(_refused_or_last(sink_runs, load, why))
    judge(findings)


def _refused_or_last(runs: SinkRuns, load: Load, why: str) -> Finding | None:
    """It is refused. Messages come in order, though: of two with one key a target may take the last."""
    last = {repr([row[name] for name in runs.sample.key]): row for row in load.rows}
    if runs.takes_messages and load.succeeded and len(last) < len(load.rows):
        return holds(runs, load, runs.expected(load.strategy, list(last.values())))
    return refused(runs, load, why)


@rule("replace_keeps_the_rest", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("sink",))
def test_replace_keeps_the_rest(sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """A replace changes the slices that the load has rows of, as a whole, and no other.

    Why: a day is loaded anew since its rows were wrong. What was of that day must be gone then, and what is
    of the other days must still be there.

    `target.replace_by` names the column that parts the rows into slices.

    Fix: delete by the slices of the staged rows, not by key, and nothing else; in one transaction.
    """
    sink_runs.require("replace")
    sink_runs.require_slices()
    rows = sink_runs.sample.changing
    load = sink_runs.load("replace", rows)
    note(evidence, load, f", one slice of {sink_runs.sample.replace_by} being left alone")
    judge([holds(sink_runs, load, sink_runs.expected("replace", rows))])


@rule("nullable_column_is_carried", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("sink",))
def test_nullable_column_is_carried(contract: Contract, sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """A column that is new in a load, and NULL in some of its rows, comes to the target with its values.

    Why: sources get columns without a word. A sink that leaves them out loses them silently; one that fails
    stands still until somebody alters a table by night.

    Fix: compare the load's columns with the target's, and add those that it lacks, nullable.
    """
    _require_evolution(contract)
    findings = []
    for strategy in sink_runs.claimed:
        plain = sink_runs.rows_for(strategy)
        rows = [row | {_NEW_COLUMN: None if place % 2 else "new"} for place, row in enumerate(plain)]
        load = sink_runs.load(strategy, rows)
        note(evidence, load, f" with the new column {_NEW_COLUMN}")
        findings.append(carries(sink_runs, load, _NEW_COLUMN))
    judge(findings)


@rule("breaking_change_is_refused", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("sink",))
def test_breaking_change_is_refused(contract: Contract, sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """A load that brings text for a column of whole numbers fails before a row of it is written.

    Why: SQLite takes any value in any column, and other databases take what they can cast. The sums of the
    next report are wrong, or its query fails, long after the load was called a success.

    Fix: compare the kinds of the staged columns with the target's, and raise where they do not fit.
    """
    _require_evolution(contract)
    column = whole_number_column(sink_runs.sample)
    if column is None:
        raise Unverified("the rows have no column of whole numbers", _NEEDS_NUMBERS)
    findings = []
    for strategy in sink_runs.claimed:
        plain = sink_runs.rows_for(strategy)
        rows = [*plain[:4], plain[4] | {column: _TEXT}, *plain[5:]]
        load = sink_runs.load(strategy, rows, looks=True)
        why = f"{column} of row 5 being {_TEXT!r}"
        note(evidence, load, f", {why}")
        findings.append(refused(sink_runs, load, why) or _written(sink_runs, load, why))
    judge(findings)


def _written(runs: SinkRuns, load: Load, why: str) -> Finding | None:
    """What others saw of a load that was refused in the end."""
    before = runs.before(load.strategy).contents
    seen = [look for look in load.looks if look.seen not in (None, before)]
    if not seen:
        return None
    said = f"{described(load)}, {why}: {seen[0].point}, {seen[0].told}"
    return broken(runs, load, said, f"the target as before ({before})")


@rule("batch_limit_is_respected", tier=Tier.SILVER, effort=Effort.LOW, capabilities=("sink",))
def test_batch_limit_is_respected(contract: Contract, sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """Between two calls to the database the sink takes no more rows than the contract says.

    Why: a sink that gathers its rows holds a whole load in memory: it runs for years, and dies with the first
    large one.

    The limit is `target.batch_rows`; the load has one row more than three of them.

    Fix: take rows in batches, and write each batch before the next one is taken.
    """
    limit = contract.target.batch_rows
    if limit is None:
        raise NotApplicable("the contract declares no target.batch_rows")
    if limit > _LARGEST_BATCH:
        raise Unverified(
            f"batches of more than {_LARGEST_BATCH} rows are not tried", "target: {batch_rows: 1000}"
        )
    strategy = sink_runs.claimed[0]
    try:
        rows = sink_runs.sample.many(_BATCHES * limit + 1)
    except TooFew as error:
        raise Unverified(f"{sink_runs.sample.origin}: {error}", _NEEDS_KEY) from error
    load = sink_runs.load_anew(strategy, rows, points=True)
    if not load.calls:
        raise Unverified("no call of the sink into a database driver could be seen")
    note(evidence, load, f" in {len(load.calls)} calls, at most {load.most_taken} rows between two")
    findings = [holds(sink_runs, load, rows)]
    if load.most_taken > limit:
        said = f"{described(load)}: {load.most_taken} rows are taken between two calls to the database"
        findings.append(broken(sink_runs, load, said, f"{limit} rows at most (target.batch_rows)"))
    judge(findings)


@rule("killed_load_leaves_target_unchanged", tier=Tier.SILVER, effort=Effort.HIGH, capabilities=("sink",))
def test_killed_load_leaves_target_unchanged(sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """A load that is killed at any point leaves the target as it was, and can be repeated.

    Why: machines go away in the middle of a load. What it leaves half done is found by its readers, or by
    the next load, which fails on it or counts it twice.

    Killed by SIGKILL before each row, after the last, and at calls to the database; a database over the
    network is cut off at messages to it. At a call the load may be whole already.

    Fix: stage in a temporary table, finalize in one transaction, and make the load idempotent.
    """
    findings: list[Finding] = []
    for strategy in sink_runs.claimed:
        points = sink_runs.killing_points(strategy)
        whole = sink_runs.watched(strategy)
        kills = [sink_runs.killed(whole, point) for point in points]
        met = [one for one in kills if one.load.how == "killed" or one.point.kind == "message"]
        if not met:
            raise HarnessFault(
                f"{strategy}: none of {len(points)} points was met again by a load to be killed"
            )
        rows = sum(one.point.is_between_rows for one in met)
        calls = "messages" if any(one.point.kind == "message" for one in met) else "calls"
        others = sum(one.point.kind == "line" for one in met)
        lines = f", {others} lines that are no row" if others else ""
        said = f"killed at {rows} rows{lines} and {len(met) - rows - others} {calls}, and repeated"
        evidence.saw("load", f"{strategy}: {said}")
        findings += survives(sink_runs, met)
        long = sink_runs.watched_long(strategy)
        if long is not None and not findings:
            late = sink_runs.killed_late(long)
            evidence.saw("load", f"{described(long)}: killed at {len(late)} rows, and repeated")
            findings += survives(sink_runs, late)
    judge(findings)


@rule("repeated_load_is_idempotent", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("sink",))
def test_repeated_load_is_idempotent(sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """A load that is repeated, since its answer got lost, leaves what it left the first time.

    Why: schedulers repeat what they got no answer from. The load may have been whole by then; an append
    that adds every row again counts them twice.

    Fix: replace by key or by slice; for appends, leave out the rows that are there exactly as they are.
    """
    findings = []
    strategies = [one for one in sink_runs.claimed if not sink_runs.adds_again(one)]
    if not strategies:
        raise NotApplicable("no message of Singer tells a load that is repeated from one that is new")
    for strategy in strategies:
        rows = sink_runs.watched(strategy).rows  # so that there is something to repeat
        once = sink_runs.load(strategy, rows)
        again = sink_runs.load_again(strategy, rows)
        note(evidence, once)
        note(evidence, again, ", the same once more")
        findings.append(_same(sink_runs, once, again))
    judge(findings)


def _same(runs: SinkRuns, once: Load, again: Load) -> Finding | None:
    if not once.succeeded or not again.succeeded:
        failed = again if once.succeeded else once
        which = "the same load once more" if once.succeeded else described(once)
        return broken(runs, failed, f"{again.strategy}: {which} ends with {failed.ending}", "a success")
    if runs.of_rows(once.after) == runs.of_rows(again.after):
        return None
    said = f"{described(once)} leaves {once.after}, and the same once more {again.after}"
    return broken(runs, again, said, f"{once.after}, as after the first")


@rule("no_leftovers", tier=Tier.GOLD, effort=Effort.LOW, capabilities=("sink",))
def test_no_leftovers(sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """No load leaves a table, a view or a file beside its target, however it ended.

    Why: staging tables and files of dead loads fill disks, hold personal data that nobody knows of, and are
    in the way of the next load.

    Looked for after a load, after one whose source broke off, and after one that was killed and repeated.

    Fix: stage in temporary tables and files that go with the connection; else clear up in `finally`, and
    before each load what the last one left.
    """
    findings = []
    for strategy in sink_runs.claimed:
        rows = sink_runs.rows_for(strategy)
        load = sink_runs.watched(strategy)
        failed = sink_runs.load(strategy, rows, fails_after=len(rows) // 2)
        halfway = sink_runs.killing_points(strategy)[1]
        killed = sink_runs.killed(load, halfway)
        for one, what in (
            (load, "a load"),
            (failed, "a load whose source breaks off"),
            (killed.repeated, f"a load that was killed {halfway} and repeated"),
        ):
            note(evidence, one, f" ({what})")
            findings.append(nothing_left(sink_runs, one, what))
    judge(findings)


@rule("odd_values_round_trip", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("sink",))
def test_odd_values_round_trip(sink_runs: SinkRuns, evidence: EvidenceLog) -> None:
    """A value comes back from the target as it was given, or the load is refused.

    Why: a NUL that ends a text, a number that a float rounds, a moment that loses its zone: nobody sees the
    loss, and it cannot be undone.

    Tried are texts, numbers, truth values, bytes, moments and nested values that Hypothesis chooses, and some
    that are known for trouble. Moments may come back in UTC, truth values as numbers, what a database has no
    type for as text.

    Fix: give each column a type that holds its values exactly, and raise for what none holds.
    """
    strategy = sink_runs.claimed[0]
    for family in FAMILIES:
        tried = come_back(sink_runs, strategy, family)
        evidence.saw("load", f"{family}: {tried}")


def _require_evolution(contract: Contract) -> None:
    sink = contract.claim("sink")
    if sink is None or sink.schema_evolution is None:
        raise NotApplicable("the contract claims no schema_evolution for the sink")
