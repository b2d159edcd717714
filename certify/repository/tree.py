"""The files of a connector's repository: found once, read within bounds, links out of it not followed."""

from __future__ import annotations

import fnmatch
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from certify.repository.git import git

#: Folders that tools make; none of them is released.
GENERATED = frozenset(
    {
        *(".git", ".hg", ".svn", ".venv", "venv", ".tox", ".nox", ".idea", ".vscode", "node_modules"),
        *(
            "__pycache__",
            ".pytest_cache",
            ".mypy_cache",
            ".ruff_cache",
            ".hypothesis",
            ".benchmarks",
            ".eggs",
        ),
        *("build", "dist", "site-packages", "test_artifacts"),
    }
)

#: A repository with more files is no connector's; what comes after is not looked at, and rules say so.
MAX_FILES = 20_000
#: Nothing a person wrote is larger.
MAX_TEXT_BYTES = 2 * 1024 * 1024


class Repository:
    """Paths are relative to the root, POSIX style; what git ignores is left out where git is there."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._texts: dict[str, str | None] = {}

    @cached_property
    def all_files(self) -> tuple[str, ...]:
        """Every regular file that could be released, sorted; links only where they stay inside."""
        found = sorted(self._walk())
        kept = self._not_ignored()
        return tuple(name for name in found if kept is None or name in kept)

    @property
    def is_cut(self) -> bool:
        """Whether there are more files than are looked at."""
        return len(self.all_files) >= MAX_FILES

    def files(self, *patterns: str) -> tuple[str, ...]:
        """Files that match one of these patterns (`*.md`, `docs/*.md`; `*` crosses folders)."""
        return tuple(
            name for name in self.all_files if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
        )

    def exists(self, name: str) -> bool:
        """Whether a path leads to a file or folder inside the repository."""
        return self._inside(name) is not None

    def text(self, name: str) -> str | None:
        """A file's text (UTF-8, what is not is replaced), or None: absent, special, outside, too large."""
        if name not in self._texts:
            data = self.content(name)
            self._texts[name] = None if data is None else data.decode("utf-8-sig", "replace")
        return self._texts[name]

    def content(self, name: str, limit: int = MAX_TEXT_BYTES) -> bytes | None:
        """A file's bytes, or None where `text` is None."""
        with self._opened(name) as file:
            too_large = file is None or os.fstat(file.fileno()).st_size > limit
            return None if file is None or too_large else file.read(limit)

    def beginning(self, name: str, size: int) -> bytes:
        """The first bytes of a file, however large it is; none where it is absent, special or outside."""
        with self._opened(name) as file:
            return b"" if file is None else file.read(size)

    @contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO | None]:
        """A regular file inside, opened; None for everything else."""
        path = self._inside(name)
        try:
            # Opened without waiting, then looked at: a FIFO, or a file that became one, holds nobody up.
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = None if path is None else os.open(path, flags)
        except OSError:
            descriptor = None
        if descriptor is None:
            yield None
            return
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)  # a folder cannot even be made a file object
            yield None
            return
        with os.fdopen(descriptor, "rb") as file:
            yield file

    def _inside(self, name: str) -> Path | None:
        pure = PurePosixPath(name)
        if pure.is_absolute() or "\0" in name:
            return None
        try:
            path = (self.root / pure).resolve(strict=True)
        except (OSError, RuntimeError):
            return None
        return path if path.is_relative_to(self.root) else None

    def _walk(self) -> Iterator[str]:
        waiting = [self.root]
        count = 0
        while waiting:
            folder = waiting.pop()
            for entry in _entries(folder):
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in GENERATED and not entry.name.endswith(".egg-info"):
                        waiting.append(Path(entry.path))
                    continue
                name = Path(entry.path).relative_to(self.root).as_posix()
                regular = entry.is_file(follow_symlinks=False)
                if regular or (entry.is_symlink() and self._is_link_to_file(name)):
                    count += 1
                    yield name
                if count >= MAX_FILES:
                    return

    def _is_link_to_file(self, name: str) -> bool:
        path = self._inside(name)
        return path is not None and path.is_file()

    def _not_ignored(self) -> frozenset[str] | None:
        listed = git(self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
        if not listed:
            return None
        return frozenset(os.fsdecode(name) for name in listed.split(b"\0") if name)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []
