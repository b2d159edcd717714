"""Say which built files a report speaks of, and refuse one that was not built from the tree at hand.

Rules look at the tree; a wheel or a source distribution may stand for it only where its files are the tree's.
"""

from __future__ import annotations

import base64
import hashlib
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from packaging.version import InvalidVersion, Version

from certify.errors import CertifyError
from certify.model import Artifact
from certify.repository.project.wheel_file import (
    MAX_BYTES,
    MAX_FILES,
    UnreadableWheel,
    WheelTooLarge,
    core_metadata,
    read_wheel,
)
from certify.repository.tree import Repository

#: What a build adds: compiled modules, and what tells of the distribution.
_MADE = (".so", ".pyd", ".dylib", ".pyc")
_TOLD = ("PKG-INFO", "setup.cfg")
_REBUILD = "build it from this tree again"


def built_files(root: Path, version: str | None, files: Sequence[Path]) -> tuple[Artifact, ...]:
    """The files by name and digest, in the order given.

    Raises CertifyError when one cannot be read, is neither wheel nor source distribution, is of another
    version than the connector, or holds a file that the tree has not, or has otherwise.
    """
    found: dict[str, Artifact] = {}
    tree = Repository(root)
    for file in dict.fromkeys(files):
        if file.name in found:
            raise CertifyError(f"--artifact {file}: another file of that name was named already")
        found[file.name] = _artifact(tree, version, file)
    return tuple(found.values())


def file_digest(file: Path) -> str:
    """`sha256:…` of a regular file. Raises CertifyError."""
    if not file.is_file():
        raise CertifyError(f"--artifact {file}: no such file; it names a wheel or a source distribution")
    try:
        with file.open("rb") as content:
            return "sha256:" + hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise CertifyError(f"--artifact {file}: cannot be read: {error.strerror}") from error


def _artifact(tree: Repository, version: str | None, file: Path) -> Artifact:
    digest = file_digest(file)
    if file.name.endswith(".whl"):
        built, members = _wheel(file)
    elif file.name.endswith((".tar.gz", ".tgz")):
        built, members = _source(file)
    else:
        raise CertifyError(f"--artifact {file}: expected a wheel (.whl) or a source distribution (.tar.gz)")
    if version is not None and not _same(built, version):
        raise CertifyError(f"--artifact {file}: it is of version {built}, not {version}; {_REBUILD}")
    _refuse_strangers(tree, file, members)
    return Artifact(file.name, digest)


def _same(one: str, other: str) -> bool:
    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def _refuse_strangers(tree: Repository, file: Path, members: dict[str, str]) -> None:
    """Each member must be a file of the tree, byte for byte."""
    if not members:
        raise CertifyError(f"--artifact {file}: none of its files is one of the connector's")
    for name, digest in members.items():
        places = list(_places(tree, name))
        if not places:
            raise CertifyError(f"--artifact {file}: the connector has no {name}, which is in it; {_REBUILD}")
        if digest not in map(_digest, places):
            shown = places[0].relative_to(tree.root)
            raise CertifyError(f"--artifact {file}: its {name} is not {shown} of the connector; {_REBUILD}")


def _places(tree: Repository, name: str) -> Iterator[Path]:
    """Where a member may come from: the root, `src/`, or a folder that the build maps."""
    usual = [one for one in (name, f"src/{name}") if tree.exists(one)]
    for one in usual or (file for file in tree.all_files if file.endswith(f"/{name}")):
        if (path := tree.root / one).is_file():
            yield path


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return _as_recorded(hashlib.file_digest(content, "sha256").digest())


def _as_recorded(digest: bytes) -> str:
    """As a wheel's RECORD writes it."""
    return f"sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode('ascii')}"


def _wheel(file: Path) -> tuple[str, dict[str, str]]:
    """Its version, and the digests of what it installs, by path."""
    try:
        wheel = read_wheel(file.resolve())
    except (UnreadableWheel, WheelTooLarge) as error:
        raise CertifyError(f"--artifact {file}: {error}") from error
    installed = wheel.installed.items()
    return wheel.metadata.version, {
        name: entry.sha256 for name, entry in installed if not name.endswith(_MADE)
    }


def _source(file: Path) -> tuple[str, dict[str, str]]:
    """The same of a source distribution; its own folder is left out of the paths."""
    version, members = "", {}
    try:
        for name, content in _members(file):
            if name == "PKG-INFO":
                version = core_metadata(content.decode("utf-8", "replace")).version
            elif name not in _TOLD and ".egg-info/" not in name:
                members[name] = _as_recorded(hashlib.sha256(content).digest())
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error) as error:
        raise CertifyError(f"--artifact {file}: it is no source distribution: {error}") from error
    return version, members


def _members(file: Path) -> Iterator[tuple[str, bytes]]:
    """The regular files in an archive, without the folder that all lie in."""
    left, count = MAX_BYTES, 0
    with tarfile.open(file, "r|gz") as archive:
        for member in archive:
            left, count = left - member.size, count + 1
            if left < 0 or count > MAX_FILES:
                raise CertifyError(f"--artifact {file}: it is larger than what is looked at")
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                yield str(PurePosixPath(*PurePosixPath(member.name).parts[1:])), content.read()
