"""Read a database file that whoever has it open locks for itself: by a copy of it and of its journal.

The load stands still meanwhile. The copy holds what is committed: what a crash at this moment would leave,
and what the next process that opens the file finds.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

#: Bytes of a file that is copied; an empty one has a quarter of a million, a sample's rows add as much.
_MOST_BYTES = 256 * 1024**2


def taken(files: Iterable[Path]) -> dict[str, bytes]:
    """What these files hold now, by their names; those that are not there are left out. Raises OSError."""
    held = {}
    for file in sorted(files):
        with contextlib.suppress(FileNotFoundError):
            held[file.name] = _content(file)
    return held


@contextlib.contextmanager
def copied(engine: Engine, held: Mapping[str, bytes]) -> Iterator[Connection]:
    """A connection to a copy of the file of `engine`, as it was taken; to an empty one where there was none.

    The file itself is not opened: a driver that is newer than the connector's would make one that the
    connector's cannot read.
    """
    import sqlalchemy

    with tempfile.TemporaryDirectory(prefix="certify-look-") as folder:
        for name, content in held.items():
            Path(folder, name).write_bytes(content)
        place = Path(folder, Path(engine.url.database or "").name)
        there = sqlalchemy.create_engine(
            engine.url.set(database=str(place)), poolclass=sqlalchemy.pool.NullPool
        )
        try:
            with there.connect() as connection:
                yield connection
        finally:
            there.dispose()


def _opened(file: Path) -> BinaryIO:
    """Open a file but no link, behind which lies somebody's, and wait for no pipe."""
    return os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def _content(file: Path) -> bytes:
    with _opened(file) as opened:
        about = os.fstat(opened.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > _MOST_BYTES:
            raise OSError(f"{file.name} is no file, or one of more than {_MOST_BYTES // 1024**2} MiB")
        return opened.read(_MOST_BYTES)


def is_locked(file: Path | None) -> bool:
    """Whether another process holds a lock under which nobody else reads it."""
    import fcntl

    if file is None:
        return False
    try:
        with _opened(file) as opened:
            fcntl.lockf(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False
