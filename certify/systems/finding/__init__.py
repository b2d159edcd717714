"""Find what a connector's repository tells of what its contract would say, by reading files alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path

from certify.contract.acceptance import may_say
from certify.contract.document import KeyPath
from certify.systems.finding import (
    airbyte,
    appseconnect,
    configuration,
    dpone,
    plakar,
    planasonix,
    python,
    recordings,
    singer,
)
from certify.systems.finding.checkout import Checkout
from certify.systems.finding.fact import Fact, Found, Sample

__all__ = ["Fact", "Found", "Sample", "find"]

_FINDERS: dict[str, Callable[[Checkout], Iterator[Fact]]] = {
    "airbyte": airbyte.facts,
    "appseconnect": appseconnect.facts,
    "dpone": dpone.facts,
    "plakar": plakar.facts,
    "planasonix": planasonix.facts,
    "singer": singer.facts,
}


def find(root: Path) -> Found:
    """All that is told; a system's own word comes before what any package in Python says."""
    checkout = Checkout(root)
    system, told = checkout.system
    own = _FINDERS[system](checkout) if system in _FINDERS else iter(())
    facts = _first(
        chain(
            [Fact(("system",), system, told)],
            own,
            python.facts(checkout),
            recordings.facts(checkout),
            [Fact(("connector",), "connector", "assumed: no name can be told")],
        )
    )
    if not any(key[0] == "capabilities" for key in facts):
        assumed = python.assumed_capability(checkout)
        facts[assumed.key] = assumed
    config = configuration.find(checkout, Found(facts))
    facts |= _first(config.facts)
    there = () if ("replay", "cassettes") in facts else recordings.recordings(checkout)
    return Found(facts, config.sample, there, config.marked)


def _first(facts: Iterable[Fact]) -> dict[KeyPath, Fact]:
    """The first for each key, of those that a contract may say."""
    kept: dict[KeyPath, Fact] = {}
    for fact in facts:
        if fact.key not in kept and may_say(fact.key, fact.value):
            kept[fact.key] = fact
    return kept
