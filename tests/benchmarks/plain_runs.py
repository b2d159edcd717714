"""Run a console script, as its users do, in forks of a process that has imported it; tell what each run took.

It runs in the connector's interpreter, of which nothing else is asked. Every name leads to a server of this
machine, a sleep takes no time, and the server's authority is trusted; all else is as it always is. Each line
of standard input is one run: its arguments, its environment, the file of authorities, what to import before,
and how many of its connections are never accepted.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import operator
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn

#: Real seconds of a run, on a machine that is busy: one that waits for ever takes no more of the processor.
PATIENCE = 3.0


def main(entry: str, port: str) -> None:
    """Import `module:function`, tell the seconds of the processor that it took, and serve."""
    module, _, name = entry.partition(":")
    function = operator.attrgetter(name)(importlib.import_module(module))
    print(json.dumps(time.process_time()), flush=True)
    found = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", int(port)))]
    setattr(socket, "getaddrinfo", lambda *_, **__: found)  # noqa: B010  a function to mypy
    setattr(time, "sleep", lambda _: None)  # noqa: B010  a function to mypy
    for line in sys.stdin:
        task = json.loads(line)
        for late in task["import_first"]:
            importlib.import_module(late)
        gc.collect()
        gc.freeze()
        print(json.dumps(run(function, task)), flush=True)


def run(function: Callable[[], Any], task: dict[str, Any]) -> float:
    """Seconds of the processor that one run takes."""
    child = os.fork()
    if child == 0:
        _become(function, task)
    ends = select.poll()
    ends.register(os.pidfd_open(child), select.POLLIN)
    if not ends.poll(PATIENCE * 1000):
        os.kill(child, signal.SIGKILL)
    _, _, used = os.wait4(child, 0)
    return used.ru_utime + used.ru_stime


def _become(function: Callable[[], Any], task: dict[str, Any]) -> NoReturn:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.environ.update(task["environment"])
    _trust(task["authorities"])
    _leave_unanswered(task["unanswered"])
    sys.argv = ["connector", *task["arguments"]]
    try:
        function()
    except SystemExit:
        pass
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    getattr(threading, "_shutdown")()  # noqa: B009  an interpreter's end, which mypy does not know
    getattr(atexit, "_run_exitfuncs")()  # noqa: B009
    os._exit(0)


def _trust(authorities: str) -> None:
    """Have what is usually trusted read from this file."""
    os.environ.update(REQUESTS_CA_BUNDLE=authorities, SSL_CERT_FILE=authorities)
    for name in ("requests.adapters", "requests.utils"):
        if name in sys.modules:
            setattr(sys.modules[name], "DEFAULT_CA_BUNDLE_PATH", authorities)  # noqa: B010


def _leave_unanswered(times: int) -> None:
    left, real = [times], socket.socket.connect

    def connect(stream: socket.socket, address: Any) -> None:
        if left[0] > 0:
            left[0] -= 1
            raise TimeoutError("timed out")
        real(stream, address)

    setattr(socket.socket, "connect", connect)  # noqa: B010  a method to mypy


if __name__ == "__main__":
    main(*sys.argv[1:])
