"""What a sink's loads let out, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certify.sandbox.leaks import LeakSearch


@dataclass(frozen=True)
class LoadOutputs:
    """The texts of some loads, each with where it stands, the configuration of all, and what to look for.

    `is_cut`: some load printed or logged more than is kept.
    """

    config: Mapping[str, Any]
    search: LeakSearch
    loads: int
    texts: tuple[tuple[str, str], ...]
    is_cut: bool = False
