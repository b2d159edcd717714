"""What a rule on a Plakar plug-in may ask for by name, beside what `fixtures` has."""

from __future__ import annotations

import pytest

from certify.contract import Contract
from certify.plugin.planted import planted_config
from certify.repository import Repository
from certify.repository.plakar.golang import GoSource, read_go
from certify.repository.plakar.makefile import Makefile, read_makefile
from certify.repository.plakar.manifest import Manifest, read_manifest
from certify.rules import Blocked, Unverified
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.plakar.plugin_runs import PluginRuns
from certify.sandbox.zygote import Zygote
from certify.subject import Subject

_NEEDS_MANIFEST = """\
# manifest.yaml
name: example
display_name: Example
description: …
connectors:
- type: importer
  executable: example-importer
  protocols: [example]
"""


@pytest.fixture(scope="session")
def plugin_manifest(repository: Repository) -> Manifest:
    """manifest.yaml, valid or not; unverified where there is none."""
    found = read_manifest(repository)
    if found is None:
        raise Unverified("there is no manifest.yaml", _NEEDS_MANIFEST)
    return found


@pytest.fixture(scope="session")
def manifest(plugin_manifest: Manifest) -> Manifest:
    """manifest.yaml with its connectors; blocked where it names none that can be read."""
    if not plugin_manifest.connectors:
        raise Blocked("manifest.yaml names no connector; see plakar_manifest_is_valid")
    return plugin_manifest


@pytest.fixture(scope="session")
def go_source(repository: Repository) -> GoSource:
    """What the Go files tell; there may be none."""
    return read_go(repository)


@pytest.fixture(scope="session")
def makefile(repository: Repository) -> Makefile | None:
    """The Makefile, where there is one."""
    return read_makefile(repository)


@pytest.fixture(scope="session")
def plugin_runs(
    zygote: Zygote,
    repository: Repository,
    contract: Contract,
    subject: Subject,
    manifest: Manifest,
    makefile: Makefile | None,
) -> PluginRuns:
    """The runs of its connectors."""
    planted = planted_config(contract, subject)
    return PluginRuns(zygote, repository, contract, manifest, makefile, planted)


@pytest.fixture(scope="session")
def plugin_leaks(plugin_runs: PluginRuns) -> LeakSearch:
    """Looks for the secrets of the configuration that the connectors were given."""
    return LeakSearch(plugin_runs.planted.named)
