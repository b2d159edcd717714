"""Performance: how fast a large read is, and that it takes no more of a machine than it must."""

from __future__ import annotations

from typing import TYPE_CHECKING

from certify import (
    Contract,
    Effort,
    EvidenceLog,
    Finding,
    ImportObservation,
    NotApplicable,
    Paces,
    Repository,
    Tier,
    Unverified,
    no_findings,
    rule,
)
from certify.model import Performance
from certify_suites.measures import (
    earlier,
    grown,
    growth,
    not_each_row,
    overhead,
    performance_of,
    slowed,
    the_best_of,
    widening,
)

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

#: Four times the rows take four times the time, and sixteen times where each is held against all before it.
#: Halfway between no noise leads: of linear sources 5.4 was the most, on a machine with twice its load.
MOST_GROWTH = 8.0
#: Measured: a plain source over requests takes twice what parsing alone takes, one that cleans each name and
#: value by regular expressions 12 times, one that tries five forms of a date on each value 100 times.
MOST_OVERHEAD = 50.0
#: Seconds from an interpreter to the first row: a platform may start a connector for each of many streams.
MOST_START_SECONDS = 10.0
#: Memory at four times the rows, beside that at once: what is kept of each row grows fourfold.
MOST_MEMORY = 1.5


@rule("throughput", tier=Tier.PLATINUM, effort=Effort.HIGH, capabilities=("source",))
def test_throughput(paces: Paces, benchmark: BenchmarkFixture, evidence: EvidenceLog) -> None:
    """A large read gives every row once, and takes time in proportion to its rows and columns.

    Why: what holds each row against all before it is quick in every test and takes a night for a real
    table; a limit that is never met by a recording ends the read of a large list without a word. How many
    rows a second come is told and not judged: that is the platform's to decide.

    Fix: look rows up in sets and dicts, never in lists; read until the API says that there is no more.

        seen = set()        # not []: `key in seen` looks at each entry of a list
    """
    paces.require_rehearsal()
    benchmark.pedantic(paces.at_size, rounds=paces.rounds)  # type: ignore[no-untyped-call]  # it has no types
    if benchmark.stats is None:
        raise Unverified("pytest-benchmark took no figures")
    no_findings(not_each_row(paces))
    figures = performance_of(paces, benchmark.stats.stats)
    evidence.measured(figures)
    evidence.saw(
        "rows",
        f"{figures.rows:,} rows of {figures.columns} columns: {figures.rows_per_second:,.0f} rows/s "
        f"in {figures.seconds:.2f} s ({figures.timed})",
    )
    grown_by = the_best_of(paces, growth, MOST_GROWTH)
    widened_by = the_best_of(paces, widening, MOST_GROWTH)
    small, large = paces.loads
    evidence.saw(
        "time",
        f"{small.cpu_seconds:.2f} s of processor time for {small.rows:,} rows, "
        f"{large.cpu_seconds:.2f} s for {large.rows:,}",
    )
    expected = f"about 4 times as long, and less than {MOST_GROWTH:g}"
    wrong = []
    if grown_by >= MOST_GROWTH:
        wrong.append(f"{large.rows:,} rows take {grown_by:.1f} times as long as {small.rows:,}")
    if widened_by >= MOST_GROWTH:
        wrong.append(f"rows of {figures.columns} columns take {widened_by:.1f} times as long as of a quarter")
    no_findings(Finding(said, paces.at, expected) for said in wrong)


@rule("memory_is_flat", tier=Tier.PLATINUM, effort=Effort.MEDIUM, capabilities=("source",))
def test_memory_is_flat(paces: Paces, evidence: EvidenceLog) -> None:
    """Four times the rows take no more memory.

    Why: a source that keeps what it has given takes as much memory as the table is large. It runs on the
    author's machine, and is killed where the platform gives it 512 MB.

    Fix: yield each row as it comes and keep the page alone. What must be remembered of rows (keys, to tell
    those that come twice) is remembered for one page back, not for all.
    """
    no_findings(not_each_row(paces))
    times = the_best_of(paces, grown, MOST_MEMORY)
    small, large = paces.loads
    evidence.saw(
        "memory",
        f"{small.memory_mib:.1f} MiB for {small.rows:,} rows, {large.memory_mib:.1f} MiB for {large.rows:,}",
    )
    if times > MOST_MEMORY:
        said = (
            f"{large.rows:,} rows take {large.memory_mib:.0f} MiB, {small.rows:,} take {small.memory_mib:.0f}"
        )
        no_findings([Finding(said, paces.at, "the same memory for a longer read")])


