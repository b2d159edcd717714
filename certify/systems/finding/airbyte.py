"""Find what an Airbyte connector tells: metadata, declarative manifest, catalogs, acceptance tests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from certify.systems.finding import python, streams
from certify.systems.finding.checkout import Checkout, inside, texts
from certify.systems.finding.classes import Stream, streams_in
from certify.systems.finding.declarative import declared_hosts, declared_streams
from certify.systems.finding.fact import Fact

METADATA = "metadata.yaml"
MANIFEST = "manifest.yaml"
#: What runs a manifest that comes without code.
_RUNS_MANIFEST = "source-declarative-manifest"
_CATALOGS = ("*configured_catalog*.json", "*catalog*.json")
_FILLED_IN = re.compile(r"\$?\{\{?[^{}]*\}?\}")


def facts(checkout: Checkout) -> Iterator[Fact]:
    """The connector's name is its image's, which is its command too."""
    data = checkout.mapping(METADATA).get("data")
    image = inside(data, "dockerRepository")
    name = image.rpartition("/")[2] if isinstance(image, str) else checkout.name[0].removeprefix("airbyte-")
    place = (
        checkout.line(METADATA, "data", "dockerRepository") if isinstance(image, str) else checkout.name[1]
    )
    yield Fact(("connector",), name, place)
    kind = inside(data, "connectorSubtype")
    if isinstance(kind, str):
        yield Fact(("connector_type",), kind, checkout.line(METADATA, "data", "connectorSubtype"))
    yield from _command(checkout, name)
    if inside(data, "connectorType") == "destination" or name.startswith("destination-"):
        yield Fact(("capabilities", "sink", "strategies"), [], METADATA)
    else:
        yield from streams.facts(_streams(checkout))
    yield from _hosts(checkout)


def config_paths(checkout: Checkout) -> list[str]:
    """The configurations that acceptance-test-config.yml names, secrets aside."""
    tests = checkout.mapping("acceptance-test-config.yml")
    found = inside(tests, "acceptance_tests", "connection", "tests") or inside(tests, "tests", "connection")
    entries = found if isinstance(found, list) else []
    valid = [one for one in entries if inside(one, "status") in (None, "succeed")]
    return texts([inside(one, "config_path") for one in valid])


def _command(checkout: Checkout, name: str) -> Iterator[Fact]:
    found = list(python.script(checkout, name))
    yield from found
    if not found and checkout.repository.exists(MANIFEST):
        yield Fact(("subject", "command"), [_RUNS_MANIFEST], f"{MANIFEST}, without code")


def _streams(checkout: Checkout) -> Iterator[Stream]:
    for file in _manifests(checkout):
        yield from declared_streams(checkout.mapping(file), file)
    yield from streams_in(checkout.sources)
    for file in checkout.repository.files(*_CATALOGS)[:5]:
        yield from streams.of_catalog(checkout.mapping(file), file)


def _hosts(checkout: Checkout) -> Iterator[Fact]:
    allowed = texts(inside(checkout.mapping(METADATA), "data", "allowedHosts", "hosts"))
    if allowed:
        hosts = [_FILLED_IN.sub("*", one) for one in allowed]
        yield Fact(
            ("policy", "egress_hosts"), hosts, checkout.line(METADATA, "data", "allowedHosts", "hosts")
        )
    for file in _manifests(checkout):
        declared = declared_hosts(checkout.mapping(file))
        if declared:
            yield Fact(("policy", "egress_hosts"), declared, file)


def _manifests(checkout: Checkout) -> list[str]:
    """The root's, else the one that lies in the package."""
    return (
        [MANIFEST]
        if checkout.repository.exists(MANIFEST)
        else list(checkout.repository.files("*/manifest.yaml")[:1])
    )
