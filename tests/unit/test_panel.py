"""What the terminal shows of several connectors."""

from __future__ import annotations

from dataclasses import replace

from rich.console import Console

from certify.cli.panel import summary_table
from certify.model import Status
from tests.unit.report_samples import certified


def test_several_connectors_are_told_in_the_words_of_one() -> None:
    report = replace(certified(), required={Status.PASSED: 2, Status.NOT_APPLICABLE: 1})
    console = Console(width=100)
    with console.capture() as shown:
        console.print(summary_table([report], []))
    assert "2 passed, 1 not applicable" in shown.get()
