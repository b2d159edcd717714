"""What a connector's distribution says of itself: from its files where they tell, else as it was built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from certify.model import Location
from certify.repository.project.installed import Installed
from certify.repository.project.licences import Licence
from certify.repository.project.manifests import (
    is_low_code,
    manifest_licence,
    manifest_requirements,
    manifest_version,
)
from certify.repository.project.pyproject import Project
from certify.repository.project.releases import Releases
from certify.repository.project.stated import Declared, Stated
from certify.repository.project.versions import StatedVersion, changelog_version, literal_versions
from certify.repository.project.wheel_file import CoreMetadata
from certify.repository.tree import Repository
from certify.rules import NotApplicable, Undecided, Unverified

if TYPE_CHECKING:
    from packaging.version import Version

_NEEDS_VERSION = '# pyproject.toml\n[project]\nversion = "1.0.0"\n'
_NEEDS_TAG = "# metadata.yaml\ndata:\n  dockerImageTag: 1.0.0\n"
_NEEDS_DEPENDENCIES = "# pyproject.toml\n[project]\ndependencies = []\n"
_NEEDS_PROJECT = """\
# pyproject.toml
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "your-connector"
version = "1.0.0"
dependencies = []
"""
#: Connectors of these systems are no Python packages.
_OTHER_LANGUAGES = frozenset({"plakar", "appseconnect"})
#: Stands in a source file until a build puts the version there.
_PLACEHOLDERS = ("0", "0.0.0")


class Distribution:
    """Each answer says where it stands.

    `package` is the folder of the import package, `built` gives the metadata of the built wheel or raises
    what keeps it from being built; it is asked only where files do not tell. `latest_change` gives the
    topmost release of the changelog; by default that of a file with a usual name. Where the distribution is
    `installed` and no project is there, its metadata tell in place of both. `stated` gives the places where
    the version of what is no Python package stands, the one that counts first.
    """

    def __init__(
        self,
        project: Project,
        system: str,
        package: str | None,
        built: Callable[[], CoreMetadata],
        latest_change: Callable[[], StatedVersion | None] | None = None,
        installed: Installed | None = None,
        stated: Callable[[], tuple[StatedVersion, ...]] = tuple,
    ) -> None:
        self.project = project
        self.system = system
        self.package = package
        self._built = built
        self._stated = stated
        self._latest_change = latest_change or (lambda: changelog_version(project.repository))
        self._installed = installed

    @property
    def repository(self) -> Repository:
        """The files it is read from."""
        return self.project.repository

    @property
    def _origin(self) -> str:
        """What says what no file of the tree does."""
        return "the installed distribution" if self._released else "the built wheel"

    @property
    def _released(self) -> CoreMetadata | None:
        """The metadata of what is installed, where there is no project."""
        return self._installed.metadata if self._installed and not self.project.exists else None

    def _require_metadata(self) -> CoreMetadata:
        """What tells where files do not. Raises what keeps it from being had."""
        if self._released is not None:
            return self._released
        self.require_project()
        return self._built()

    def require_project(self) -> None:
        """Raise what a rule about Python packaging says where there is no Python project."""
        trouble = self.project.trouble
        if trouble is not None:
            raise Unverified(f"pyproject.toml:{trouble.line}: {trouble.reason}")
        if self.project.unread is not None:
            raise Unverified(f"pyproject.toml is not read: {self.project.unread}")
        if not self.project.exists and is_low_code(self.repository):
            raise NotApplicable("the connector is a manifest, and no Python package")
        if not self.project.exists and self.system in _OTHER_LANGUAGES:
            raise NotApplicable(f"a {self.system} connector without a Python package")
        if not self.project.exists:
            raise Unverified("there is no pyproject.toml, setup.cfg or setup.py", _NEEDS_PROJECT)

    def version(self) -> StatedVersion:
        """The version: written down, built, or else a literal. Raises Unverified when nothing tells."""
        written = self.project.version
        if self.project.exists and written is not None:
            return StatedVersion(written.text, written.location)
        elsewhere = next(iter(self._stated()), None) or manifest_version(self.repository, self.system)
        stated = None if self.project.exists else elsewhere
        if stated is not None:
            return stated
        try:
            return StatedVersion(self._require_metadata().version, None, self._origin)
        except Undecided as error:
            literal = next(iter(self._literal_versions()), None)
            if literal is None and is_low_code(self.repository):
                raise Unverified("the version is not known: a manifest has none", _NEEDS_TAG) from error
            if literal is None:
                needs = error.needs or _NEEDS_VERSION
                raise Unverified(f"the version is not known: {error}", needs) from error
            return literal

    def version_value(self) -> Version:
        """The version as Python packaging reads it. Raises Unverified where it is none."""
        stated = self.version()
        if stated.value is None:
            raise Unverified(f"{stated.place} says {stated.text!r}, no version; see version_is_semver")
        return stated.value

    def repeated_versions(self, stated: StatedVersion, releases: Releases) -> Iterator[StatedVersion]:
        """Where else a version stands that should be the same as the `stated` one."""
        yield from (one for one in (*self._literal_versions(), *self._stated()) if one != stated)
        manifest = manifest_version(self.repository, self.system)
        if manifest is not None and manifest != stated:
            yield manifest
        where = stated.location
        # Where the version was changed since, the tag speaks of what was before.
        if where is not None and releases.at_head and releases.is_as_committed(where.file):
            tags = [StatedVersion(str(one.version), None, f"git's tag {one.tag}") for one in releases.at_head]
            yield next((one for one in tags if one.agrees_with(stated)), tags[0])

    def changelog_version(self) -> StatedVersion | None:
        """The topmost release of the changelog."""
        return self._latest_change()

    def _literal_versions(self) -> tuple[StatedVersion, ...]:
        """`__version__` as the package's own modules have it; a placeholder for the build's is none."""
        if self.package is None:
            return ()
        computed = self.project.exists and self.project.version is None
        found = literal_versions(self.repository, self.package)
        return tuple(one for one in found if not (computed and one.text in _PLACEHOLDERS))

    def requirements(self) -> tuple[Declared, ...]:
        """What it requires, extras included. Raises Unverified when nothing tells."""
        listed = manifest_requirements(self.repository, self.system)
        if listed and not self.project.exists:
            return listed
        if self._released is not None:
            return tuple(Declared(text, None) for text in self._released.requires)
        self.require_project()
        written = self.project.requirements
        if written is None:
            try:
                built = self._built()
            except Undecided as error:
                needs = error.needs or _NEEDS_DEPENDENCIES
                raise Unverified(f"the requirements are not known: {error}", needs) from error
            written = tuple(Declared(text, self.project.where_required(text)) for text in built.requires)
        return (*listed, *written)

    def licence(self) -> Licence:
        """Its licence. Raises Unverified when nothing tells."""
        if self._installed is not None and self._released is not None:
            return _licence_of(self._released, self._installed.described, self._origin)
        in_manifest = manifest_licence(self.repository, self.system)
        if self.project.exists or in_manifest is None:
            self.require_project()
        project = self.project
        stated, classifiers = project.licence, project.classifiers
        is_expression = project.licence_is_expression
        told = not project.exists or project.licence_is_written_down
        if stated is None and not classifiers and not told:
            try:
                built = self._built()
            except Undecided as error:
                raise Unverified(f"the licence is not known: {error}", error.needs) from error
            stated, classifiers = _stated_by(built, self._origin)
            is_expression = built.licence_expression is not None
        return Licence(
            self.repository,
            stated,
            is_expression,
            project.licence_is_a_file,
            classifiers,
            project.licence_files,
            project.licence_place,
            in_manifest,
        )


def _stated_by(metadata: CoreMetadata, origin: str) -> tuple[Stated | None, tuple[Stated, ...]]:
    """The licence, and the classifiers."""
    text = metadata.licence_expression or metadata.licence
    stated = Stated(text, None, origin) if text else None
    return stated, tuple(Stated(one, None, origin) for one in metadata.classifiers)


def _licence_of(metadata: CoreMetadata, described: Path | None, origin: str) -> Licence:
    """The licence of what is installed. Raises Unverified where its text was not installed with it."""
    folder = described or Path()
    stated, classifiers = _stated_by(metadata, origin)
    licence = Licence(
        Repository(folder),
        stated,
        metadata.licence_expression is not None,
        is_a_file=False,
        classifiers=classifiers,
        named=(),
        where=Location(str(folder / "METADATA")),
    )
    if licence.declared and not licence.files:
        said = f"{origin} says {licence.declared[0].text[:100]}, and has no text of it: the repository would"
        raise Unverified(said, _NEEDS_PROJECT)
    return licence
