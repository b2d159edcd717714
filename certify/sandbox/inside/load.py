"""Load rows into a sink in this fork, as its platform would, and stop where certify says."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import sys
from collections.abc import Callable
from typing import Any

from .drive import SEED, find
from .frames import FrameWriter
from .late_imports import LateImports
from .places import lies_in
from .points import DriverCalls, Points
from .teller import LogHandler
from .told import START, told
from .typed import from_json

#: Lines of log that are told of one load.
_TOLD_LINES = 500


def load(task: dict[str, Any], says: FrameWriter, isolated: bool) -> None:
    """Make the sink of `task` and give it the rows; its points are told as they are reached.

    `port` is the relay's where the database is reached over the network; it is the only one then. `then` is
    the state that is written once the load has returned.
    """
    os.environ.update(task["environment"])
    lies_in(task["path"])
    random.seed(SEED)
    if not isolated:
        stay_here(task["port"])
    cut: list[str] = []

    def keep(name: str, text: str, part: slice) -> str:
        if len(text[part]) < len(text):
            cut.append(name)
        return text[part]

    _hear_log(says, keep)
    late = LateImports(task, task["sink"])
    points = Points(says, task["ends_at"], task["waits"], task["tells"])
    rows = points.before_each(map(from_json, task["rows"]), task["fails_after"])
    try:
        if task["tells"] and task["port"] is None:
            # Every call of Python's costs more from here on.
            DriverCalls(points, task["target_url"]).install()
        sink = find(task["sink"])(
            task["config"],
            target_url=task["target_url"],
            table=task["table"],
            strategy=task["strategy"],
            primary_key=task["primary_key"],
        )
        returned = sink.load_rows(rows)
        if task["then"] is not None:
            _write_state(task, points)
    except BaseException as error:
        end(says, how="raised", error=told(error, keep), is_cut=bool(cut))
    else:
        sys.setprofile(None)
        late.tell(says.send)
        shown = returned if isinstance(returned, int) else keep("returned", repr(returned), START)
        end(says, how="finished", returned=shown, is_cut=bool(cut))


def _hear_log(says: FrameWriter, keep: Callable[[str, str, slice], str]) -> None:
    """Tell what a production run would log, up to so many lines; and whether there were more.

    `keep` is given the name of a text, the text, and what of it is told.
    """
    lines = iter(range(_TOLD_LINES + 1))

    def tell(level: str, text: str) -> None:
        number = next(lines, None)
        if number is not None:
            says.send(log=keep("log", text, START) if number < _TOLD_LINES else None)

    LogHandler(tell).install()


def _write_state(task: dict[str, Any], points: Points) -> None:
    """What a platform does once a load has returned, and not before: that is the commit of a state."""
    then = task["then"]
    points.reach("returned", "")
    state = find(then["state"])(task["config"], url=task["target_url"])
    state.write_state(then["key"], then["value"])
    points.reach("written", "")


def end(says: FrameWriter, **last: Any) -> None:
    """The last word, after all that was printed."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()
    says.send(ended=last)


def stay_here(port: int | None) -> None:
    """Where there is no namespace: refuse every connection but those to the relay."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            address = arguments[1]
            if not isinstance(address, tuple) or address[:2] != ("127.0.0.1", port):
                raise OSError(errno.ENETUNREACH, "certify: only the target's database can be reached")

    sys.addaudithook(refuse)
