"""Check a recorded report: whether it is whole, its verdict follows, and the files that go with it match."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from certify import __version__
from certify.built import file_digest
from certify.cli.artifacts import find_format, load_formats, render
from certify.doubts import inner_doubts, is_of, rulebook_doubts, version_doubts
from certify.errors import ReportError
from certify.model import Report, Verdict, digest_of_json, from_json, to_json
from certify.plugin.planning import installed_rules
from certify.systems.dpone import PLATFORM_IDS
from certify.text import one_line

#: A report of 2,000 rules with 50 findings each stays below.
_MAX_BYTES = 256 * 1024 * 1024


def verify_report(path: Path, artifacts: Sequence[Path] = ()) -> int:
    """Print what holds and what does not; returns the exit code. Raises CertifyError when unreadable."""
    content = _content(path)
    report = _parsed(content, path)
    digests = {file: file_digest(file) for file in artifacts}
    doubts = list(_doubts(content, report, path, digests))
    for doubt in doubts:
        click.echo(one_line(f"✗ {doubt}", 2000))
    if doubts:
        click.echo(one_line(f"{path}: does not hold", 4096))
        return 1
    name = f"{report.connector.name} {report.connector.version or ''}"
    click.echo(one_line(f"{path}: holds; {name} {_VERDICTS[report.verdict]}", 4096))
    if not is_of(report, installed_rules()):
        click.echo(_OTHER_RULES)
    return 0


_VERDICTS = {
    Verdict.CERTIFIED: "is certified",
    Verdict.NOT_CERTIFIED: "is not certified",
    Verdict.INCOMPLETE: "is incomplete",
    Verdict.NONE: "has no verdict: a selection was run",
}
_OTHER_RULES = (
    "It was judged by other rules than those installed here: whether it leaves one out was not looked at."
)


def print_report(path: Path, name: str) -> None:
    """Print a record in another format."""
    report = read_report(path)
    click.echo(to_json(report) if name == "json" else render(find_format(name), report), nl=False)


def read_report(path: Path) -> Report:
    """The report in a file. Raises ReportError, naming the file."""
    return _parsed(_content(path), path)


def read_whole_report(path: Path) -> Report:
    """The same of one whose digest is right. Raises ReportError."""
    content = _content(path)
    report = _parsed(content, path)
    if (doubt := next(_digest_doubts(content, report), None)) is not None:
        raise ReportError(f"{path}: {doubt}; `certify verify` tells more")
    return report


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ReportError(f"{path}: no such file; a report is a certification_report.json")
        if path.stat().st_size > _MAX_BYTES:
            raise ReportError(f"{path}: too large for a report")
        return path.read_bytes()
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from error


def _parsed(content: bytes, path: Path) -> Report:
    try:
        return from_json(content)
    except RecursionError as error:
        raise ReportError(f"{path}: not a certification report: nested too deep") from error
    except ReportError as error:
        raise ReportError(f"{path}: {error}") from error


def _doubts(content: bytes, report: Report, path: Path, artifacts: Mapping[Path, str]) -> Iterator[str]:
    other_version = list(version_doubts(report))
    if other_version:
        yield from other_version
        return
    yield from _digest_doubts(content, report)
    yield from inner_doubts(report)
    registry = installed_rules()
    if is_of(report, registry):
        yield from rulebook_doubts(report, registry, PLATFORM_IDS)
    yield from _rendering_doubts(report, path)
    yield from _artifact_doubts(report, artifacts)


def _digest_doubts(content: bytes, report: Report) -> Iterator[str]:
    """Over the file itself: what is no field of a report would be lost in reading it."""
    try:
        digest = digest_of_json(content)
    except ReportError as error:
        yield str(error)
        return
    if digest != report.footer.digest:
        yield "its content does not match the digest in its footer: it was changed or damaged"


def _rendering_doubts(report: Report, path: Path) -> Iterator[str]:
    """Renderings that lie beside the record must be what the record renders to."""
    for name, file_name in report.files.items():
        if Path(file_name).name != file_name:
            yield f"it names a rendering that is no file beside it: {file_name}"
            continue
        beside = path.parent / file_name
        if name not in load_formats() or not beside.is_file():
            continue
        if not _holds(beside, render(find_format(name), report)):
            yield f"{file_name} is not what this report renders to{_by_another(report)}"


def _holds(path: Path, content: bytes) -> bool:
    """Whether that is what a file holds; no more of it is read than would fit."""
    try:
        with path.open("rb") as file:
            return file.read(len(content) + 1) == content
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from error


def _by_another(report: Report) -> str:
    made_by = report.run.certify_version
    return "" if made_by == __version__ else f" (it was made by certify {made_by}, this is {__version__})"


def _artifact_doubts(report: Report, artifacts: Mapping[Path, str]) -> Iterator[str]:
    """Each file must be one that the report names, by its digest."""
    known = {one.sha256: one.name for one in report.connector.artifacts}
    by_name = {one.name: one.sha256 for one in report.connector.artifacts}
    for file, digest in artifacts.items():
        if digest in known:
            continue
        if file.name in by_name:
            yield f"{file} is not the {file.name} of this report: {digest}, not {by_name[file.name]}"
        else:
            told = ", ".join(by_name) or "none; `certify --artifact` names them"
            yield f"{file} is no artifact of this report, which has {told}"
