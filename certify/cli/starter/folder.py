"""Make a new folder of files: all of them, or nothing."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from certify.errors import CertifyError


def refuse_taken(folder: Path, shown: str) -> None:
    """Raises CertifyError unless nothing is there, or an empty folder."""
    if folder.is_symlink() or (os.path.lexists(folder) and not folder.is_dir()):
        raise CertifyError(f"{shown}: is there already, and is no folder; choose another name")
    if folder.is_dir() and any(folder.iterdir()):
        raise CertifyError(
            f"{shown}: is there already, with files in it, and nothing was written; "
            "choose another name, or draft the contract of what is there: certify init"
        )


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder beside it to write into, which takes its name at the end. Raises CertifyError.

    Whatever ends this before, an error, Ctrl-C or SIGTERM, takes with it what was written.
    """
    building = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
    try:
        try:
            building.mkdir()
            yield building
            # Replaces a folder only while that is empty.
            building.rename(folder)
        except OSError as error:
            raise CertifyError(f"{folder}: cannot be made: {error.strerror}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
