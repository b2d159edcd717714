"""A virtual clock: a wait takes no time, moves the clock, and is noted.

Time stands still while anything can still happen by itself, and jumps to the next moment somebody waits for
when nothing can. So four sleeps of 15 s beside each other are 15 s and not 60, and a timeout strikes only
when the answer will never come, on however busy a machine. `stillness` tells the one from the other.
"""

from __future__ import annotations

import datetime
import math
import mmap
import struct
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from .places import here
from .stillness import Seen, Stillness, real_monotonic

_OFFSET = struct.Struct("<d")
#: Bytes of the page that is shared with certify: the offset, as a double.
PAGE = 4096
#: Real seconds of one look at what is waited for; it ends sooner when that comes.
_SHORTEST_NAP, _LONGEST_NAP = 0.001, 0.02
#: Real seconds after which a thread that waits for a lock, within its wait, holds up nobody.
_STUCK = 0.25
#: Real seconds of stillness before a wait without end counts as one: what waits in C is not seen.
_GRACE = 0.5
#: Waits told one by one; of later ones only those that are longer than all before.
_TOLD_WAITS = 10_000
#: Seconds told of a wait without end.
_LONGEST_TOLD = 1e12


#: The monotonic clock starts at a multiple of so many seconds: the same one in every run, or a wait until a
#: moment on it would not be the same each time.
_EPOCH = 1e6


class _Waiter:
    """One thread that waits: for what, from when until when, and how often it has looked in vain."""

    def __init__(self, kind: str, began: float, seconds: float) -> None:
        self.thread = threading.get_native_id()
        self.kind = kind
        self.began = began
        self.seconds = seconds
        self.wake = began + seconds
        self.looks = 0
        self.real_end = real_monotonic() + seconds

    def comes_before(self, other: _Waiter) -> bool:
        return (self.wake, self.thread) < (other.wake, other.thread)


class _Mark:
    """Everything as it stood when nothing moved, and since when."""

    def __init__(self, moves: int, seen: Seen, looks: dict[int, int]) -> None:
        self.moves = moves
        self.seen = seen
        self.looks = looks
        self.since = real_monotonic()
        #: What those threads were doing that had not looked since, and from when on.
        self.stuck: tuple[Seen, float] | None = None

    @property
    def age(self) -> float:
        return real_monotonic() - self.since


