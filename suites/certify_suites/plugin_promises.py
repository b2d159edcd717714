"""Which flags and protocols a plug-in's source, validators and answers tell of a connector."""

from __future__ import annotations

from collections.abc import Iterator

from certify import Finding, Repository
from certify.repository.plakar.golang import GoSource
from certify.repository.plakar.manifest import PluginConnector
from certify.repository.plakar.validators import location_pattern, read_validator, refused_protocols
from certify.sandbox.plakar.plugin_runs import PluginRuns
from certify.text import one_line


def flags_in(source: GoSource, connector: PluginConnector) -> Iterator[tuple[str, int]]:
    """Flags that the source writes out for this connector: what it registers, and what all methods return."""
    for one in source.registered:
        if one.kind == connector.kind and one.protocol in connector.protocols and one.flags is not None:
            yield f"{one.location} (Register)", one.flags
    values = {one.flags for one in source.flags}
    if len(values) == 1 and None not in values:
        for method in source.flags:
            assert method.flags is not None
            yield f"{method.location} (Flags)", method.flags


def registered(source: GoSource, connector: PluginConnector, findings: list[Finding]) -> list[str]:
    """What Register says of connectors of this type."""
    found = {one.protocol: one for one in source.registered if one.kind == connector.kind}
    for at, protocol in enumerate(connector.protocols if found else ()):
        if protocol not in found:
            said = f"{one_line(protocol, 60)}: no Register of a {connector.kind} names it"
            findings.append(
                Finding(said, connector.at("protocols", at), "a protocol that the code registers")
            )
    return [f"{one.location} registers {one_line(protocol, 60)}" for protocol, one in found.items()]


def admitted(repository: Repository, connector: PluginConnector, findings: list[Finding]) -> list[str]:
    """What the pattern of `location` says."""
    schema = read_validator(repository, connector)
    if schema is None or location_pattern(schema) is None:
        return []
    findings += refused_protocols(schema, connector)
    return [f"held the protocols of {connector.name} against the pattern of location in {schema.file}"]


def taken(runs: PluginRuns, connector: PluginConnector, findings: list[Finding]) -> list[str]:
    """What Init says, where it takes the first protocol."""
    if connector not in runs.connectors or runs.run(connector).described is None:
        return []
    seen = [f"Init takes {connector.protocols[0]}://"]
    for at, protocol in enumerate(runs.further(connector), 1):
        refused = runs.run(connector, protocol).failed_in("Init")
        if refused is not None:
            findings.append(
                Finding(
                    f"{one_line(protocol, 60)}: Init refuses it: {refused.said}",
                    connector.at("protocols", at),
                    f"a connector that takes it as it takes {one_line(connector.protocols[0], 60)}",
                )
            )
        seen.append(f"asked Init for {protocol}://")
    return seen
