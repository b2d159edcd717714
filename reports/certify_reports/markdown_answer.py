"""The first screen of the Markdown report: may it be released, and if not, why not."""

from __future__ import annotations

from certify.model import Reason, Report, Status, Verdict
from certify_reports.blocks import Limit, at, bullets, first_paragraph, fold, named, numbered, page, said
from certify_reports.reasons import fix_of, grouped
from certify_reports.words import (
    SYMBOLS,
    VERDICTS,
    capitalised,
    counts_of,
    day,
    first_expiry,
    number_of,
    required_counts,
    sentence,
    status_word,
    tier_words,
)

_FACTS = Limit(10, 10_000)
_REASONS = Limit(50, 40_000)

#: More names than this in one reason, and it no longer reads as a line.
_NAMES = 8

_MARKS = {
    Verdict.CERTIFIED: "✓",
    Verdict.NOT_CERTIFIED: "✗",
    Verdict.INCOMPLETE: "?",
    Verdict.NONE: "–",
}

_EXPLAINED = {
    Verdict.CERTIFIED: "",
    Verdict.NOT_CERTIFIED: "",
    Verdict.INCOMPLETE: "Nothing that is required failed, but not all of it could be decided.",
    Verdict.NONE: "A selection was run: it judges rules, not the connector.",
}

_INTERRUPTED = "> **Interrupted.** The run was stopped before its end; this is what was known by then."


def answer(report: Report) -> str:
    """Connector, verdict, facts, reasons."""
    version = report.connector.version or "(no version)"
    return page(
        [
            f"# Certification of {said(report.connector.name)} {said(version)}",
            _INTERRUPTED if report.run.interrupted else "",
            _verdict(report),
            bullets(str, _facts(report), _FACTS),
            _reasons(report),
        ]
    )


def _verdict(report: Report) -> str:
    words = f"**{_MARKS[report.verdict]} {VERDICTS[report.verdict]}.**"
    return " ".join(filter(None, [words, sentence(required_counts(report)), _EXPLAINED[report.verdict]]))


def _facts(report: Report) -> list[str]:
    ends = first_expiry(report)
    claimed = said(report.connector.claimed_status or "none")
    return [
        f"Tier: {tier_words(report)}",
        f"Date: {day(report.run.finished) or said(report.run.finished)}",
        *([f"First waiver ends: {said(ends)}"] if ends else []),
        f"System: {said(report.connector.system)}",
        f"Claimed status: {claimed}; observed: {VERDICTS[report.verdict].lower()}",
        *_beyond(report),
    ]


def _beyond(report: Report) -> list[str]:
    """What is not required decides no verdict, but nobody should first find it on the third screen."""
    found = [rule.status for rule in report.rules if not rule.required]
    failed = [status for status in found if status in (Status.FAILED, Status.ERRORED)]
    return [f"Beyond what is required: {counts_of(found)}"] if failed else []


def _reasons(report: Report) -> str:
    if not report.reasons:
        return ""
    title = "What did not pass" if report.verdict is Verdict.NONE else "Why it is not certified"
    shown, folded = grouped(report.reasons)
    open_gaps = [group for group in shown if group[0].status is Status.UNVERIFIED]
    hidden = sum(len(group) for group in folded)
    rest = numbered(_reason, folded, _REASONS, first=len(shown) + 1)
    return page(
        [
            f"## {title}",
            numbered(_reason, shown, _REASONS),
            fold(f"{hidden} {'more ' * bool(open_gaps)}unverified: nothing here could exercise them", rest),
        ]
    )


def _reason(group: list[Reason]) -> str:
    one = group[0]
    names = ", ".join(named(reason.id) for reason in group[:_NAMES])
    more = f" and {number_of(len(group) - _NAMES, 'other')}" if len(group) > _NAMES else ""
    where = at(one.location, one.message)
    message = f": {said(sentence(one.message))}" if one.message.strip() else "."
    fix = first_paragraph(fix_of(group))
    mend = f" **Fix:** {said(capitalised(sentence(fix)))}" if fix else ""
    return f"{SYMBOLS[one.status]} {names}{more} {status_word(one.status)}{where}{message}{mend}"
