"""Read the values of a row: in which order they stand, and what JSON has no form for."""

from __future__ import annotations

import datetime
import re
from typing import Any

#: How the sandbox tells a value that JSON has no form for: `Decimal:1.50`.
_TYPED = re.compile(r"(datetime|date|time|Decimal|UUID):(.+)", re.DOTALL)
_ZONE = re.compile(r"(?:Z|[+-]\d\d:?\d\d)$", re.IGNORECASE)


def comes_after(one: Any, other: Any) -> bool:
    """Whether a cursor stands after another: numbers by size, moments in time, all else as text."""
    first, second = _place(one), _place(other)
    if first[0] == second[0]:
        return bool(first[1] > second[1])
    return str(one) > str(other)


def is_a_place(value: Any) -> bool:
    """Whether it is a moment or a number, so that something can stand before it and after it."""
    return not isinstance(value, bool) and _place(value)[0] < 2


def _place(value: Any) -> tuple[int, Any]:
    if isinstance(value, (int, float)):
        return 0, value
    text = plain(str(value))
    try:
        moment = datetime.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return 2, str(value)
    return 1, moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def plain(value: Any) -> Any:
    """The value as JSON has it: moments by RFC 3339, in UTC where they name no zone, and numbers as such."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    found = _TYPED.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    kind, text = found.groups()
    if kind == "Decimal":
        return _number(text)
    if kind == "datetime":
        text = text.replace(" ", "T", 1)
        return text if _ZONE.search(text) else f"{text}Z"
    return text


def _number(text: str) -> Any:
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text
