"""States that cover rows which did not come: what is taken up from them never reads those."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

from certify import Finding, Observed, SourceReads
from certify.run import Run
from certify.sandbox.cells import comes_after
from certify_suites.readings import inside, quoted, rows

_EXPECTED = "a state covers rows that came before it, and no others"


def ahead_in_full(reads: SourceReads) -> Iterator[Finding]:
    """States of the full read whose cursor is past every row before them."""
    run = reads.full.run
    for number, (_, before, past) in enumerate(_states(run, reads.contract.subject.cursor_fields), 1):
        if past:
            yield Finding(f"state {number}, after {rows(before)}, {past}", reads.at(), _EXPECTED)


def ahead_after(seen: Observed, cursors: Mapping[str, str]) -> Iterator[Finding]:
    """States of a run that met a fault: those of the happy path cover the same rows, others no later ones."""
    covered = dict(reversed(list(zip(seen.baseline.states, seen.baseline.rows_before, strict=True))))
    for state, before, past in _states(seen.run, cursors):
        said = _lacking(seen, covered[state], before) if state in covered else past
        if said:
            where = f"{seen.what} at {seen.asked}: the state {quoted(state)}, after {rows(before)},"
            yield Finding(f"{where} {said}", seen.location, _EXPECTED, scenario=str(seen.scenario))


def _lacking(seen: Observed, covered: int, before: int) -> str:
    lacking = Counter(seen.expected_rows[:covered]) - Counter(seen.rows[:before])
    if not lacking:
        return ""
    return f"covers {rows(lacking.total())} that did not come, such as {quoted(next(iter(lacking))[1])}"


def _states(run: Run, cursors: Mapping[str, str]) -> Iterator[tuple[str, int, str]]:
    """Each state, the number of rows before it, and how its cursor is past them, if it is."""
    highest: dict[str, object] = {}
    done = 0
    for state, before in zip(run.states, run.rows_before, strict=True):
        for _, text in run.rows.kept[done:before]:
            _raise(highest, json.loads(text), cursors)
        done = max(done, before)
        yield (
            state,
            before,
            _past(json.loads(state), highest, cursors) if before <= len(run.rows.kept) else "",
        )


def _raise(highest: dict[str, object], row: object, cursors: Mapping[str, str]) -> None:
    for column in cursors.values():
        value = row.get(column) if isinstance(row, dict) else None
        if value is not None and (column not in highest or comes_after(value, highest[column])):
            highest[column] = value


def _past(state: object, highest: Mapping[str, object], cursors: Mapping[str, str]) -> str:
    for column in dict.fromkeys(cursors.values()):
        for value in inside(state, column):
            if column not in highest:
                return f"is at {column} {value!r}, and no row came before it"
            if comes_after(value, highest[column]):
                return f"is at {column} {value!r}, and the rows before it end at {highest[column]!r}"
    return ""
