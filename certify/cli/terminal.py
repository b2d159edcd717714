"""The console to print on: plain text where nobody watches, or where NO_COLOR asks for it."""

from __future__ import annotations

import os
import sys

from rich.console import Console


def console_for_output() -> Console:
    """A console on standard output as it is now. `FORCE_COLOR` colours a log, but moves no cursor in it."""
    plain = bool(os.environ.get("NO_COLOR"))  # https://no-color.org: when present and not empty
    return Console(file=sys.stdout, highlight=False, force_terminal=False if plain else None)


def is_watched(console: Console) -> bool:
    """Whether a line that changes in place is seen by someone."""
    return console.is_terminal and console.file.isatty()
