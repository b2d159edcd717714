"""Find what any connector in Python tells: its name, package, scripts, factories, hosts, tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from certify.model import Location
from certify.repository.source import addresses, is_local
from certify.repository.source.modules import PythonSource
from certify.systems.finding.checkout import Checkout
from certify.systems.finding.fact import Fact
from certify.systems.finding.recordings import recorded_hosts

FACTORIES = {"make_source": "source", "make_sink": "sink", "make_state": "state"}
_DEFINES = re.compile(r"def make_(?:source|sink|state)\b")
_STRATEGY = re.compile(r"[\"'](full_refresh|incremental_append|incremental_merge|replace)[\"']")
#: What each capability can do at all; a state's are methods of its own.
_STRATEGIES = {
    "source": ("full_refresh", "incremental_append"),
    "sink": ("full_refresh", "incremental_append", "incremental_merge", "replace"),
    "state": ("read", "write"),
}
_WRITES = re.compile(r"(?:target|destination|sink|writer|loader)(?:[-_]|$)|.*[-_](?:target|destination|sink)")
_TESTS = re.compile(r"(?:.*/)?(?:test_[^/]*|[^/]*_test)\.py")


def facts(checkout: Checkout) -> Iterator[Fact]:
    """The name last: a system's own word for the connector comes before it."""
    yield from _factories(checkout)
    if checkout.package is not None:
        yield Fact(("subject", "package"), checkout.package.name, _folder(checkout))
    yield from _hosts(checkout)
    yield from _tests(checkout)
    name, origin = checkout.name
    yield Fact(("connector",), name, origin)


def script(checkout: Checkout, *names: str) -> Iterator[Fact]:
    """The console script of one of these names, else one that sounds like a connector, else the only one."""
    scripts = checkout.scripts
    sounding = [one for one in scripts if re.match(r"(?:tap|target|source|destination)-", one)]
    chosen = [one for one in names if one in scripts] or sounding or (scripts if len(scripts) == 1 else [])
    if chosen:
        yield Fact(("subject", "command"), [chosen[0]], "the console scripts")


def assumed_capability(checkout: Checkout) -> Fact:
    """What no file tells: a connector reads, unless its name says that it writes."""
    name, _ = checkout.name
    kind = "sink" if _WRITES.match(name.lower()) else "source"
    return Fact(("capabilities", kind, "strategies"), [], "assumed: nothing tells it")


def _folder(checkout: Checkout) -> str:
    """Where the package lies, as people write it."""
    assert checkout.package is not None
    folder = checkout.package.folder
    return folder.removeprefix(f"{checkout.root}/") if folder.startswith(f"{checkout.root}/") else "installed"


# --- factories --------------------------------------------------------------------------------------------


def _factories(checkout: Checkout) -> Iterator[Fact]:
    for source in checkout.sources:
        syntax = source.syntax if source.mentions(_DEFINES) else None
        module = _module(checkout, source)
        for node in syntax.nodes if syntax and module else ():
            if isinstance(node, ast.FunctionDef) and node.name in FACTORIES:
                kind = FACTORIES[node.name]
                if not isinstance(syntax.parents[node], ast.Module):  # type: ignore[union-attr]  # it has nodes
                    continue
                place = str(Location(source.file, node.lineno))
                yield Fact(("subject", kind), f"{module}:{node.name}", place)
                yield Fact(("capabilities", kind, "strategies"), _strategies(checkout, kind), place)


def _strategies(checkout: Checkout, kind: str) -> list[str]:
    """The strategies that the source names; a source that names none reads in full."""
    if kind == "state":
        return list(_STRATEGIES[kind])
    named = {found for source in checkout.sources for found in _STRATEGY.findall(source.text)}
    told = [one for one in _STRATEGIES[kind] if one in named]
    return told or (["full_refresh"] if kind == "source" else [])


def _module(checkout: Checkout, source: PythonSource) -> str:
    """The dotted name of a module of the package; empty where it cannot be imported by one."""
    if checkout.package is None:
        return ""
    folder = _folder(checkout)
    if source.file == folder:
        return checkout.package.name
    inside = source.file.removeprefix(f"{folder}/").removesuffix(".py")
    parts = [part for part in inside.split("/") if part != "__init__"]
    return ".".join((checkout.package.name, *parts)) if all(map(str.isidentifier, parts)) else ""


# --- what stands around -----------------------------------------------------------------------------------


def _hosts(checkout: Checkout) -> Iterator[Fact]:
    found: dict[str, str] = {}
    for source in checkout.sources:
        for one in addresses(source):
            if not is_local(one.url.host):
                found.setdefault(one.url.host, str(one.location))
    origin = ", ".join(list(dict.fromkeys(found.values()))[:2])
    for host in recorded_hosts(checkout):
        if not is_local(host) and host not in found:
            found[host] = origin = f"{origin}, recordings" if origin else "recordings"
    if found:
        yield Fact(("policy", "egress_hosts"), list(found)[:50], origin)


def _tests(checkout: Checkout) -> Iterator[Fact]:
    if checkout.package is None:
        return  # nobody would run them
    file = next((one for one in checkout.repository.files("*.py") if _TESTS.fullmatch(one)), None)
    if file is not None:
        yield Fact(("quality_gates", "unit_tests"), True, file)
