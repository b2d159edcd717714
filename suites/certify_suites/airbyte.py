"""Airbyte: the files by which its registry, its users and its acceptance tests know a connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from certify import (
    Blocked,
    Effort,
    EvidenceLog,
    Finding,
    Interview,
    NotApplicable,
    Repository,
    SourceReads,
    Tier,
    Unverified,
    no_findings,
    rule,
)
from certify.repository.airbyte.acceptance import AcceptanceConfig, acceptance_findings
from certify.repository.airbyte.breaking import Announcement
from certify.repository.airbyte.expectations import (
    empty_streams,
    expectations,
    future_states,
    not_executed,
)
from certify.repository.airbyte.metadata import Metadata, metadata_findings
from certify.text import counted
from certify_suites.catalogs import name_of
from certify_suites.expected_records import is_named, rows_by_stream, unmet
from certify_suites.future_states import read_from, rows_from

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


@rule(
    "expected_records_come",
    tier=Tier.SILVER,
    effort=Effort.MEDIUM,
    systems=_SYSTEMS,
    capabilities=("source",),
)
def test_expected_records_come(
    acceptance_config: AcceptanceConfig,
    repository: Repository,
    interview: Interview,
    source_reads: SourceReads,
    evidence: EvidenceLog,
) -> None:
    """Each stream gives a record, and the records that acceptance-test-config.yml expects are among them.

    Why: a stream that gives nothing was not tested, whatever else is green. A record that is known in advance
    tells of a field that was lost or turned into something else, where every schema still fits.

    What `basic_read` says is executed on the full read of what was recorded: `empty_streams` with a reason,
    and `expect_records` with exact_order, extra_records, extra_fields and ignored_fields.

    Fix: mend what the finding shows. Where the account has changed, record full_refresh.yaml and the expected
    records from the same one:

        {"stream": "orders", "data": {"id": 1, "total": "9.90"}}
    """
    _require_tests(acceptance_config, "basic_read")
    found = rows_by_stream(source_reads.full)
    explained = empty_streams(acceptance_config)
    catalog = _catalog(interview)
    streams = [name for one in catalog["streams"] if (name := name_of(one, "airbyte"))]
    silent = [name for name in streams if name not in found]
    told = counted(sum(one.count for one in found.values()), "row")
    evidence.saw("rows", f"{told} from {len(streams) - len(silent)} of {counted(len(streams), 'stream')}")
    for name, reason in explained.items():
        evidence.saw("file", f"{name} may be empty: {reason[:200]}")
    if left := not_executed(acceptance_config):
        evidence.saw("file", f"not executed, or by other rules: {', '.join(left)}"[:500])
    wrongs = [
        _silent(name, acceptance_config)
        for name in silent
        if not any(is_named(name, one) for one in explained)
    ]
    absent = []
    for expectation in expectations(acceptance_config, repository):
        if expectation.records is None:
            absent.append(expectation.file)
            continue
        number = counted(len(expectation.records), "expected record")
        evidence.saw("file", f"{number} in {expectation.file}")
        wrongs += unmet(expectation, found)
    no_findings(wrongs)
    if absent:
        raise Unverified(f"{absent[0]} is not here: nothing is held against it", "# the file, committed")


def _silent(stream: str, acceptance: AcceptanceConfig) -> Finding:
    return Finding(
        f"{stream} gives no record",
        acceptance.at_section("basic_read"),
        "a record of each stream, or an entry of empty_streams with a bypass_reason",
        "give the test account a record and record it, or say why there is none",
    )


@rule(
    "future_state_reads_nothing",
    tier=Tier.SILVER,
    effort=Effort.MEDIUM,
    systems=_SYSTEMS,
    capabilities=("source",),
)
def test_future_state_reads_nothing(
    acceptance_config: AcceptanceConfig,
    repository: Repository,
    interview: Interview,
    source_reads: SourceReads,
    evidence: EvidenceLog,
) -> None:
    """From the state of the future in acceptance-test-config.yml, a read gives no record and no error.

    Why: a state that is ignored, or read wrongly, is hidden by a platform that removes duplicates: each night
    everything is read again, and paid for. A cursor beyond the last record shows it at once.

    Streams that are read whole each time, or stand in `missing_streams`, may give records. What the read asks
    for is played from resume@future.yaml, else from full_refresh.yaml.

    Fix: read on from the state that is given, and end well where there is nothing after it:

        future_state:
          future_state_path: integration_tests/abnormal_state.json
    """
    _require_tests(acceptance_config, "incremental")
    named = list(future_states(acceptance_config))
    if not named:
        raise NotApplicable("no test of incremental names a future_state_path")
    catalog = _catalog(interview)
    wrongs: list[Finding] = []
    for future in named:
        read = read_from(future, repository, source_reads)
        seen, found = rows_from(future, read, catalog, source_reads)
        evidence.saw("rows", seen)
        wrongs += found
    no_findings(wrongs)


def _catalog(interview: Interview) -> Mapping[str, Any]:
    catalog = interview.protocol.catalog(interview.discovery.said)
    if catalog is None:
        raise Unverified(f"no catalog comes ({interview.discovery.ending})")
    return catalog


def _require_tests(acceptance: AcceptanceConfig, section: str) -> None:
    """Not applicable where a section is left out with a reason; blocked where the file cannot be read."""
    if acceptance.config.fault is not None:
        raise Blocked(f"{acceptance.config.file} cannot be read; see acceptance_config_is_understood")
    if section in acceptance.bypassed:
        raise NotApplicable(f"{section} is left out: {acceptance.bypassed[section][:200]}")
