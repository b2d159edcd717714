"""Values that JSON has no form for, in JSON: what is no JSON stands as `{"$": kind, "is": text}`.

So rows cross to the sandbox as a platform would hand them over: a `Decimal` is one there.
"""

from __future__ import annotations

import base64
import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

_TAG, _TEXT = "$", "is"

#: By kind: what reads the text.
_READERS: dict[str, Callable[[str], Any]] = {
    "bytes": base64.b64decode,
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "decimal": Decimal,
    "float": float,
}


def to_json(value: Any) -> Any:
    """The value in plain JSON. Raises TypeError for what has no form here."""
    kind, text = _tagged(value)
    if kind:
        return {_TAG: kind, _TEXT: text}
    if isinstance(value, dict):
        plain = {str(key): to_json(one) for key, one in value.items()}
        return {_TAG: "object", _TEXT: plain} if _TAG in plain else plain
    if isinstance(value, list | tuple):
        return [to_json(one) for one in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be handed to a sink")


def _tagged(value: Any) -> tuple[str, str]:
    """The kind and text of what JSON has no form for; empty texts for all else."""
    if isinstance(value, bytes):
        return "bytes", base64.b64encode(value).decode("ascii")
    for kind in (datetime.datetime, datetime.date, datetime.time):  # a datetime is a date, too
        if isinstance(value, kind):
            return kind.__name__, value.isoformat()
    if isinstance(value, Decimal):
        return "decimal", str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "float", repr(value)
    return "", ""


def from_json(said: Any) -> Any:
    """The value that `to_json` made this of."""
    if isinstance(said, list):
        return [from_json(one) for one in said]
    if not isinstance(said, dict):
        return said
    kind = said.get(_TAG)
    if kind == "object":
        return {key: from_json(one) for key, one in said[_TEXT].items()}
    if kind is not None:
        return _READERS[kind](said[_TEXT])
    return {key: from_json(one) for key, one in said.items()}
