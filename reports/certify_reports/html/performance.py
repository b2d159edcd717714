"""Charts of what was measured: bars of one length a chart, so that they compare."""

from __future__ import annotations

from dataclasses import dataclass

from certify.model import Performance

#: Pixels of the longest bar.
_LONGEST = 320


@dataclass(frozen=True)
class Bar:
    """One bar, what it is of, and its figure; `low` and `high` are the ends of its spread, in pixels."""

    name: str
    figure: str
    length: int
    main: bool = True
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Chart:
    """Bars under a title."""

    title: str
    bars: tuple[Bar, ...]


def charts(figures: Performance) -> tuple[Chart, ...]:
    """Rows a second beside parsing alone, and memory at each number of rows."""
    return (_pace(figures), _memory(figures))


def _pace(figures: Performance) -> Chart:
    parsing = figures.rows / figures.parse_seconds if figures.parse_seconds > 0 else 0.0
    half = figures.spread_seconds / 2
    slow = figures.rows / (figures.seconds + half) if figures.seconds + half > 0 else 0.0
    fast = figures.rows / (figures.seconds - half) if figures.seconds > half else figures.rows_per_second
    most = max(parsing, fast, figures.rows_per_second)
    reads = Bar(
        "this connector",
        f"{figures.rows_per_second:,.0f} rows/s",
        _scaled(figures.rows_per_second, most),
        low=_scaled(slow, most),
        high=_scaled(fast, most),
    )
    parses = Bar("parsing alone", f"{parsing:,.0f} rows/s", _scaled(parsing, most), main=False)
    return Chart("Rows a second", (reads, parses))


def _memory(figures: Performance) -> Chart:
    most = max((one.memory_mib for one in figures.loads), default=0.0)
    return Chart(
        "Memory that reading took",
        tuple(
            Bar(f"{one.rows:,} rows", f"{one.memory_mib:.1f} MiB", _scaled(one.memory_mib, most))
            for one in figures.loads[:8]
        ),
    )


def _scaled(figure: float, most: float) -> int:
    return round(_LONGEST * figure / most) if most > 0 else 0
