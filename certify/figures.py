"""The figures of a report: how fast a connector is, what it takes, and on which machine that was measured.

No I/O and no pytest in here: values, that go to JSON and back unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """What was measured on. Figures hold for it alone; ratios of them hold elsewhere too."""

    cpus: int
    python: str
    platform: str


@dataclass(frozen=True)
class Load:
    """The best of the reads of so many rows: processor seconds, and memory (MiB) that reading took."""

    rows: int
    cpu_seconds: float
    memory_mib: float


@dataclass(frozen=True)
class Performance:
    """How fast rows of so many columns were read, end to end, and what that took of the connector's process.

    `seconds` is the median of the rounds and `spread_seconds` the range of their middle half, in real time;
    `parse_seconds` is what parsing the same pages as JSON takes in the same interpreter, and no more.
    """

    rows: int
    columns: int
    rows_per_second: float
    seconds: float
    spread_seconds: float
    rounds: int
    parse_seconds: float
    loads: tuple[Load, ...]
    machine: Machine

    @property
    def timed(self) -> str:
        """What `seconds` is of: `median of 3 rounds, spread 0.04 s`, or `one round`, which has no spread."""
        if self.rounds == 1:
            return "one round"
        return f"median of {self.rounds} rounds, spread {self.spread_seconds:.2f} s"

    @property
    def overhead(self) -> float:
        """How many times as long as parsing alone the connector took, on its own processor time."""
        cpu = next(one.cpu_seconds for one in self.loads if one.rows == self.rows)
        return cpu / self.parse_seconds
