"""Leave by one way: a signal to end undoes what Ctrl-C undoes."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def interrupted_when_terminated() -> Iterator[None]:
    """Within it SIGTERM raises KeyboardInterrupt, so that what was begun is taken back."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
