"""Examine the schemas by which Plakar checks a connector's configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from certify.model import Finding
from certify.repository.config.document import ConfigFile, read_config
from certify.repository.config.patterns import fault_of, matches
from certify.repository.config.soundness import examine_schema
from certify.repository.plakar.manifest import PluginConnector
from certify.repository.tree import Repository
from certify.text import one_line

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def read_validator(repository: Repository, connector: PluginConnector) -> ConfigFile | None:
    """The schema that a connector names; None where it names none, or one that is not there."""
    name = connector.text("validator").removeprefix("./")
    return read_config(repository, name) if name and repository.exists(name) else None


def validator_findings(
    schema: ConfigFile, sample: ConfigFile | None, secrets: tuple[str, ...]
) -> Iterator[Finding]:
    """What is wrong with the schema, with the sample that should fit it, and with its `location`."""
    examined = examine_schema(schema, sample, secrets)
    yield from examined.findings
    if examined.findings or not isinstance(schema.value, dict):
        return
    draft = schema.value.get("$schema")
    if isinstance(draft, str) and draft.rstrip("#") != _DRAFT:
        yield Finding(
            f"$schema: {one_line(draft, 120)}", schema.at(("$schema",)), f"{_DRAFT}, as Plakar reads it"
        )
    if schema.value.get("type") != "object":
        yield Finding(
            "type is not object", schema.at(("type",)), "a schema of objects: a configuration is one"
        )


def refused_protocols(schema: ConfigFile, connector: PluginConnector) -> Iterator[Finding]:
    """Protocols of the connector that the pattern of `location` lets no location begin with."""
    pattern = location_pattern(schema)
    for at, protocol in enumerate(connector.protocols if pattern is not None else ()):
        assert pattern is not None
        tried = [
            matches(pattern, f"{protocol}://{rest}") for rest in ("", "a", "host/path", "/a/b", "a@b:1/c")
        ]
        shown = one_line(protocol, 60)
        if not any(tried) and None not in tried:
            yield Finding(
                f"{shown}: {schema.file} takes no location that begins with {shown}://",
                connector.at("protocols", at),
                f"a protocol that the pattern of location admits: {one_line(pattern, 120)}",
                "add the protocol to the pattern, or take it out of the manifest",
            )


def location_pattern(schema: ConfigFile) -> str | None:
    """The pattern of `location`; None where there is none that can be tried."""
    value: Any = schema.value
    for key in ("properties", "location", "pattern"):
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) and fault_of(value) is None else None
