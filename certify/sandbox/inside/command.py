"""Run a console script in this fork as a shell would: its arguments, its standard output, its exit code."""

from __future__ import annotations

import atexit
import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from .drive import code_of, find, instrumented
from .frames import FrameWriter
from .late_imports import LateImports
from .pace import peak_kib

#: What an interpreter ends with after an error that nobody caught.
UNCAUGHT = 1
#: What a shell adds to the number of the signal that ended a program.
_BY_SIGNAL = 128


def command(task: dict[str, Any], says: FrameWriter, isolated: bool) -> None:
    """Call what the script calls, or start the program; certify reads descriptor 1 as it comes."""
    tells = instrumented(task, says, isolated)
    late = LateImports(task, task["source"])
    floor, cpu = peak_kib(), time.process_time()
    sys.argv = [task["script"], *task["arguments"]]
    try:
        sys.exit(_call(task))  # a console script exits with what its function returns
    except SystemExit as error:
        end = left(error, tells.error)
    except BaseException as error:
        end = "raised", tells.error(error), UNCAUGHT
        with contextlib.suppress(BaseException):
            sys.excepthook(type(error), error, error.__traceback__)  # SDKs say their last word there
    if end[0] == "finished":
        late.tell(tells.say)
    wind_up()
    if task["measured"]:
        tells.say(pace={"cpu_seconds": time.process_time() - cpu, "floor_kib": floor})
    tells.end(*end)


def _call(task: dict[str, Any]) -> Any:
    """What the command comes to. A program that is no script of Python has the wire as its proxy."""
    if not task["program"]:
        return find(task["source"])()
    ended = subprocess.run([task["program"], *task["arguments"]], stdin=subprocess.DEVNULL, check=False)
    return by_signal(ended.returncode)


def by_signal(code: int) -> int:
    """The exit code of a program as a shell has it."""
    return code if code >= 0 else _BY_SIGNAL - code


def left(
    error: SystemExit, tell: Callable[[BaseException], dict[str, Any]]
) -> tuple[str, dict[str, Any] | None, int | None]:
    """How it ended by sys.exit; a text is printed, as the interpreter does."""
    code = code_of(error)
    if code == 0:
        return "finished", None, 0
    if not isinstance(error.code, int):
        print(error.code, file=sys.stderr)
    return "exit", tell(error), code


def wind_up() -> None:
    """What an interpreter does at its end: wait for the threads, and do what was left for then."""
    for last in (getattr(threading, "_shutdown", None), getattr(atexit, "_run_exitfuncs", None)):
        if last is not None:
            with contextlib.suppress(BaseException):
                last()
