"""Run a console script in this fork with messages on its standard input: each line of it is a point."""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

from .command import UNCAUGHT, left, wind_up
from .drive import SEED, find
from .frames import FrameWriter
from .late_imports import LateImports
from .load import end, stay_here
from .places import lies_in
from .points import DriverCalls, Points
from .pour_program import pour_program
from .told import told


def pour(task: dict[str, Any], says: FrameWriter, isolated: bool) -> None:
    """Call the function that the script of `task` calls, and give it the lines, each `[kind, name, text]`.

    `port` is the relay's where the database is reached over the network; it is the only one then.
    """
    os.environ.update(task["environment"])
    lies_in(task["path"])
    random.seed(SEED)
    if not isolated:
        stay_here(task["port"])
    late = LateImports(task, task["sink"])
    points = Points(says, task["ends_at"], task["waits"], task["tells"])
    sys.argv = [task["script"], *task["arguments"]]
    try:
        sys.exit(_call(task, points))
    except SystemExit as error:
        how, said, code = left(error, told)
    except BaseException as error:
        how, said, code = "raised", told(error), UNCAUGHT
        with contextlib.suppress(BaseException):
            sys.excepthook(type(error), error, error.__traceback__)
    if how == "finished":
        late.tell(says.send)
    wind_up()
    sys.setprofile(None)
    end(says, how=how, error=said, code=code)


def _call(task: dict[str, Any], points: Points) -> Any:
    """What the script, or the program, comes to."""
    if task["program"]:
        lines = _before_each(task["lines"], points)
        return pour_program(task["program"], task["arguments"], lines, points)
    _give(task["lines"], points)
    if task["tells"] and task["port"] is None:
        DriverCalls(points, task["target_url"]).install()
    return find(task["sink"])()


def _give(lines: list[list[str]], points: Points) -> None:
    """Make the lines the standard input.

    Who reads it through Python is given one line at a time, with a point before each; to who takes the
    descriptor it is a file, as after `<` in a shell.
    """
    with tempfile.TemporaryFile() as whole:
        whole.write("".join(f"{text}\n" for _, _, text in lines).encode())
        whole.seek(0)
        os.dup2(whole.fileno(), 0)
    _INPUT.lines = _before_each(lines, points)


def _before_each(lines: Iterable[list[str]], points: Points) -> Iterator[bytes]:
    rows = 0
    for kind, name, text in lines:
        rows += kind == "row"
        points.reach(kind, str(rows) if kind == "row" else f"{name} message")
        yield f"{text}\n".encode()
    points.reach("line", "end of its input")


class _OneByOne(io.RawIOBase):
    """A standard input of which no read goes beyond the end of a line."""

    name = "<stdin>"

    def __init__(self) -> None:
        self.lines: Iterator[bytes] = iter(())
        self._left = b""

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 0

    def isatty(self) -> bool:
        return False

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = next(self.lines, b"")
        piece = self._left[: len(buffer)]
        buffer[: len(piece)] = piece
        self._left = self._left[len(piece) :]
        return len(piece)


_INPUT = _OneByOne()


def open_input() -> None:
    """Put the input that forks are given in its place, before an import takes hold of `sys.stdin`."""
    sys.stdin = sys.__stdin__ = io.TextIOWrapper(io.BufferedReader(_INPUT), encoding="utf-8")  # type: ignore[misc]
