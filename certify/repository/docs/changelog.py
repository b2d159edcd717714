"""Read a list of changes: which versions it has, in which order, and when they came out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from packaging.version import InvalidVersion, Version

from certify.model import Finding, Location
from certify.repository.docs.page import Page, Step

#: More entries than this are not compared.
_MAX_ENTRIES = 5000
#: Only the dates of the newest are looked at: nobody mends those of ten years ago.
_MAX_DATES = 100
_LIKE_ISO = re.compile(r"(?<![\d.-])\d{4}-\d{1,2}-\d{1,2}(?![\d-])")
_DAY_FIRST = re.compile(r"(?<![\d./-])\d{1,2}([./-])\d{1,2}\1\d{4}(?![\d./-])")
#: What may stand before a version in the heading of its entry; the project's own name may too.
_BEFORE = re.compile(r"[\W_]*(?:(?:version|release|released|rel|ver|tag)\b[\W_]*)?", re.IGNORECASE)
_VERSION = re.compile(r"v?\d+(?:\.\d+)+[\w.+!-]*|v\d+\b", re.IGNORECASE)
_UNDERLINE = re.compile(r"([=\-~^*+#\"'])\1{2,}")
_UNRELEASED = re.compile(r"\b(?:unreleased|upcoming|next|development|dev|main|master)\b", re.IGNORECASE)
_HEADING = re.compile(
    r"\W*(?:change ?log|changes|release notes|release history|version history|history|what.s new|releases)\W*"
)


@dataclass(frozen=True)
class Entry:
    """A version in the list: `released` is its date where it has a true one."""

    version: Version
    text: str
    line: int
    released: date | None


@dataclass(frozen=True)
class Changelog:
    """A list of changes: its versions as they come, and where it speaks of what is not released yet."""

    file: str
    line: int
    entries: tuple[Entry, ...]
    has_unreleased: bool
    points_elsewhere: bool
    is_cut: bool = False
    is_table: bool = False

    def has(self, version: str) -> bool:
        """Whether there is an entry for a version; while it is developed, one without a number will do."""
        wanted = as_version(version)
        if wanted is None:
            return any(version in entry.text for entry in self.entries)
        known = {entry.version for entry in self.entries}
        if Version(wanted.public) in known:
            return True
        return wanted.is_devrelease and (self.has_unreleased or Version(wanted.base_version) in known)

    def absence(self, version: str) -> Finding:
        """What to say where a version has no entry."""
        newest = f"; its first is {self.entries[0].version}" if self.entries else ""
        entry = f"| {version} | YYYY-MM-DD | …" if self.is_table else f"## [{version}] - YYYY-MM-DD"
        return Finding(
            f"{self.file} has no entry for {version}{newest}",
            Location(self.file, self.entries[0].line if self.entries else self.line),
            expected=f"a heading, or a row of a table, that names {version}",
            fix=f"add `{entry}` with what changed, above the others",
        )

    def disorder(self) -> Iterator[Finding]:
        """The first version that stands below an older one; a fix for an older line, by its date, may."""
        for above, below in pairwise(self.entries[:_MAX_ENTRIES]):
            by_date = above.released and below.released and above.released >= below.released
            if above.version < below.version and not by_date:
                yield Finding(
                    f"{below.version} stands below {above.version}, which is older",
                    Location(self.file, below.line),
                    expected="the newest version first, by number: 1.10.0 is newer than 1.9.0",
                    fix=f"move the entry of {below.version} above that of {above.version}",
                )
                return

    def wrong_dates(self, version: str) -> Iterator[Finding]:
        """Days that no calendar has; and in this version's entry, dates that can be read in two ways."""
        current = as_version(version)
        for entry in self.entries[:_MAX_DATES]:
            match = _LIKE_ISO.search(entry.text)
            if match is None and current is not None and entry.version == Version(current.public):
                match = _DAY_FIRST.search(entry.text)
            if match and entry.released is None:
                yield Finding(
                    f"'{match[0]}' is no ISO date",
                    Location(self.file, entry.line),
                    expected="the day of the release as YYYY-MM-DD",
                    fix=f"correct the date of {entry.version}",
                )


def as_version(text: str) -> Version | None:
    """A version in any of Python's spellings, or None."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def changelog_of(page: Page, names: Iterable[str] = (), *, whole: bool) -> Changelog | None:
    """The list of changes that a page is (`whole`), or has a section for; None when it has none."""
    sections = [*page.sections]
    line = 1
    if not whole:
        found = (one for one in sections if one.heading and _HEADING.fullmatch(one.heading.text.lower()))
        start = next(found, None)
        if start is None or start.heading is None:
            return None
        level, line = start.heading.level, start.heading.line
        after = sections[sections.index(start) + 1 :]
        end = next((at for at, one in enumerate(after) if one.heading and one.heading.level <= level), None)
        sections = [start, *after[:end]]
    lines: list[Step] = []
    for section in sections:
        if section.heading:
            lines.append(Step("heading", section.heading.text, section.heading.line))
        lines.extend(section.steps)
    addresses = [*(link.target for link in page.links), *(step.text for step in lines)]
    found_in = _changelog(page.file, line, lines, names, any("://" in one for one in addresses))
    return replace(found_in, is_cut=page.is_cut)


def changelog_in(file: str, text: str, names: Iterable[str] = ()) -> Changelog:
    """The list of changes in a text that is no Markdown: a version is a line, underlined or not."""
    lines = [Step("heading", line[:300].rstrip(), number) for number, line in enumerate(text.splitlines(), 1)]
    underlined = [
        above for above, below in pairwise(lines) if _UNDERLINE.fullmatch(below.text) and above.text
    ]
    short = [one for one in lines if one.text[:1].strip() and len(one.text) <= 80]
    return _changelog(file, 1, underlined or short, names, "://" in text)


def _changelog(file: str, line: int, steps: list[Step], names: Iterable[str], has_address: bool) -> Changelog:
    headings = [step for step in steps if step.kind == "heading"]
    entries = _entries(headings, names)
    is_table = not entries and any(step.kind == "row" for step in steps)
    if not entries:  # a table, a list, or a paragraph in bold for each version
        entries = _entries([step for step in steps if step.kind in ("row", "item", "paragraph")], names)
    return Changelog(
        file=file,
        line=line,
        entries=tuple(entries),
        has_unreleased=any(_UNRELEASED.search(step.text[:200]) for step in headings),
        points_elsewhere=not entries and has_address and sum(len(step.text) for step in steps) < 1000,
        is_table=is_table,
    )


def _entries(steps: list[Step], names: Iterable[str]) -> list[Entry]:
    own = [re.compile(rf"\W*{re.escape(name)}\b", re.IGNORECASE) for name in names if name]
    entries = []
    for step in steps:
        text = step.text.partition("\n")[0][:300]
        for name in own:
            text = name.sub("", text, count=1) if name.match(text) else text
        before = _BEFORE.match(text)
        number = _VERSION.match(text, before.end() if before else 0)
        version = as_version(number[0].rstrip(".-:")) if number else None
        if version is not None:
            entries.append(Entry(version, text, step.line, _released(text)))
    return entries


def _released(text: str) -> date | None:
    match = _LIKE_ISO.search(text)
    try:
        return date.fromisoformat(match[0]) if match else None
    except ValueError:
        return None
