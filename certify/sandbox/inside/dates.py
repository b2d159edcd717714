"""Have the calendar follow a clock, in an interpreter that lacks time-machine.

`datetime.now` is a member of a type that nobody may change, but for whoever holds the type's own dictionary.
A function that was given another name before (`converter = time.gmtime`, `from time import gmtime`) stays
real.
"""

from __future__ import annotations

import datetime
import gc
import time
from collections.abc import Callable
from typing import Any

_UTC = datetime.timezone.utc  # noqa: UP017  3.10


def follow(now: Callable[[], float]) -> bool:
    """From here on it is `now()`, a POSIX time; false where the interpreter does not let itself be told."""
    try:
        _change(
            datetime.datetime,
            now=lambda cls, tz=None: cls.fromtimestamp(now(), tz),
            utcnow=lambda cls: cls.fromtimestamp(now(), _UTC).replace(tzinfo=None),
        )
        _change(datetime.date, today=lambda cls: cls.fromtimestamp(now()))
    except (ImportError, AttributeError, TypeError, IndexError):  # no CPython
        return False
    for name in ("gmtime", "localtime", "ctime"):
        setattr(time, name, staticmethod(_of_moment(getattr(time, name), now)))
    for name, place in (("asctime", 0), ("strftime", 1)):
        setattr(time, name, staticmethod(_of_parts(getattr(time, name), place)))
    return abs(datetime.datetime.now(_UTC).timestamp() - now()) < 1


def _change(kind: type, **members: Callable[..., Any]) -> None:
    import ctypes

    own = gc.get_referents(vars(kind))[0]
    own.update({name: classmethod(member) for name, member in members.items()})
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def _of_moment(real: Callable[..., Any], now: Callable[[], float]) -> Callable[..., Any]:
    return lambda seconds=None: real(now() if seconds is None else seconds)


def _of_parts(real: Callable[..., Any], place: int) -> Callable[..., Any]:
    """`asctime` and `strftime`: without the parts of a moment, they take those of this one."""
    return lambda *given: real(*given, *(() if len(given) > place else (time.localtime(),)))
