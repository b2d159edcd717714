"""The end of the Markdown report: what it rests on, how to check it, and what it does not claim."""

from __future__ import annotations

from certify.model import Connector, Evidence, Report, RuleResult, Step, WaiverResult
from certify_reports.blocks import (
    Limit,
    bullets,
    first_paragraph,
    fold,
    named,
    numbered,
    page,
    row,
    said,
    table,
)
from certify_reports.escape import fenced
from certify_reports.words import (
    NOT_CLAIMED,
    VERIFIES,
    capitalised,
    days_left,
    isolation_words,
    number_of,
    sentence,
    status_word,
)

_EVIDENCE = Limit(500, 60_000)
_WAIVERS = Limit(100, 30_000)
_STEPS = Limit(50, 30_000)
_DIGESTS = Limit(30, 20_000)
_FACTS = Limit(12, 20_000)


def evidence(report: Report) -> str:
    """What was seen while each rule ran; what has a timeline stands there."""
    seen = [(rule, entry) for rule in report.rules for entry in rule.evidence if entry.timeline is None]
    witnesses = {rule.id for rule, _ in seen}
    summary = f"{number_of(len(seen), 'observation')} in {number_of(len(witnesses), 'rule')}"
    return page(["## Evidence", fold(summary, bullets(_seen, seen, _EVIDENCE))]) if seen else ""


def waivers(report: Report) -> str:
    """Who answers for what is let pass, and for how long yet."""
    waived = [(rule, rule.waiver, report.run.finished) for rule in report.rules if rule.waiver]
    head = ("rule", "status", "reason", "owner", "expires", "days left")
    return page(["## Waivers", table(head, _waiver, waived, _WAIVERS)]) if waived else ""


def next_tier(report: Report) -> str:
    """The shortest path up."""
    if report.next_tier is None or not report.next_tier.rules:
        return ""
    title = f"## The way to {report.next_tier.tier.value}, cheapest first"
    return page([title, numbered(_step, report.next_tier.rules, _STEPS)])


def verification(report: Report) -> str:
    """Digests, the command that checks them, and how the run was made."""
    return page(
        [
            "## How to verify",
            fenced("certify verify certification_report.json", "sh"),
            VERIFIES,
            table(("what", "digest"), str, _digests(report), _DIGESTS),
            bullets(str, _facts(report), _FACTS),
        ]
    )


def not_claimed() -> str:
    """The same under every report."""
    return page(["## What this does not claim", "\n".join(f"- {line}" for line in NOT_CLAIMED)])


def _seen(entry_of: tuple[RuleResult, Evidence]) -> str:
    rule, entry = entry_of
    kept = ", ".join(named(part) for part in (entry.path, entry.sha256) if part)
    return f"{named(rule.id)} {said(entry.kind)}: {said(entry.summary)}{f' ({kept})' if kept else ''}"


def _waiver(waived: tuple[RuleResult, WaiverResult, str]) -> str:
    rule, waiver, finished = waived
    reason = said(waiver.reason) + (f" ({named(waiver.url)})" if waiver.url else "")
    left = days_left(waiver.expires, finished)
    owner, expires = said(waiver.owner), said(waiver.expires)
    return row(named(rule.id), status_word(rule.status), reason, owner, expires, left)


def _step(step: Step) -> str:
    standing = f"{step.effort.value} effort, now {status_word(step.status)}"
    return f"{named(step.id)} ({standing}): {said(capitalised(sentence(first_paragraph(step.fix))))}"


def _digests(report: Report) -> list[str]:
    # Not the record's own digest: the record covers this page's, so this page cannot name the record's.
    run = report.run
    suites = [
        row(f"suite {said(suite.name)} {said(suite.version)}", named(suite.digest)) for suite in run.suites
    ]
    return [
        row(f"tree{_commit(report.connector)}", named(report.connector.tree_digest)),
        row(f"contract {named(run.contract)}", named(run.contract_digest)),
        *suites,
        *(row(f"cassette {named(one.path)}", named(one.sha256)) for one in run.cassettes),
        *(row(f"released as {named(one.name)}", named(one.sha256)) for one in report.connector.artifacts),
    ]


def _commit(connector: Connector) -> str:
    if not connector.commit:
        return ""
    changes = ", with changes not committed" if connector.dirty else ""
    return f" at commit {named(connector.commit)}{changes}"


def _facts(report: Report) -> list[str]:
    run, coverage = report.run, report.coverage
    return [
        f"Command: {named(run.command)}, certify {said(run.certify_version)}",
        f"From {said(run.started)} to {said(run.finished)}, {run.seconds:.1f} s",
        f"On Python {said(run.python)}, {said(run.platform)}",
        f"Isolation: {said(isolation_words(run))}",
        *map(said, run.remarks),
        f"Rules: {coverage.planned} planned, {coverage.ran} ran",
        f"Capabilities claimed: {_names(coverage.claimed_capabilities)}; "
        f"exercised: {_names(coverage.exercised_capabilities)}",
    ]


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(map(named, names[:20])) or "none"
