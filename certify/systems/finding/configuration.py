"""Find the sample configuration, or what one would hold, and which of its values are secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from certify.repository.config.secret_values import marked_settings, references, secret_values
from certify.systems.finding import airbyte, singer
from certify.systems.finding.checkout import Checkout
from certify.systems.finding.fact import ConfigSchema, Fact, Found, Sample
from certify.systems.finding.recordings import recorded_hosts
from certify.systems.finding.sample import sample_from
from certify.systems.finding.settings_read import schema_read

#: Where a sample configuration is written, and looked for first.
PLACE = "certification/config.json"
#: Names of samples that authors write; a `config.json` may be anybody's own, so it comes last.
_SAMPLES = (
    *("config.sample.json", "sample_config.json", "config.example.json", "config_sample.json"),
    *("example_config.json", "*/sample_config.json", "*/config.sample.json", "config.json"),
)
#: Files of these names hold what they say, or what has to be refused.
_NO_SAMPLES = ("secret", "invalid", "cassettes")


@dataclass(frozen=True)
class Configuration:
    """What the contract would say of it, and the sample to be written, if there is none."""

    facts: tuple[Fact, ...] = ()
    sample: Sample | None = None
    marked: str = ""


def find(checkout: Checkout, found: Found) -> Configuration:
    """The sample that is there, else one that the schema asks for."""
    if checkout.repository.exists(PLACE):
        config = checkout.mapping(PLACE)
        return _with_secrets(checkout, config, Fact(("subject", "config"), PLACE, PLACE), None)
    given, file = _given(checkout)
    schema = _schema(checkout)
    if schema is None and not given:
        return Configuration()
    schema = schema or ConfigSchema({}, file)
    sample = sample_from(schema, str(found.get("connector")), given, _address(checkout, found))
    # A command is always given one, be it empty; a factory that needs none is made without.
    if not sample.config and found.get("subject", "command") is None:
        return Configuration()
    fact = Fact(("subject", "config"), PLACE, sample.origin)
    return _with_secrets(checkout, sample.config, fact, sample)


def _with_secrets(
    checkout: Checkout, config: dict[str, Any], fact: Fact, sample: Sample | None
) -> Configuration:
    """Names the secrets that the configuration has, unless the schema marks others besides.

    A secret that is named and not there is planted all the same: the connector would see a setting more.
    """
    secret = dict.fromkeys([*references(config).values(), *secret_values(config, (), checkout.schema_file)])
    marked = marked_settings(checkout.schema_file)
    if marked - set(secret) or not secret:
        file = checkout.schema_file.file if checkout.schema_file and marked else ""
        return Configuration((fact,), sample, file)
    return Configuration((fact, Fact(("subject", "secrets"), list(secret), fact.origin)), sample)


def _schema(checkout: Checkout) -> ConfigSchema | None:
    file = checkout.schema_file
    if file is not None:
        return ConfigSchema(file.value, str(file.at()))
    declared = singer.schema(checkout) if checkout.system[0] == "singer" else None
    return declared or schema_read(checkout.sources)


def _given(checkout: Checkout) -> tuple[dict[str, Any], str]:
    """A sample that the authors wrote elsewhere, and its file."""
    named = airbyte.config_paths(checkout) if checkout.system[0] == "airbyte" else []
    names = [*named, *(name for pattern in _SAMPLES for name in checkout.repository.files(pattern)[:3])]
    for name in names:
        if any(word in name.lower() for word in _NO_SAMPLES):
            continue
        value = checkout.mapping(name)
        if value:
            return value, name
    return {}, ""


def _address(checkout: Checkout, found: Found) -> str:
    """Where the connector asks, as a base URL; the one that was recorded, so that a replay finds it."""
    hosts = [*recorded_hosts(checkout), *(found.get("policy", "egress_hosts") or ())]
    known = [one for one in hosts if "*" not in one and "." in one]
    return f"https://{known[0]}" if known else ""
