"""Hold what a connector requires against a list of what it may depend on, and in which versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from certify.model import Finding, Location
from certify.repository.project import ranges
from certify.repository.project.requirements import (
    A_REQUIREMENT,
    Parsed,
    normal_name,
    outside,
    parse_requirement,
)
from certify.rules import HarnessFault
from certify.text import one_line

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

_COMMENT = re.compile(r"(^|\s)#.*")


@dataclass(frozen=True)
class AllowedRange:
    """A line of the allowlist."""

    versions: SpecifierSet
    url: str | None
    location: Location


class Allowlist:
    """One requirement a line, `#` begins a comment; several lines for one name add up.

    `malformed` are findings for lines that are no requirement.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.malformed: list[Finding] = []
        self._allowed: dict[str, list[AllowedRange]] = {}
        for number, line in enumerate(text.splitlines(), 1):
            content, where = _COMMENT.sub("", line).strip(), Location(file, number)
            if not content:
                continue
            one = parse_requirement(content)
            if one is None:
                message = f"{one_line(repr(content), 200)} is no requirement"
                self.malformed.append(Finding(message, where, expected=A_REQUIREMENT))
            else:
                found = AllowedRange(one.specifier, one.url, where)
                self._allowed.setdefault(normal_name(one.name), []).append(found)

    def findings(self, required: Iterable[Parsed], installed: Mapping[str, str]) -> Iterator[Finding]:
        """What is not listed, and what may become a version that is not. `installed`: versions by name."""
        for one in required:
            lines = self._allowed.get(one.name)
            if lines is None:
                yield Finding(
                    f"{one.requirement.name} is required and not on the allowlist",
                    location=one.location,
                    expected=f"a line for {one.requirement.name} in {self.file}",
                    fix=f"do without {one.requirement.name}, or have it added to {self.file}",
                )
            else:
                yield from _Comparison(one, lines, installed.get(one.name)).findings()

    def require_installed_allowed(self, required: Iterable[Parsed], installed: Mapping[str, str]) -> None:
        """Raise HarnessFault where the interpreter has a version that is not allowed.

        Once the declared ranges lie inside the allowed ones, such a version is not even asked for: whoever
        made the environment is to blame.
        """
        others = [
            f"{one.name} {installed[one.name]} (declared: {one.range})"
            for one in required
            if one.name in installed
            and one.requirement.marker is None
            and not _Comparison(one, self._allowed[one.name], installed[one.name]).installed_is_allowed
        ]
        if others:
            raise HarnessFault(
                f"other versions are installed than the connector asks for: {', '.join(others)}"
            )


@dataclass(frozen=True)
class _Comparison:
    """One requirement against the lines that speak of it."""

    required: Parsed
    lines: list[AllowedRange]
    installed: str | None

    def findings(self) -> Iterator[Finding]:
        one = self.required.requirement
        if one.url is not None:
            if one.url not in [line.url for line in self.lines]:
                yield self._finding(f"{one.name} is taken from {one.url}, which is in no range of versions")
            return
        witness = outside(one.specifier, self._ranges)
        if witness is not None:
            also = "" if self.installed_is_allowed else f" ({self.installed} is installed)"
            admits = f"{one.name} ({self.required.range}) admits {witness}{also}"
            yield self._finding(f"{admits}; {self._places} allows {self._allowed}")

    @property
    def _ranges(self) -> list[SpecifierSet]:
        return [line.versions for line in self.lines if line.url is None]

    @property
    def _allowed(self) -> str:
        return " or ".join(line.url or ranges.spelled(line.versions) or "any version" for line in self.lines)

    @property
    def _places(self) -> str:
        return " and ".join(str(line.location) for line in self.lines)

    @property
    def installed_is_allowed(self) -> bool:
        version = self.installed
        if version is None or self.required.requirement.url is not None:
            return True
        return any(one.contains(version, prereleases=True) for one in self._ranges)

    def _finding(self, message: str) -> Finding:
        name = self.required.requirement.name
        return Finding(
            message,
            location=self.required.location,
            expected=f"{name} {self._allowed}",
            fix=f"declare {name} {self._allowed}, or have {self._places} widened",
        )
