"""End when asked to: by Ctrl-C, by a supervisor, or because the terminal is gone."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

import click

INTERRUPTED = 130
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


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


@contextlib.contextmanager
def _interrupted_by_every_signal_to_end() -> Iterator[None]:
    """Such a signal leaves by the way of Ctrl-C, or folders would stay, the cursor would not, and no report.

    One that is ignored, as `nohup` has it, stays so.
    """
    theirs = [one for one in _SIGNALS if signal.getsignal(one) is signal.SIG_DFL]
    try:
        for number in theirs:
            signal.signal(number, _interrupt)
        yield
    finally:
        for number in theirs:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
