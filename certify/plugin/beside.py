"""Run the rules that load into the target in a process of their own, beside all the others.

They take half of the time, in a sandbox of their own, and share nothing with the others but the connector's
folder, which nobody writes to. The other process tells its reports as xdist's workers do; whatever it did not
tell, this one runs after all.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from certify.ending import end_process
from certify.plugin.engine import ENGINE
from certify.plugin.order import Order, Share, write_order
from certify.second_process import SecondProcess


class Beside:
    """The other process, as a plugin of the first: it is waited for before anything is measured."""

    def __init__(self, process: SecondProcess, order: Order, folder: Path) -> None:
        order_file = folder / "beside.json"
        write_order(replace(order, share=Share.TARGET), order_file)
        self._told = _told_file(order_file)
        self._told.touch()
        self._process = process
        self._process.give(order_file)
        self._session: pytest.Session | None = None
        self._seen: set[str] = set()

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Note whose reports they will be."""
        self._session = session

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Wait before what measures, so that it is alone on the machine."""
        if "alone" in getattr(item, "fixturenames", ()):
            self.wait()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """After the first process's own share, take over the reports, and run what has none."""
        try:
            done = yield
            self.wait()
            self._make_up_for(session.config.stash[ENGINE].left_to_other)
        except BaseException:
            self._process.end()
            self._take_over()
            raise
        return done

    def wait(self) -> None:
        """Until it is done; then its reports are this run's."""
        self._process.wait()
        self._take_over()

    def _take_over(self) -> None:
        """Fire what it told, as if it had happened here, and once."""
        assert self._session is not None
        hook = self._session.config.hook
        lines = self._told.read_bytes().splitlines(keepends=True)
        self._told.write_bytes(b"")
        for line in lines:
            if line.endswith(b"\n"):
                data: dict[str, Any] = json.loads(line)
                report = hook.pytest_report_from_serializable(config=self._session.config, data=data)
                hook.pytest_runtest_logreport(report=report)
                if report.when == "teardown":
                    self._seen.add(report.nodeid)

    def _make_up_for(self, items: list[pytest.Item]) -> None:
        """Run what the other process did not come to, whatever ended it."""
        left = [item for item in items if item.nodeid not in self._seen]
        for item, following in zip(left, [*left[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


class _Teller:
    """In the other process: tells each report as it comes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        with self._file.open("a", encoding="ascii") as told:
            told.write(f"{json.dumps(data)}\n")


def _told_file(order_file: Path) -> Path:
    return order_file.with_suffix(".told")


def _import_what_rules_need() -> None:
    """All but the suites, whose assertions pytest rewrites as it imports them."""
    import hypothesis  # noqa: F401
    import pytest_benchmark.plugin  # noqa: F401

    from certify.plugin.engine import import_fixtures

    import_fixtures()


def main(parent: int, garbage_after: int) -> None:
    """Run the share of the order that is told, or nothing where none is."""
    from certify.sandbox.inside.isolation import die_with_parent

    die_with_parent(parent)
    from certify.plugin.isolated import neutral_process, run_order

    gc.set_threshold(garbage_after)
    _import_what_rules_need()
    gc.freeze()  # what is here now is never garbage, and need not be looked through to find out
    told = sys.stdin.buffer.read()
    if told:
        order_file = Path(os.fsdecode(told))
        with neutral_process(order_file.parent):
            run_order(order_file, [_Teller(_told_file(order_file))])


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
    end_process(0)
