"""State: what is written is read, it moves only after the load it stands for, and no crash tears it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from certify import (
    Blocked,
    Contract,
    Effort,
    EvidenceLog,
    FaultRuns,
    Finding,
    HarnessFault,
    Keeping,
    Kept,
    Make,
    Operation,
    Pipeline,
    Pipelines,
    Read,
    SourceReads,
    Tier,
    Unverified,
    Write,
    no_findings,
    rule,
)
from certify.replay import faults
from certify.sandbox.fault_runs import SAFE
from certify.sandbox.operations import AFTER
from certify.sandbox.pipelines import WHOLE, Failure, Moment, failures
from certify_suites.programs import alike, pipeline_programs, smallest, state_programs
from certify_suites.readings import require_incremental
from certify_suites.state_model import NO_END, Departure, departure, outcome, same, shown
from certify_suites.states_ahead import ahead_after, ahead_in_full

#: Keys and states that any source has.
_KEY = "orders"
_OLD = {"updated_at": "2026-01-31T23:59:59Z", "id": 41}
_NEW = {"updated_at": "2026-02-01T00:00:00Z", "id": 42, "pages": [{"cursor": "b"}, {"cursor": "c"}]}
_NEWER = {"updated_at": "2026-02-02T00:00:00Z", "id": 43}
#: Programs of loads that are tried; each is some loads.
_PIPELINES = 10
#: Driver calls of one write before which it is killed; of more, they are spread evenly.
_MOST_KILLS = 60


@rule("state_round_trips", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("state",))
def test_state_round_trips(keeping: Keeping, evidence: EvidenceLog) -> None:
    """What `write_state` took, `read_state` gives back: the same instance, a new one, another process.

    Why: a state that comes back changed, a large id rounded, a text cut, a key that another one overwrote,
    makes the next run begin at the wrong place. It loads twice or leaves a gap, and says neither.

    Fix: store the state as JSON text under its exact key, in a column without a length, and raise for what
    would not come back as it went in:

        if json.loads(text) != value:
            raise StateError("state: would not come back as it went in")
    """
    seen = _Counts()
    plain = (Write(_KEY, _OLD), Read(_KEY), Write(_KEY, _NEW), Read(_KEY), Make(anew=True), Read(_KEY))
    found = (
        _try(keeping, plain, seen)
        or _mixed_up(keeping, seen)
        or smallest(state_programs(), lambda one: _try(keeping, one, seen))
    )
    evidence.saw("state", str(seen))
    no_findings([_finding(keeping, found)] if found else [])


def _mixed_up(keeping: Keeping, seen: _Counts) -> Departure | None:
    """Two keys that are taken for one; they are looked for where all of them together went wrong."""
    together, *pairs = alike()
    found = _try(keeping, together, seen)
    return found and next(filter(None, (_try(keeping, pair, seen) for pair in pairs)), found)


class _Counts:
    """What was tried, for evidence."""

    def __init__(self) -> None:
        self.programs = self.written = self.refused = self.read = 0

    def add(self, done: list[Kept]) -> None:
        self.programs += 1
        writes = [one for one in done if isinstance(one.operation, Write)]
        self.refused += sum(one.raised is not None for one in writes)
        self.written += sum(one.raised is None for one in writes)
        self.read += sum(isinstance(one.operation, Read) for one in done)

    def __str__(self) -> str:
        return (
            f"{self.programs} programs of operations: {self.written} states written, {self.refused} refused, "
            f"{self.read} read"
        )


def _try(keeping: Keeping, program: tuple[Operation, ...], seen: _Counts) -> Departure | None:
    with keeping.store() as store:
        done = store.run(program)
    seen.add(done)
    _require_plain(keeping, done)
    return departure(done)


def _require_plain(keeping: Keeping, done: list[Kept]) -> None:
    """A state that any source has is written; where not even that is, everything is refused."""
    for kept in done:
        is_plain = isinstance(kept.operation, Write) and kept.operation.value in (_OLD, _NEW, _NEWER)
        if (kept.raised is None and not kept.hangs) or not (is_plain or isinstance(kept.operation, Make)):
            continue
        called = "write_state of a plain state" if is_plain else "make_state"
        if keeping.plan.url_is_assumed:
            raise Unverified(f"{called} {outcome(kept)}, at {keeping.plan.url}", _NEEDS_URL)
        finding = Finding(
            f"{called} {outcome(kept)}", keeping.location(kept), "a state of plain JSON is kept"
        )
        no_findings([finding])


_NEEDS_URL = """\
target:
  url: sqlite:///{tmp}/target.db   # where the state back end keeps its states; {tmp} is a folder per run
