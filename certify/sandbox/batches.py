"""Read the records that a tap keeps in files, and names in a BATCH message.

The format is that of Meltano's SDK: https://sdk.meltano.com/en/latest/batch.html. The tap is not trusted with
the names: only files of its sandbox are read, as many bytes of them as a run may say on its standard output.
"""

from __future__ import annotations

import gzip
import json
import os
import stat
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urlsplit

from certify.text import cut

#: Bytes that the files of a run hold in all, unpacked, and those of a line.
_MOST_BYTES, _LONGEST = 64 * 1024**2, 16 * 1024**2
_FORMATS, _COMPRESSIONS = ("jsonl",), (None, "none", "gzip")


class Unread(Exception):
    """The records of a message are not known: what its files hold was not read."""


class Batches:
    """Reads the files of one run; `within` is the folder of its sandbox."""

    def __init__(self, within: Path) -> None:
        self._within = within.resolve()
        self._left = _MOST_BYTES

    def records(self, message: Mapping[str, Any]) -> Iterator[Any]:
        """What stands in each line of the files, None for what is no JSON. Raises Unread."""
        encoding = message["encoding"]
        kind, compression = encoding.get("format"), encoding.get("compression")
        if kind not in _FORMATS or compression not in _COMPRESSIONS:
            raise Unread(f"{cut(str(kind), 40)} with compression {cut(str(compression), 40)}")
        for name in message["manifest"]:
            try:
                with self._opened(name) as file:
                    yield from self._lines(_unpacked(file, compression), name)
            except (OSError, EOFError, zlib.error) as error:
                raise Unread(f"{cut(name, 200)}: {cut(str(error), 100)}") from error

    @contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO]:
        """Open a file of the sandbox, and no link: behind it lies somebody's."""
        url = urlsplit(name)
        if url.scheme not in ("", "file") or "\0" in unquote(url.path):
            raise Unread(f"{cut(name, 200)}, which is no file of this machine")
        path = Path(unquote(url.path))
        if not path.resolve().is_relative_to(self._within):
            raise Unread(f"{cut(name, 200)}, outside of the sandbox")
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode) or not _lies_in(file.fileno(), self._within):
                raise Unread(f"{cut(name, 200)}, which is no file of the sandbox")
            yield file

    def _lines(self, file: BinaryIO, name: str) -> Iterator[Any]:
        while line := file.readline(_LONGEST):
            self._left -= len(line)
            if self._left < 0 or len(line) == _LONGEST:
                raise Unread(f"{cut(name, 200)}, which holds more than is read")
            if line.strip():
                yield _value(line)


def _unpacked(file: BinaryIO, compression: str | None) -> BinaryIO:
    return cast("BinaryIO", gzip.GzipFile(fileobj=file)) if compression == "gzip" else file


def _lies_in(descriptor: int, folder: Path) -> bool:
    """Whether what was opened still lies there: a folder above it may have become a link meanwhile."""
    try:
        return Path(f"/proc/self/fd/{descriptor}").readlink().is_relative_to(folder)
    except FileNotFoundError:
        return True  # no Linux: the look before it was opened is all there is


def _value(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
