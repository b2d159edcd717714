"""Tell an error as plain values: its type, its message, its traceback, and the connector's lines in it."""

from __future__ import annotations

import traceback
from typing import Any

from .places import own

#: Where a message is cut: whole pages are not evidence.
LONGEST = 4000


def told(error: BaseException) -> dict[str, Any]:
    """The error as it is sent to certify."""
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins."),
        "message": _message(error),
        "traceback": "".join(traceback.format_exception(error))[-20_000:],
        "places": own(
            (frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)
        ),
    }


def _message(error: BaseException) -> str:
    try:
        return str(error)[:LONGEST]
    except Exception as second:  # its own __str__ fails
        return f"{type(error).__name__}, which cannot be shown: {type(second).__name__}"
