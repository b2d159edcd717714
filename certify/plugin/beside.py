"""Run the rules that load into the target in a process of their own, beside all the others.

They take half of the time, in a sandbox of their own, and share nothing with the others but the connector's
folder, which nobody writes to. The other process tells its reports as xdist's workers do; whatever it did not
tell, this one runs after all.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from certify.plugin.engine import ENGINE
from certify.plugin.order import Order, Share, write_order

#: Seconds in which the other process takes its sandboxes down when it is interrupted.
_TIDIES_UP = 5.0


class Beside:
    """The other process, as a plugin of the first: started early, waited for before anything is measured."""

    def __init__(self, order: Order, folder: Path) -> None:
        order_file = folder / "beside.json"
        write_order(replace(order, share=Share.TARGET), order_file)
        self._told = _told_file(order_file)
        self._told.touch()
        with (folder / "beside.log").open("wb") as log:
            self._process = subprocess.Popen(
                _command(order_file),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,  # a terminal's Ctrl-C is for the first: it interrupts this one, once
            )
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
            self.end()
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

    def end(self) -> None:
        """End it, if it runs still: it is asked to tidy up first."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_TIDIES_UP)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


@contextlib.contextmanager
def beside(order: Order, folder: Path) -> Iterator[Beside]:
    """Start the other process; it has ended when this does."""
    other = Beside(order, folder)
    try:
        yield other
    finally:
        other.end()


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


def _command(order_file: Path) -> list[str]:
    # -P: a folder named like one of our modules shadows nothing.
    module = ["-P", "-m", "certify.plugin.beside"]
    return [sys.executable, *module, str(order_file), str(gc.get_threshold()[0])]


def _told_file(order_file: Path) -> Path:
    return order_file.with_suffix(".told")


def main(order_file: Path, garbage_after: int) -> None:
    """Run the share of the order; the settings of the process are those of the first, which started it."""
    from certify.plugin.isolated import run_order
    from certify.sandbox.inside.isolation import die_with_parent

    die_with_parent()
    gc.set_threshold(garbage_after)
    run_order(order_file, [_Teller(_told_file(order_file))])


def processors() -> int:
    """How many processes have a processor each."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def has_room() -> bool:
    """Whether two processes have a processor each."""
    return processors() > 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