"""


def _finding(keeping: Keeping, found: Departure) -> Finding:
    return Finding(str(found), keeping.location(found.kept), found.expected)


@rule("state_survives_a_crash", tier=Tier.GOLD, effort=Effort.MEDIUM, capabilities=("state",))
def test_state_survives_a_crash(keeping: Keeping, evidence: EvidenceLog) -> None:
    """Killed anywhere within `write_state`, the state is the old one or the new one, and can be written.

    Why: machines lose power and platforms kill what takes too long, in the middle of whatever it was doing.
    A state that was deleted and not yet inserted makes the next run load everything again; half a file makes
    it fail until somebody repairs it by hand.

    Fix: write it in one transaction, by one statement where there is one (`INSERT … ON CONFLICT … DO
    UPDATE`); a file, beside the old one and then over it with `os.replace`.
    """
    calls = _driver_calls(keeping)
    points = [*_spread(calls), AFTER]
    findings: list[Finding] = []
    for kill in points:
        findings += _killed(keeping, kill, evidence)
        if any(one.message.endswith(NO_END) for one in findings):
            break  # each one more would take as long
    no_findings(findings)
    if not calls:
        raise Unverified(
            "no call into a database or to a file is seen within write_state, so that it could be killed "
            "before and after it alone"
        )


def _driver_calls(keeping: Keeping) -> int:
    """How many a write takes, where a state is there already."""
    with keeping.store() as store:
        done = store.run([Write(_KEY, _OLD), Make(anew=True), Write(_KEY, _NEW)])
    _require_plain(keeping, done)
    return done[-1].calls


def _spread(calls: int) -> list[int]:
    if calls <= _MOST_KILLS:
        return list(range(calls))
    return sorted({place * (calls - 1) // (_MOST_KILLS - 1) for place in range(_MOST_KILLS)})


def _killed(keeping: Keeping, kill: int, evidence: EvidenceLog) -> Iterator[Finding]:
    """One process is killed within a write; two others look, and write again."""
    with keeping.store() as store:
        killed = store.run([Write(_KEY, _OLD), Make(anew=True), Write(_KEY, _NEW, kill)])[-1]
        again = store.run([Read(_KEY), Write(_KEY, _NEWER), Make(anew=True), Read(_KEY)])
    if killed.killed is None:
        return  # it took fewer calls this time
    if again[-1].hangs:
        said = f"write_state is {killed.killed}, and the next {again[-1].operation} {outcome(again[-1])}"
        yield Finding(said, keeping.location(killed), "the state can be read and written again")
        return
    _, found, written, read = (one for one in again if not _is_later_make(one, again))
    evidence.saw("state", f"{killed.killed}: read_state then {outcome(found)}")
    where = f"write_state is {killed.killed}, and read_state in another process"
    if found.raised is not None or not (same(found.value, _OLD) or same(found.value, _NEW)):
        expected = f"the old state, {shown(_OLD)}, or the new one, {shown(_NEW)}"
        yield Finding(f"{where} {outcome(found)}", keeping.location(killed), expected)
    elif written.raised is not None:
        said = f"write_state is {killed.killed}, and the next one {outcome(written)}"
        yield Finding(said, keeping.location(killed), "the next write_state works")
    elif not same(read.value, _NEWER):
        said = f"write_state is {killed.killed}, and after the next one read_state {outcome(read)}"
        yield Finding(said, keeping.location(killed), shown(_NEWER))


def _is_later_make(one: Kept, all_of_them: list[Kept]) -> bool:
    return isinstance(one.operation, Make) and one is not all_of_them[0]


@rule("state_follows_commit", tier=Tier.SILVER, effort=Effort.HIGH, capabilities=("state",))
def test_state_follows_commit(contract: Contract, pipelines: Pipelines, evidence: EvidenceLog) -> None:
    """The state is never new while the target is old, and at the end of a run both are new.

    Why: between the two, a machine can stop. A state that went first says that rows are loaded which are
    not; the next run begins after them, and nobody ever asks for them again.

    Fix: return from `load_rows` only when the load is committed, write no state within it, and let
    `write_state` commit before it returns. The platform calls the one after the other.
    """
    pipelines.begin()
    ran = pipelines.run(pipelines.sample.adding, "a load", looks=True)
    if not ran.load.succeeded and not ran.returned:
        raise Blocked(f"the load fails: {ran.ending}")
    looked = [one for one in ran.during if one.target is not None and one.states is not None]
    loaded = f"{ran.load.strategy} of {len(ran.load.rows)} rows: {ran.ending}"
    evidence.saw("load", f"{loaded}; looked {len(looked)} times meanwhile")
    ahead = next((one for one in (*looked, ran.after) if ran.is_ahead(one)), None)
    if ahead is not None:
        said = f"{ahead.when}, {_ahead(ran, ahead)}"
        no_findings([Finding(said, contract.at("subject", "sink"), "first the rows, then the state")])
    if not same(dict(ran.after.states or ()).get(pipelines.keys[0]), ran.value):
        said = f"write_state returned, and {_states_told(ran, ran.after)} in another process"
        no_findings([Finding(said, pipelines.location, f"the state that was written, {shown(ran.value)}")])
    if not looked:
        raise HarnessFault("the target could not be looked at while it was loaded")


def _ahead(ran: Pipeline, moment: Moment) -> str:
    return f"{_states_told(ran, moment)}, and the target still holds what it did ({moment.target})"


def _states_told(ran: Pipeline, moment: Moment) -> str:
    """What the state is that changed, or the first one."""
    then = dict(ran.before.states or ())
    states = dict(moment.states or ())
    key = next((one for one in states if not same(states[one], then.get(one))), next(iter(states)))
    return f"read_state({key!r}) gives {shown(states[key])}"


@rule("failure_keeps_state", tier=Tier.SILVER, effort=Effort.MEDIUM, capabilities=("state",))
def test_failure_keeps_state(contract: Contract, pipelines: Pipelines, evidence: EvidenceLog) -> None:
    """A load that fails, or is killed at any point, leaves the state where it was.

    Why: a state that moves although the load failed makes the next run begin after rows that were never
    loaded. The failure is repaired within the hour; the gap is found months later.

    Fix: write the state in one place, after `load_rows` has returned; not in a `finally`, and not for the
    rows that a failed load got through.
    """
    pipelines.begin()
    whole = pipelines.run(pipelines.sample.adding, "a whole load")
    if not whole.load.succeeded:
        raise Blocked(f"the load fails: {whole.ending}")
    ways = failures(whole.load, pipelines.sample.key)
    seen: list[Pipeline] = []
    found: Finding | None = None
    for failure in ways:
        pipelines.begin()
        seen.append(pipelines.fail(pipelines.sample.adding, failure))
        found = found or _moved(contract, seen[-1])
    if found is None:
        programs = pipeline_programs(len(ways))
        found = smallest(
            programs, lambda one: _program(contract, pipelines, one, ways, seen), examples=_PIPELINES
        )
    failed = [one for one in seen if not one.load.succeeded]
    killed = sum(one.load.how == "killed" for one in failed)
    stayed = sum(one.after.states == one.before.states for one in failed)
    loads = f"{len(failed)} of {len(seen)} loads failed, {killed} of them killed"
    evidence.saw("load", f"{loads}: the state stayed in {stayed}, in the others the target had the load")
    no_findings([found] if found else [])
    if not failed:
        raise HarnessFault("no load could be made to fail")


def _program(
    contract: Contract,
    pipelines: Pipelines,
    program: Sequence[int | None],
    ways: Sequence[Failure],
    seen: list[Pipeline],
) -> Finding | None:
    """Loads one after the other, each with its failure or none; each keeps the state that it found."""
    pipelines.begin()
    for turn, number in enumerate(program):
        rows = pipelines.sample.changing if turn % 2 else pipelines.sample.adding
        seen.append(pipelines.fail(rows, WHOLE if number is None else ways[number]))
        # A load that is repeated changes nothing, and its state is written all the same.
        found = None if seen[-1].returned else _moved(contract, seen[-1], f"in load {turn + 1} of several, ")
        if found is not None:
            return found
    return None


def _moved(contract: Contract, ran: Pipeline, which: str = "") -> Finding | None:
    """What is wrong where the state moved, and the target did not."""
    if not ran.is_ahead(ran.after):
        return None
    said = f"{which}{ran.what} ({ran.ending}): {_ahead(ran, ran.after)}"
    return Finding(said, contract.at("subject", "sink"), "the state that was there before the load")


@rule("state_never_ahead_of_data", tier=Tier.SILVER, effort=Effort.HIGH, capabilities=("source",))
def test_state_never_ahead_of_data(
    contract: Contract, source_reads: SourceReads, fault_runs: FaultRuns, evidence: EvidenceLog
) -> None:
    """No state that a source emits covers rows which did not come before it, also when the run fails.

    Why: the next run goes on from that state and never reads what it covers. Nobody notices: both runs end
    as they should, and the rows between them are in no log.

    Fix: yield a state after the rows that it covers. Emit none in a `finally`, and none that says "now":
    what was changed while the run was going on has not been read.
    """
    require_incremental(contract)
    checkpoints = len(source_reads.checkpoints)
    evidence.saw("state", f"{checkpoints} states of a full read")
    found = list(ahead_in_full(source_reads))
    failing = list(fault_runs.everywhere(faults.refusal(500), None, evidence, SAFE))
    for seen in failing:
        found += ahead_after(source_reads, seen)
    states = sum(len(seen.run.states) for seen in failing)
    evidence.saw("state", f"{states} states of {len(failing)} runs that met a 500")
    no_findings(found)
