"""Earlier releases of a connector, as git's tags have them; nothing that the repository configures is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from certify.repository.git import git
from certify.repository.project.versions import parse_version
from certify.repository.tree import MAX_TEXT_BYTES, Repository
from certify.rules import NotApplicable, Unverified

if TYPE_CHECKING:
    from packaging.version import Version

_PLAIN = re.compile(r"(?:v|version[-_/]?|rel(?:ease)?[-_/]v?)?(?P<version>\d+\.\d.*)", re.IGNORECASE)
_ENTRY = re.compile(rb"(?P<mode>\d{6}) blob (?P<sha>[0-9a-f]{40,64}) +(?P<size>\d+)\t(?P<name>.+)", re.DOTALL)
#: Regular files; links (120000) and submodules (160000) are not followed.
_REGULAR = (b"100644", b"100755")
#: A partial clone fetches what it lacks, by whatever program its configuration names.
_PARTIAL = r"^(extensions\.partialclone|remote\..*\.(promisor|partialclonefilter))$"
#: Object names that go on one command line; 64 characters each.
_BATCH = 500
MAX_FILES = 2_000


@dataclass(frozen=True)
class Release:
    """A tag that names a version."""

    tag: str
    version: Version

    def may_be_broken_by(self, version: Version) -> bool:
        """Whether a version announces that it breaks this one: a new major; before 1.0, a new minor."""
        if version.major == 0 == self.version.major:
            return version.minor > self.version.minor
        return version.major > self.version.major


class Releases:
    """The releases that HEAD descends from. `names` are what the connector's tags may begin with."""

    def __init__(self, repository: Repository, names: tuple[str, ...]) -> None:
        self.repository = repository
        self._names = ["[-_.]+".join(map(re.escape, re.split(r"[-_.]+", name))) for name in names]

    def before(self, version: Version) -> Release:
        """The highest final release below a version.

        Raises NotApplicable when there is none, and Unverified when git cannot tell.
        """
        self._require_history()
        earlier = [one for one in self._reachable if one.version < version and not one.version.is_prerelease]
        if not earlier:
            raise NotApplicable(f"no earlier release: git has no tag of a version below {version}")
        return max(earlier, key=lambda one: one.version)

    def _require_history(self) -> None:
        root = self.repository.root
        if self._prefix is None:
            raise NotApplicable("no earlier release: this is no git repository")
        if git(root, "config", "--name-only", "--get-regexp", _PARTIAL):
            raise Unverified("earlier releases are not read in a partial clone", "git clone REPOSITORY")
        if git(root, "rev-parse", "--is-shallow-repository") == b"true\n" and not self._reachable:
            raise Unverified("this is a shallow clone, without tags", "git fetch --unshallow --tags")

    @cached_property
    def at_head(self) -> tuple[Release, ...]:
        """The releases that HEAD itself is tagged as."""
        return self._tags("--points-at", "HEAD")

    def working_version(self) -> str | None:
        """What tools that read git's tags would call the working tree; None without git."""
        if self._prefix is None:
            return None
        if self.at_head:
            return str(max(one.version for one in self.at_head))
        last = max((one.version for one in self._reachable), default=None)
        numbers = last.release if last else (0, 0)
        return ".".join(map(str, (*numbers[:-1], numbers[-1] + 1))) + ".dev0"

    def is_as_committed(self, file: str) -> bool:
        """Whether a file is the same in HEAD, line endings aside."""
        committed = git(self.repository.root, "cat-file", "blob", f"HEAD:{self._prefix or ''}{file}")
        here = self.repository.content(file)
        return committed is not None and here is not None and _lines(committed) == _lines(here)

    def files(self, release: Release, folder: str, suffixes: tuple[str, ...]) -> dict[str, bytes]:
        """Regular files below a folder in a release, by their path from the connector's root."""
        entries = list(self._entries(release, folder, suffixes))
        if len(entries) > MAX_FILES:
            raise Unverified(f"{release.tag} has more than {MAX_FILES:,} files under {folder}")
        found: dict[str, bytes] = {}
        for start in range(0, len(entries), _BATCH):
            batch = entries[start : start + _BATCH]
            # Several blobs are printed one after the other. `git archive` would be one call, too, but it
            # runs the filters that the repository configures; this does not.
            shown = git(self.repository.root, "show", "--no-textconv", *(sha for sha, _, _ in batch)) or b""
            if len(shown) != sum(size for _, size, _ in batch):
                raise Unverified(f"{release.tag} cannot be read from git")
            for _, size, name in batch:
                found[name], shown = shown[:size], shown[size:]
        return found

    def _entries(
        self, release: Release, folder: str, suffixes: tuple[str, ...]
    ) -> Iterator[tuple[str, int, str]]:
        listed = git(
            self.repository.root, "ls-tree", "-r", "-z", "-l", f"refs/tags/{release.tag}", "--", folder
        )
        for line in (listed or b"").split(b"\0"):
            entry = _ENTRY.fullmatch(line)
            if entry is None or entry["mode"] not in _REGULAR:
                continue
            name = entry["name"].decode("utf-8", "replace")
            if not name.endswith(suffixes) or ".." in PurePosixPath(name).parts:
                continue
            if int(entry["size"]) > MAX_TEXT_BYTES:
                raise Unverified(f"{name} is too large in {release.tag}")
            yield entry["sha"].decode("ascii"), int(entry["size"]), name

    @cached_property
    def _reachable(self) -> tuple[Release, ...]:
        return self._tags("--merged", "HEAD")

    @cached_property
    def _prefix(self) -> str | None:
        """Where the connector lies in its git repository: empty for its root; None without git."""
        shown = git(self.repository.root, "rev-parse", "--show-prefix")
        return None if shown is None else shown.decode("utf-8", "replace").rstrip("\n")

    def _tags(self, *chosen: str) -> tuple[Release, ...]:
        listed = git(self.repository.root, "tag", *chosen) if self._prefix is not None else None
        found = []
        for tag in (listed or b"").decode("utf-8", "replace").splitlines():
            text = self._version_in(tag)
            version = parse_version(text) if text else None
            if version is not None:
                found.append(Release(tag, version))
        return tuple(found)

    def _version_in(self, tag: str) -> str | None:
        for name in self._names:
            own = re.fullmatch(rf"{name}(?:[-_/@]|==)v?(\d.*)", tag, re.IGNORECASE)
            if own:
                return own[1]
        # Where several projects share a repository, a tag without a name may be any one's.
        plain = _PLAIN.fullmatch(tag) if not self._prefix else None
        return plain["version"] if plain else None


def _lines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")
