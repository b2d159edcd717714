"""What a rule on Planasonix's own file may ask for by name, beside what `fixtures` has."""

from __future__ import annotations

import pytest

from certify.repository import Repository
from certify.repository.planasonix.manifest import Manifest, read_manifest
from certify.rules import Unverified

_NEEDS_MANIFEST = """\
# connector.yaml
name: your_connector
version: 1.0.0
entrypoint: your_package.connector:YourConnector
capabilities: [batch_extract]
auth: {type: api_key, secret_fields: [api_key]}
config_schema: config.schema.json
egress: {allowed_hosts: [api.your.example]}
"""


@pytest.fixture(scope="session")
def connector_manifest(repository: Repository) -> Manifest:
    """connector.yaml, valid or not; unverified where there is none."""
    found = read_manifest(repository)
    if found is None:
        raise Unverified("there is no connector.yaml", _NEEDS_MANIFEST)
    return found
