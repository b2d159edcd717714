"""The contract's own names in the Markdown report: what became of each, and what to add for the rest."""

from __future__ import annotations

from certify.model import IdResult, Report, Status
from certify_reports.blocks import (
    EXPLANATION,
    Limit,
    bullets,
    clipped,
    fold,
    listed,
    named,
    page,
    row,
    said,
    table,
)
from certify_reports.contract_names import ASKED_BY, grouped, needed
from certify_reports.escape import fenced
from certify_reports.words import SYMBOLS, counts_of, status_mark

_IDS = Limit(300, 80_000)
_RULES = Limit(300, 60_000)
_NEEDS = Limit(50, 60_000)

_HEAD = ("id", "asked for by", "status", "what was said")


def contract(report: Report) -> str:
    """Each name with its status, and the rules that stand for it."""
    if not report.ids:
        return ""
    statuses = {rule.id: rule.status for rule in report.rules}
    groups = grouped(report.ids)
    ruled = list({group[0].id: group[0] for group in groups if group[0].rules}.values())
    return page(
        [
            "## What the contract asks for",
            table(_HEAD, lambda group: _row(group, statuses), groups, _IDS),
            fold(
                "The rules that stand for each", bullets(lambda name: _rules(name, statuses), ruled, _RULES)
            ),
        ]
    )


def additions(report: Report) -> str:
    """The exact lines that would let more be verified; one piece where several names need the same."""
    pieces = list(needed(report).items())
    title = f"## What to add to {named(report.run.contract)}"
    return page([title, listed(_piece, pieces, _NEEDS, between="\n\n")]) if pieces else ""


def _row(group: list[IdResult], statuses: dict[str, Status]) -> str:
    name = group[0]
    capabilities = ", ".join(each.capability for each in group if each.capability)
    by = said(capabilities) if capabilities else ASKED_BY[name.kind]
    found = counts_of(statuses.get(rule, Status.UNVERIFIED) for rule in name.rules)
    return row(
        named(name.id),
        by,
        status_mark(name.status),
        said(name.message) or (f"rules: {found}" if found else ""),
    )


def _rules(name: IdResult, statuses: dict[str, Status]) -> str:
    marks = [f"{SYMBOLS[statuses.get(rule, Status.UNVERIFIED)]} {named(rule)}" for rule in name.rules]
    return f"{named(name.id)}: {', '.join(marks)}"


def _piece(piece: tuple[str, list[str]]) -> str:
    needs, ids = piece
    names = ", ".join(map(named, ids[:20]))
    return f"For {names}{', …' if len(ids) > 20 else ''}:\n\n{fenced(clipped(needs, EXPLANATION), 'yaml')}"