class VirtualClock:
    """Stands in for the clocks of this process. `offset` is in seconds since `start`, a POSIX time.

    The offset lives in a page that is shared with certify and with whatever the connector forks.
    `exhausted` is called, and must not return, when more than `budget` seconds were waited.
    """

    def __init__(
        self, start: float, page: str, budget: float, told: Callable[..., None], exhausted: Callable[[], None]
    ) -> None:
        self.start = start
        self.budget = budget
        self.stillness = Stillness()
        self._told = told
        self._exhausted = exhausted
        self._lock = threading.Lock()
        self._waiters: dict[int, _Waiter] = {}
        self._moves = 0
        self._mark: _Mark | None = None
        self._base = _EPOCH * math.ceil(real_monotonic() / _EPOCH)
        self._waits = 0
        self._longest = 0.0
        self._last = 0.0
        with open(page, "r+b") as file:
            self._page = mmap.mmap(file.fileno(), PAGE)
        self._travel: Any = None

    @property
    def offset(self) -> float:
        """Virtual seconds since the start; where nonsense lies in the page, the last that could be."""
        said = float(_OFFSET.unpack_from(self._page)[0])
        if 0.0 <= said <= self.budget + 1.0:
            self._last = said
        return self._last

    def now(self) -> float:
        """Virtual POSIX time."""
        return self.start + self.offset

    def monotonic(self) -> float:
        """The virtual monotonic clock."""
        return self._base + self.offset

    def install(self) -> str:
        """Begin; returns what the calendar is held by: `time-machine`, or what there is in its place."""
        from . import dates, waits

        waits.clock = self
        time_machine = traveller()
        if time_machine is None:
            return "datetime" if dates.follow(self.now) else "time"
        moment = datetime.datetime.fromtimestamp(self.start, datetime.timezone.utc)  # noqa: UP017  3.10
        self._travel = time_machine.travel(moment, tick=False).start()
        return "time-machine"

    def sleep(self, seconds: float) -> None:
        """Wait `seconds`, in no time."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if seconds == 0:
            _sleep(0)
            return
        self.wait(seconds, "sleep", _nap)

    def wait(self, seconds: float | None, kind: str, attempt: Callable[[float], Any]) -> Any:
        """Wait until `attempt`, given real seconds to spend, returns something true; for `seconds` at most.

        None waits for ever. What is noted are the waits that came to nothing.
        """
        if got := attempt(0):
            return got
        waiter = _Waiter(kind, self.offset, math.inf if seconds is None else seconds)
        self._register(waiter)
        try:
            got = self._until(waiter, attempt)
        finally:
            self._unregister(waiter)
        if got:
            self.stillness.heard()
        else:
            self._tell(kind, waiter.began, waiter.seconds)
        return got

    def _register(self, waiter: _Waiter) -> None:
        with self._lock:
            self._moves += 1
            self._waiters[waiter.thread] = waiter

    def _unregister(self, waiter: _Waiter) -> None:
        with self._lock:
            self._moves += 1
            self._waiters.pop(waiter.thread, None)

    def _until(self, waiter: _Waiter, attempt: Callable[[float], Any]) -> Any:
        nap = _SHORTEST_NAP
        while self.offset < waiter.wake:
            passes = self._may_pass(waiter) or real_monotonic() >= waiter.real_end
            # What came before everything stood still is here by now.
            if got := attempt(0 if passes else nap):
                return got
            waiter.looks += 1
            if passes:
                self._pass(waiter)
            nap = min(nap * 1.5, _LONGEST_NAP)
        return attempt(0)

    def _may_pass(self, waiter: _Waiter) -> bool:
        """Whether this is the next one to wake, and nothing can happen before."""
        with self._lock:
            waiters, moves = dict(self._waiters), self._moves
        others = [one for one in waiters.values() if one is not waiter]
        if any(one.comes_before(waiter) for one in others):
            return False
        seen = self.stillness.look(waiters)
        mark = self._mark
        if seen is None or mark is None or mark.moves != moves or mark.seen != seen:
            # The wire first: what it has not answered yet would still come after a look in vain.
            still = seen is not None and self.stillness.wire_is_still()
            looks = {thread: one.looks for thread, one in waiters.items()}
            mark = self._mark = _Mark(moves, seen, looks) if still and seen is not None else None
        if mark is None:
            return False
        if waiter.wake == math.inf and mark.age < _GRACE:
            return False
        return mark.age >= self.stillness.least_age(seen or ()) and self._all_looked(mark, others)

    def _all_looked(self, mark: _Mark, others: list[_Waiter]) -> bool:
        """Whether each has begun and ended a look since the mark; the one under way then does not count."""
        behind = [one.thread for one in others if one.looks < mark.looks[one.thread] + 2]
        return not behind or (mark.age > _STUCK and self._all_stuck(mark, behind))

    def _all_stuck(self, mark: _Mark, threads: list[int]) -> bool:
        """Whether each of these stands still too, for as long as it takes to tell."""
        asleep = self.stillness.asleep(threads)
        if asleep is None or mark.stuck is None or mark.stuck[0] != asleep:
            mark.stuck = (asleep, real_monotonic()) if asleep is not None else None
            return False
        return real_monotonic() - mark.stuck[1] >= self.stillness.least_age(asleep)

    def _pass(self, waiter: _Waiter) -> None:
        """Let the time pass until a waiter's moment; ends the run when that is beyond the budget."""
        with self._lock:
            moment = min(waiter.wake, self.budget + 1.0)
            moved = moment - self.offset
            if moved > 0:
                self._moves += 1
                if self._travel is not None:
                    self._travel.shift(moved)
                _OFFSET.pack_into(self._page, 0, moment)
        if waiter.wake > self.budget:
            self._tell(waiter.kind, waiter.began, min(waiter.seconds, _LONGEST_TOLD))
            self._exhausted()

    def _tell(self, kind: str, at: float, seconds: float) -> None:
        with self._lock:
            self._waits += 1
            if self._waits > _TOLD_WAITS and seconds <= self._longest:
                return
            self._longest = max(self._longest, seconds)
        self._told(wait={"kind": kind, "at": at, "seconds": seconds, "places": here()})


@cache
def traveller() -> Any:
    """The module time-machine; None where there is none. It is looked for once, before the forks."""
    # For a fixture that nobody here asks for it imports all of pytest: 0.1 s, and more to fork. None says
    # that there is no such module.
    kept = sys.modules.get("pytest")
    sys.modules["pytest"] = None  # type: ignore[assignment]
    try:
        import time_machine
    except ImportError:
        return None
    finally:
        if kept is not None:
            sys.modules["pytest"] = kept
        else:
            del sys.modules["pytest"]
    return time_machine


_sleep = time.sleep


def _nap(seconds: float) -> bool:
    """A sleeper's look at what it waits for, which is nothing."""
    if seconds:
        _sleep(seconds)
    return False
