"""Every connector that `certify new` offers, by a name for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from certify.cli.starter.offers import OFFERS


@dataclass(frozen=True)
class Starter:
    """What is asked of `certify new`."""

    name: str
    system: str
    capabilities: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.system}-{'-'.join(self.capabilities)}"

    @property
    def arguments(self) -> list[str]:
        """Those of the command line."""
        return [self.name, "--system", self.system, *(f"--capability={one}" for one in self.capabilities)]


def starters() -> Iterator[Starter]:
    """Each system with each of its capabilities, alone and together."""
    for system, offer in OFFERS.items():
        for count in range(1, len(offer.parts) + 1):
            for capabilities in combinations(offer.parts, count):
                prefixes = [offer.parts[one].prefix for one in capabilities]
                if count == 1 or not any(prefixes):
                    # Of a long name's lines some are longer than a formatter leaves them.
                    short = "-".join(one[:2] for one in (system, *capabilities))
                    name = f"{prefixes[0]}orders" if prefixes[0] else short
                    yield Starter(name, system, capabilities)


STARTERS = tuple(starters())
