"""Examine whether breaking changes are announced: in metadata.yaml, in time, and in a migration guide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from certify.model import Finding, Location
from certify.repository.airbyte.documentation import migration_guide_of
from certify.repository.airbyte.metadata import METADATA, Metadata, as_day
from certify.repository.docs.changelog import Changelog, Entry, as_version
from certify.repository.docs.page import Heading, Page
from certify.repository.schemas import MAX_FINDINGS

if TYPE_CHECKING:
    from packaging.version import Version

_KEYS = ("releases", "breakingChanges")
#: Users are given at least this long, in Airbyte's own words a week.
NOTICE = timedelta(days=7)
_UPGRADING = re.compile(r"upgrading to v?(\S+)", re.IGNORECASE)
_SECTION_LEVEL = 2


@dataclass(frozen=True)
class Announcement:
    """What is known of a connector's breaking changes; None where a page is not here."""

    metadata: Metadata
    page: Page | None
    guide: Page | None
    changelog: Changelog | None

    @property
    def needs_entry(self) -> bool:
        """Whether this version is the first of a major one, and follows others."""
        version = as_version(self.metadata.version)
        if version is None or version.is_prerelease or version.release[1:] != (0, 0):
            return False
        earlier = self.changelog.entries if self.changelog else ()
        return version.major > 1 or (version.major == 1 and any(one.version < version for one in earlier))

    @property
    def release(self) -> Entry | None:
        """The entry of the present version in the changelog."""
        version = as_version(self.metadata.version)
        entries = self.changelog.entries if self.changelog else ()
        return next((one for one in entries if one.version == version), None)

    @property
    def deadline(self) -> date | None:
        """The day by which users of the present version have to have upgraded, where it breaks something."""
        return as_day(self.metadata.text(*_KEYS, self.metadata.version, "upgradeDeadline"))

    @property
    def lacks_guide(self) -> bool:
        """Whether there is no guide where the page is: it may lie in another repository with the page."""
        return self.page is None and self.guide is None and bool(self.metadata.breaking_changes)

    def findings(self) -> Iterator[Finding]:
        """What is not announced, or not in time, or not as it should be."""
        yield from self._unannounced()
        yield from self._short_notice()
        if self.guide is not None:
            yield from islice(_guide_findings(self.guide, self.metadata), MAX_FINDINGS)
        elif self.page is not None and self.metadata.breaking_changes:
            name = migration_guide_of(PurePosixPath(self.page.file))
            yield Finding(
                f"breaking changes are announced, and there is no {name}",
                self.metadata.at(*_KEYS),
                "a guide beside the connector's page, which Airbyte links to from the announcement",
                f"add {name} with a section `## Upgrading to X.Y.Z` for each of them",
            )

    def _unannounced(self) -> Iterator[Finding]:
        version = self.metadata.version
        if self.needs_entry and version not in self.metadata.breaking_changes:
            yield Finding(
                f"data.releases.breakingChanges does not announce {version}, a new major version",
                self.metadata.at(*(_KEYS if self.metadata.value(*_KEYS) else ("dockerImageTag",))),
                f"an entry for {version} with `message` and `upgradeDeadline`; Airbyte refuses it without",
                f"say under data.releases.breakingChanges of {METADATA} what {version} breaks, or release it "
                "under a minor version",
            )

    def _short_notice(self) -> Iterator[Finding]:
        """Held against the day of the release, not against today: else a release would fail by its age."""
        deadline, entry = self.deadline, self.release
        if deadline is None or entry is None or entry.released is None or self.changelog is None:
            return
        days = (deadline - entry.released).days
        if days < NOTICE.days:
            yield Finding(
                f"upgradeDeadline of {self.metadata.version} is {deadline}, {days} days after its release "
                f"({self.changelog.file}:{entry.line})",
                self.metadata.at(*_KEYS, self.metadata.version, "upgradeDeadline"),
                f"{NOTICE.days} days or more after the release",
                f"move it to {entry.released + NOTICE} or later",
            )


def _guide_findings(guide: Page, metadata: Metadata) -> Iterator[Finding]:
    sections = list(_sections(guide))
    told = {version for version, _ in sections}
    announced = {as_version(key): key for key in metadata.breaking_changes}
    for version, key in announced.items():
        if version not in told:
            yield Finding(
                f"{guide.file} has no section on {key}",
                metadata.at(*_KEYS, key),
                f"`## Upgrading to {key}`, which the announcement links to",
                f"add it to {guide.file}, with the steps that a user takes",
            )
    for version, heading in sections:
        if version not in announced:
            yield Finding(
                f"'{heading.text}' is of a version that {METADATA} does not announce",
                Location(guide.file, heading.line),
                "one section for each entry of data.releases.breakingChanges, and no other",
                f"announce it in {METADATA}, or make it a part of another section",
            )
    for (above, _), (below, heading) in pairwise(sections):
        if above < below:
            yield Finding(
                f"'{heading.text}' stands below {above}, which is older",
                Location(guide.file, heading.line),
                "the newest version first, by number: 10.0.0 is newer than 9.0.0",
                f"move the section above that on {above}",
            )
            return


def _sections(guide: Page) -> Iterator[tuple[Version, Heading]]:
    for heading in guide.headings:
        found = _UPGRADING.match(heading.text[:200]) if heading.level == _SECTION_LEVEL else None
        version = as_version(found[1].rstrip(":.,")) if found else None
        if version is not None:
            yield version, heading
