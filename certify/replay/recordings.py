"""All that was recorded of one connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from certify.replay.cassette import NOTHING, Cassette


@dataclass(frozen=True)
class Recordings:
    """The cassettes by name, with canaries for the tokens in them, and those canaries by name."""

    cassettes: Mapping[str, Cassette]
    tokens: Mapping[str, str]

    def first(self, *names: str) -> Cassette:
        """The first of these that was recorded; where none was, a cassette of nothing."""
        return next((self.cassettes[name] for name in names if name in self.cassettes), NOTHING)
