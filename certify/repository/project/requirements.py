"""What a connector requires, parsed: for its users, not for those who work on it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from certify.model import Finding, Location
from certify.repository.project import ranges
from certify.repository.project.stated import Declared
from certify.repository.project.versions import StatedVersion
from certify.rules import HarnessFault, Unverified
from certify.text import one_line

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

#: Extras for those who work on the connector; nobody who uses it installs them.
_DEVELOPMENT = re.compile(
    r"(dev|devel|develop|development|tests?|testing|docs?|documentation|lint|linting|format|formatting|style"
    r"|qa|quality|typing|types|type-?check|mypy|ruff|ci|build|release|publish|bench|benchmarks?|cov|coverage"
    r"|tox|nox|hooks|maintainer|contrib)([-_.].*)?|.*[-_.](dev|tests?|docs?|lint)",
    re.IGNORECASE,
)
_EXTRA_MARKER = re.compile(r"""extra\s*==\s*['"]([^'"]+)['"]""")
#: A connector has ten.
MAX_REQUIREMENTS = 1_000
#: What a line that is none should have been.
A_REQUIREMENT = "a requirement (PEP 508), such as requests>=2.31,<3"


@dataclass(frozen=True)
class Parsed:
    """A declared requirement that reads as one; `name` in its normal form."""

    declared: Declared
    requirement: Requirement

    @property
    def location(self) -> Location | None:
        """Where it is declared."""
        return self.declared.location

    @property
    def name(self) -> str:
        """The distribution's name, lower case with hyphens."""
        return normal_name(self.requirement.name)

    @property
    def range(self) -> str:
        """The versions it admits, in words."""
        return ranges.spelled(self.requirement.specifier) or "any version"


def parse_requirement(text: str) -> Requirement | None:
    """A requirement as Python packaging reads it (PEP 508); None when it is none."""
    from packaging.requirements import Requirement

    try:
        return Requirement(text)
    except (ValueError, RecursionError):  # InvalidRequirement is a ValueError
        return None


def normal_name(name: str) -> str:
    """A distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


class Requirements:
    """The declared requirements that users get installed.

    `declared` tells them, `versions` which versions of some names the connector's interpreter has,
    `sdk_versions` where a version of an SDK stands that is no requirement. They are asked when they are
    needed, and may raise Unverified.
    """

    def __init__(
        self,
        declared: Callable[[], Iterable[Declared]],
        versions: Callable[[Iterable[str]], Mapping[str, str]],
        own_name: str | None = None,
        sdk_versions: Callable[[], tuple[StatedVersion, ...]] = tuple,
    ) -> None:
        self._declared = declared
        self._versions = versions
        self._own_name = own_name
        self._sdk_versions = sdk_versions

    @property
    def parsed(self) -> list[Parsed]:
        """Those that read as requirements."""
        return self._parsed[0]

    @property
    def malformed(self) -> list[Finding]:
        """Findings for the others."""
        return self._parsed[1]

    @cached_property
    def installed(self) -> Mapping[str, str]:
        """The versions that the connector's interpreter has, by normal name; what is absent is left out."""
        return self._versions(tuple(dict.fromkeys(one.name for one in self.parsed)))

    @cached_property
    def _parsed(self) -> tuple[list[Parsed], list[Finding]]:
        parsed: list[Parsed] = []
        malformed: list[Finding] = []
        own = normal_name(self._own_name) if self._own_name else None
        declared = tuple(self._declared())
        if len(declared) > MAX_REQUIREMENTS:
            raise Unverified(f"more than {MAX_REQUIREMENTS:,} requirements are declared")
        for one in declared:
            if _is_for_development(one):
                continue
            requirement = parse_requirement(one.text)
            if requirement is None:
                message = f"{one_line(repr(one.text), 200)} is no requirement"
                malformed.append(Finding(message, one.location, expected=A_REQUIREMENT))
            elif normal_name(requirement.name) != own:  # an extra that gathers others names its own project
                parsed.append(Parsed(one, requirement))
        return parsed, malformed

    @cached_property
    def sdk_versions(self) -> tuple[StatedVersion, ...]:
        """Every place where a version of the SDK stands, where that is no Python package."""
        return self._sdk_versions()

    def of_other_major(self, major: int | None) -> Iterator[Finding]:
        """Such places with another major version than the policy's, or than the first of them."""
        first = self.sdk_versions[0]
        wanted, told = (_major_of(first), first.place) if major is None else (str(major), "policy.sdk")
        for one in self.sdk_versions:
            if _major_of(one) != wanted:
                said = f"the SDK is of version {one_line(one.text, 40)}"
                yield Finding(said, one.location, f"major version {wanted}, as {told} has it")

    def leaving_major(self, package: str, major: int, policy: Location) -> Iterator[Finding]:
        """Where the range of the SDK leaves a major version; `policy` is where that is named."""
        stays = f"{package}>={major},<{major + 1}"
        found = [one for one in self.parsed if one.name == normal_name(package)]
        if not found:
            yield Finding(
                f"{package}, the SDK that the contract names, is not required",
                location=policy,
                expected=f"a dependency such as {stays}",
                fix=f"add {stays} to the dependencies, or correct policy.sdk",
            )
        for one in found:
            witness = outside(one.requirement.specifier, [ranges.major(major)])
            if one.requirement.url is not None:
                message = f"{package} is taken from {one.requirement.url}, which promises no version"
            elif witness is not None:
                message = f"{package} ({one.range}) admits {witness}, outside major version {major}"
            else:
                continue
            above = witness is None or witness.major > major
            bound = f"end the range below {major + 1}" if above else f"begin the range at {major}"
            yield Finding(message, one.location, expected=f"{package} {major}.x", fix=f"{bound}: {stays}")

    def require_major_installed(self, package: str, major: int) -> None:
        """Raise HarnessFault where the interpreter has another one, which the connector does not ask for."""
        from packaging.version import Version

        version = self.installed.get(normal_name(package))
        if version is not None and Version(version).major != major:
            raise HarnessFault(f"{package} {version} is installed, which the connector does not ask for")


def _major_of(stated: StatedVersion) -> str:
    """The first number; in front of it may stand the bracket of a range."""
    return stated.text.strip().lstrip("[(").partition(".")[0]


def outside(declared: SpecifierSet, allowed: list[SpecifierSet]) -> Version | None:
    """A version that the first admits and none of the others does. Raises Unverified where unknown."""
    try:
        return ranges.outside(declared, allowed)
    except ValueError as error:
        raise Unverified(f"the range {declared} cannot be decided: {error}") from error


def _is_for_development(one: Declared) -> bool:
    extras = [one.extra] if one.extra else _EXTRA_MARKER.findall(one.text)
    return bool(extras) and all(_DEVELOPMENT.fullmatch(extra) for extra in extras)
