"""Begin a slow observation while the rules that do not need it run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from certify.sandbox.own_tests import OwnTests


class Ahead:
    """One call in a thread: begun early by who knows that it will be needed, else when it is asked for."""

    def __init__(self, call: Callable[[], OwnTests], pool: ThreadPoolExecutor) -> None:
        self._call = call
        self._pool = pool
        self._future: Future[OwnTests] | None = None

    @classmethod
    def until_done(cls, call: Callable[[], OwnTests], stop: Callable[[], None]) -> Iterator[Self]:
        """Yield one; afterwards stop what still runs (after Ctrl-C, say), and wait for its thread."""
        with ThreadPoolExecutor(1, thread_name_prefix="certify-ahead") as pool:
            try:
                yield cls(call, pool)
            finally:
                stop()

    def begin(self) -> None:
        """Start it, if nobody has."""
        if self._future is None:
            self._future = self._pool.submit(self._call)

    def result(self) -> OwnTests:
        """What it gave; its exception is raised here."""
        self.begin()
        assert self._future is not None
        return self._future.result()
