"""Render the difference of two reports as Markdown: for a pull request, or the notes of a release."""

from __future__ import annotations

from certify.drift import Cause, Change, Drift, Entry, Figure, Side
from certify.model import Status
from certify_reports.blocks import Limit, bullets, named, page, row, said, table
from certify_reports.words import VERDICTS, number_of, status_mark

_ENTRIES = Limit(200, 60_000)
_FIGURES = Limit(20, 10_000)

_TITLES = {
    Change.NEWLY_FAILING: "Newly failing",
    Change.UNVERIFIED_NOW: "Not decided any more",
    Change.NEWLY_WAIVED: "Newly waived",
    Change.FIXED: "Fixed",
    Change.GONE: "Not asked any more",
}
_CAUSES = {
    Cause.CONNECTOR: "connector changed",
    Cause.RULE: "rule changed",
    Cause.BOTH: "connector and rule changed",
    Cause.NEITHER: "neither changed",
}


def render(drift: Drift) -> str:
    """The answer first: whether anything newly fails."""
    return (
        page(
            [
                f"# What changed in {said(drift.new.connector)}",
                _answer(drift),
                bullets(str, _facts(drift), _FIGURES),
                *(_section(drift, change) for change in Change),
                _performance(drift),
            ]
        )
        + "\n"
    )


def _answer(drift: Drift) -> str:
    failing = [one for one in drift.entries if one.change is Change.NEWLY_FAILING]
    if failing:
        return f"**✗ {number_of(len(failing), 'rule')} newly failing.**"
    return "**✓ Nothing newly fails.**" if drift.entries else "**✓ No rule ended otherwise.**"


def _facts(drift: Drift) -> list[str]:
    return [
        f"Old: {_side(drift.old)}",
        f"New: {_side(drift.new)}",
        f"Connector changed: {said(', '.join(drift.connector_changes)) or 'no'}",
        f"Rules changed: {said(', '.join(drift.suite_changes)) or 'no'}",
    ]


def _side(side: Side) -> str:
    version, tier = said(side.version or "no version"), side.tier or "no tier"
    return f"{version}, {VERDICTS[side.verdict].lower()}, {tier}, {said(side.finished)}"


def _section(drift: Drift, change: Change) -> str:
    entries = [one for one in drift.entries if one.change is change]
    head = ("rule", "before", "now", "why", "what was said")
    return page([f"## {_TITLES[change]}", table(head, _entry, entries, _ENTRIES)]) if entries else ""


def _entry(entry: Entry) -> str:
    weight = "" if entry.required else " (not required)"
    about = f": {said(', '.join(entry.rule_changes))}" if entry.rule_changes else ""
    return row(
        f"{named(entry.id)}{weight}",
        _mark(entry.old),
        _mark(entry.new),
        f"{_CAUSES[entry.cause]}{about}",
        _told(entry),
    )


def _mark(status: Status | None) -> str:
    return status_mark(status) if status else "not asked"


def _told(entry: Entry) -> str:
    if entry.change is Change.FIXED:
        return ""
    waiver = entry.waiver
    until = f"waived until {waiver.expires}, {waiver.owner}: {waiver.reason}" if waiver else ""
    return said("; ".join(filter(None, (entry.message, until))))


def _performance(drift: Drift) -> str:
    if not drift.figures:
        return ""
    note = "" if drift.same_machine else "Measured on two machines: the figures are not comparable."
    head = ("figure", "old", "new", "change")
    return page(["## Performance", note, table(head, _figure, drift.figures, _FIGURES)])


def _figure(one: Figure) -> str:
    change = "–" if one.percent is None else f"{one.percent:+.0f} %"
    return row(f"{said(one.name)} ({one.unit})", f"{one.old:,.1f}", f"{one.new:,.1f}", change)
