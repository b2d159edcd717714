"""Airbyte: the files by which its registry, its users and its acceptance tests know a connector."""

from __future__ import annotations

from certify import (
    Blocked,
    Effort,
    EvidenceLog,
    NotApplicable,
    Repository,
    Tier,
    Unverified,
    no_findings,
    rule,
)
from certify.repository.airbyte.acceptance import AcceptanceConfig, acceptance_findings
from certify.repository.airbyte.breaking import Announcement
from certify.repository.airbyte.metadata import Metadata, metadata_findings
from certify.text import counted

_SYSTEMS = ("airbyte",)


@rule("metadata_is_valid", tier=Tier.BRONZE, effort=Effort.LOW, systems=_SYSTEMS)
def test_metadata_is_valid(metadata: Metadata, evidence: EvidenceLog) -> None:
    """metadata.yaml has what Airbyte's registry asks for, each value of its kind.

    Why: the registry is built from this file. A connector whose file it refuses is not listed; one with a
    wrong type, image or address is listed, and cannot be installed or read about.

    Asked for are the required fields, their types, the words that a field may hold, a UUID, a semantic
    version, addresses, days that a calendar has, tags of the form KEY:VALUE, one of them the language. Keys
    that nobody here knows are left alone.

    Fix: correct the key at the line of the finding. A new connector takes a UUID of its own (`uuidgen`), and
    keeps it.
    """
    config = metadata.config
    evidence.saw("file", f"read {config.file}: {metadata.repository or '?'} {metadata.version or '?'}")
    no_findings(metadata_findings(metadata))


@rule("breaking_changes_are_announced", tier=Tier.BRONZE, effort=Effort.MEDIUM, systems=_SYSTEMS)
def test_breaking_changes_are_announced(announcement: Announcement, evidence: EvidenceLog) -> None:
    """A new major version is announced in metadata.yaml, in time, and the migration guide tells what to do.

    Why: Airbyte shows the announcement to everybody who uses the connector, and links to the guide. Without
    them a pipeline stops on the day of the update, and its owner learns from the failure what has changed.

    A version X.0.0 that follows others has an entry under `releases.breakingChanges`. The guide is
    NAME-migrations.md beside the connector's page, with one section `## Upgrading to X.Y.Z` for each entry,
    the newest first. The deadline of the present version is a week or more after its release, as the
    changelog has it.

    Fix: announce the version, and write its section:

        releases:
          breakingChanges:
            2.0.0:
              message: "The stream `orders` has a new primary key. Refresh it after the upgrade."
              upgradeDeadline: "2026-12-31"
    """
    metadata = announcement.metadata
    if metadata.config.fault is not None or not isinstance(metadata.value(), dict):
        raise Blocked("metadata.yaml cannot be read; see metadata_is_valid")
    announced = metadata.breaking_changes
    evidence.saw(
        "file",
        f"metadata.yaml announces {', '.join(announced) or 'no breaking change'}; at {metadata.version}",
    )
    deadline, release = announcement.deadline, announcement.release
    if deadline is not None and release is not None and release.released is not None:
        evidence.saw("file", f"released on {release.released}, to be taken by {deadline}")
    elif deadline is not None:
        evidence.saw(
            "file", f"the deadline {deadline} is not compared: no changelog has the day of the release"
        )
    if announcement.guide is not None:
        evidence.saw("file", f"read {announcement.guide.file}")
    if not announced and not announcement.needs_entry:
        raise NotApplicable(
            f"nothing is announced, and {metadata.version or 'no version'} is no new major one"
        )
    no_findings(announcement.findings())
    if announcement.lacks_guide:
        raise Unverified(
            "the page that Airbyte's users read is not here, nor the migration guide beside it",
            "# a copy of it: docs/NAME-migrations.md, beside docs/NAME.md",
        )


@rule("acceptance_config_is_understood", tier=Tier.BRONZE, effort=Effort.LOW, systems=_SYSTEMS)
def test_acceptance_config_is_understood(
    acceptance_config: AcceptanceConfig, repository: Repository, evidence: EvidenceLog
) -> None:
    """acceptance-test-config.yml holds known keys alone, files that are there, and a reason for each gap.

    Why: a key that is misspelt asks for nothing, and nobody notices: the test that it was to turn on is green
    because it does not run. A stream that is said to be empty, without a reason, stays untested for good.

    Both dialects are read: `acceptance_tests: {SECTION: {tests: […]}}`, and the older one, `tests: {SECTION:
    […]}`. Files under secrets/ may be absent. With `test_strictness_level: high` each section has tests, or a
    `bypass_reason`.

    Fix: correct the key, the path, or give the reason:

        empty_streams:
        - name: refunds
          bypass_reason: "The test account has never had a refund."
    """
    dialect = "older" if acceptance_config.is_older else "present"
    tests = counted(len(acceptance_config.tests), "test")
    sections = counted(len(acceptance_config.sections), "section")
    evidence.saw(
        "file", f"read {acceptance_config.config.file}, in the {dialect} dialect: {tests} in {sections}"
    )
    for section, reason in acceptance_config.bypassed.items():
        evidence.saw("file", f"{section} is left out: {reason[:200]}")
    no_findings(acceptance_findings(acceptance_config, repository))
