"""Render a report in every installed format, and write the set so that a crash leaves the old or the new."""

from __future__ import annotations

import contextlib
import os
import secrets
from functools import cache
from importlib import metadata
from pathlib import Path

from certify.contract import Contract
from certify.errors import CertifyError, ReportError
from certify.model import Format, Report, to_json

GROUP = "certify.reports"


@cache
def load_formats() -> dict[str, Format]:
    """The installed renderers by name."""
    points = sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: point.load() for point in points}


def find_format(name: str) -> Format:
    """One renderer. Raises ReportError with the known names."""
    formats = load_formats()
    if name not in formats:
        raise ReportError(f"no format {name!r}; known are json, {', '.join(formats)}")
    return formats[name]


def rendered(report: Report, contract: Contract) -> dict[str, str]:
    """File name → text, the record first: it is the one that others are checked against."""
    formats = load_formats()
    texts = {contract.evidence.json_report: to_json(report)}
    return texts | {
        file_name: formats[name].render(report) for name, file_name in report.files.items() if name in formats
    }


def refuse_unwritable(folder: Path) -> None:
    """Say before the run, not after it, that no report could be written here. Raises CertifyError."""
    nearest = next(one for one in (folder, *folder.parents) if os.path.exists(one))  # noqa: PTH110  no error here
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        raise CertifyError(
            f"{nearest}: the report cannot be written there; --artifact-dir names another folder"
        )


def write_set(folder: Path, texts: dict[str, str]) -> None:
    """Write all files, the record first, each whole or not at all: temporary file, fsync, rename.

    The old renderings go before the new record comes, and the new ones after it: whenever this is
    killed, the record is the old or the new one, and what lies beside it is its own. Raises CertifyError
    when the folder cannot be written.
    """
    waiting: list[tuple[Path, Path]] = []
    mark = secrets.token_hex(4)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            temporary = folder / f".{name}.{mark}.tmp"
            waiting.append((temporary, folder / name))
            _write(temporary, text)
        for _, final in waiting[1:]:
            final.unlink(missing_ok=True)
        for temporary, final in waiting:
            temporary.replace(final)
        _sync_folder(folder)
    except OSError as error:
        for temporary, _ in waiting:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        raise CertifyError(
            f"{error.filename or folder}: the report cannot be written: {error.strerror}; "
            "--artifact-dir names another folder"
        ) from error


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
