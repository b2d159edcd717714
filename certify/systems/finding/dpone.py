"""Find what a dpone connector's manifest and examples tell, for those scaffolded without a contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from certify.rules import NotApplicable, Unverified
from certify.systems import subject_of
from certify.systems.dpone import MANIFEST
from certify.systems.finding.checkout import Checkout, texts
from certify.systems.finding.fact import Fact

_KEYS: dict[str, tuple[str, ...]] = {
    "connector": ("connector",),
    "connector_type": ("connector_type",),
    "import_package": ("subject", "package"),
}
_CAPABILITIES = ("source", "sink", "state")
_METHODS = ("read", "write")


def facts(checkout: Checkout) -> Iterator[Fact]:
    """Name, type, package and capabilities."""
    manifest = checkout.mapping(MANIFEST)
    for name, key in _KEYS.items():
        if isinstance(manifest.get(name), str):
            yield Fact(key, manifest[name], checkout.line(MANIFEST, name))
    name = str(manifest.get("connector"))
    for one in texts(manifest.get("capabilities")):
        if one in _CAPABILITIES:
            strategies = list(_METHODS if one == "state" else _in_examples(checkout, name, one))
            place = checkout.line(MANIFEST, "capabilities")
            yield Fact(("capabilities", one, "strategies"), strategies, place)


def _in_examples(checkout: Checkout, name: str, side: str) -> dict[str, None]:
    """The strategies that the examples show, each once."""
    subject = subject_of(replace(checkout.subject.contract, connector=name))
    try:
        shown = [subject.sides(example).get(side) for example in subject.examples()]
    except (NotApplicable, Unverified):
        return {}
    return {mode: None for mode in shown if mode}
