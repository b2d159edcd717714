"""What the terminal shows of several connectors."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from certify.cli.panel import panel, summary_table
from certify.model import Report, Status
from tests.unit.report_samples import certified, not_certified


def shown(report: Report) -> str:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(panel(report))
    return captured.get()


def test_a_waiver_is_told_with_its_owner_and_the_days_it_has_left() -> None:
    assert "~ icon_is_square_svg  waived until 2026-03-31 (29 days), data-platform" in shown(certified())


def test_a_waiver_that_ends_soon_is_told_to() -> None:
    report = certified()
    run = replace(report.run, finished="2026-03-25T10:00:00Z")
    assert "2026-03-31 (6 days, then it counts again)" in shown(replace(report, run=run))


def test_the_claimed_status_stands_beside_the_observed_one() -> None:
    assert "Claimed status: certified; observed: not certified" in shown(not_certified())


def test_several_connectors_are_told_in_the_words_of_one() -> None:
    report = replace(certified(), required={Status.PASSED: 2, Status.NOT_APPLICABLE: 1})
    console = Console(width=100)
    with console.capture() as shown:
        console.print(summary_table([report], []))
    assert "2 passed, 1 not applicable" in shown.get()
