"""What must hold after a load, and how it is told when it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from certify import EvidenceLog, Finding, SinkRuns, Unverified, no_findings
from certify.target.cells import difference
from certify.target.contents import Contents

if TYPE_CHECKING:
    from certify.sandbox.observed_load import Load, Look, Point
    from certify.sandbox.sink_runs import Killed

#: A row by column, as a platform hands it to a sink.
Row = dict[str, Any]
_NEEDS_ONE_COMMIT = """\
# commit a load once, at its end; or have it load into a database that others read meanwhile:
target:
  url: postgresql://user@host/certify_scratch
"""


def judge(findings: Iterable[Finding | None]) -> None:
    """Pass when there are none; what is the same in several strategies is told for each."""
    no_findings(one for one in findings if one is not None)


def holds(runs: SinkRuns, load: Load, expected: Sequence[Row]) -> Finding | None:
    """It succeeds, and the target holds these rows then, each as often."""
    what = described(load)
    if not load.succeeded:
        return broken(runs, load, f"{what} ends with {load.ending}", f"{counted(expected)} in the target")
    found = difference(expected, load.after)
    if found is None:
        return None
    return broken(runs, load, f"{what}: {found}", f"{counted(expected)}, as given")


def carries(runs: SinkRuns, load: Load, column: str) -> Finding | None:
    """Every row of the load is in the target, and of `column` nothing but what the load brought."""
    what = f"{described(load)}, with the new column {column}"
    if not load.succeeded:
        return broken(runs, load, f"{what}, ends with {load.ending}", "a success")
    found = difference(load.rows, load.after)
    if found is not None and (found.lacking or found.absent):
        return broken(runs, load, f"{what}: {found}", f"{counted(load.rows)}, as given")
    brought = sum(row.get(column) is not None for row in load.rows)
    held = sum(row.get(column) is not None for row in load.after.as_rows)
    if held == brought:
        return None
    return broken(runs, load, f"{what}: {held} rows have a value there", f"{brought} rows")


def refused(runs: SinkRuns, load: Load, why: str) -> Finding | None:
    """It fails, and the target is as before."""
    what = f"{described(load)}, {why}"
    before = runs.before(load.strategy).contents
    if load.succeeded:
        return broken(runs, load, f"{what}, ends as a success; {_found(load.after)}", "an error")
    return unchanged(runs, load, what, before)


def unchanged(runs: SinkRuns, load: Load, what: str, before: Contents) -> Finding | None:
    """The target is as before."""
    if load.after == before:
        return None
    return broken(runs, load, f"{what}: {_found(load.after)}", f"the target as before ({before})")


def nothing_left(runs: SinkRuns, load: Load, what: str) -> Finding | None:
    """Nothing lies beside the target."""
    if not load.left_over:
        return None
    names = ", ".join(load.left_over[:5])
    return broken(runs, load, f"{load.strategy}: {what} leaves {names}", "the target alone")


def whole_at_each_look(runs: SinkRuns, load: Load) -> Finding | None:
    """Every look at the target saw it as before, or as after."""
    before = runs.before(load.strategy).contents
    partial = [look for look in _partial(runs, load) if not look.is_locked]
    if not partial:
        return None
    first = partial[0]
    more = f" (so at {len(partial)} of {len(load.looks)} points)" if len(partial) > 1 else ""
    said = f"{load.strategy}: {_at(first.point, load)}, {first.told}{more}"
    return broken(runs, load, said, f"{before} as before, or {load.after} as after")


def require_nothing_partly_committed(runs: SinkRuns, load: Load) -> None:
    """Unverified where a part is committed while the load locks the file: here nobody sees it."""
    for look in _partial(runs, load):
        said = f"{load.strategy}: {_at(look.point, load)}, {look.told}, where nobody else can open it"
        raise Unverified(f"{said}: whether others would see it depends on the database", _NEEDS_ONE_COMMIT)


def _partial(runs: SinkRuns, load: Load) -> list[Look]:
    whole = (runs.before(load.strategy).contents, load.after)
    return [look for look in load.looks if look.seen is not None and look.seen not in whole]


def survives(runs: SinkRuns, kills: Iterable[Killed]) -> Iterator[Finding]:
    """After each kill the target is as before, or whole; and the same load, repeated, leaves it whole."""
    alike: dict[tuple[str, str, str], list[Killed]] = {}
    for one in kills:
        for said, expected in _wrongs(runs, one):
            alike.setdefault((one.load.strategy, said, expected), []).append(one)
    for (strategy, said, expected), killed in alike.items():
        more = f" (and at {len(killed) - 1} further points)" if len(killed) > 1 else ""
        first = killed[0]
        how = "cut off" if first.point.kind == "message" else "killed"
        words = f"{strategy}: {how} {_at(first.point, first.load)}{more}, {said}"
        yield broken(runs, first.load, words, expected)


def _wrongs(runs: SinkRuns, killed: Killed) -> Iterator[tuple[str, str]]:
    load, strategy = killed.load, killed.load.strategy
    before, after = runs.before(strategy).contents, killed.whole
    found = runs.of_rows(load.after)
    is_whole = found == after and not killed.point.is_between_rows
    if load.after != before and not is_whole:
        whole = "" if killed.point.is_between_rows else f", or whole ({after})"
        yield f"the load leaves {load.after}", f"the target as before ({before}){whole}"
    if load.succeeded and found != after:
        yield f"the load ends as a success, with {load.after}", f"an error, or {after}"
    again = killed.repeated
    if runs.adds_again(strategy) and load.after != before:
        return  # what was loaded by then is loaded once more
    if not again.succeeded:
        yield f"the load repeated ends with {again.ending}", f"{after}"
    elif runs.of_rows(again.after) != after:
        yield f"the load repeated leaves {again.after}", f"{after}, as without the interruption"


def broken(runs: SinkRuns, load: Load, said: str, expected: str) -> Finding:
    """What is wrong with a load, at the line of the connector to look at."""
    return Finding(said, runs.place_of(load), expected)


def described(load: Load) -> str:
    """`incremental_merge: a load of 8 rows`."""
    return f"{load.strategy}: a load of {counted(load.rows)}"


def counted(rows: Sequence[object]) -> str:
    """`1 row`, `8 rows`."""
    return "1 row" if len(rows) == 1 else f"{len(rows)} rows"


def note(evidence: EvidenceLog, load: Load, what: str = "") -> None:
    """Keep as evidence how a load ended, and what the target held then."""
    evidence.saw("load", f"{described(load)}{what}: {load.ending}; then {load.after} in the target")


def _at(point: Point, load: Load) -> str:
    """`before row 5 of 8`."""
    return f"{point} of {len(load.rows)}" if point.kind == "row" else str(point)


def _found(contents: Contents) -> str:
    return "there is no target" if contents.columns is None else f"the target holds {contents}"