@rule("overhead", tier=Tier.PLATINUM, effort=Effort.HIGH, capabilities=("source",))
def test_overhead(paces: Paces, evidence: EvidenceLog) -> None:
    """Reading takes a small multiple of the time that parsing the same pages takes.

    Why: rows have to be parsed, and that is the work of a source. One that takes a hundred times as long
    costs a hundred machines where one would do.

    Fix: run it under `python -m cProfile`. Common causes: a schema compiled anew for each row, dates sought
    in every text, deep copies, a data frame for each record.
    """
    no_findings(not_each_row(paces))
    times = the_best_of(paces, overhead, MOST_OVERHEAD)
    small, large = paces.loads
    rows = large.rows - small.rows
    evidence.saw(
        "time",
        f"{rows:,} more rows take {large.cpu_seconds - small.cpu_seconds:.2f} s of processor time, "
        f"{times:.1f} times the {rows * paces.parse_seconds:.2f} s that parsing their pages takes",
    )
    if times > MOST_OVERHEAD:
        said = f"reading takes {times:.0f} times as long as parsing the same pages"
        no_findings([Finding(said, paces.at, f"at most {MOST_OVERHEAD:g} times")])


@rule("start_up", tier=Tier.PLATINUM, effort=Effort.MEDIUM, capabilities=("source",))
def test_start_up(paces: Paces, imported: ImportObservation, evidence: EvidenceLog) -> None:
    """From its start to its first row the connector takes a few seconds at most.

    Why: platforms start a connector anew for each stream and each run. What it does first is paid as often,
    before the first row, and mostly for nothing.

    Fix: import what is heavy where it is used, build tables when they are needed, and wait only when the API
    asks for it.
    """
    cost = imported.cost
    if cost is None:
        raise Unverified("the import could not be measured")
    first = paces.first_row()
    if cost.total_seconds + first.seconds > MOST_START_SECONDS:
        first = min(first, paces.first_row(), key=lambda one: one.seconds)
    evidence.saw(
        "time",
        f"import {cost.connector_seconds * 1000:.0f} ms own, {cost.third_party_seconds * 1000:.0f} ms third "
        f"party, {cost.python_seconds * 1000:.0f} ms Python; then {first.cpu_seconds * 1000:.0f} ms and "
        f"{first.waited:g} s of waiting to the first row of one page",
    )
    took = cost.total_seconds + first.seconds
    if took > MOST_START_SECONDS:
        waited = f", {first.waited:.0f} s of it waiting" if first.waited else ""
        said = f"the first row comes after {took:.0f} s{waited}"
        no_findings([Finding(said, paces.at, f"within {MOST_START_SECONDS:g} s")])


@rule("no_regression", tier=Tier.PLATINUM, effort=Effort.HIGH, capabilities=("source",))
def test_no_regression(
    paces: Paces, contract: Contract, repository: Repository, evidence: EvidenceLog
) -> None:
    """The connector is not clearly slower, and takes not clearly more memory, than in an earlier report.

    Why: a release that takes three times as long is noticed when the nightly window is over. Seconds of two
    machines cannot be held against each other: here, each time is told in that of parsing the same pages.

    Fix: find the change that made it slower. Where it has to be slower, certify it and commit the new report
    as `performance.baseline`.
    """
    before: Performance | None = earlier(contract, repository)
    if before is None:
        raise NotApplicable("the contract names no earlier report (performance.baseline)")
    no_findings(not_each_row(paces))
    now, said = slowed(paces, before)
    evidence.saw("time", now)
    no_findings(Finding(one, contract.at("performance", "baseline"), expected) for one, expected in said)
