"""What an isolated run is told to do: one small JSON file, so that xdist workers read the same."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import msgspec


class Share(StrEnum):
    """Which of the order's rules a process runs: those that load into the target, the others, or all."""

    ALL = "all"
    TARGET = "target"
    OTHERS = "others"


@dataclass(frozen=True)
class Order:
    """Which connector, by which contract, in which interpreter, and which rules (empty: all).

    A `thorough` run lets faults strike at every request; one without forks imports the connector anew for
    every scenario.
    """

    root: str
    contract: str | None = None
    only: tuple[str, ...] = ()
    interpreter: str | None = None
    thorough: bool = False
    no_fork: bool = False
    share: Share = Share.ALL

    @property
    def contract_path(self) -> Path | None:
        """The contract that was named, if one was."""
        return Path(self.contract) if self.contract else None


def write_order(order: Order, path: Path) -> None:
    """Write it. A path may hold any bytes: `json` escapes what is no text, where msgspec would stop."""
    path.write_text(json.dumps(asdict(order)), encoding="ascii")


def read_order(path: Path) -> Order:
    """Read it back."""
    return msgspec.convert(json.loads(path.read_text(encoding="ascii")), Order)
