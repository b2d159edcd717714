"""Write new files, each whole or not at all, and never over one that is there."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from certify.errors import CertifyError


def refuse_existing(paths: Mapping[Path, str]) -> None:
    """Raises CertifyError for the first path that is there, be it a broken link; told by its shown name."""
    for path, shown in paths.items():
        if os.path.lexists(path):
            raise CertifyError(
                f"{shown}: is there already, and is not overwritten; --print shows what would be written"
            )


def write_new(texts: Mapping[Path, str]) -> None:
    """Write all of them. What was written is taken back where one cannot be. Raises CertifyError."""
    written: list[Path] = []
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, text)
            written.append(path)
    except OSError as error:
        for path in written:
            with contextlib.suppress(OSError):
                path.unlink()
        why = "is there already" if isinstance(error, FileExistsError) else error.strerror
        raise CertifyError(f"{error.filename2 or error.filename}: cannot be written: {why}") from error


def _name(temporary: Path, path: Path) -> None:
    """Give a file its name. A rename would replace one that came meanwhile; a second name is refused."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # not every file system has second names
        if os.path.lexists(path):
            raise
        temporary.replace(path)


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _name(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
