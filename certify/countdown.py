"""Count the days that a waiver has left, from the day a run ended to its last day."""

from __future__ import annotations

from datetime import date, datetime

from certify.text import counted

#: Whoever owes the fix needs about so long; from then on a waiver is warned of.
SOON_DAYS = 14


def day(moment: str) -> date | None:
    """The day of an ISO 8601 date or time; None when it is neither."""
    try:
        return datetime.fromisoformat(moment).date()
    except ValueError:
        return None


def days_until(expires: str, finished: str) -> int | None:
    """0 on the last day, less after it; None where one of the two is no date."""
    last, today = day(expires), day(finished)
    return None if last is None or today is None else (last - today).days


def ends_soon(expires: str, finished: str) -> bool:
    """Whether it is time to mend, or to ask for more time."""
    left = days_until(expires, finished)
    return left is None or left <= SOON_DAYS


def countdown(expires: str, finished: str) -> str:
    """`39 days`, `9 days, then it counts again`, `last day`: it holds through that day."""
    left = days_until(expires, finished)
    if left is None:
        return "unknown"
    if left < 0:
        return f"expired {counted(-left, 'day')} before the run"
    if left == 0:
        return "last day"
    return counted(left, "day") + (", then it counts again" if left <= SOON_DAYS else "")
