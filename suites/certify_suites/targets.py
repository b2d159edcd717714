"""A Singer target refuses what it cannot load, loads the rest, and tells a state only after its rows."""

from __future__ import annotations

from certify import Effort, EvidenceLog, Finding, TargetRuns, Tier, Unverified, no_findings, rule
from certify.target.cells import difference, quoted
from certify.target.messages import activate_line, record_line, schema_line, state_line
from certify.target.sample import whole_number_column
from certify_suites.loading import broken, counted, holds, judge
from certify_suites.pouring import ends_in_error, is_loaded, messages, names_lost, records, states_ahead

#: Rows of the loads that look at single messages.
_FEW = 3
_NEW_COLUMN = "certify_note"
#: Names that taps have, and that databases fold, quote or do not take.
_NAMES = ("camelCase", "With Space", "with-dash", "größe", "order", "a.b", "%percent", "1st", 'quo"te')
_NO_NUMBER = "no number"
_NEEDS_NUMBERS = "target:\n  rows: certification/rows.json   # rows with a column of whole numbers\n"


@rule(
    "records_need_a_schema", tier=Tier.SILVER, effort=Effort.LOW, capabilities=("sink",), systems=("singer",)
)
def test_records_need_a_schema(target_runs: TargetRuns, evidence: EvidenceLog) -> None:
    """A RECORD of a stream that no SCHEMA came for ends the run with an error.

    Why: a target that skips it loses rows that the next STATE says are loaded; one that guesses makes a table
    whose types change with the first row.

    Fix: keep the schemas by stream, and raise for a record whose stream has none.
    """
    rows = target_runs.rows[:_FEW]
    lines = [*records(target_runs, rows), state_line(target_runs.stream, len(rows))]
    judge([ends_in_error(target_runs, evidence, lines, "records without a SCHEMA before them")])


@rule(
    "invalid_schema_is_refused",
    tier=Tier.SILVER,
    effort=Effort.LOW,
    capabilities=("sink",),
    systems=("singer",),
)
def test_invalid_schema_is_refused(target_runs: TargetRuns, evidence: EvidenceLog) -> None:
    """A SCHEMA that is no JSON Schema ends the run with an error.

    Why: against a schema that means nothing, every record is right. What the tap has wrong is found by
    whoever reads the table.

    Fix: check the schema when it comes, such as with `Draft7Validator.check_schema`.
    """
    rows, stream = target_runs.rows[:_FEW], target_runs.stream
    whole = target_runs.schema(rows)
    first = next(iter(whole["properties"]))
    findings = []
    for schema, what in (
        (whole | {"properties": {first: {"type": "no such type"}}}, f"{first} of no type that there is"),
        ("object", "a text in the place of a schema"),
    ):
        declared = schema_line(stream, schema, target_runs.key)
        lines = [declared, *records(target_runs, rows), state_line(stream, len(rows))]
        findings.append(ends_in_error(target_runs, evidence, lines, f"a SCHEMA with {what}"))
    judge(findings)


@rule(
    "records_need_their_key", tier=Tier.SILVER, effort=Effort.LOW, capabilities=("sink",), systems=("singer",)
)
def test_records_need_their_key(target_runs: TargetRuns, evidence: EvidenceLog) -> None:
    """A RECORD without a property of its stream's key ends the run with an error.

    Why: it is merged with nothing, or with every other one that has no key; either way a row is wrong for
    good.

    Fix: look for each of the key properties before a record is taken, whatever the schema says of them.
    """
    name = target_runs.require_key()[0]
    *good, last = target_runs.rows[:_FEW]
    rows = [*good, {column: value for column, value in last.items() if column != name}]
    declared = schema_line(target_runs.stream, target_runs.schema(target_runs.rows), target_runs.key)
    lines = [declared, *records(target_runs, rows), state_line(target_runs.stream, len(rows))]
    judge([ends_in_error(target_runs, evidence, lines, f"a RECORD without its key {name}")])


