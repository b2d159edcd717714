"""Find what Plakar's manifest.yaml tells: the connectors of a plug-in, and their executables."""

from __future__ import annotations

from collections.abc import Iterator

from certify.systems.finding.checkout import Checkout
from certify.systems.finding.fact import Fact

_MANIFEST = "manifest.yaml"
_TYPES = ("importer", "exporter", "storage")


def facts(checkout: Checkout) -> Iterator[Fact]:
    """Each type of connector is a capability with an executable of its own."""
    manifest = checkout.mapping(_MANIFEST)
    if isinstance(manifest.get("name"), str):
        yield Fact(("connector",), manifest["name"], checkout.line(_MANIFEST, "name"))
    connectors = manifest.get("connectors")
    for index, one in enumerate(connectors if isinstance(connectors, list) else ()):
        if not isinstance(one, dict) or one.get("type") not in _TYPES:
            continue
        place = checkout.line(_MANIFEST, "connectors", index)
        yield Fact(("capabilities", one["type"], "strategies"), [], place)
        if isinstance(one.get("executable"), str):
            yield Fact(("subject", "executable", one["type"]), one["executable"], place)
