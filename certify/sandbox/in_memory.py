"""Find the folder that lies in memory, for targets that are written hundreds of times."""

from __future__ import annotations

import os
from pathlib import Path

_SHARED = Path("/dev/shm")
#: Bytes that must be free there: a container has 64 MiB by default, and a large load takes some.
_ENOUGH = 1024**3


def folder_in_memory(shared: Path = _SHARED) -> Path | None:
    """Where files wait for no disk; None where there is no such folder, or too little room in it.

    A database syncs at each commit: on a disk that takes more of a load than all else. What a kill leaves
    behind is the same in both.
    """
    try:
        there = os.statvfs(shared)
    except OSError:
        return None
    # A connector may well have a library unpacked into its home: elsewhere that could be loaded.
    refuses = there.f_flag & (os.ST_RDONLY | getattr(os, "ST_NOEXEC", 0))
    if refuses or there.f_bavail * there.f_frsize < _ENOUGH or not os.access(shared, os.W_OK | os.X_OK):
        return None
    return shared
