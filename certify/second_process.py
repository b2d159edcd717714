"""Start a second process that runs rules before anything is imported to find out which.

Both import at the same time then, each on a processor of its own; what the second runs is in
`certify.plugin.beside`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO, Self

#: What it runs.
_MODULE = "certify.plugin.beside"
#: Seconds in which it takes its sandboxes down when it is interrupted.
_TIDIES_UP = 5.0


class SecondProcess:
    """It imports what rules need and waits for an order, or for the end of the first one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            self.command(),
            cwd=os.sep,  # libraries make folders of their own where they are imported
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,  # a terminal's Ctrl-C is for the first: it interrupts this one, once
        )
        self._told: IO[bytes] | None = self._process.stdin

    @staticmethod
    def command() -> list[str]:
        """What is started: our own module, with whom it ends, and how often it is to look for garbage."""
        # -P: a folder named like one of our modules shadows nothing.
        return [sys.executable, "-P", "-m", _MODULE, str(os.getpid()), str(gc.get_threshold()[0])]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def give(self, order_file: Path) -> None:
        """Tell it what to run; it may have ended by itself."""
        assert self._told is not None
        with contextlib.suppress(OSError), self._told as told:
            told.write(os.fsencode(order_file))
        self._told = None

    def wait(self) -> None:
        """Until it has ended."""
        self._process.wait()

    def end(self) -> None:
        """End it, if it runs still: where it has an order it is asked to tidy up first."""
        if self._told is not None:
            self._process.kill()
            self._told.close()
            self._told = None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_TIDIES_UP)
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()


def processors() -> int:
    """How many processes have a processor each."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
