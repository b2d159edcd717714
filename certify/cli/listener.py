"""Listen to a pytest run: gather the outcomes, and tell the display as they come."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from certify.cli.display import Display
from certify.cli.interruption import go_on
from certify.model import Outcome
from certify.plugin.engine import ENGINE, ISOLATION, OUTCOME, REMARKS


class Listener:
    """A pytest plugin on the side that prints."""

    def __init__(self, display: Display) -> None:
        self.display = display
        self.outcomes: list[Outcome] = []
        self.isolation = "none"
        self.remarks: tuple[str, ...] = ()
        self.began = False
        self.interrupted = False

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """The run begins: contract and suites were read."""
        engine = session.config.stash.get(ENGINE, None)
        if engine is not None:
            self.began = True
            self.display.planned(engine.planned.plan)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """An item begins."""
        go_on()
        self.display.running(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """An item's last report carries its outcome."""
        told: Any = getattr(report, OUTCOME, None)
        if told is None:
            return
        outcome = msgspec.convert(told, Outcome)
        self.outcomes.append(outcome)
        self.isolation = getattr(report, ISOLATION, None) or self.isolation
        self.remarks = tuple(dict.fromkeys([*self.remarks, *(getattr(report, REMARKS, None) or ())]))
        self.display.outcome(outcome)

    def pytest_keyboard_interrupt(self) -> None:
        """Ctrl-C: the report will be incomplete."""
        self.interrupted = True
