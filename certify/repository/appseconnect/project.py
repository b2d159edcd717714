"""Read an adapter's project files: what is compiled, what is referenced, and in which version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from certify.errors import ContractError
from certify.model import Finding, Location
from certify.repository.project.versions import StatedVersion
from certify.repository.tree import Repository
from certify.repository.xml import Element, parse_xml

PACKAGE = "APPSeCONNECT"
ASSEMBLY = "InSync.eConnect.APPSeCONNECT"
PACKAGES = "packages.config"
#: More findings than this tell nothing new.
_MOST = 50
_ITEMS = ("Compile", "Page", "None", "Content", "EmbeddedResource", "ApplicationDefinition")
_VERSION = re.compile(r"Version\s*=\s*([0-9.]{1,40})", re.IGNORECASE)
#: NuGet unpacks a package into a folder named after it and its version.
_FOLDER = re.compile(rf"(?:^|/){PACKAGE}\.(\d[0-9.]{{0,40}}?)/", re.IGNORECASE)


@dataclass(frozen=True)
class Listed:
    """A path that a project names, relative to the connector's folder, and where it does."""

    path: str
    location: Location
    kind: str


class ProjectFiles:
    """`*.csproj` and `*.vbproj`, packages.config; what cannot be read is a finding."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.faults: list[Finding] = []
        found = repository.files("*.csproj", "*.vbproj")[:_MOST]
        self.projects = {file: root for file in found if (root := self._parsed(file)) is not None}
        listings = [PACKAGES, *repository.files(f"*/{PACKAGES}")[:_MOST]]
        there = dict.fromkeys(file for file in listings if repository.exists(file))
        self.packages = {file: root for file in there if (root := self._parsed(file)) is not None}

    def _parsed(self, file: str) -> Element | None:
        content = self.repository.content(file)
        try:
            return parse_xml(content or b"", file)
        except ContractError as error:
            line, _, said = str(error).removeprefix(f"{file}:").partition(": ")
            place = Location(file, int(line) if line.isdecimal() else 1)
            self.faults.append(Finding(said, place, "XML that stands by itself"))
            return None

    @cached_property
    def sdk_versions(self) -> tuple[StatedVersion, ...]:
        """Every place in the project files where a version of the SDK stands."""
        return tuple(self._sdk_versions())

    def _sdk_versions(self) -> Iterator[StatedVersion]:
        for file, root in self.packages.items():
            for one in root.each("package"):
                if one.attributes.get("id", "").casefold() == PACKAGE.casefold():
                    yield StatedVersion(one.attributes.get("version", "?"), Location(file, one.line))
        for file, root in self.projects.items():
            for one in root.each("PackageReference"):
                if one.attributes.get("Include", "").casefold() == PACKAGE.casefold():
                    nested = one.first("Version")
                    said = one.attributes.get("Version") or (nested.text.strip() if nested else "?")
                    yield StatedVersion(said, Location(file, one.line))
            yield from _referenced(file, root)

    @cached_property
    def listed(self) -> tuple[Listed, ...]:
        """The files that projects list, patterns and properties left out."""
        found = []
        for file, root in self.projects.items():
            for one in (element for name in _ITEMS for element in root.each(name)):
                path = one.attributes.get("Include", "")
                if path and not re.search(r"[*?$%;]", path):
                    found.append(Listed(_beside(file, path), Location(file, one.line), one.name))
        return tuple(found)

    @cached_property
    def hints(self) -> tuple[Listed, ...]:
        """Where projects say that references lie."""
        return tuple(
            Listed(_beside(file, one.text.strip()), Location(file, one.line), one.text.strip())
            for file, root in self.projects.items()
            for one in root.each("HintPath")
        )

    def named(self, file: str, name: str) -> tuple[str, Location] | None:
        """A property of a project, and where it stands."""
        found = self.projects[file].first(name)
        text = found.text.strip() if found else ""
        return (text, Location(file, found.line)) if found and text and "$(" not in text else None

    @property
    def compiles_everything(self) -> bool:
        """Whether a project is of the kind that compiles what lies beside it."""
        return any("Sdk" in root.attributes for root in self.projects.values())

    @property
    def is_visual_basic(self) -> bool:
        """Whether there is a project in Visual Basic."""
        return any(file.endswith(".vbproj") for file in self.projects)


def _referenced(file: str, root: Element) -> Iterator[StatedVersion]:
    for one in root.each("Reference"):
        name, _, rest = one.attributes.get("Include", "").partition(",")
        if name.strip().casefold() != ASSEMBLY.casefold():
            continue
        version = _VERSION.search(rest)
        if version:
            yield StatedVersion(version[1], Location(file, one.line))
        for hint in one.each("HintPath"):
            folder = _FOLDER.search(hint.text.strip().replace("\\", "/"))
            if folder:
                yield StatedVersion(folder[1], Location(file, hint.line))


def _beside(file: str, path: str) -> str:
    """A path as a project has it, relative to the connector's folder; `..` as it comes out."""
    if re.match(r"[A-Za-z]:|[\\/]", path):
        return path
    parts: list[str] = []
    for part in [*PurePosixPath(file).parent.parts, *path.replace("\\", "/").split("/")]:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in (".", ""):
            parts.append(part)
    return "/".join(parts)


def is_outside(path: str) -> bool:
    """Whether a path leads out of the connector's folder."""
    return path.startswith("..") or bool(re.match(r"[A-Za-z]:|[\\/]", path))
