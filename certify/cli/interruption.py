"""End when asked to: by Ctrl-C, by a supervisor, or because the terminal is gone."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

import click

INTERRUPTED = 130
#: By what they do until we are asked; one that is ignored, as `nohup` has it, stays so.
_SIGNALS = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}
_ASKED = threading.Event()


class EndsWhenInterrupted(click.Group):
    """A group that ends with one line and 130; click's own way has the exit code of *not certified*."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            with _interrupted_by_every_signal_to_end():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("certify: interrupted", err=True)
            ctx.exit(INTERRUPTED)


def go_on() -> None:
    """Raises KeyboardInterrupt where one was raised before, and lost: in a finalizer or a callback, say."""
    if _ASKED.is_set():
        raise KeyboardInterrupt


@contextlib.contextmanager
def _interrupted_by_every_signal_to_end() -> Iterator[None]:
    """Each leaves by the way of Ctrl-C, or folders would stay, the cursor would not, and no report."""
    _ASKED.clear()
    ours = {one: before for one, before in _SIGNALS.items() if signal.getsignal(one) is before}
    try:
        for number in ours:
            signal.signal(number, _interrupt)
        yield
    finally:
        for number, before in ours.items():
            signal.signal(number, before)


def _interrupt(number: int, frame: object) -> None:
    _ASKED.set()
    raise KeyboardInterrupt
