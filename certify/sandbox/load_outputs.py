"""What a sink's loads let out, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LoadOutputs:
    """The texts of some loads, each with where it stands; `undecided` says why a sink could not be tried."""

    loads: int = 0
    texts: tuple[tuple[str, str], ...] = ()
    undecided: str = ""
