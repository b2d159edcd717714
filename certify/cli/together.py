"""Certify several connectors beside each other, in as many processes as there are processors.

They are forked once everything was imported. What they tell are the calls of a display, which are made here
when it is the connector's turn: so the output is that of one after the other. A process that ends before its
connector is done takes no other with it: one more is forked for those that are left.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from certify.cli.display import Display
from certify.cli.interruption import INTERRUPTED
from certify.contract import Contract
from certify.errors import CertifyError
from certify.model import Outcome, Report
from certify.plan import Plan
from certify.sandbox.inside.isolation import die_with_parent
from certify.second_process import processors

#: Certifies a folder on a display; returns its exit code. Raises CertifyError.
Certifies = Callable[[Path, Display], int]
#: A call of a display; `ended` is none, and carries the exit code.
_Call = tuple[str, tuple[Any, ...]]

INCOMPLETE = 3
_FORK = multiprocessing.get_context("fork")
_ENDED = "ended"
#: Seconds after which the display may move, and after which what happened meanwhile is told.
_TICK = 0.1


def can_run_together() -> bool:
    """Whether a process that has imported much may be forked: libraries of macOS do not outlast that."""
    return sys.platform == "linux"


def certify_together(folders: Sequence[Path], one: Certifies, display: Display) -> list[int]:
    """Certify them all; returns their exit codes. After Ctrl-C no more is begun, and the rest is told."""
    together = _Together(folders, one, display)
    gc.freeze()  # what is here now is never garbage: a fork need not copy it to find out
    try:
        together.until_ended()
    except KeyboardInterrupt:
        together.interrupt()
        together.until_ended()
    finally:
        together.kill()
    return [run.code for run in together.runs if run.code is not None]


@dataclass
class _Run:
    """One folder: what was told of it and not shown yet, and the exit code once it has ended."""

    folder: Path
    calls: list[_Call] = field(default_factory=list)
    code: int | None = None


class _Together:
    """The runs: those to come, those that a worker is at, and those that are not shown whole."""

    def __init__(self, folders: Sequence[Path], one: Certifies, display: Display) -> None:
        self.runs = [_Run(folder) for folder in folders]
        self._one, self._display = one, display
        self._to_come, self._to_show = self.runs[::-1], self.runs[::-1]
        self._workers: dict[Connection, _Worker] = {}

    def until_ended(self) -> None:
        """Begin, hear and show them all."""
        self._begin()
        while self._workers:
            for told in wait(list(self._workers), _TICK):
                if isinstance(told, Connection):
                    self._hear(self._workers[told])
            self._begin()
            self._show()
            self._display.tick()

    def _begin(self) -> None:
        while self._to_come and len(self._workers) < processors():
            worker = _Worker(self._one)
            self._workers[worker.told] = worker
            worker.take(self._to_come.pop())

    def _hear(self, worker: _Worker) -> None:
        """Take what a worker has told, and give it more to do where it is done."""
        try:
            worker.hear()
        except (EOFError, OSError):
            del self._workers[worker.told]
            worker.end()
            return
        if worker.run.code is not None:
            if self._to_come:
                worker.take(self._to_come.pop())
            else:
                del self._workers[worker.told]
                worker.dismiss()

    def _show(self) -> None:
        """Make the calls of the first that is not shown whole, and of those behind it once it has ended."""
        while self._to_show:
            run = self._to_show[-1]
            calls, run.calls = run.calls, []
            for name, arguments in calls:
                getattr(self._display, name)(*arguments)
            if run.code is None:
                return
            self._to_show.pop()

    def interrupt(self) -> None:
        """Begin no more, and have those under way tell how far they came."""
        self._to_come.clear()
        for worker in self._workers.values():
            worker.interrupt()

    def kill(self) -> None:
        """End what is still under way."""
        for worker in self._workers.values():
            worker.process.kill()
            worker.process.join()


class _Worker:
    """A process that certifies one folder after the other, and the run that it is at."""

    def __init__(self, one: Certifies) -> None:
        self.told, theirs = _FORK.Pipe()
        self.process: BaseProcess = _FORK.Process(target=_work, args=(one, theirs))
        self.process.start()
        theirs.close()  # so that the pipe ends with the process
        self.run = _Run(Path())

    def take(self, run: _Run) -> None:
        """Give it a folder."""
        self.run = run
        with contextlib.suppress(OSError):  # it is gone, as is heard next
            self.told.send(run.folder)

    def hear(self) -> None:
        """Take what it has told by now. Raises EOFError or OSError when it is gone."""
        for name, arguments in self.told.recv():
            if name == _ENDED:
                (self.run.code,) = arguments
            else:
                self.run.calls.append((name, arguments))

    def dismiss(self) -> None:
        """There is no more to do."""
        with contextlib.suppress(OSError):
            self.told.send(None)  # not only closed: a worker that was forked later has this end, too
        self.told.close()
        self.process.join()

    def end(self) -> None:
        """It is gone, and has not said how its run ended."""
        self.dismiss()
        code, folder = self.process.exitcode or 0, self.run.folder
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        error = CertifyError(f"{folder}: its run was ended by {how}, and there is no report")
        self.run.calls.append(("refused", (folder, error)))
        self.run.code = INCOMPLETE

    def interrupt(self) -> None:
        """As by Ctrl-C."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, signal.SIGINT)


def _work(one: Certifies, pipe: Connection) -> None:
    """What such a process does; it is interrupted by the first one alone, not by the terminal too."""
    die_with_parent()
    os.setpgid(0, 0)
    with contextlib.suppress(KeyboardInterrupt):
        while (folder := pipe.recv()) is not None:
            _certify(one, folder, _Teller(pipe))


def _certify(one: Certifies, folder: Path, teller: _Teller) -> None:
    try:
        code = one(folder, teller)
    except CertifyError as error:
        teller.refused(folder, error)
        code = 2
    except KeyboardInterrupt:
        code = INTERRUPTED
    teller.ended(code)


class _Teller:
    """The display in such a process: tells the calls, in bundles."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._calls: list[_Call] = []
        self._told = time.monotonic()

    def _tell(self, name: str, *arguments: Any) -> None:
        self._calls.append((name, arguments))
        if name == _ENDED or time.monotonic() - self._told > _TICK:
            self._pipe.send(self._calls)
            self._calls, self._told = [], time.monotonic()

    def ended(self, code: int) -> None:
        """It is done with."""
        self._tell(_ENDED, code)

    def begin(self, contract: Contract) -> None:
        """A connector is about to be run."""
        self._tell("begin", contract)

    def planned(self, plan: Plan) -> None:
        """Its rules are known."""
        self._tell("planned", plan)

    def running(self, nodeid: str) -> None:
        """An item begins."""
        self._tell("running", nodeid)

    def outcome(self, outcome: Outcome) -> None:
        """An item has ended."""
        self._tell("outcome", outcome)

    def end_of_run(self) -> None:
        """No more outcomes come."""
        self._tell("end_of_run")

    def finish(self, report: Report, folder: Path | None) -> None:
        """The report is made."""
        self._tell("finish", report, folder)

    def refused(self, folder: Path, error: CertifyError) -> None:
        """It could not be run at all."""
        self._tell("refused", folder, CertifyError(str(error)))

    def problem(self, said: str) -> None:
        """Something of ours went wrong."""
        self._tell("problem", said)

    def tick(self) -> None:
        """Nothing: the first one sees to that."""

    def all_done(self) -> None:
        """Nothing: the first one knows."""
