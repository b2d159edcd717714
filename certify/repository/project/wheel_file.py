"""Read a wheel that somebody's build made: bounded, nothing unpacked, nothing believed."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path

#: A connector's wheel holds hundreds of files and a few megabytes.
MAX_FILES = 20_000
MAX_BYTES = 400 * 1024 * 1024
#: METADATA carries the README, RECORD a line for each file.
_MAX_TEXT = 8 * 1024 * 1024
#: What `zipfile` raises over files that were damaged with care; found by damaging them.
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError),
    *(ValueError, IndexError, NotImplementedError, RuntimeError, struct.error),
)
_CHUNK = 1024 * 1024
#: Where a private key in PEM form shows itself, whatever its file is called.
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_LONGEST_MARK = 100
_DIST_INFO = re.compile(r"[^/]+\.dist-info/(METADATA|RECORD|entry_points\.txt)")


class UnreadableWheel(ValueError):
    """What was built is no wheel."""


class WheelTooLarge(ValueError):
    """More than is looked at."""


@dataclass(frozen=True)
class Entry:
    """A file in a wheel: `sha256` as RECORD writes it."""

    name: str
    size: int
    sha256: str
    holds_private_key: bool


@dataclass(frozen=True)
class CoreMetadata:
    """What METADATA says (PEP 566, PEP 639)."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    licence: str | None = None
    licence_expression: str | None = None
    classifiers: tuple[str, ...] = ()
    requires_python: str = ""


def core_metadata(text: str) -> CoreMetadata:
    """What METADATA says; empty where there is none."""
    message = HeaderParser().parsestr(text)
    return CoreMetadata(
        name=str(message.get("Name", "")).strip(),
        version=str(message.get("Version", "")).strip(),
        requires=tuple(map(str, message.get_all("Requires-Dist", ()))),
        licence=_text(message.get("License")),
        licence_expression=_text(message.get("License-Expression")),
        classifiers=tuple(map(str, message.get_all("Classifier", ()))),
        requires_python=str(message.get("Requires-Python", "")).strip(),
    )


@dataclass(frozen=True)
class Wheel:
    """A wheel's files in their order, and the texts of its `.dist-info` folder by their names."""

    file: str
    entries: tuple[Entry, ...]
    texts: dict[str, str] = field(default_factory=dict)

    @cached_property
    def metadata(self) -> CoreMetadata:
        """METADATA; empty where the wheel has none."""
        return core_metadata(self.texts.get("METADATA", ""))

    @cached_property
    def recorded(self) -> dict[str, tuple[str, str]]:
        """RECORD: the digest (`sha256=…`) and size of each file, as they are written."""
        try:
            rows = list(csv.reader(io.StringIO(self.texts.get("RECORD", ""), newline="")))
        except csv.Error:
            return {}
        return {row[0]: (row[1], row[2]) for row in rows if len(row) >= 3}

    @cached_property
    def installed(self) -> dict[str, Entry]:
        """What lands in site-packages, by its path there: `.data/purelib` is put in its place."""
        found = {}
        for entry in self.entries:
            top, _, rest = entry.name.partition("/")
            if top.endswith(".data"):
                scheme, _, rest = rest.partition("/")
                if scheme in ("purelib", "platlib"):
                    found[rest] = entry
            elif not top.endswith(".dist-info"):
                found[entry.name] = entry
        return found


def _text(value: object) -> str | None:
    return None if value is None else str(value).strip()


def read_wheel(path: Path) -> Wheel:
    """Read a wheel. Raises UnreadableWheel, or WheelTooLarge."""
    try:
        # What lies there was made by code that is not trusted: it may be a pipe, or a link.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise UnreadableWheel(f"{path.name}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise UnreadableWheel(f"{path.name} is no regular file")
        if facts.st_size > MAX_BYTES:
            raise WheelTooLarge(f"{path.name} has {facts.st_size:,} bytes")
        try:
            with zipfile.ZipFile(file) as archive:
                return _read(archive, path.name)
        except WheelTooLarge:
            raise
        except _BROKEN as error:
            raise UnreadableWheel(f"{path.name} is no wheel: {error}") from error


def _read(archive: zipfile.ZipFile, name: str) -> Wheel:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if len(infos) > MAX_FILES:
        raise WheelTooLarge(f"{name} has {len(infos):,} files")
    left = MAX_BYTES
    entries = []
    texts = {}
    for info in infos:
        digest, size, key, tail = hashlib.sha256(), 0, False, b""
        kept = io.BytesIO() if _DIST_INFO.fullmatch(info.filename) else None
        with archive.open(info) as content:
            while chunk := content.read(_CHUNK):
                size += len(chunk)
                if size > left:  # counted, since the directory may say anything
                    raise WheelTooLarge(f"{name} unpacks to more than {MAX_BYTES:,} bytes")
                digest.update(chunk)
                key = key or bool(_PRIVATE_KEY.search(tail + chunk))
                tail = (tail + chunk)[-_LONGEST_MARK:]
                if kept is not None and kept.tell() <= _MAX_TEXT:
                    kept.write(chunk)
        left -= size
        sha256 = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode("ascii")
        entries.append(Entry(info.filename, size, f"sha256={sha256}", key))
        if kept is not None:
            texts[info.filename.rpartition("/")[2]] = kept.getvalue().decode("utf-8", "replace")
    return Wheel(name, tuple(entries), texts)
