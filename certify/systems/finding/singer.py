"""Find what a Singer tap or target tells: its prefix, its catalog, the streams in its source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from certify.systems.finding import python, streams
from certify.systems.finding.checkout import Checkout
from certify.systems.finding.classes import Stream, streams_in
from certify.systems.finding.fact import ConfigSchema, Fact
from certify.systems.finding.singer_schema import declared_schema

_CATALOGS = ("catalog.json", "catalog.sample.json", "properties.json")
_SAMPLES = ("*catalog*.json",)
_IS_TARGET = re.compile(r"(?:.*-)?target[-_]")


def facts(checkout: Checkout) -> Iterator[Fact]:
    """A target's own strategies are its loader's; nothing in its files says which."""
    name, origin = checkout.name
    scripts = list(python.script(checkout, name))
    yield from scripts
    known = [name, *(one.value[0] for one in scripts)]
    if any(map(_IS_TARGET.match, known)):
        yield Fact(("capabilities", "sink", "strategies"), ["incremental_append"], f"the name in {origin}")
    else:
        yield from streams.facts([*_in_catalogs(checkout), *streams_in(checkout.sources)])


def schema(checkout: Checkout) -> ConfigSchema | None:
    """The configuration that the source declares."""
    return declared_schema(checkout.sources)


def _in_catalogs(checkout: Checkout) -> Iterator[Stream]:
    for file in (*_CATALOGS, *checkout.repository.files(*_SAMPLES)[:5]):
        yield from streams.of_catalog(checkout.mapping(file), file)
