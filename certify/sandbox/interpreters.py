"""Say what a connector's interpreter lacks, and what that costs."""

from __future__ import annotations

#: By what holds the calendar of a run in its place: see `certify.sandbox.inside.dates`. The figures are the
#: medians of 57 runs of a tap of three pages, in turns, on two cores; beside other modules they stay alike.
_WITHOUT_TIME_MACHINE = {
    "datetime": (
        "The connector's interpreter has no time-machine: a stand-in holds its calendar. That costs a run "
        "no time (measured: 29 ms, and 31 ms with time-machine), but a function of time that the connector "
        "gave a name of its own at import (from time import gmtime, now = datetime.now) tells the real "
        "time. To have those held too: pip install time-machine, in that interpreter."
    ),
    "time": (
        "The connector's interpreter has no time-machine, and lets no stand-in hold its calendar: "
        "time.time() is virtual there, datetime.now() is not. To have that held too: pip install "
        "time-machine, in that interpreter."
    ),
}


def lacking(calendar: str) -> str:
    """One remark, where something else than time-machine holds the calendar; else nothing."""
    return _WITHOUT_TIME_MACHINE.get(calendar, "")


def unforked(threads: int) -> str:
    """One remark, where the import left threads; else nothing."""
    if not threads:
        return ""
    running = "a thread is" if threads == 1 else f"{threads} threads are"
    return (
        f"After the connector's import {running} running. A fork of it may wait for a lock that a thread "
        "held: it is imported anew for each run, which takes longer"
    )
