"""The points of a load: before each row, and before each call into the driver of a database.

At each, the process goes on, waits until certify has looked at the target, or ends as by a power cut.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from types import FrameType, ModuleType
from typing import Any

from .frames import FrameWriter
from .unprofiled import hear

#: Modules of drivers whose functions are called in C: the first part of what a type or module is named.
DRIVERS = frozenset(
    {
        *("sqlite3", "_sqlite3", "pysqlite3", "apsw", "psycopg2", "psycopg_binary"),
        *("psycopg_c", "MySQLdb", "pyodbc", "oracledb", "pymssql", "asyncpg"),
    }
)
#: Words of a statement that are told, and where they are cut: never its values.
_WORDS, _LONGEST = 4, 60


class Points:
    """Counts the points of this process, and stops at them as it was told.

    `ends_at` is the number of the point at which the process is killed; `waits` whether certify is waited
    for at each; `tells` whether anybody wants to hear of them.
    """

    def __init__(self, says: FrameWriter, ends_at: int | None, waits: bool, tells: bool = True) -> None:
        self._says = says
        self._tells = tells
        self._ends_at = ends_at
        self._waits = waits
        self._count = 0
        self._lock = threading.Lock()
        self._process = os.getpid()
        #: Called before this process is killed.
        self.before_end: Callable[[], None] = _nothing

    def reach(self, kind: str, words: str) -> None:
        """Be at the next point; in a process that the connector forked there is none."""
        if not self._tells or os.getpid() != self._process:
            return
        with self._lock:
            number = self._count
            self._count += 1
        if number == self._ends_at:
            self.before_end()
            os.kill(self._process, signal.SIGKILL)
        if self._waits:
            self._says.ask(point=[number, kind, words], waits=True)
        else:
            self._says.send(point=[number, kind, words])

    def name(self, words: str) -> None:
        """Say of the last point what is done there, which is known only now."""
        if os.getpid() == self._process:
            self._says.send(does=words)

    def before_each(self, rows: Iterable[Any], fails_after: int | None) -> Iterator[Any]:
        """The rows, with a point before each and one after the last; `fails_after` so many it raises."""
        for number, row in enumerate(rows):
            if number == fails_after:
                raise ConnectionError("certify: the source broke off here")
            self.reach("row", str(number + 1))
            yield row
        self.reach("end", "")


class DriverCalls:
    """Makes each call into a database's driver a point, and each statement that SQLite runs on its own.

    `url` is the target's: its driver may be imported no sooner than in the load.
    """

    def __init__(self, points: Points, url: str) -> None:
        self._points = points
        self._url = url
        self._traced: set[int] = set()
        #: Per thread: whether the call that was reached last has shown its first statement.
        self._here = threading.local()

    def install(self) -> None:
        """Watch this thread and those that are started later."""
        hear(self._unprofiled, self._url)
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    def _profile(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call":
            return
        owner = getattr(called, "__self__", None)
        driver = module_of(owner)
        if driver not in DRIVERS or (isinstance(owner, ModuleType) and called.__name__ != "connect"):
            return  # a driver's own functions set it up, and reach no database
        self._here.named = False
        self._points.reach("call", f"{driver.lstrip('_')}.{getattr(called, '__name__', '?')}")
        if driver == "sqlite3":
            self._trace(owner)

    def _unprofiled(self, name: str, sql: str) -> None:
        self._points.reach("call", f"{name}: {_words_of(sql)}" if sql else name)

    def _trace(self, owner: Any) -> None:
        """Hear of the statements of a SQLite connection: a `with` block commits without any call."""
        import sqlite3

        connection = owner if isinstance(owner, sqlite3.Connection) else getattr(owner, "connection", None)
        if id(connection) in self._traced or not isinstance(connection, sqlite3.Connection):
            return
        with contextlib.suppress(sqlite3.Error):  # it is closed, or another thread's
            sqlite3.Connection.set_trace_callback(connection, self._statement)
            self._traced.add(id(connection))

    def _statement(self, sql: str) -> None:
        if sql.startswith("--"):
            return  # a trigger's
        words = _words_of(sql)
        if getattr(self._here, "named", True):
            self._points.reach("statement", words)
        else:
            self._here.named = True
            self._points.name(words)


def _nothing() -> None:
    """There is nothing else to end."""


def _words_of(sql: str) -> str:
    return " ".join(sql[:500].partition("(")[0].split()[:_WORDS])[:_LONGEST]


def module_of(owner: Any) -> str:
    """The first part of the name of the module that a function belongs to, or its object's type."""
    name = owner.__name__ if isinstance(owner, ModuleType) else getattr(type(owner), "__module__", "")
    return name.partition(".")[0] if isinstance(name, str) else ""
