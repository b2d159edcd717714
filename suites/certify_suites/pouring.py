"""What a Singer target makes of messages, and how it is told when that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from certify import EvidenceLog, Finding, TargetRuns
from certify.target.cells import difference
from certify.target.contents import Contents
from certify.target.messages import Line, record_line, schema_line, state_line
from certify_suites.loading import Row, broken, counted, holds

if TYPE_CHECKING:
    from certify.sandbox.observed_load import Load, Point


def records(runs: TargetRuns, rows: Sequence[Row]) -> list[Line]:
    """A RECORD for each row."""
    return [record_line(runs.stream, row) for row in rows]


def messages(runs: TargetRuns, rows: Sequence[Row], like: Sequence[Row] = ()) -> list[Line]:
    """A SCHEMA that is made of these rows, or of those that they should be like; the records; a STATE."""
    declared = schema_line(runs.stream, runs.schema(like or rows), runs.key)
    return [declared, *records(runs, rows), state_line(runs.stream, len(rows))]


def ends_in_error(
    runs: TargetRuns, evidence: EvidenceLog, lines: Sequence[Line], what: str
) -> Finding | None:
    """It ends with an error, and no state comes out."""
    load = runs.pour(lines)
    states = len(load.said.states)
    evidence.saw("load", f"{what}: {load.ending}, {states} states; then {load.after} in the target")
    if not runs.refuses(load):
        said = f"{what}: the load ends with {load.ending}; then the target holds {load.after}"
        return broken(runs.sinks, load, said, "an exit code other than 0")
    if states:
        said = f"{what}: the load ends with {load.ending}, and its STATE comes out all the same"
        return broken(runs.sinks, load, said, "no STATE")
    return None


def is_loaded(
    runs: TargetRuns, evidence: EvidenceLog, lines: Sequence[Line], rows: Sequence[Row], what: str
) -> Finding | None:
    """It succeeds, and the target holds these rows; of none there need be no table."""
    load = runs.pour(lines, rows)
    evidence.saw("load", f"{counted(rows)} with {what}: {load.ending}; then {load.after} in the target")
    if load.succeeded and not rows and not load.after.rows:
        return None
    found = holds(runs.sinks, load, rows)
    if found is None:
        return None
    said = f"{what}: {found.message}"
    return broken(runs.sinks, load, said, found.expected or "")


def names_lost(runs: TargetRuns, evidence: EvidenceLog, names: Sequence[str]) -> Finding | None:
    """A record with properties of these names is loaded, and the value of each is in a column."""
    row = dict(runs.rows[0]) | {name: f"value of {place}" for place, name in enumerate(names)}
    load = runs.pour(messages(runs, [row]), [row])
    what = f"a record with the properties {', '.join(map(repr, names))}"
    evidence.saw("load", f"{what}: {load.ending}; then {load.after} in the target")
    if not load.succeeded:
        return broken(runs.sinks, load, f"{what}: the load ends with {load.ending}", "a success")
    held = [set(map(repr, one)) for one in load.after.rows]
    lost = [name for name in names if not any(repr(row[name]) in one for one in held)]
    if not lost:
        return None
    said = f"{what}: the value of {lost[0]!r} is in no column"
    return broken(runs.sinks, load, said, "each value in a column of its own")


def states_ahead(runs: TargetRuns, load: Load, kills: Sequence[tuple[Point, Load]]) -> Iterator[Finding]:
    """Where a state was ahead of what lay in the target, and where the last one does not come out."""
    expected = "the rows before a state first, then the state"
    for look in load.looks:
        count = runs.covered(look.also or ())
        if look.seen is not None and _lacks(load, count, look.seen):
            said = f"{look.point}, the STATE after row {count} is out, and {look.told}"
            yield broken(runs.sinks, load, f"{load.strategy}: {said}", expected)
    for point, killed in kills:
        count = runs.covered(killed.said.states)
        if _lacks(load, count, killed.after):
            said = f"killed {point}, the STATE after row {count} is out, and the target holds {killed.after}"
            yield broken(runs.sinks, killed, f"{load.strategy}: {said}", expected)
    if runs.covered(load.said.states) != len(load.rows):
        states = load.said.states
        told = f"{len(states)} states come out, and not the last one" if states else "no state comes out"
        said = f"{load.strategy}: a load of {counted(load.rows)} ends as a success, and {told}"
        yield broken(runs.sinks, load, said, "the last STATE on the standard output")


def _lacks(load: Load, count: int, found: Contents) -> bool:
    """Whether some of the first rows of a load are not there."""
    differs = difference(load.rows[:count], found) if count else None
    return differs is not None and bool(differs.lacking or differs.absent)
