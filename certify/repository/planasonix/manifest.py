"""Read connector.yaml, and examine it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from certify.contract.document import KeyPath
from certify.model import Finding, Location
from certify.repository.config.document import ConfigFile, read_config
from certify.repository.config.places import MANIFEST
from certify.repository.config.secret_marks import is_marked
from certify.repository.schemas import schema_findings
from certify.repository.tree import Repository

_SCHEMA = "connector.schema.json"
_EXPECTED = "what Planasonix asks of connector.yaml"
#: Ways to authenticate that need a secret of the user's.
_NEED_SECRETS = ("api_key", "oauth_refresh")


@dataclass(frozen=True)
class Manifest:
    """A connector.yaml, valid or not; what is of the wrong type counts as absent."""

    config: ConfigFile

    def value(self, *keys: str) -> Any:
        """What stands under these keys; None when nothing does."""
        value = self.config.value
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def text(self, *keys: str) -> str:
        """A text; empty when there is none."""
        value = self.value(*keys)
        return value if isinstance(value, str) else ""

    def texts(self, *keys: str) -> tuple[str, ...]:
        """The texts of a list; empty when there is none."""
        value = self.value(*keys)
        return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()

    def at(self, *keys: str | int) -> Location:
        """Where a key stands, or its nearest ancestor."""
        return self.config.at(keys)

    @property
    def entrypoint(self) -> str:
        """Its class, as `package.module:Class`; empty when it names none."""
        said = self.text("entrypoint")
        module, _, name = said.partition(":")
        parts = [*module.split("."), *name.split(".")]
        return said if all(part.isidentifier() for part in parts) else ""

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What it says that it can do."""
        return self.texts("capabilities")

    @property
    def auth(self) -> str:
        """How it authenticates: `api_key`, `oauth_refresh`, `mtls` or `none`."""
        return self.text("auth", "type")

    @property
    def batch_size(self) -> int | None:
        """The most rows that its destination takes at once."""
        value = self.value("limits", "destination_batch_size")
        return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def read_manifest(repository: Repository) -> Manifest | None:
    """The connector.yaml at the top of a repository; None when there is none."""
    return Manifest(read_config(repository, MANIFEST)) if repository.exists(MANIFEST) else None


def manifest_findings(
    manifest: Manifest, repository: Repository, schema: ConfigFile | None
) -> Iterator[Finding]:
    """What is missing in connector.yaml, is not of its kind, or leads nowhere.

    `schema` is that of the configuration, where it can be read.
    """
    config = manifest.config
    if config.fault is not None:
        yield config.fault
        return
    if config.document is None or not isinstance(config.value, dict):
        yield Finding("holds no keys", Location(MANIFEST, 1), "name, version, entrypoint and the others")
        return
    yield from schema_findings(__package__, _SCHEMA, config.document, _EXPECTED)
    yield from _lost_fixtures(manifest, repository)
    if manifest.auth in _NEED_SECRETS and not manifest.texts("auth", "secret_fields"):
        yield Finding(
            f"auth.type is {manifest.auth}, and no field holds its secret",
            manifest.at("auth"),
            "auth.secret_fields: the settings that are secret",
            "add `secret_fields: [api_key]` under auth",
        )
    yield from _secret_fields(manifest, schema)


def _lost_fixtures(manifest: Manifest, repository: Repository) -> Iterator[Finding]:
    named = manifest.text("fixtures")
    folder = f"{named.removesuffix('/')}/"
    if named and not any(file == named or file.startswith(folder) for file in repository.all_files):
        yield Finding(f"fixtures: there is no {named}", manifest.at("fixtures"), "a folder of recordings")


def _secret_fields(manifest: Manifest, schema: ConfigFile | None) -> Iterator[Finding]:
    """Secrets that the manifest and the schema do not have both."""
    value = schema.value if schema is not None else None
    properties = value.get("properties") if isinstance(value, dict) else None
    if schema is None or not isinstance(properties, dict):
        return
    listed = manifest.texts("auth", "secret_fields")
    for index, name in enumerate(listed):
        where = manifest.at("auth", "secret_fields", index)
        if name not in properties:
            yield Finding(
                f"auth.secret_fields: {name!r} is no setting of {schema.file}", where, "a property's name"
            )
        elif not is_marked(properties[name]):
            yield Finding(
                f"auth.secret_fields: {name!r} is not marked as a secret in {schema.file}",
                where,
                "the same secrets in both",
                f'add "writeOnly": true to {name} in {schema.file}',
            )
    for name, one in properties.items():
        if is_marked(one) and name not in listed:
            path: KeyPath = ("properties", name)
            yield Finding(
                f"{name!r} is marked as a secret, and auth.secret_fields of {MANIFEST} has it not",
                schema.at(path),
                "the same secrets in both",
                f"add {name} to auth.secret_fields",
            )
