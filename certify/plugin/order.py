"""What an isolated run is told to do: one small JSON file, so that xdist workers read the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec


@dataclass(frozen=True)
class Order:
    """Which connector, by which contract, in which interpreter, and which rules (empty: all)."""

    root: str
    contract: str | None = None
    only: tuple[str, ...] = ()
    interpreter: str | None = None

    @property
    def contract_path(self) -> Path | None:
        """The contract that was named, if one was."""
        return Path(self.contract) if self.contract else None


def write_order(order: Order, path: Path) -> None:
    """Write it."""
    path.write_bytes(msgspec.json.encode(order))


def read_order(path: Path) -> Order:
    """Read it back."""
    return msgspec.json.decode(path.read_bytes(), type=Order)
