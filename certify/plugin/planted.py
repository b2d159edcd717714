"""The sample configuration of a connector with canaries in the place of its secrets."""

from __future__ import annotations

from typing import Any

from certify.contract import Contract
from certify.repository.config.secret_values import secret_values
from certify.rules import NotApplicable, Unverified
from certify.sandbox.canaries import Seeded, seeded
from certify.subject import Subject
from certify.target.placeholders import has_placeholder


def planted_config(contract: Contract, subject: Subject) -> Seeded:
    """The configuration that every run of the connector is given, the same in each."""
    config = subject.sample_config()
    said = config.value if config is not None and isinstance(config.value, dict) else {}
    return seeded(said, _secret_paths(contract, subject, said), contract.digest)


def _secret_paths(contract: Contract, subject: Subject, config: dict[str, Any]) -> list[str]:
    """Where the configuration has secrets: what the contract names and the schema marks."""
    try:
        schema = subject.config_schema()
    except (NotApplicable, Unverified):
        schema = None
    named = [one for one in contract.subject.secrets if not has_placeholder(_at(config, one))]
    there = list(secret_values(config, named, schema, by_name=False))
    absent = [one for one in named if not any(path == one or path.startswith(f"{one}.") for path in there)]
    return [*(one for one in there if not has_placeholder(_at(config, one))), *absent]


def _at(config: Any, path: str) -> Any:
    for key in path.split("."):
        config = config.get(key) if isinstance(config, dict) else None
    return config
