"""Say what exactly was certified: tree and recordings by digest, the commit, and the machine it ran on."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from certify.contract import Contract
from certify.model import Artifact, CassetteFacts, Connector
from certify.repository.git import git
from certify.repository.tree import GENERATED, Repository
from certify.text import one_line

#: Of a larger file, length and first and last megabyte stand for the whole.
_WHOLE_BYTES = 32 * 1024 * 1024
_SAMPLE_BYTES = 1024 * 1024
_MAX_FILES = 20_000
#: What recordings are called; more of them than this no run replays.
_CASSETTES = (".yaml", ".yml", ".json")
_MAX_CASSETTES = 1000


def connector_facts(
    contract: Contract,
    version: str | None,
    artifact_dir: Path | None,
    artifacts: tuple[Artifact, ...] = (),
) -> Connector:
    """The connector as it lies there now; the folder that receives the report is left out."""
    commit, dirty = _commit(contract.root)
    return Connector(
        name=contract.connector,
        version=one_line(version, 100) if version else None,
        system=contract.system,
        claimed_status=contract.status,
        tree_digest=tree_digest(contract.root, artifact_dir),
        commit=commit,
        dirty=dirty,
        artifacts=artifacts,
        folder=_folder(contract.root),
    )


def cassette_facts(contract: Contract) -> tuple[CassetteFacts, ...]:
    """The recordings in the folder that the contract names, links out of the tree left out."""
    folder = contract.replay.cassettes
    there = contract.root / folder if folder is not None else None
    if folder is None or there is None or not there.is_dir():
        return ()
    repository = Repository(contract.root)
    names = [f"{folder.rstrip('/')}/{path.name}" for path in sorted(there.iterdir())]
    kept = [name for name in names if name.endswith(_CASSETTES) and repository.exists(name)]
    return tuple(
        CassetteFacts(name, "sha256:" + _content_digest(Path(os.path.realpath(contract.root / name))).hex())
        for name in kept[:_MAX_CASSETTES]
    )


def tree_digest(root: Path, without: Path | None = None) -> str:
    """SHA-256 over the paths and contents of all files below `root` that are not generated.

    Links count by where they point; pipes and devices by name alone; nothing is followed or waited for.
    """
    # One road to each folder: a temporary folder often is a link.
    root, without = _real(root), without and _real(without)
    digest = hashlib.sha256()
    for count, path in enumerate(_files(root, without)):
        if count >= _MAX_FILES:
            digest.update(b"more files than are read")
            break
        digest.update(os.fsencode(path.relative_to(root)) + b"\0")
        digest.update(_content_digest(path))
    return "sha256:" + digest.hexdigest()


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _files(root: Path, without: Path | None) -> Iterator[Path]:
    """Files and links, in a fixed order; `os.walk` counts a link to a folder among the folders."""
    for base, folders, names in os.walk(root):
        here = Path(base)
        folders[:] = sorted(
            name
            for name in folders
            if name not in GENERATED and not name.endswith(".egg-info") and here / name != without
        )
        links = [name for name in folders if (here / name).is_symlink()]
        yield from (here / name for name in sorted([*names, *links]))


def _content_digest(path: Path) -> bytes:
    try:
        if path.is_symlink():
            return hashlib.sha256(b"link " + os.fsencode(path.readlink())).digest()
        if not path.is_file():
            return hashlib.sha256(b"special").digest()
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= _WHOLE_BYTES:
                return hashlib.file_digest(file, "sha256").digest()
            sample = hashlib.sha256(b"%d" % size + file.read(_SAMPLE_BYTES))
            file.seek(-_SAMPLE_BYTES, os.SEEK_END)
            sample.update(file.read(_SAMPLE_BYTES))
            return sample.digest()
    except OSError as error:
        return hashlib.sha256(f"unreadable {error.errno}".encode()).digest()


def _commit(root: Path) -> tuple[str | None, bool | None]:
    """The commit checked out, and whether tracked files differ from it; None without git or repository."""
    commit = git(root, "rev-parse", "HEAD")
    if not commit:
        return None, None
    return commit.decode("ascii", "replace").strip(), _is_dirty(root)


def _folder(root: Path) -> str:
    """Where a folder lies in its repository; empty at the top, without one, and where its name is no text."""
    prefix = git(root, "rev-parse", "--show-prefix") or b""
    try:
        return prefix.decode().removesuffix("\n").rstrip("/")
    except UnicodeDecodeError:
        return ""


#: Filters run on content that is compared; a partial clone fetches what it lacks, with any program.
_RUNS_PROGRAMS = r"^(filter\.|extensions\.partialclone$|remote\..*\.(promisor|partialclonefilter)$)"


def _is_dirty(root: Path) -> bool | None:
    if git(root, "config", "--name-only", "--get-regexp", _RUNS_PROGRAMS):
        return None  # comparing files would run what the repository's own configuration names
    status = git(root, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=all", "--", ".")
    return None if status is None else bool(status.strip())


def machine() -> str:
    """The platform in one line: system, release, architecture."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def python() -> str:
    """The Python that runs certify."""
    return f"{platform.python_implementation()} {'.'.join(map(str, sys.version_info[:3]))}"
