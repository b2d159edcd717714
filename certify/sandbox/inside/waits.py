"""Put the functions that tell the time and wait under the virtual clock; they stay real until there is one.

What waits in C without end or a timeout (`Lock.acquire`, `SimpleQueue.get`, `poll` objects, C sleeps) stays
real: the sandbox's own limit bounds it.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing.connection
import select
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .clock import VirtualClock

#: The clock that holds the time of this process; None while time is real.
clock: VirtualClock | None = None

#: Modules that wait for other processes, whose time is real.
_REAL = frozenset({"subprocess", "selectors"})

_time, _time_ns, _sleep, _monotonic = time.time, time.time_ns, time.sleep, time.monotonic
_select = select.select


def turn_to_virtual() -> None:
    """Replace them all, wherever they are bound.

    Done once, before the forks: to look through every module takes longer than a whole run. Modules that
    are imported later find the new functions in `time`.
    """
    _rebind(
        {
            time.sleep: lambda seconds: clock.sleep(seconds) if clock else _sleep(seconds),
            time.time: lambda: clock.now() if clock else _time(),
            time.time_ns: lambda: int(clock.now() * 1e9) if clock else _time_ns(),
            time.monotonic: _virtual_monotonic,
            time.perf_counter: _virtual_monotonic,
            time.monotonic_ns: lambda: int(_virtual_monotonic() * 1e9),
            time.perf_counter_ns: lambda: int(_virtual_monotonic() * 1e9),
            select.select: _virtual_select,
        }
    )
    setattr(subprocess, "time", SimpleNamespace(sleep=_sleep))  # noqa: B010  where it looks for a program's end
    setattr(asyncio.BaseEventLoop, "time", lambda loop: _virtual_monotonic())  # noqa: B010  a method to mypy
    _wait_for_connections()
    _wait_virtually(threading.Condition, "wait", "condition")
    _wait_virtually(threading.Thread, "join", "join", done=lambda thread: not thread.is_alive())
    for kind in {selectors.DefaultSelector, selectors.PollSelector, selectors.SelectSelector}:
        _wait_virtually(kind, "select", "event loop", or_for_ever=True)


def _virtual_monotonic() -> float:
    return clock.monotonic() if clock else _monotonic()


def _wait_virtually(
    owner: type, name: str, kind: str, done: Callable[[Any], bool] | None = None, or_for_ever: bool = False
) -> None:
    """Replace a method whose one argument is a timeout; it is looked at again and again for a real moment."""
    real = getattr(owner, name)

    def method(self: Any, timeout: float | None = None) -> Any:
        if clock is None or (timeout is None and not or_for_ever) or (timeout is not None and timeout <= 0):
            return real(self, timeout)
        if done is None:
            return clock.wait(timeout, kind, lambda seconds: real(self, seconds))
        clock.wait(timeout, kind, lambda seconds: real(self, seconds) or done(self))
        return None

    setattr(owner, name, method)


def _wait_for_connections() -> None:
    """Have `multiprocessing` wait here: it asks until the clock is past a moment, not at it."""
    real = multiprocessing.connection.wait

    def wait(objects: Any, timeout: float | None = None) -> Any:
        if clock is None or timeout is None:
            return real(objects, timeout)

        def look(seconds: float) -> Any:
            if seconds:
                _sleep(seconds)
            return real(objects, -1)

        return look(0) if timeout <= 0 else clock.wait(timeout, "connection", look) or []

    setattr(multiprocessing.connection, "wait", wait)  # noqa: B010  a function to mypy


def _virtual_select(read: Any, write: Any, trouble: Any, timeout: float | None = None) -> Any:
    if clock is None or (timeout is not None and timeout <= 0):
        return _select(read, write, trouble, timeout)

    def look(seconds: float) -> Any:
        found = _select(read, write, trouble, seconds)
        return found if any(found) else None

    return clock.wait(timeout, "select", look) or ([], [], [])


def _rebind(swaps: dict[Any, Any]) -> None:
    """Replace functions wherever they are bound: `from time import sleep` is as good as `time.sleep`."""
    for name, module in list(sys.modules.items()):
        top = name.partition(".")[0]
        if top in _REAL or top == "_certify_inside":
            continue
        with contextlib.suppress(Exception):
            space = vars(module)
            for key, value in list(space.items()):
                if callable(value) and type(value).__name__ == "builtin_function_or_method":
                    new = swaps.get(value)
                    if new is not None:
                        space[key] = staticmethod(new)  # in a class, what is built in is no method either
