"""Keep runs that share a machine out of the way of the one that measures."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Self

import pytest


class Turns:
    """A plugin of each of several runs that go on at once: what measures waits until the others wait or end.

    All hold a lock of the same file together, and whoever measures holds it alone; the kernel takes it from
    a process that dies.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.open("ab")
        self._is_alone = False
        self._take(fcntl.LOCK_SH)

    def _take(self, kind: int) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)  # two who want it alone would wait for each other
        fcntl.flock(self._file, kind)
        self._is_alone = kind == fcntl.LOCK_EX

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Before an item begins, so that it is not charged for the wait."""
        measures = "alone" in getattr(item, "fixturenames", ())
        if measures and not self._is_alone:
            self._take(fcntl.LOCK_EX)
        elif self._is_alone and not measures:
            self._take(fcntl.LOCK_SH)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._file.close()