@rule(
    "records_fit_their_schema",
    tier=Tier.SILVER,
    effort=Effort.MEDIUM,
    capabilities=("sink",),
    systems=("singer",),
)
def test_records_fit_their_schema(target_runs: TargetRuns, evidence: EvidenceLog) -> None:
    """A RECORD that the schema of its stream refuses ends the run with an error.

    Why: the table was made for what the schema says. What does not fit is cut, cast or dropped, and the tap
    that has it wrong goes on.

    Fix: validate each record against its stream's schema before it is taken.
    """
    column = whole_number_column(target_runs.sinks.sample)
    if column is None:
        raise Unverified("the rows have no column of whole numbers", _NEEDS_NUMBERS)
    *good, last = target_runs.rows[:_FEW]
    lines = messages(target_runs, [*good, last | {column: _NO_NUMBER}], like=target_runs.rows)
    judge(
        [
            ends_in_error(
                target_runs, evidence, lines, f"a RECORD with {_NO_NUMBER!r} for the integer {column}"
            )
        ]
    )


@rule(
    "column_names_round_trip",
    tier=Tier.SILVER,
    effort=Effort.MEDIUM,
    capabilities=("sink",),
    systems=("singer",),
)
def test_column_names_round_trip(target_runs: TargetRuns, evidence: EvidenceLog) -> None:
    """Properties with capitals, blanks, signs and letters beyond ASCII come to columns of their own.

    Why: sources name their fields as they like. A column that is not quoted fails the load, or is folded into
    another one, whose values it takes.

    What the columns are called in the target is its own affair; each value has to be in one.

    Fix: quote every name, and where the database does not take one, make another that no property has.
    """
    found = names_lost(target_runs, evidence, _NAMES)
    alone = [names_lost(target_runs, evidence, (name,)) for name in _NAMES] if found else []
    judge(alone if any(alone) else [found])


@rule(
    "schema_change_is_carried",
    tier=Tier.SILVER,
    effort=Effort.MEDIUM,
    capabilities=("sink",),
    systems=("singer",),
)
def test_schema_change_is_carried(target_runs: TargetRuns, evidence: EvidenceLog) -> None:
    """A second SCHEMA of a stream holds from there on: records before and after it are loaded, each whole.

    Why: taps tell a schema again when the source changes under them. A target that keeps the first one drops
    the new column; one that begins anew drops the records between.

    Fix: finish what was staged under the old schema, or add to it what the new one has more.
    """
    rows = list(target_runs.rows)
    half = len(rows) // 2
    later = [row | {_NEW_COLUMN: f"new {place}"} for place, row in enumerate(rows[half:])]
    last = state_line(target_runs.stream, len(rows))
    lines = [*messages(target_runs, rows[:half])[:-1], *messages(target_runs, later)[:-1], last]
    judge(
        [
            is_loaded(
                target_runs, evidence, lines, [*rows[:half], *later], f"{_NEW_COLUMN} from row {half + 1} on"
            )
        ]
    )


@rule(
    "streams_are_kept_apart",
    tier=Tier.SILVER,
    effort=Effort.MEDIUM,
    capabilities=("sink",),
    systems=("singer",),
)
def test_streams_are_kept_apart(target_runs: TargetRuns, evidence: EvidenceLog) -> None:
    """Records of several streams that come in turns are loaded, each into the table of its stream.

    Why: taps read streams beside each other. A target that knows one schema at a time loads the rows of one
    stream by that of the other.

    Fix: keep schema, key and staged rows by stream.
    """
    other = f"{target_runs.stream}_other"
    rows, others = list(target_runs.rows[:_FEW]), list(target_runs.rows[_FEW : 2 * _FEW])
    declared = [
        schema_line(one, target_runs.schema(rows), target_runs.key) for one in (target_runs.stream, other)
    ]
    turns = [
        record_line(stream, row)
        for pair in zip(rows, others, strict=True)
        for stream, row in zip((target_runs.stream, other), pair, strict=True)
    ]
    lines = [*declared, *turns, state_line(target_runs.stream, len(rows))]
    load = target_runs.pour(lines, rows)
    found = target_runs.table_of(other)
    evidence.saw(
        "load", f"two streams in turns: {load.ending}; then {load.after} and {found} in their tables"
    )
    findings = [holds(target_runs.sinks, load, rows)]
    differs = difference(others, found) if load.succeeded else None
    if differs is not None:
        said = f"two streams in turns: of {other}, {differs}"
        findings.append(broken(target_runs.sinks, load, said, f"{counted(others)}, as given"))
    judge(findings)


