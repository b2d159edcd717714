"""What must hold between a run that met a fault and the happy path, and how it is told when it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from certify import Contract, Finding, Location, Observed, no_findings
from certify.replay.played import HANDSHAKE
from certify.text import counted, cut

#: How a run ends that does not come to its end by itself.
_ENDED_FROM_OUTSIDE = frozenset({"limit", "wall", "requests", "output", "memory", "processes"})
#: Moments that a finding lists; of more, the first ones show how it goes on.
_MOST_MOMENTS = 6
_MOST_QUOTED = 120


@dataclass(frozen=True)
class Wrong:
    """One thing that is wrong with one run; `at` is the line of the connector to look at."""

    seen: Observed
    said: str
    expected: str
    at: Location


def wrong(seen: Observed, said: str, expected: str, at: Location | None = None) -> Wrong:
    """Say what is wrong; at the line that raised, or else asked, unless another is meant."""
    return Wrong(seen, said, expected, at or seen.location)


def judge(wrongs: Iterable[Wrong]) -> None:
    """Pass when there are none; the same at several requests is told once."""
    alike: dict[tuple[str, str, str, Location], list[Observed]] = {}
    for one in wrongs:
        alike.setdefault((one.seen.what, one.said, one.expected, one.at), []).append(one.seen)
    no_findings(
        Finding(f"{what} {_requests(seen)}: {said}", at, expected, scenario=str(seen[0].scenario))
        for (what, said, expected, at), seen in alike.items()
    )


def recovers(seen: Observed, contract: Contract) -> Iterator[Wrong]:
    """Every row of the happy path comes, after few attempts."""
    if not seen.same_rows:
        yield wrong(seen, outcome(seen), "the request is sent again, and every row comes once")
    else:
        yield from _asks_seldom(seen, contract.replay.max_attempts)


def fails_fast(seen: Observed, most: int = 1) -> Iterator[Wrong]:
    """It fails by itself, and did not ask again (more often than `most` allows)."""
    yield from ends(seen)
    if seen.run.succeeded:
        yield wrong(seen, outcome(seen), "an error that ends the run")
    elif seen.attempts > most:
        expected = "one request, then an error" if most == 1 else f"{most} requests at most, then an error"
        yield wrong(seen, f"the request is sent {_how_often(seen)}", expected, seen.waited_at)


def gives_up(seen: Observed, contract: Contract) -> Iterator[Wrong]:
    """It fails by itself (or needs nothing of what failed), after few attempts and short waits."""
    budget = contract.replay
    yield from ends(seen)
    if seen.run.succeeded and not seen.same_rows:
        yield wrong(seen, outcome(seen), "an error that ends the run")
    yield from _asks_seldom(seen, budget.max_attempts)
    if seen.run.virtual_seconds > budget.max_wait_seconds and seen.run.how != "limit":
        expected = f"{budget.max_wait_seconds:g} s in all at most (replay.max_wait_seconds)"
        yield wrong(seen, f"the run waits for {seen.run.virtual_seconds:.0f} s", expected, seen.waited_at)


def ends(seen: Observed) -> Iterator[Wrong]:
    """It comes to an end by itself."""
    if seen.run.how in _ENDED_FROM_OUTSIDE:
        yield wrong(seen, seen.ending, "an error that ends the run", seen.waited_at)


def waits(seen: Observed, least: float, most: float) -> Iterator[Wrong]:
    """Between the first attempt and the second are so many seconds."""
    if seen.gaps and not least <= seen.gaps[0] <= most:
        said = f"the request is sent again after {seen.gaps[0]:.4g} s"
        yield wrong(seen, said, f"{least:g} s, or up to {most:g} s with a wait of its own", seen.waited_at)


def whole_or_failed(seen: Observed) -> Iterator[Wrong]:
    """Either every row comes, or the run fails."""
    yield from ends(seen)
    if seen.run.succeeded and not seen.same_rows:
        yield wrong(seen, outcome(seen), "an error, or every row once the request is sent again")


def _asks_seldom(seen: Observed, most: int) -> Iterator[Wrong]:
    """Of a request; connections may be opened beside each other, and their waits are what bounds them."""
    if seen.victims and seen.attempts > most:
        expected = f"{most} times at most (replay.max_attempts)"
        yield wrong(seen, f"the request is sent {_how_often(seen)}", expected, seen.waited_at)


def outcome(seen: Observed) -> str:
    """How the run ended, and what became of the rows."""
    run, baseline = seen.run, seen.baseline
    if run.failed_itself:
        return f"the run ends with {seen.ending}"
    if not run.succeeded:
        return seen.ending
    expected, given = seen.expected_rows.counts, seen.rows.counts
    lost, more = expected - given, given - expected
    strange = [row for row in more if row not in expected]
    twice = sum(count for row, count in more.items() if row in expected)
    told = [
        *([f"{counted(lost.total(), 'row')} of {len(baseline.rows)} lacking"] if lost else []),
        *([f"{counted(twice, 'row')} coming twice"] if twice else []),
        *([f"{counted(len(strange), 'row')} changed, such as {_quoted(strange[0])}"] if strange else []),
    ]
    return "the run is a success with " + (" and ".join(told) or "all rows")


def _quoted(named: tuple[str, str]) -> str:
    _, row = named
    return cut(row, _MOST_QUOTED)


def _how_often(seen: Observed) -> str:
    moments = [f"{moment:.4g}" for moment in seen.moments]
    if len(moments) > _MOST_MOMENTS:
        moments = [*moments[: _MOST_MOMENTS - 1], "…", moments[-1]]
    return f"{seen.attempts} times, at seconds {_listed(moments)}"


def _requests(seen: list[Observed]) -> str:
    """`at request 1 (GET api.example/orders)`, or `at requests 1, 2 and 3 (…)` where they ask for the same.

    Where the fault met a connection, `when connecting to …`.
    """
    if not any(one.victims and one.victims[0].asked.method != HANDSHAKE for one in seen):
        return f"when {_listed(list(dict.fromkeys(one.asked for one in seen)))}"
    numbers = list(dict.fromkeys(str(one.scenario.position + 1) for one in seen))
    asked = list(dict.fromkeys(one.asked for one in seen))
    return f"at request{'s' if len(numbers) > 1 else ''} {_listed(numbers)} ({_listed(asked)})"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
