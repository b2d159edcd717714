"""Perform operations on a state back end in this fork, one after the other, and tell what each gave."""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Mapping
from typing import Any

from .calls import DriverCalls
from .drive import SEED, find
from .frames import FrameWriter
from .late_imports import LateImports
from .load import stay_here
from .places import here, lies_in
from .told import told


def keep(task: dict[str, Any], says: FrameWriter, isolated: bool) -> None:
    """Perform the `program` of `task`: `["make"]`, `["read", key]`, `["write", key, value, kill]`.

    `kill` is the number of the driver call before which this process ends itself, -1 for after the write,
    None for never.
    """
    os.environ.update(task["environment"])
    lies_in(task["path"])
    random.seed(SEED)
    if not isolated:
        stay_here(task["port"])
    late = LateImports(task, task["state"])
    keeps = _Keeper(task, says)
    for number, (what, *arguments) in enumerate(task["program"]):
        try:
            gave = getattr(keeps, what)(*arguments)
        except BaseException as error:
            says.send(did=number, raised=told(error))
        else:
            says.send(did=number, gave=gave)
    late.tell(says.send)


class _Keeper:
    """The back end of a program: made by its first operation, and again by each `make`."""

    def __init__(self, task: dict[str, Any], says: FrameWriter) -> None:
        self._task = task
        self._says = says
        self._state: Any = None

    def make(self) -> dict[str, Any]:
        self._state = find(self._task["state"])(self._task["config"], url=self._task["url"])
        return {name: _line_of(self._state, name) for name in ("read_state", "write_state")}

    def read(self, key: str) -> dict[str, Any]:
        return _in_json(self._state.read_state(key))

    def write(self, key: str, value: Any, kill: int | None) -> int:
        """The driver calls that it took."""

        def before(number: int, name: str) -> None:
            if number == kill:
                self._end(f"before {name}")

        with DriverCalls(before, self._task["url"]) as calls:
            self._state.write_state(key, value)
        if kill == -1:
            self._end("after the write")
        return calls.count

    def _end(self, where: str) -> None:
        self._says.send(killed=where, places=here())
        os.kill(os.getpid(), signal.SIGKILL)


def _line_of(state: Any, method: str) -> list[Any]:
    """File and line of a method, where it is written in Python."""
    code = getattr(getattr(type(state), method, None), "__code__", None)
    return [code.co_filename, code.co_firstlineno] if code is not None else []


def _in_json(value: Any) -> dict[str, Any]:
    """The value as JSON where JSON gives it back, else what it looks like."""
    plain = dict(value) if isinstance(value, Mapping) else value
    try:
        text = json.dumps(plain)
        if json.loads(text) == plain:
            return {"json": text}
    except (TypeError, ValueError, RecursionError):
        pass
    return {"shown": f"{type(value).__name__}: {value!r}"[:500]}
