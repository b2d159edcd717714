"""Hear of each call into a database driver, or of one that changes a file, before it is made."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType, ModuleType, TracebackType
from typing import Any

from .places import here
from .points import DRIVERS, module_of
from .unprofiled import hear, hear_no_more

#: Calls by which Python's own modules change files.
_FILES = {
    "io": frozenset({"open", "write", "writelines", "truncate", "flush", "close", "__exit__"}),
    "posix": frozenset({"open", "write", "ftruncate", "truncate", "fsync", "replace", "rename", "unlink"}),
}
_IMPORT = "<frozen importlib"


class DriverCalls:
    """While it is entered, `before` hears of each such call of the connector's, counted from 0.

    `url` is the back end's: its driver may be imported no sooner than now.
    """

    def __init__(self, before: Callable[[int, str], None], url: str) -> None:
        self.count = 0
        self._before = before
        self._url = url

    def __enter__(self) -> DriverCalls:
        hear(lambda name, _: self._reach(name), self._url)
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.setprofile(None)
        threading.setprofile(None)
        hear_no_more()

    def _profile(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or not (name := _named(called)):
            return
        if frame.f_code.co_filename.startswith(_IMPORT):
            return  # modules are read as they are needed
        self._reach(name)

    def _reach(self, name: str) -> None:
        if not here():
            return  # a call that the connector has no part in
        number, self.count = self.count, self.count + 1
        self._before(number, name)


def _named(called: Any) -> str:
    """What is called, where it is one of those; else nothing."""
    owner = getattr(called, "__self__", None)
    package, name = module_of(owner).lstrip("_"), getattr(called, "__name__", "")
    if isinstance(owner, ModuleType):
        is_one = name == "connect" if package in DRIVERS else name in _FILES.get(package, ())
        return f"{package}.{name}" if is_one else ""
    is_one = package in DRIVERS or name in _FILES.get(package, ())
    return f"{type(owner).__name__}.{name}" if is_one else ""
