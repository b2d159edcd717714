"""Compare a package's public API with that of an earlier release: griffe reads sources, imports nothing."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from certify.repository.project.api_comparison import ApiComparison, Broken
from certify.repository.project.releases import MAX_FILES, Release, Releases
from certify.repository.project.stated import ImportPackage
from certify.repository.tree import Repository
from certify.rules import Unverified

if TYPE_CHECKING:
    from griffe import Object

_SOURCES = (".py", ".pyi")
#: griffe reads a megabyte in a second; a connector has a tenth of one.
_MAX_BYTES = 4 * 1024 * 1024
_TESTS = re.compile(r"tests?|conftest|test_.*|.*_test")


class PublicApi:
    """The API of a package as its sources show it.

    Where the package's `__init__.py` has an `__all__`, what such lists name is public, and what the
    contract calls (`called`: `module:name`); else every name without an underscore.
    """

    def __init__(
        self, repository: Repository, package: ImportPackage, called: Iterable[str | None] = ()
    ) -> None:
        self.repository = repository
        self.package = package
        self._called = frozenset(one.replace(":", ".") for one in called if one)

    @cached_property
    def present(self) -> dict[str, bytes]:
        """The sources as they lie there, by their path within the package."""
        folder = self.package.folder
        names = [name for name in self.repository.all_files if name.endswith(_SOURCES)]
        inside = [name for name in names if name == folder or name.startswith(f"{folder}/")]
        if len(inside) > MAX_FILES:
            raise Unverified(f"the package has more than {MAX_FILES:,} modules")
        return _api_files({name: self.repository.content(name) or b"" for name in inside}, folder)

    def released(self, releases: Releases, release: Release) -> dict[str, bytes]:
        """The sources as a release had them; empty when it had no such package."""
        inner = self.package.folder.removeprefix("src/")
        for folder in dict.fromkeys((self.package.folder, f"src/{inner}", inner)):
            found = _api_files(releases.files(release, folder, _SOURCES), folder)
            if found:
                return found
        return {}

    def broken_since(self, earlier: Mapping[str, bytes]) -> list[Broken]:
        """What of an earlier API is broken. Raises Unverified when one of the two cannot be read."""
        import griffe

        if earlier == self.present:
            return []
        changed = {name for name in {*earlier, *self.present} if earlier.get(name) != self.present.get(name)}
        needed = [_needed(files, changed) for files in (earlier, self.present)]
        size = sum(len(content) for files in needed for content in files.values())
        if size > _MAX_BYTES:
            raise Unverified(f"too much has changed to compare it: {size / 1e6:.1f} MB of sources")
        name = self.package.name
        with tempfile.TemporaryDirectory(prefix="certify-api-") as place:
            old = _load(name, needed[0], Path(place, "earlier"))
            new = _load(name, needed[1], Path(place, "present"))
            base = Path(place, "present", *name.split("."))
            comparison = ApiComparison(self.package, base, self.present, self._called, new)
            try:
                return comparison.broken(old)
            except (griffe.GriffeError, RecursionError, MemoryError) as error:
                raise Unverified(f"the sources of {name} cannot be compared: {error}") from error


def _needed(files: Mapping[str, bytes], changed: set[str]) -> dict[str, bytes]:
    """The same files, those empty that cannot matter.

    What has not changed breaks nobody, but for saying what is public. A large package would take half a
    minute to read twice.
    """
    return {
        name: content if name in changed or "__init__." in name or b"__all__" in content else b""
        for name, content in files.items()
    }


def _api_files(files: Mapping[str, bytes], folder: str) -> dict[str, bytes]:
    """Files below `folder`, by their path within it; tests are no API."""
    found = {}
    for name, content in files.items():
        inner = name.removeprefix(folder).lstrip("/")
        if not any(_TESTS.fullmatch(part.partition(".")[0]) for part in inner.split("/")):
            found[inner] = content
    return found


def _load(package: str, files: Mapping[str, bytes], place: Path) -> Object:
    import griffe

    logging.getLogger("griffe").setLevel(logging.CRITICAL)  # it tells of each name it cannot resolve
    base = place.joinpath(*package.split("."))
    for name, content in files.items():
        path = base / name if name else base.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    try:
        loaded = griffe.load(
            package,
            search_paths=[place],
            allow_inspection=False,
            try_relative_path=False,
            resolve_aliases=True,
            resolve_external=False,
        )
    except (griffe.GriffeError, ImportError, SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise Unverified(f"the sources of {package} cannot be read: {error}") from error
    assert isinstance(loaded, griffe.Object)
    return loaded
