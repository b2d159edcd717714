"""Find what Planasonix's connector.yaml tells."""

from __future__ import annotations

from collections.abc import Iterator

from certify.repository.config.places import MANIFEST
from certify.systems.finding.checkout import Checkout, inside, texts
from certify.systems.finding.fact import Fact

_CAPABILITIES = ("batch_extract", "load", "streaming")


def facts(checkout: Checkout) -> Iterator[Fact]:
    """Name, package, capabilities, hosts, secrets."""
    manifest = checkout.mapping(MANIFEST)
    if isinstance(manifest.get("name"), str):
        yield Fact(("connector",), manifest["name"], checkout.line(MANIFEST, "name"))
    for one in texts(manifest.get("capabilities")):
        if one in _CAPABILITIES:
            yield Fact(("capabilities", one, "strategies"), [], checkout.line(MANIFEST, "capabilities"))
    entry = manifest.get("entrypoint")
    if isinstance(entry, str):
        package = entry.partition(":")[0].partition(".")[0]
        yield Fact(("subject", "package"), package, checkout.line(MANIFEST, "entrypoint"))
    hosts = texts(inside(manifest, "egress", "allowed_hosts"))
    if hosts:
        yield Fact(("policy", "egress_hosts"), hosts, checkout.line(MANIFEST, "egress", "allowed_hosts"))
