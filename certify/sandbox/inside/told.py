"""Tell an error as plain values: its type, its message, its traceback, and the connector's lines in it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from .places import own

#: What is told of a line of log and of an error's message: whole pages are not evidence.
START = slice(4_000)
#: What is told of a traceback, whose end says most.
END = slice(-20_000, None)


def told(
    error: BaseException, part: Callable[[str, str, slice], str] = lambda _, text, kept: text[kept]
) -> dict[str, Any]:
    """The error as it is sent to certify; `part` is given the name of a text, the text, and what to keep."""
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "message": part("message", message_of(error), START),
        "traceback": part("traceback", "".join(traceback.format_exception(error)), END),
        "places": own(
            (frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)
        ),
    }


def message_of(error: BaseException) -> str:
    """What it says, or why it cannot say it."""
    try:
        return str(error)
    except Exception as second:  # its own __str__ fails
        return f"{type(error).__name__}, which cannot be shown: {type(second).__name__}"
