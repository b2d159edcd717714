"""Import a connector once, so that each of its runs is a fork that has it already."""

from __future__ import annotations

import contextlib
import importlib
import socket
import sys
import threading
import traceback
from typing import Any

from . import command, dates, drive, keep, load, pour  # noqa: F401  with the real functions, and for all forks
from .clock import traveller
from .waits import turn_to_virtual

#: What a run needs before it turns the clock.
_HELPERS = ("logging", "json", "traceback", "asyncio", "ssl", "selectors", "encodings.idna", "ctypes")
#: What libraries import at the first request only: for httpx 40 ms in each run, and 80 in an event loop.
_AT_FIRST_USE = {"httpx": ("httpcore", "anyio._backends._asyncio")}


def warm(plan: dict[str, Any]) -> tuple[socket.socket, dict[str, Any]]:
    """Import `modules` with `path` in front: the wire's listening socket, and how it went.

    A `script` that is named without them is looked up among what is installed; `entry` is what it calls.
    `is_piped`: its runs will be given their standard input. `threads` counts what the import left running: a
    process with threads is not safe to fork. `calendar` is what will hold that of its runs.
    """
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    told: dict[str, Any] = {"port": listener.getsockname()[1], "threads": 0, "error": None, "entry": ""}
    sys.path[:0] = plan["path"]
    try:
        for name in _HELPERS:
            importlib.import_module(name)
    except ImportError:
        pass
    traveller()
    if plan.get("is_piped"):
        pour.open_input()
    try:
        if plan.get("script"):
            told["entry"] = entry_of(plan["script"])
        for name in plan["modules"] or filter(None, [told["entry"].partition(":")[0]]):
            importlib.import_module(name)
    except BaseException as error:
        told["error"] = "".join(traceback.format_exception_only(error)).strip()[-2000:]
    for library, parts in _AT_FIRST_USE.items():
        if library in sys.modules:
            with contextlib.suppress(ImportError):
                for name in parts:
                    importlib.import_module(name)
    turn_to_virtual()
    told["threads"] = threading.active_count() - 1
    told["calendar"] = _calendar()
    return listener, told


def _calendar() -> str:
    """What the clock of a run will hold the calendar by, in its own words."""
    if traveller() is None:
        return "datetime" if sys.implementation.name == "cpython" else "time"
    return "time-machine"


def entry_of(script: str) -> str:
    """The `module:function` that an installed console script calls; LookupError where there is none."""
    from importlib import metadata

    for found in metadata.entry_points(group="console_scripts", name=script):
        return f"{found.module}:{found.attr}"
    raise LookupError(f"{sys.executable} has no console script {script!r}")
