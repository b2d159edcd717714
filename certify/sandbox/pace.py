"""Measure a run whose rows are counted and let go."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from typing import Any

from certify.run import Run


@dataclass(frozen=True)
class FirstRow:
    """What it took until the first row came: processor seconds, and virtual ones that were waited for."""

    cpu_seconds: float
    waited: float
    columns: int

    @property
    def seconds(self) -> float:
        """Both."""
        return self.cpu_seconds + self.waited


@dataclass(frozen=True)
class Pace:
    """One measured run: its rows, how many had a key of their own, and what it took of its process.

    `keyed` rows were of the stream that is measured, `distinct` of them had different keys. `floor_kib` is
    the memory that the process had before it began to read, which it shares with the one it was forked from.
    """

    run: Run
    rows: int
    keyed: int
    distinct: int
    cpu_seconds: float
    floor_kib: int
    first_row: FirstRow | None

    @property
    def grown_kib(self) -> int:
        """The memory that reading took, at its most."""
        return max(self.run.peak_kib - self.floor_kib, 0)

    def has_each_of(self, rows: int) -> bool:
        """Whether it succeeded, and so many rows came once each."""
        return self.run.succeeded and self.keyed == self.distinct == rows


class PaceMeter:
    """Hears what a measured run tells; `key` are the columns that make a row of `stream` the one it is."""

    def __init__(self, stream: str, key: tuple[str, ...]) -> None:
        self.plan = {"stream": stream, "key": list(key)}
        self._keys = array("Q")
        self._first: FirstRow | None = None
        self._told: dict[str, Any] = {}

    def hears(self, message: dict[str, Any]) -> bytes | None:
        """Take in one message; None leaves it to be kept."""
        if "keys" in message:
            self._keys.frombytes(bytes.fromhex(str(message["keys"])))
        elif "first_row" in message:
            told = message["first_row"]
            self._first = FirstRow(float(told["cpu_seconds"]), float(told["at"]), int(told["columns"]))
        elif "pace" in message:
            self._told.update(message["pace"])
        else:
            return None
        return b""

    def pace(self, run: Run) -> Pace:
        """What was measured of a run that has ended."""
        cpu_seconds = float(self._told.get("cpu_seconds", 0.0))
        first = self._first
        return Pace(
            run,
            rows=int(self._told.get("rows", len(self._keys))),
            keyed=len(self._keys),
            distinct=len(set(self._keys)),
            cpu_seconds=cpu_seconds,
            floor_kib=int(self._told.get("floor_kib", run.peak_kib)),
            first_row=first and replace(first, cpu_seconds=min(first.cpu_seconds, cpu_seconds)),
        )
