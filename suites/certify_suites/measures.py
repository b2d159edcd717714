"""What two measurements have to do with each other, and with those of an earlier release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from certify import Contract, Finding, HarnessFault, Paces, Repository, Unverified
from certify.model import Load, Performance
from certify.sandbox.answers import require_virtual_time
from certify.sandbox.pace import Pace

#: How often a figure near or beyond its limit is taken again: what disturbs a machine comes and goes, and
#: makes a ratio too small as well as too large.
_TRIES = 2
#: From what part of its limit on a figure is in doubt.
_DOUBTFUL = 0.7
#: A difference of fewer seconds may be the machine's.
_NOISE_SECONDS = 0.5
#: How many times slower, or larger, is clearly so: twice the noise that was seen between two runs of one
#: connector. Between two versions of Python the same code differs by half as much again.
_CLEARLY, _CLEARLY_ELSEWHERE = 2.0, 3.0
#: Bytes of the largest report.
_LARGEST = 64 * 1024 * 1024
#: A few pages' worth of memory, in MiB.
_FEW_MIB = 16.0


class _Earlier(msgspec.Struct):
    """What is read of an earlier report, whichever version wrote the rest of it."""

    performance: Performance | None = None


def performance_of(paces: Paces, rounds: Any) -> Performance:
    """The figures of the report; `rounds` are pytest-benchmark's statistics."""
    return Performance(
        rows=paces.rows,
        columns=paces.columns,
        rows_per_second=round(paces.rows / rounds.median, 1),
        seconds=round(rounds.median, 4),
        spread_seconds=round(rounds.iqr, 4),
        rounds=rounds.rounds,
        parse_seconds=round(paces.parse_seconds * paces.rows, 6),
        loads=tuple(
            Load(one.rows, round(one.cpu_seconds, 4), round(one.memory_mib, 1)) for one in paces.loads
        ),
        machine=paces.machine,
    )


def the_best_of(paces: Paces, figure: Callable[[Paces], float], most: float) -> float:
    """A figure of the best measurements, of which there are more where it is near its limit or beyond."""
    value = figure(paces)
    for _ in range(_TRIES):
        if value < _DOUBTFUL * most:
            break
        paces.again()
        value = figure(paces)
    return value


def growth(paces: Paces) -> float:
    """How many times as long four times the rows take; once, where that is too little to tell."""
    small, large = paces.loads
    return _times(small.cpu_seconds, large.cpu_seconds)


def widening(paces: Paces) -> float:
    """How many times as long four times the columns take; once, where that is too little to tell."""
    widths = paces.widths()
    return 1.0 if widths is None else _times(*widths)


def _times(few: float, many: float) -> float:
    return many / max(few, 1e-3) if many - few >= _NOISE_SECONDS else 1.0


def grown(paces: Paces) -> float:
    """How many times as much memory they take; once, where the difference is small."""
    small, large = paces.loads
    if large.memory_mib - small.memory_mib <= _FEW_MIB:
        return 1.0
    return large.memory_mib / max(small.memory_mib, 1.0)


def overhead(paces: Paces) -> float:
    """How many times as long as parsing they take, apart from what every run takes.

    Half a second that nobody knows the use of is not told as fifty times nothing.
    """
    small, large = paces.loads
    seconds = large.cpu_seconds - small.cpu_seconds
    parsing = paces.parse_seconds * (large.rows - small.rows)
    return max(seconds, 0.0) / max(parsing, _NOISE_SECONDS / 50)


def not_each_row(paces: Paces) -> Iterator[Finding]:
    """The first large read that fails, or does not give every row once."""
    for rows in paces.sizes:
        for pace in paces.all_at(rows):
            _require_heard(pace, rows)
            if not pace.has_each_of(rows):
                yield Finding(_lacking(pace, rows), paces.at, "every row once, as of a few pages")
                return


def _require_heard(pace: Pace, rows: int) -> None:
    """What a few pages did not lead to may be the harness's own doing."""
    if pace.run.missed:
        raise HarnessFault(f"of {rows:,} rows: {pace.run.missed[0].miss}")
    if pace.run.how in ("crashed", "lost"):
        raise HarnessFault(f"reading {rows:,} rows: the process crashed, or took its sandbox with it")
    require_virtual_time(pace.run, f"reading {rows:,} rows")


def _lacking(pace: Pace, rows: int) -> str:
    if pace.run.raised is not None and not pace.run.succeeded:
        return f"reading {rows:,} rows ends with {pace.run.raised.type}: {pace.run.raised.message[:200]}"
    if not pace.run.succeeded:
        return f"reading {rows:,} rows does not come to an end: {pace.run.how} after {pace.rows:,}"
    if pace.distinct < rows:
        return f"of {rows:,} rows {rows - pace.distinct:,} never come"
    return f"of {rows:,} rows {pace.keyed - pace.distinct:,} come twice"


def earlier(contract: Contract, repository: Repository) -> Performance | None:
    """The figures of the earlier report; None where the contract names none. Unverified for one without."""
    named = contract.performance.baseline
    if named is None:
        return None
    content = repository.content(named, _LARGEST)
    if content is None:
        raise Unverified(f"{named} cannot be read", _COMMIT)
    try:
        found = msgspec.json.decode(content, type=_Earlier).performance
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise Unverified(f"{named} is no report: {error}", _COMMIT) from error
    if found is None or found.parse_seconds <= 0 or found.rows not in {one.rows for one in found.loads}:
        raise Unverified(f"{named} has no figures to compare with", _COMMIT)
    return found


_COMMIT = """\
# certify --only performance --artifact-dir DIR, and commit its certification_report.json
performance:
  baseline: certification/performance.json
"""


def slowed(paces: Paces, before: Performance) -> tuple[str, list[tuple[str, str]]]:
    """How it compares, in a sentence, and what is clearly worse, each with what was expected."""
    if (paces.rows, paces.columns) != (before.rows, before.columns):
        raise Unverified(
            f"the earlier report is of {before.rows:,} rows of {before.columns} columns, "
            f"this one of {paces.rows:,} of {paces.columns}",
            _COMMIT,
        )
    same = before.machine.python.split(".")[:2] == paces.machine.python.split(".")[:2]
    clearly = _CLEARLY if same else _CLEARLY_ELSEWHERE
    then = before.overhead
    now = the_best_of(paces, _multiple, clearly * then)
    memory_then = next(one.memory_mib for one in before.loads if one.rows == before.rows)
    memory = paces.load(paces.rows).memory_mib
    told = (
        f"{now:.1f} times the time of parsing, {then:.1f} in the earlier report; "
        f"{memory:.1f} MiB, {memory_then:.1f} in the earlier report"
    )
    worse = []
    if now > clearly * then:
        said = f"reading takes {now:.1f} times as long as parsing the same pages; it took {then:.1f} times"
        worse.append((said, f"at most {clearly:g} times the earlier figure"))
    if memory > clearly * memory_then and memory - memory_then > _FEW_MIB:
        said = f"reading takes {memory:.0f} MiB; it took {memory_then:.0f}"
        worse.append((said, f"at most {clearly:g} times the earlier figure"))
    return told, worse


def _multiple(paces: Paces) -> float:
    return paces.load(paces.rows).cpu_seconds / (paces.parse_seconds * paces.rows)
