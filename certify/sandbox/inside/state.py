"""What a process shares with everyone in it: read it twice, and see what an import changed."""

from __future__ import annotations

import locale
import logging
import os
import signal
import socket
import sys
import threading
import time
import warnings
from typing import Any

State = dict[str, Any]

#: What each entry is called when it is told.
NAMES = {
    "cwd": "working directory",
    "umask": "umask",
    "environment": "environment",
    "sys_path": "sys.path",
    "import_hooks": "import hooks (sys.meta_path, sys.path_hooks)",
    "signals": "signal handlers",
    "root_logger": "root logger",
    "warning_filters": "warning filters",
    "hooks": "sys.excepthook, sys.displayhook or threading.excepthook",
    "recursion_limit": "recursion limit",
    "socket_timeout": "default socket timeout",
    "timezone": "time zone",
    "streams": "sys.stdout, sys.stderr or sys.stdin",
    "locale": "locale",
    "switch_interval": "thread switch interval",
}


def read_state() -> State:
    """The shared state now; cheap enough (some 20 µs) to read around every import."""
    umask = os.umask(0o077)
    os.umask(umask)
    root = logging.root
    return {
        "cwd": _cwd(),
        "umask": oct(umask),
        "environment": dict(os.environ),
        "sys_path": list(sys.path),
        "import_hooks": [_name(one) for one in (*sys.meta_path, *sys.path_hooks)],
        "signals": {number: _name(signal.getsignal(number)) for number in _SIGNALS},
        "root_logger": [root.level, [_name(one) for one in root.handlers], root.manager.disable],
        "warning_filters": list(warnings.filters),
        "hooks": [_name(one) for one in (sys.excepthook, sys.displayhook, threading.excepthook)],
        "recursion_limit": sys.getrecursionlimit(),
        "socket_timeout": socket.getdefaulttimeout(),
        "timezone": time.tzname,
        "streams": [id(sys.stdout), id(sys.stderr), id(sys.stdin)],
        "locale": locale.setlocale(locale.LC_ALL),
        "switch_interval": sys.getswitchinterval(),
    }


#: The handlers that programs and their supervisors rely on.
_SIGNALS = [
    getattr(signal, name)
    for name in (
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGTERM",
        "SIGCHLD",
        "SIGALRM",
        "SIGPIPE",
        "SIGUSR1",
        "SIGUSR2",
    )
    if hasattr(signal, name)
]


def changes(before: State, after: State) -> dict[str, str]:
    """What differs, by key, each in a few words."""
    return {key: _told(key, before[key], after[key]) for key in before if before[key] != after[key]}


def _told(key: str, before: Any, after: Any) -> str:
    if key == "environment":
        touched = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        return "sets or removes " + ", ".join(touched[:5])
    if key == "sys_path":
        added = [entry for entry in after if entry not in before]
        return "adds " + ", ".join(map(str, added[:3])) if added else "removes or reorders entries"
    if key == "signals":
        changed = [number for number in after if before[number] != after[number]]
        return "sets " + ", ".join(f"{signal.Signals(number).name} to {after[number]}" for number in changed)
    if key == "root_logger":
        if before[2] != after[2]:
            return f"is disabled up to level {after[2]}"
        return f"level {before[0]} → {after[0]}, {len(before[1])} → {len(after[1])} handlers"
    if key == "warning_filters":
        return f"{len(before)} → {len(after)} filters"
    if key == "streams":
        return "replaces one of them"
    return f"{before} → {after}"


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "(removed)"


def _name(thing: Any) -> str:
    if isinstance(thing, signal.Handlers):
        return thing.name
    return str(getattr(thing, "__qualname__", None) or type(thing).__qualname__)
