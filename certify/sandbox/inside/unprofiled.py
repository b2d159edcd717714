"""Hear of calls into a driver that the interpreter tells no profiler of: DuckDB's.

Its methods are no functions of C as the interpreter knows them, but objects of a binding (nanobind,
pybind11). Each is replaced by a function that tells of the call and makes it.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any

#: The package, and its types whose methods reach the database.
DUCKDB = "duckdb"
_TYPES = ("DuckDBPyConnection", "DuckDBPyRelation")
#: The module's function that opens a database.
_OPENS = "connect"
#: Hears of a call: its name, and the statement that it was given, if it was.
Hears = Callable[[str, str], None]
#: Who hears of the calls; nobody, once they are to be made unheard again.
_heard: list[Hears] = []
_watched: set[str] = set()


def hear(before: Hears, url: str) -> None:
    """Have `before` hear of each call where the connector has the driver, or `url` is its."""
    _heard[:] = [before]
    if url.partition("+")[0].partition(":")[0] == DUCKDB:
        try:
            importlib.import_module(DUCKDB)
        except ImportError:
            return  # the connector says so itself
    if DUCKDB in sys.modules and DUCKDB not in _watched:
        _watched.add(DUCKDB)
        _watch(sys.modules[DUCKDB])


def hear_no_more() -> None:
    """Let the calls be made unheard."""
    _heard.clear()


def _watch(module: Any) -> None:
    opens = getattr(module, _OPENS, None)
    if opens is not None:
        setattr(module, _OPENS, _telling(opens, f"{DUCKDB}.{_OPENS}"))
    for name in _TYPES:
        owner = getattr(module, name, None)
        if not isinstance(owner, type):
            continue
        for method, function in list(vars(owner).items()):
            if callable(function) and not method.startswith("__") and not isinstance(function, type):
                setattr(owner, method, _telling_method(owner, function, f"{DUCKDB}.{method}"))


def _telling(function: Any, name: str) -> Any:
    @functools.wraps(function)
    def tells(*given: Any, **named: Any) -> Any:
        for one in _heard:
            one(name, "")
        return function(*given, **named)

    return tells


def _telling_method(owner: type, function: Any, name: str) -> Any:
    if isinstance(function, staticmethod):
        return function

    @functools.wraps(function)
    def tells(self: Any, *given: Any, **named: Any) -> Any:
        statement = given[0] if given and isinstance(given[0], str) else ""
        for one in _heard:
            one(name, statement)
        return function.__get__(self, owner)(*given, **named)

    return tells
