"""The rules in the Markdown report: by area, and each failure with all it takes to mend it."""

from __future__ import annotations

from certify.model import WORST_FIRST, Finding, ItemResult, Report, RuleResult, Status
from certify_reports.areas import by_area
from certify_reports.blocks import (
    EXPLANATION,
    NAME,
    Limit,
    at,
    bullets,
    clipped,
    fold,
    listed,
    named,
    page,
    row,
    said,
    table,
    told,
)
from certify_reports.escape import code, fenced, html
from certify_reports.timelines import diagrams
from certify_reports.words import (
    SYMBOLS,
    beyond_findings,
    capitalised,
    counts_of,
    number_of,
    sentence,
    standing,
    status_mark,
    unpassed_items,
)

_AREAS = Limit(60, 300_000)
_OPEN = Limit(500, 180_000)
_FOLDED = Limit(500, 80_000)
_FAILURES = Limit(200, 250_000)
_FINDINGS = Limit(20, 20_000)

_HEAD = ("status", "rule", "what was observed")
_QUIET = (Status.PASSED, Status.NOT_APPLICABLE)

_NOT_BLAMED = "The harness or its surroundings failed, not the connector."


def rules(report: Report) -> str:
    """A table for each area; what passed is folded."""
    areas = by_area(report)
    if not areas:
        return ""
    parts = min(len(areas), _AREAS.items)
    sections = listed(lambda area: _area(*area, parts), list(areas.items()), _AREAS, between="\n\n")
    return page(["## Rules by area", sections])


def failures(report: Report) -> str:
    """A section for each rule that failed or errored, required ones first."""
    broken = [rule for rule in report.rules if rule.status in (Status.FAILED, Status.ERRORED)]
    broken.sort(key=lambda rule: (not rule.required, WORST_FIRST.index(rule.status)))
    title = "## What failed, and how to mend it"
    return page([title, listed(_failure, broken, _FAILURES, between="\n\n")]) if broken else ""


def _area(name: str, members: list[RuleResult], areas: int) -> str:
    """One line to click where nothing is amiss; else a heading and what is amiss."""
    loud = sorted((rule for rule in members if rule.status not in _QUIET), key=_severity)
    quiet = [rule for rule in members if rule.status in _QUIET]
    whole = counts_of(rule.status for rule in members)
    rest = counts_of(rule.status for rule in quiet)
    return page(
        [
            f"### {said(name)}: {whole}" if loud else "",
            table(_HEAD, _row, loud, _OPEN.among(areas)),
            fold(
                rest if loud else f"{html(clipped(name, NAME))}: {whole}",
                table(_HEAD, _row, quiet, _FOLDED.among(areas)),
            ),
        ]
    )


def _severity(rule: RuleResult) -> tuple[int, bool]:
    return (WORST_FIRST.index(rule.status), not rule.required)


def _row(rule: RuleResult) -> str:
    weight = "" if rule.required or rule.status in _QUIET else ", not required"
    return row(f"{status_mark(rule.status)}{weight}", f"{named(rule.id)} {said(rule.title)}", _observed(rule))


def _observed(rule: RuleResult) -> str:
    if rule.message or not rule.evidence:
        return said(rule.message)
    more = f" (and {len(rule.evidence) - 1} more)" if len(rule.evidence) > 1 else ""
    return said(rule.evidence[0].summary) + more


def _failure(rule: RuleResult) -> str:
    """What was expected, what happened and where, why it matters, how to mend it, and how to try again."""
    alone = rule.findings[0] if len(rule.findings) == 1 else None
    expected = f" {_sentence(alone.expected)}" if alone and alone.expected else ""
    detail = beyond_findings(rule)
    return page(
        [
            f"### {SYMBOLS[rule.status]} {named(rule.id)}",
            f"**Expected:** {_sentence(rule.title)}{expected}",
            _happened(rule),
            diagrams(rule),
            fold("The items that did not pass", bullets(_item, unpassed_items(rule), _FINDINGS)),
            fold("Details", fenced(clipped(detail, EXPLANATION)) if detail.strip() else ""),
            told("Why it matters:", capitalised(rule.why)),
            f"**How to fix this one:** {_sentence(alone.fix)}" if alone and alone.fix else "",
            told("How to fix it:", capitalised(rule.fix)),
            f"**Try it again:** {code(f'certify --only {rule.id}')} ({said(rule.area)}, {standing(rule)})",
        ]
    )


def _happened(rule: RuleResult) -> str:
    blame = f" {_NOT_BLAMED}" if rule.status is Status.ERRORED else ""
    if len(rule.findings) > 1:
        found = number_of(len(rule.findings), "finding")
        return page([f"**What happened:** {found}.{blame}", bullets(_finding, rule.findings, _FINDINGS)])
    one = rule.findings[0] if rule.findings else None
    message = (one.message if one else rule.message) or "nothing was said"
    where = at(one.location or rule.location if one else rule.location, message)
    return f"**What happened{where}:** {_sentence(message)}{blame}"


def _finding(finding: Finding) -> str:
    where = f"{named(str(finding.location))}: " if finding.location else ""
    expected = f" **Expected:** {_sentence(finding.expected)}" if finding.expected else ""
    fix = f" **Fix:** {_sentence(finding.fix)}" if finding.fix else ""
    return f"{where}{_sentence(finding.message)}{expected}{fix}"


def _sentence(text: str) -> str:
    # A sentence before it is escaped: `0` alone begins no list, and `0.` does.
    return said(capitalised(sentence(text)))


def _item(item: ItemResult) -> str:
    return f"{status_mark(item.status)} {named(item.nodeid)}: {said(item.message)}"
