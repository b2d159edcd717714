"""What a rule on Airbyte's own files may ask for by name, beside what `fixtures` has."""

from __future__ import annotations

from contextlib import suppress

import pytest

from certify.repository import Repository
from certify.repository.airbyte.acceptance import AcceptanceConfig, read_acceptance_config
from certify.repository.airbyte.breaking import Announcement
from certify.repository.airbyte.documentation import find_migration_guide
from certify.repository.airbyte.metadata import Metadata, read_metadata
from certify.repository.docs import Page, Pages
from certify.repository.docs.changelog import Changelog
from certify.rules import NotApplicable, Undecided, Unverified
from certify.subject import Subject

_NEEDS_METADATA = """\
# metadata.yaml
metadataSpecVersion: "1.0"
data:
  name: Demo
  definitionId: …   # uuidgen
  connectorType: source
  dockerRepository: airbyte/source-demo
  dockerImageTag: 1.0.0
"""


@pytest.fixture(scope="session")
def metadata(repository: Repository) -> Metadata:
    """metadata.yaml, valid or not; unverified where there is none."""
    found = read_metadata(repository)
    if found is None:
        raise Unverified("there is no metadata.yaml", _NEEDS_METADATA)
    return found


@pytest.fixture(scope="session")
def acceptance_config(repository: Repository) -> AcceptanceConfig:
    """acceptance-test-config.yml, understood or not; not applicable where there is none."""
    found = read_acceptance_config(repository)
    if found is None:
        raise NotApplicable("there is no acceptance-test-config.yml")
    return found


@pytest.fixture(scope="session")
def announcement(metadata: Metadata, subject: Subject, pages: Pages) -> Announcement:
    """What is known of the breaking changes: the metadata, the page, the guide beside it, the changelog."""
    page: Page | None = None
    changelog: Changelog | None = None
    # Their absence is told by docs_exist and changelog_has_version.
    with suppress(Undecided):
        page = subject.documentation(pages)
    with suppress(Undecided):
        changelog = subject.changelog(pages)
    return Announcement(metadata, page, find_migration_guide(pages, page) if page else None, changelog)
