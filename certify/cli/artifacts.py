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
from certify.text import one_line

GROUP = "certify.reports"


@cache
def load_formats() -> dict[str, Format]:
    """The installed renderers by name. Raises ReportError for one that cannot be loaded."""
    points = sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: _loaded(point) for point in points}


def _loaded(point: metadata.EntryPoint) -> Format:
    try:
        made: Format = point.load()
    except Exception as error:  # a package may be anybody's
        raise ReportError(
            f"the renderer {point.name!r}, {point.value}, cannot be loaded: {_told(error)}; "
            "mend or uninstall its package"
        ) from error
    return made


def find_format(name: str) -> Format:
    """One renderer. Raises ReportError with the known names."""
    formats = load_formats()
    if name not in formats:
        raise ReportError(f"no format {name!r}; known are json, {', '.join(formats)}")
    return formats[name]


def render(made: Format, report: Report) -> bytes:
    """What a renderer makes of a report. Raises ReportError for whatever it stumbles over."""
    try:
        return made.render(report).encode("utf-8")
    except Exception as error:  # a renderer may be anybody's
        raise ReportError(
            f"no {made.file_name}: the renderer {made.name!r} failed, not the connector: {_told(error)}"
        ) from error


def _told(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}", 300)


def write_report(folder: Path, report: Report, contract: Contract) -> list[str]:
    """Write the record, and what it renders to; returns a line for each rendering that cannot be made.

    Raises CertifyError when the folder cannot be written.
    """
    formats = load_formats()
    contents: dict[str, bytes | None] = {contract.evidence.json_report: to_json(report).encode("utf-8")}
    broken: list[str] = []
    for name, file_name in report.files.items():
        if name in formats:
            try:
                contents[file_name] = render(formats[name], report)
            except ReportError as error:
                contents[file_name] = None
                broken.append(f"{folder / contract.evidence.json_report} is written, but {error}")
    write_set(folder, contents)
    return broken


def refuse_unwritable(folder: Path) -> None:
    """Say before the run, not after it, that no report could be written here. Raises CertifyError."""
    nearest = next(one for one in (folder, *folder.parents) if os.path.exists(one))  # noqa: PTH110  no error here
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        raise CertifyError(
            f"{nearest}: the report cannot be written there; --artifact-dir names another folder"
        )


def write_set(folder: Path, contents: dict[str, bytes | None]) -> None:
    """Write all files, the record first, each whole or not at all: temporary file, fsync, rename.

    Of one without content none is left from before. The old renderings go before the new record comes, and
    the new ones after it: whenever this is killed, the record is the old or the new one, and what lies
    beside it is its own. Raises CertifyError when the folder cannot be written.
    """
    waiting: list[tuple[Path, Path]] = []
    mark = secrets.token_hex(4)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            if content is not None:
                temporary = folder / f".{name}.{mark}.tmp"
                waiting.append((temporary, folder / name))
                _write(temporary, content)
        for name in list(contents)[1:]:
            (folder / name).unlink(missing_ok=True)
        for temporary, final in waiting:
            temporary.replace(final)
        _sync_folder(folder)
    except OSError as error:
        raise CertifyError(
            f"{error.filename or folder}: the report cannot be written: {error.strerror}; "
            "--artifact-dir names another folder"
        ) from error
    finally:
        for temporary, _ in waiting:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
