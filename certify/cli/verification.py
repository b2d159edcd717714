"""Check a recorded report: whether it is whole, its verdict follows, and the files beside it match."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from certify.cli.artifacts import find_format, load_formats
from certify.errors import ReportError
from certify.model import SCHEMA_VERSION, Report, Status, Verdict, digest_of, from_json, to_json
from certify.text import one_line

#: A report of 2,000 rules with 50 findings each stays below.
_MAX_BYTES = 256 * 1024 * 1024


def verify_report(path: Path) -> int:
    """Print what holds and what does not; returns the exit code. Raises ReportError when unreadable."""
    report = read_report(path)
    doubts = list(_doubts(report, path))
    for doubt in doubts:
        click.echo(one_line(f"✗ {doubt}", 2000))
    if doubts:
        click.echo(one_line(f"{path}: does not hold", 4096))
        return 1
    connector, words = report.connector, report.verdict.value.replace("_", " ")
    click.echo(one_line(f"{path}: holds; {connector.name} {connector.version or ''} is {words}", 4096))
    return 0


def print_report(path: Path, name: str) -> None:
    """Print a record in another format."""
    report = read_report(path)
    click.echo(to_json(report) if name == "json" else find_format(name).render(report), nl=False)


def read_report(path: Path) -> Report:
    """The report in a file. Raises ReportError, naming the file."""
    try:
        if not path.is_file():
            raise ReportError(f"{path}: no such file; a report is a certification_report.json")
        if path.stat().st_size > _MAX_BYTES:
            raise ReportError(f"{path}: too large for a report")
        return from_json(path.read_bytes())
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise ReportError(f"{path}: not a certification report: nested too deep") from error
    except ReportError as error:
        told = str(error)
        raise ReportError(told if told.startswith(str(path)) else f"{path}: {told}") from error


def _doubts(report: Report, path: Path) -> Iterator[str]:
    if report.schema_version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        yield f"it is of version {report.schema_version}; this certify reads {SCHEMA_VERSION}"
        return
    if digest_of(report) != report.footer.digest:
        yield "its content does not match the digest in its footer: it was changed or damaged"
    yield from _verdict_doubts(report)
    yield from _rendering_doubts(report, path)


def _verdict_doubts(report: Report) -> Iterator[str]:
    """The verdict must follow from the statuses, and the statuses must be of all that was planned."""
    missing = set(report.footer.planned_ids) - {rule.id for rule in report.rules}
    if missing:
        yield f"planned rules are missing: {', '.join(sorted(missing))}"
    open_rules = {rule.id: rule.status for rule in report.rules if rule.required}
    statuses = {*open_rules.values(), *(one.status for one in report.ids)}
    passed_enough = statuses <= {Status.PASSED, Status.WAIVED, Status.NOT_APPLICABLE}
    if report.verdict is Verdict.CERTIFIED and (not passed_enough or report.run.interrupted):
        yield "it says certified, but not all that is required passed"
    if (
        report.verdict is not Verdict.NOT_CERTIFIED
        and Status.FAILED in statuses
        and report.verdict is not Verdict.NONE
    ):
        yield f"it says {report.verdict}, but something required failed"
    codes = {Verdict.CERTIFIED: (0,), Verdict.NOT_CERTIFIED: (1, 130), Verdict.INCOMPLETE: (3, 130)}
    if report.exit_code not in codes.get(report.verdict, (0, 1, 130)):
        yield f"exit code {report.exit_code} does not belong to the verdict {report.verdict}"
    for rule in report.rules:
        if rule.status is Status.PASSED and not rule.evidence:
            yield f"{rule.id} passed without evidence"


def _rendering_doubts(report: Report, path: Path) -> Iterator[str]:
    """Renderings that lie beside the record must be what the record renders to."""
    for name, file_name in report.files.items():
        beside = path.parent / file_name
        if name not in load_formats() or not beside.is_file():
            continue
        if beside.read_bytes() != find_format(name).render(report).encode("utf-8"):
            yield f"{beside.name} is not what this report renders to"
