"""Performance in Markdown: how fast a large read was, what it took, and on which machine."""

from __future__ import annotations

from certify.model import Load, Performance, Report
from certify_reports.blocks import Limit, page, row, said, table

_LOADS = Limit(20, 10_000)
#: Characters of the longest bar of the memory curve.
_BAR = 20


def performance(report: Report) -> str:
    """The figures; nothing where none were taken."""
    figures = report.performance
    if figures is None:
        return ""
    most = max((one.memory_mib for one in figures.loads), default=0.0)
    head = ("rows", "processor time", "memory", "")
    loads = table(head, lambda one: _load(one, most), figures.loads, _LOADS)
    return page(["## Performance", _pace(figures), loads, _machine(figures)])


def _pace(figures: Performance) -> str:
    return (
        f"**{figures.rows_per_second:,.0f} rows/s**: {figures.rows:,} rows of {figures.columns} columns in "
        f"{figures.seconds:.2f} s ({figures.timed}). "
        f"To parse the same pages and no more takes {figures.parse_seconds:.2f} s."
    )


def _load(one: Load, most: float) -> str:
    bar = "█" * round(_BAR * one.memory_mib / most) if most > 0 else ""
    return row(f"{one.rows:,}", f"{one.cpu_seconds:.2f} s", f"{one.memory_mib:.1f} MiB", bar)


def _machine(figures: Performance) -> str:
    machine = figures.machine
    return (
        f"On {machine.cpus} processors, Python {said(machine.python)}, {said(machine.platform)}. "
        "Memory is what reading took, beyond the imported connector."
    )
