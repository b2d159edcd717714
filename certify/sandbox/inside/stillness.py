"""Tell whether anything can still happen by itself, so that only the passing of time is left.

Nothing can when every thread is blocked, no process that was started is running, and the wire has answered
all that was sent to it. On Linux that is seen, not guessed: a blocked thread's state is S and its count of
context switches stands, and the wire says whether it has anything left. Elsewhere a moment
of quiet has to do.
Sources: proc(5), waitid(2).
"""

from __future__ import annotations

import _socket
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Collection, Iterable

#: What each other thread was doing: its state and how often it was switched to and from.
Seen = tuple[tuple[int, bytes], ...]

_LINUX = sys.platform.startswith("linux")
#: Real seconds of quiet where nothing can be looked at; 5 ms was too short on a busy machine.
_QUIET = 0.02
#: Real seconds after which a wire that is still at work is not waited for: it has broken down.
_PATIENCE = 3.0
#: The first byte of a connection that asks the wire whether it is still, and of each question.
QUESTION = b"\0"
STILL = b"1"


def real_monotonic() -> float:
    """Real seconds: this one is never replaced."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class Stillness:
    """Looks at this process, its children and the wire."""

    def __init__(self) -> None:
        self._port: int | None = None
        self._ask: _socket.socket | None = None
        self._asked_as: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._busy_since: float | None = None
        self._asked_at = 0.0

    def watch_wire(self, port: int) -> None:
        """From here on there is a wire, on this port."""
        self._port = port

    @staticmethod
    def least_age(seen: Seen) -> float:
        """How long everything that was seen has to stand still, in real seconds, before it counts.

        A thread that is about to run and waits for the interpreter's lock looks blocked for up to one
        interval of it (CPython's take_gil); after that it has moved. Two of them: on a machine with more
        to do than processors, one was once not enough.
        """
        if not _LINUX:
            return 0.0 if threading.active_count() == 1 else _QUIET
        return min(_QUIET, 2.4 * sys.getswitchinterval()) if seen else 0.0

    def look(self, waiting: Collection[int]) -> Seen | None:
        """What all threads do but this one and those `waiting`; None when one of them, or a child, runs."""
        if _has_children() or signal.getitimer(signal.ITIMER_REAL)[0]:
            return None
        if not _LINUX:
            return ()
        mine = threading.get_native_id()
        seen = []
        for name in _threads():
            thread = int(name)
            if thread == mine or thread in waiting:
                continue
            doing = _doing(thread)
            if doing is not None:
                if not doing.startswith(b"S"):
                    return None
                seen.append((thread, doing))
        return tuple(seen)

    def asleep(self, threads: Iterable[int]) -> Seen | None:
        """What these do when each of them is blocked; None when one runs."""
        doing = tuple((one, _doing(one) or b"S") for one in threads) if _LINUX else ()
        return doing if all(one.startswith(b"S") for _, one in doing) else None

    def wire_is_still(self) -> bool:
        """Whether the wire has answered everything that was sent until now; true when it cannot be asked."""
        if self._port is None:
            return True
        with self._lock:
            try:
                still = self._question() == STILL
            except OSError:
                self._ask = None
                return True
        if still:
            self._busy_since = None
            return True
        now = real_monotonic()
        if self._busy_since is None or now - self._asked_at > _PATIENCE / 2:
            self._busy_since = now  # what it was busy with long ago is another matter
        self._asked_at = now
        return now - self._busy_since > _PATIENCE

    def heard(self) -> None:
        """What was waited for has come: the wire works, however long it was busy with many pages."""
        self._busy_since = None

    def _question(self) -> bytes:
        """Ask on a connection of this process's own; closed by the connector, it may be another file."""
        if self._ask is None or self._asked_as != _who(self._ask):
            # The class below the one that `network` changes.
            if self._ask is not None:
                self._ask.detach()
            self._ask = _socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._ask.connect(("127.0.0.1", self._port))
            self._ask.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._asked_as = _who(self._ask)
        self._ask.send(QUESTION)
        poll = select.poll()
        poll.register(self._ask, select.POLLIN)
        if not poll.poll(_PATIENCE * 1000):
            raise OSError("the wire does not answer")
        return self._ask.recv(1)


def _who(connection: _socket.socket) -> tuple[int, int]:
    try:
        return os.getpid(), os.fstat(connection.fileno()).st_ino
    except OSError:
        return 0, 0


def _threads() -> list[str]:
    try:
        return os.listdir("/proc/self/task")
    except OSError:
        return []


def _doing(thread: int) -> bytes | None:
    """A thread's state, and its context switches; None when it has ended."""
    try:
        with open(f"/proc/self/task/{thread}/status", "rb", buffering=0) as file:
            lines = file.read(4096).splitlines()
    except OSError:
        return None
    state = next((line[6:].strip()[:1] for line in lines if line.startswith(b"State:")), b"?")
    return state + b"".join(line for line in lines if b"ctxt_switches" in line)


def _has_children() -> bool:
    """Whether a child of this process runs; one that has ended and waits to be reaped does not."""
    if not hasattr(os, "waitid"):
        return False
    try:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return ended is None or _some_child_runs()


def _some_child_runs() -> bool:
    parent = str(os.getpid()).encode()
    for name in os.listdir("/proc") if _LINUX else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb", buffering=0) as file:
                    state, its_parent = file.read(4096).rpartition(b")")[2].split()[:2]
            except OSError:
                continue
            if its_parent == parent and state not in b"ZX":
                return True
    return False
