"""Show findings beside the code of a pull request, by GitHub's workflow commands.

Escaping as in `actions/toolkit`, packages/core/src/command.ts.
"""

from __future__ import annotations

from collections.abc import Iterable

from certify.countdown import ends_soon
from certify.model import WORST_FIRST, Format, Location, Report, Status
from certify_reports.blocks import clipped
from certify_reports.complaints import Complaint, complaints
from certify_reports.escape import visible
from certify_reports.words import days_left

#: GitHub shows no more than ten of each kind for one step.
MOST = 10

_KINDS = ("error", "warning", "notice")


def render(report: Report) -> str:
    """At most ten errors, ten warnings and ten notices, most severe first."""
    ordered = sorted([*complaints(report), *_ending_waivers(report)], key=_severity)
    return "".join(_command(kind, complaint) for kind in _KINDS for complaint in _of_kind(kind, ordered))


def _ending_waivers(report: Report) -> Iterable[Complaint]:
    """What is let pass for a few days yet: who owes it should hear before the build breaks."""
    contract, finished = Location(report.run.contract, 1), report.run.finished
    for rule in report.rules:
        if rule.waiver is not None and ends_soon(rule.waiver.expires, finished):
            left = days_left(rule.waiver.expires, finished)
            message = f"the waiver of {rule.waiver.owner} ends on {rule.waiver.expires} ({left})"
            yield Complaint(rule.id, rule.status, rule.required, message, contract)


def _severity(complaint: Complaint) -> tuple[bool, int, int]:
    """Required before the rest; and every rule is heard once before any is heard twice."""
    return (not complaint.required, WORST_FIRST.index(complaint.status), complaint.place)


def _of_kind(kind: str, ordered: Iterable[Complaint]) -> list[Complaint]:
    return [complaint for complaint in ordered if _kind(complaint) == kind][:MOST]


def _kind(complaint: Complaint) -> str:
    if complaint.status is Status.UNVERIFIED:
        return "notice"
    return "error" if complaint.status is Status.FAILED and complaint.required else "warning"


def _command(kind: str, complaint: Complaint) -> str:
    where = f"file={_property(complaint.location.file)},line={max(complaint.location.line or 1, 1)}"
    title = _property(f"{complaint.rule} {complaint.status.value}")
    return f"::{kind} {where},title={title}::{_data(complaint.message)}\n"


def _data(text: str) -> str:
    # GitHub cuts a message at 64 KiB; a reader has had enough long before.
    shown = visible(clipped(text, 2000))
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMAT = Format("github", "annotations.txt", render)
