"""States that cover rows which did not come: what is taken up from them never reads those."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

from certify import Finding, Observed, SourceReads, Unverified
from certify.run import Run
from certify.sandbox.cells import comes_after
from certify_suites.readings import inside, quoted, rows

_EXPECTED = "a state covers rows that came before it, and no others"
#: The highest value of each cursor among the rows so far.
Highest = Mapping[str, object]


def ahead_in_full(reads: SourceReads) -> Iterator[Finding]:
    """States of the full read whose cursor is past every row before them."""
    cursors = reads.contract.subject.cursor_fields
    for number, one in enumerate(reads.checkpoints, 1):
        highest: dict[str, object] = {}
        for stream, value in one.cursors.items():
            _raise(highest, cursors.get(stream, ""), value)
        if past := _past(reads, one.value, highest):
            yield Finding(f"state {number}, after {rows(one.rows)}, {past}", reads.at(), _EXPECTED)


def ahead_after(reads: SourceReads, seen: Observed) -> Iterator[Finding]:
    """States of a run that met a fault: those of the happy path cover the same rows, others no later ones.

    Unverified where some of its rows are not kept.
    """
    if seen.run.states and len(seen.run.rows) > len(seen.run.rows.kept):
        raise Unverified("the recording is longer than what is kept of a run, and is not compared whole")
    covered = dict(reversed(list(zip(seen.baseline.states, seen.baseline.rows_before, strict=True))))
    for state, before, highest in _states(seen.run, reads.contract.subject.cursor_fields):
        if state in covered:
            said = _lacking(seen, covered[state], before)
        else:
            said = _past(reads, json.loads(state), highest)
        if said:
            where = f"{seen.what} at {seen.asked}: the state {quoted(state)}, after {rows(before)},"
            yield Finding(f"{where} {said}", seen.location, _EXPECTED, scenario=str(seen.scenario))


def _lacking(seen: Observed, covered: int, before: int) -> str:
    lacking = Counter(seen.expected_rows[:covered]) - Counter(seen.rows[:before])
    if not lacking:
        return ""
    return f"covers {rows(lacking.total())} that did not come, such as {quoted(next(iter(lacking))[1])}"


def _states(run: Run, cursors: Mapping[str, str]) -> Iterator[tuple[str, int, Highest]]:
    """Each state, the number of rows before it, and how far those go."""
    highest: dict[str, object] = {}
    done = 0
    for state, before in zip(run.states, run.rows_before, strict=True):
        for _, text in run.rows.kept[done:before]:
            row = json.loads(text)
            for column in cursors.values():
                _raise(highest, column, row.get(column) if isinstance(row, dict) else None)
        done = max(done, before)
        yield state, before, highest


def _raise(highest: dict[str, object], column: str, value: object) -> None:
    if value is not None and (column not in highest or comes_after(value, highest[column])):
        highest[column] = value


def _past(reads: SourceReads, state: object, highest: Highest) -> str:
    """How a state is past these rows; a start that the configuration names covers none."""
    for column in dict.fromkeys(reads.contract.subject.cursor_fields.values()):
        for _, value in inside(state, column):
            if any(str(value) == str(start) for start in reads.starts):
                continue
            if column not in highest:
                return f"is at {column} {value!r}, and no row came before it"
            if comes_after(value, highest[column]):
                return f"is at {column} {value!r}, and the rows before it end at {highest[column]!r}"
    return ""