@rule(
    "output_is_states_alone", tier=Tier.SILVER, effort=Effort.LOW, capabilities=("sink",), systems=("singer",)
)
def test_output_is_states_alone(target_runs: TargetRuns, evidence: EvidenceLog) -> None:
    """The standard output of a target holds states that it was given, one a line, and nothing else.

    Why: what runs the target keeps its last line as the state of the next run. A line of log there, or a
    state in an envelope, is given to the tap, which begins anew or fails.

    Fix: write `json.dumps(message["value"])`, log to standard error, and print nothing else.
    """
    findings = []
    for strategy in target_runs.sinks.claimed:
        load = target_runs.with_states(strategy)
        said = load.said
        evidence.saw("output", f"{strategy}: {len(said.states)} states, and {len(said.strays)} other lines")
        for number, text, why in said.strays[:1]:
            words = f"{strategy}: line {number} of the standard output {why}: {quoted(text)}"
            findings.append(broken(target_runs.sinks, load, words, "the value of a STATE"))
        for state in [one for one in said.states if not target_runs.is_known(one)][:1]:
            words = f"{strategy}: the standard output holds {quoted(state)}, which no STATE said"
            findings.append(broken(target_runs.sinks, load, words, "the value of a STATE that was given"))
    no_findings(findings)


@rule(
    "versions_are_understood",
    tier=Tier.SILVER,
    effort=Effort.LOW,
    capabilities=("sink",),
    systems=("singer",),
)
def test_versions_are_understood(target_runs: TargetRuns, evidence: EvidenceLog) -> None:
    """ACTIVATE_VERSION, and records that have a version, are understood or ignored: the records are loaded.

    Why: taps send it whenever they read a whole table, and of an empty one, too. A target that stops at it
    cannot be used with them.

    Fix: remove the rows of other versions when it comes, or let it pass.
    """
    rows, stream, version = list(target_runs.rows), target_runs.stream, 1_767_225_600_000
    begun = [schema_line(stream, target_runs.schema(rows), target_runs.key), activate_line(stream, version)]
    records = [record_line(stream, row, version) for row in rows]
    done = [activate_line(stream, version), state_line(stream, len(rows))]
    judge(
        [
            is_loaded(target_runs, evidence, [*begun, *records, *done], rows, "ACTIVATE_VERSION around them"),
            is_loaded(target_runs, evidence, [*begun, *done], [], "ACTIVATE_VERSION"),
        ]
    )


@rule(
    "states_follow_their_records",
    tier=Tier.SILVER,
    effort=Effort.HIGH,
    capabilities=("sink",),
    systems=("singer",),
)
def test_states_follow_their_records(target_runs: TargetRuns, evidence: EvidenceLog) -> None:
    """A STATE comes out once all records before it are in the target, and the last one comes out.

    Why: the next run begins where the last state says. One that came out too early says that rows are loaded
    which the target lost when its machine stopped; nobody ever asks for them again.

    There is a STATE after every other record. At each line, and at calls to the database, the target is
    looked at over a connection of its own, and killed: the rows before a state that is out have to be there.

    Fix: keep the state until the records before it are committed, and write it out then, with a flush.
    """
    findings: list[Finding] = []
    for strategy in target_runs.sinks.claimed:
        load = target_runs.with_states(strategy)
        kills = list(target_runs.killed_with_states(load))
        states = len(load.said.states)
        evidence.saw(
            "load",
            f"{strategy}: {states} states of {counted(load.rows)}; looked at at {len(load.looks)} points, "
            f"killed at {len(kills)}",
        )
        found = next(states_ahead(target_runs, load, kills), None)
        if found is not None:
            findings.append(found)
    no_findings(findings)
