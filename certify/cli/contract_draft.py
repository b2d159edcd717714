"""Write what was found as a contract that people read: grouped, and commented where they have to decide."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from certify.systems.finding import Fact, Found
from certify.text import one_line

_HEAD = (
    "# What must hold before this connector is released. Drafted by `certify {command}` from what the "
    "repository says;\n"
    "# read it through, and decide where a comment asks. `certify` runs what stands here."
)
_WIDTH = 100
_CAN_DO = {
    "source": "full_refresh reads everything, incremental_append goes on from where the last read ended.",
    "sink": "which of these can it load: full_refresh, incremental_append, incremental_merge, replace?",
    "state": "",
}
_NO_CASSETTE = """\
# No recording of a full read is here yet. `certify record` makes one against the live API, without the
# credentials in it; with these lines, reads and error paths are then exercised offline.
# replay:
#   cassettes: certification/cassettes
"""
_TARGET = """\
# A database that the sink may load into; {tmp} is a folder for each run. Any SQLAlchemy URL will do.
# target:
#   url: sqlite:///{tmp}/target.db
#   table: your_table
"""
#: Systems whose connectors are commands, and those whose connectors are packages in Python.
_RUNS_COMMANDS = ("airbyte", "singer")
_PACKAGED = ("dpone", "planasonix", "python", "singer")
_ASKED = {
    "package": "package: your_import_package",
    "command": "command: [your-command]   # the console script",
    "source": 'source: "your_package.module:make_source"   # (config, *, stream=None, state=None)',
    "sink": 'sink: "your_package.module:make_sink"   # (config, *, target_url, table, strategy, primary_key)',
    "state": 'state: "your_package.module:make_state"   # (config, *, url)',
    "assembly": "assembly: bin/Release/YourAdapter.dll   # once it is compiled",
    "config": "config: certification/config.json   # a sample configuration; a secret as ${NAME}",
}


def contract_text(found: Found, command: str = "init") -> str:
    """The YAML of a contract. What is written in it is what `certify.contract.acceptance` lets pass."""
    sections = (
        [_HEAD.format(command=command), "contract_version: '1'", *_named(found)],
        ["capabilities:", *_capabilities(found)],
        _gates(found),
        _section("subject", list(_subject(found))),
        _replay(found),
        _target(found),
        ["policy:", *_policy(found)],
    )
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def config_text(config: Mapping[str, Any]) -> str:
    """The JSON of a sample configuration."""
    return json.dumps(config, indent=2, ensure_ascii=False) + "\n"


def flow(value: Any) -> str:
    """A value, whose texts have one line each, on one line of YAML; quoted where it has to be."""
    if isinstance(value, str):  # more may stand unquoted outside of brackets
        return str(yaml.safe_dump(value, allow_unicode=True, width=math.inf)).removesuffix("...\n").strip()
    dumped = yaml.safe_dump(
        [value], default_flow_style=True, allow_unicode=True, width=math.inf, sort_keys=False
    )
    return str(dumped).strip()[1:-1]


def _section(name: str, lines: list[str]) -> list[str]:
    """A section with its heading, which is a comment where all its lines are."""
    if all(line.lstrip().startswith("#") for line in lines):
        return [f"# {name}:", *(f"#   {line.lstrip(' #')}" for line in lines)] if lines else []
    return [f"{name}:", *lines]


def _named(found: Found) -> Iterator[str]:
    for key in ("connector", "connector_type", "system"):
        if found.get(key) is not None:
            yield f"{key}: {flow(found.get(key))}"


def _capabilities(found: Found) -> Iterator[str]:
    for name in found.capabilities:
        strategies = found.get("capabilities", name, "strategies")
        yield f"  {name}:"
        if _CAN_DO.get(name):
            yield f"    # {_CAN_DO[name]}"
        yield f"    strategies: {flow(strategies)}"
        evolution = found.get("capabilities", name, "schema_evolution")
        if evolution is not None:
            yield f"    schema_evolution: {flow(evolution)}"


def _gates(found: Found) -> list[str]:
    tests = found.facts.get(("quality_gates", "unit_tests"))
    return ["quality_gates:", "  unit_tests: true"] if tests else []


def _subject(found: Found) -> Iterator[str]:
    for key in ("package", "command", "source", "sink", "state", "assembly"):
        value = found.get("subject", key)
        if value is not None:
            yield f"  {key}: {flow(value)}"
        elif key in asked_for(found):
            yield f"  # {_ASKED[key]}"
    yield from _mapping("executable", found.below("subject", "executable").items())
    config = found.get("subject", "config")
    if config is not None:
        yield f"  config: {flow(config)}"
    elif "config" in asked_for(found):
        yield f"  # {_ASKED['config']}"
    yield from _secrets(found)
    yield from _mapping("primary_keys", found.below("subject", "primary_keys").items())
    yield from _mapping("cursor_fields", found.below("subject", "cursor_fields").items())
    if "source" in found.capabilities and not found.below("subject", "primary_keys"):
        yield "  # primary_keys: {your_stream: [id]}   # what makes a row unique, so that none comes twice"


def asked_for(found: Found) -> list[str]:
    """The keys of `subject` that were not found, and without which certify cannot run this connector."""
    system, capabilities = found.get("system"), found.capabilities
    is_command = system in _RUNS_COMMANDS
    asked = {
        "package": system in _PACKAGED,
        "command": is_command,
        "source": "source" in capabilities and not is_command,
        "sink": "sink" in capabilities and not is_command,
        "state": "state" in capabilities,
        "assembly": system == "appseconnect",
        "config": is_command or system in _PACKAGED,
    }
    return [key for key, is_asked in asked.items() if is_asked and found.get("subject", key) is None]


def _secrets(found: Found) -> Iterator[str]:
    secrets = found.get("subject", "secrets")
    if secrets:
        yield from _listed("  ", "secrets", secrets)
    elif found.marked:
        yield f"  # secrets: those that {one_line(found.marked, 80)} marks are taken"


def _mapping(name: str, facts: Iterable[tuple[str, Fact]]) -> Iterator[str]:
    pairs = list(facts)
    if pairs:
        yield f"  {name}:"
    for key, fact in pairs:
        yield f"    {flow({key: fact.value})[1:-1]}"


def _listed(indent: str, name: str, values: list[Any]) -> Iterator[str]:
    """A list on one line, or one entry a line where that would be long."""
    line = f"{indent}{name}: {flow(values)}"
    if len(line) <= _WIDTH:
        yield line
        return
    yield f"{indent}{name}:"
    yield from (f"{indent}- {flow(value)}" for value in values)


def _replay(found: Found) -> list[str]:
    cassettes = found.get("replay", "cassettes")
    if cassettes is not None:
        return ["replay:", f"  cassettes: {flow(cassettes)}"]
    if not {"source", "batch_extract", "streaming"}.intersection(found.capabilities):
        return []
    lines = _NO_CASSETTE.rstrip("\n").splitlines()
    if found.recordings:
        first, there = one_line(found.recordings[0], 80), "certification/cassettes/full_refresh.yaml"
        lines.insert(0, f"# If {first} holds a full read, copy it to {there}.")
    return lines


def _target(found: Found) -> list[str]:
    facts = found.below("target")
    if facts:
        return ["target:", *(f"  {flow({key: fact.value})[1:-1]}" for key, fact in facts.items())]
    return _TARGET.rstrip("\n").splitlines() if "sink" in found.capabilities else []


def _policy(found: Found) -> Iterator[str]:
    yield "  tier: silver   # bronze, silver, gold, platinum: all rules up to it decide (`certify rules`)"
    hosts = found.get("policy", "egress_hosts")
    if hosts:
        yield from _listed("  ", "egress_hosts", hosts)
    else:
        yield "  # egress_hosts: [api.your-service.com]   # the hosts that it may speak to"
    allowlist = found.get("policy", "dependency_allowlist")
    if allowlist:
        yield f"  dependency_allowlist: {flow(allowlist)}"
    sdk = found.get("policy", "sdk")
    if sdk:
        yield f"  sdk: {flow(sdk)}"
