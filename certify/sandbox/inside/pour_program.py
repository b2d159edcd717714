"""Give a program that is no script of Python messages on its standard input, and end it where it is told."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import signal
import subprocess
import termios
import time
from collections.abc import Iterable
from functools import partial
from typing import Any

from .command import by_signal
from .points import Points

#: Seconds from look to look at whether a program waits for its next line, and how long that is waited for.
_PAUSE, _PATIENCE = 0.001, 0.25
#: So often it has to be found waiting: between two steps of its work it may be, for a moment.
_TIMES = 3


def pour_program(path: str, arguments: list[str], lines: Iterable[bytes], points: Points) -> int:
    """Start the program of this path, and give it each line once it waits for one: its exit code.

    At a point where this process is to be killed, the program and what it started are killed first: it would
    take the end of this one for the end of its input.
    """
    program: subprocess.Popen[bytes] = subprocess.Popen(
        [path, *arguments], stdin=subprocess.PIPE, process_group=0, bufsize=0
    )
    assert program.stdin is not None
    points.before_end = partial(_end, program)
    with contextlib.suppress(BrokenPipeError):  # one that ended tells by its exit code how
        for line in lines:
            program.stdin.write(line)
            _wait_until_it_waits(program)
    with contextlib.suppress(BrokenPipeError):
        program.stdin.close()
    return by_signal(program.wait())


def _end(program: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):  # it may have ended by itself, with all that it started
        os.killpg(program.pid, signal.SIGKILL)


def _wait_until_it_waits(program: subprocess.Popen[Any]) -> None:
    """Until it has read what it was given, and sleeps; not for ever."""
    assert program.stdin is not None
    until, found = time.monotonic() + _PATIENCE, 0
    while found < _TIMES and time.monotonic() < until and program.poll() is None:
        found = found + 1 if _is_read(program.stdin.fileno()) and _sleeps(program.pid) else 0
        time.sleep(_PAUSE)


def _is_read(pipe: int) -> bool:
    left = array.array("i", [0])
    try:
        fcntl.ioctl(pipe, termios.FIONREAD, left)
    except OSError:
        return True
    return left[0] == 0


def _sleeps(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[:1] == [b"S"]
    except OSError:
        return True
