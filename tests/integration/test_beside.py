"""Rules that load into the target run in a process beside the others, and come to the same outcomes."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from certify.model import Outcome, Status
from certify.plugin.engine import OUTCOME
from certify.plugin.isolated import run_isolated
from certify.plugin.order import Order
from certify.second_process import SecondProcess

EXAMPLE = Path(__file__).parents[2] / "fixtures" / "certify_example"
#: The target alone, beside it the source, and neither.
TARGET, OTHERS = ("full_refresh_equals_model", "state_round_trips"), ("schema_is_stable", "docs_exist")
ORDER = Order(root=str(EXAMPLE), only=(*TARGET, *OTHERS))


class Kept:
    """A listener that keeps the outcomes, as the command's own does."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told: Any = getattr(report, OUTCOME, None)
        if told is not None:
            self.outcomes.append(msgspec.convert(told, Outcome))

    def statuses(self) -> dict[str, Status]:
        """The status of each rule, of which each has one item."""
        assert len({one.nodeid for one in self.outcomes}) == len(self.outcomes)
        return {one.rule: one.status for one in self.outcomes}


def outcomes(order: Order = ORDER, *, in_two_processes: bool = True) -> Kept:
    kept = Kept()
    with SecondProcess() if in_two_processes else contextlib.nullcontext() as second:
        ran = run_isolated(order, [kept], second=second)
    assert kept.outcomes, ran.transcript
    return kept


def plain(kept: Kept) -> list[Any]:
    """What was found, in order of the rules, but for how long it took.

    Of evidence only the kinds: this process has made examples before, and Hypothesis remembers.
    """
    found = [
        (one.rule, one.status, one.message, one.findings, [seen.kind for seen in one.evidence])
        for one in kept.outcomes
    ]
    return sorted(found, key=lambda one: one[0])


def test_two_processes_find_what_one_finds() -> None:
    two = outcomes()
    assert two.statuses() == dict.fromkeys(ORDER.only, Status.PASSED)
    assert [one.rule for one in two.outcomes][-2:] == list(TARGET), "told at the end, whichever ended first"
    assert plain(two) == plain(outcomes(in_two_processes=False))


@pytest.mark.parametrize(
    "program", ["raise SystemExit(1)", "import os; os.kill(os.getpid(), 9)"], ids=["fails", "is killed"]
)
def test_what_the_other_process_does_not_tell_is_run_after_all(
    program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SecondProcess, "command", lambda _: [sys.executable, "-c", program])
    assert outcomes().statuses() == dict.fromkeys(ORDER.only, Status.PASSED)


def test_an_import_that_fails_blocks_rules_of_both_though_one_judges_it(tmp_path: Path) -> None:
    root = shutil.copytree(EXAMPLE, tmp_path / "connector")
    module = root / "src" / "dpone_connector_orders_api" / "sink.py"
    module.write_text("raise RuntimeError('no')\n", "utf-8")
    order = Order(root=str(root), only=("imports_cleanly", "docs_exist", *TARGET))
    two = outcomes(order)
    assert two.statuses()["full_refresh_equals_model"] is Status.BLOCKED
    assert plain(two) == plain(outcomes(order, in_two_processes=False))


def test_without_an_order_it_is_not_waited_for() -> None:
    with SecondProcess() as second:
        process = second._process
    assert process.returncode == -signal.SIGKILL


def test_one_that_has_ended_takes_an_order_without_complaint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SecondProcess, "command", lambda _: [sys.executable, "-c", ""])
    with SecondProcess() as second:
        second.wait()
        second.give(tmp_path / "order.json")
