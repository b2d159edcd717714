"""State: what is written is read, it moves only after the load it stands for, and no crash tears it."""

from __future__ import annotations

from collections.abc import Iterator

from certify import (
    Effort,
    EvidenceLog,
    Finding,
    Keeping,
    Kept,
    Make,
    Operation,
    Read,
    Tier,
    Unverified,
    Write,
    no_findings,
    rule,
)
from certify.sandbox.keeping import AFTER
from certify_suites.programs import alike, smallest, state_programs
from certify_suites.state_model import Departure, departure, outcome, same, shown

#: Keys and states that any source has.
_KEY = "orders"
_OLD = {"updated_at": "2026-01-31T23:59:59Z", "id": 41}
_NEW = {"updated_at": "2026-02-01T00:00:00Z", "id": 42, "pages": [{"cursor": "b"}, {"cursor": "c"}]}
_NEWER = {"updated_at": "2026-02-02T00:00:00Z", "id": 43}
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
        if kept.raised is None or not (is_plain or isinstance(kept.operation, Make)):
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
    no_findings(one for kill in points for one in _killed(keeping, kill, evidence))
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
    _, found, written, read = (one for one in again if not _is_later_make(one, again))
    evidence.saw("state", f"killed {killed.killed}: read_state then {outcome(found)}")
    where = f"write_state is killed {killed.killed}, and read_state in another process"
    if found.raised is not None or not (same(found.value, _OLD) or same(found.value, _NEW)):
        expected = f"the old state, {shown(_OLD)}, or the new one, {shown(_NEW)}"
        yield Finding(f"{where} {outcome(found)}", keeping.location(killed), expected)
    elif written.raised is not None:
        said = f"write_state is killed {killed.killed}, and the next one {outcome(written)}"
        yield Finding(said, keeping.location(killed), "the next write_state works")
    elif not same(read.value, _NEWER):
        said = f"write_state is killed {killed.killed}, and after the next one read_state {outcome(read)}"
        yield Finding(said, keeping.location(killed), shown(_NEWER))


def _is_later_make(one: Kept, all_of_them: list[Kept]) -> bool:
    return isinstance(one.operation, Make) and one is not all_of_them[0]
