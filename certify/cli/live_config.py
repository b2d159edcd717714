"""Find the configuration and the credentials that a live API takes: from the environment, or from a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from certify.contract import Contract
from certify.errors import CertifyError
from certify.replay.known_secrets import KnownSecret
from certify.repository.config.document import ConfigFile, parse_config
from certify.repository.config.secret_names import names_a_secret
from certify.repository.config.secret_values import references, resolved, secret_values
from certify.repository.git import git
from certify.repository.secrets.allowed import is_plain
from certify.sandbox.canaries import Seeded
from certify.subject import Subject

_MAX_BYTES = 256 * 1024


@dataclass(frozen=True)
class LiveConfig:
    """What a source is made from, the variables it refers to, and which of their values are secret.

    `paths` are where secrets stand in it, `source` is what it comes from, in words.
    """

    config: dict[str, Any] = field(repr=False)
    environment: dict[str, str] = field(repr=False)
    secrets: tuple[KnownSecret, ...]
    paths: tuple[str, ...]
    source: str

    def without_canary(self, planted: Seeded) -> list[str]:
        """The secrets that get no canary in a replay: neither contract nor schema names them."""
        return [
            one
            for one in self.paths
            if not any(one == name or one.startswith(f"{name}.") for name in planted.named)
        ]


def live_config(
    contract: Contract, subject: Subject, schema: ConfigFile | None, file: Path | None
) -> LiveConfig:
    """The file's, else the contract's sample with its references resolved. Raises CertifyError."""
    config, named = _from_file(contract, file) if file else _sample(subject)
    environment = _environment(config, named)
    # Some connectors resolve references, others leave that to their platform: both take what they stand for.
    secret = secret_values(config, contract.subject.secrets, schema)
    return LiveConfig(
        config=resolved(config, environment),
        environment=environment,
        secrets=tuple(_known(secret, environment)),
        paths=tuple(secret),
        source=", ".join(environment) or named,
    )


def _from_file(contract: Contract, file: Path) -> tuple[dict[str, Any], str]:
    path = Path(os.path.realpath(file))
    is_inside = path.is_relative_to(_repository(contract))
    if is_inside and git(path.parent, "check-ignore", "-q", "--", path.name) is None:
        raise CertifyError(
            f"{file}: lies in the connector's repository, and git does not ignore it: credentials would "
            f"be committed; add {path.name} to .gitignore, or move it elsewhere"
        )
    try:
        content = path.read_bytes()[: _MAX_BYTES + 1]
    except OSError as error:
        raise CertifyError(f"{file}: cannot be read: {error.strerror}") from error
    return _mapping(parse_config(content, str(file)).value, str(file)), str(file)


def _repository(contract: Contract) -> Path:
    """The folder of the repository that the connector is a part of."""
    top = git(contract.root, "rev-parse", "--show-toplevel")
    return Path(os.path.realpath(os.fsdecode(top.rstrip(b"\n")))) if top else contract.root


def _sample(subject: Subject) -> tuple[dict[str, Any], str]:
    sample = subject.sample_config()
    if sample is None:
        return {}, "no configuration"
    if sample.fault is not None:
        raise CertifyError(f"{sample.fault.location}: {sample.fault.message}")
    return _mapping(sample.value, sample.file), sample.file


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise CertifyError(f"{name}: expected a mapping, as the connector's configuration is")
    return value


def _environment(config: Mapping[str, Any], named: str) -> dict[str, str]:
    wanted = references(config)
    missing = [f"{name} (for {path})" for name, path in wanted.items() if not os.environ.get(name)]
    if missing:
        raise CertifyError(
            f"{named}: refers to {', '.join(missing)}, which the environment has not; set it, or give a "
            "configuration that holds the credentials by --config FILE"
        )
    return {name: os.environ[name] for name in wanted}


def _known(secret: Mapping[str, str], environment: Mapping[str, str]) -> list[KnownSecret]:
    known = []
    for path, value in secret.items():
        named = references({"": value})
        known += [KnownSecret(path, environment[name]) for name in named]
        if not named and not is_plain(value):
            known.append(KnownSecret(path, value))
    # `"authorization": "Bearer ${API_TOKEN}"`: the variable says what the setting may not.
    return known + [KnownSecret(name, value) for name, value in environment.items() if names_a_secret(name)]
