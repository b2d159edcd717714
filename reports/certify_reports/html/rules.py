"""The rules on the page: what did not pass first and open, then every area."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from markupsafe import Markup

from certify.model import WORST_FIRST, Evidence, Finding, ItemResult, Report, RuleResult, Status
from certify_reports.areas import by_area
from certify_reports.html.drawings import figures
from certify_reports.html.environment import piece
from certify_reports.html.room import Room, Some
from certify_reports.scenarios import telling
from certify_reports.words import beyond_findings, unpassed_items

#: Bytes of the rules that are shown whole, and of the lines for those which find no room.
_WHOLE, _LINES = 1_700_000, 400_000
#: Of one rule; the JSON holds them all.
_FINDINGS, _SEEN, _ITEMS, _DRAWINGS = 20, 12, 20, 3

_BROKEN = (Status.FAILED, Status.ERRORED)
_QUIET = (Status.PASSED, Status.NOT_APPLICABLE)


@dataclass(frozen=True)
class RuleView:
    """What the page shows of one rule, cut to size."""

    rule: RuleResult
    open: bool
    findings: Some[Finding]
    seen: Some[Evidence]
    items: Some[ItemResult]
    detail: str
    figures: tuple[Markup, ...]

    @property
    def alone(self) -> Finding | None:
        """The only finding: what it expects and how to mend it stand for the rule's."""
        return self.rule.findings[0] if len(self.rule.findings) == 1 else None


@dataclass(frozen=True)
class Area:
    """The rules of one area: those shown here, and those shown above because they did not pass."""

    name: str
    members: list[RuleResult]
    above: list[RuleResult]
    shown: Some[Markup]


@dataclass(frozen=True)
class Rules:
    """All rules; `counted` are the statuses that occur, worst first."""

    total: int
    counted: list[tuple[Status, int]]
    amiss: Some[Markup]
    amiss_count: int
    areas: list[Area]


def rules(report: Report) -> Rules:
    """Those that did not pass stand together, required ones first; they are shown whole before others are."""
    room = Room(_WHOLE, _LINES)
    amiss = sorted((rule for rule in report.rules if rule.status not in _QUIET), key=_rank)
    shown = room.show(amiss, _whole, _line)
    numbers = Counter(rule.status for rule in report.rules)
    return Rules(
        total=len(report.rules),
        counted=[(status, numbers[status]) for status in WORST_FIRST if numbers[status]],
        amiss=shown,
        amiss_count=len(amiss),
        areas=[_area(name, members, room) for name, members in by_area(report).items()],
    )


def _area(name: str, members: list[RuleResult], room: Room) -> Area:
    quiet = [rule for rule in members if rule.status in _QUIET]
    above = sorted((rule for rule in members if rule.status not in _QUIET), key=_rank)
    return Area(name, members, above, room.show(quiet, _whole, _line))


def _rank(rule: RuleResult) -> tuple[bool, bool, int]:
    return (rule.status not in _BROKEN, not rule.required, WORST_FIRST.index(rule.status))


def _whole(rule: RuleResult) -> Markup:
    broken = rule.status in _BROKEN
    return piece(
        "rule.html",
        "whole",
        RuleView(
            rule=rule,
            open=broken,
            findings=Some.of(rule.findings, _FINDINGS),
            seen=Some.of(rule.evidence, _SEEN),
            items=Some.of(unpassed_items(rule), _ITEMS),
            detail=beyond_findings(rule),
            figures=figures(telling(rule)[:_DRAWINGS], broken=rule.status is Status.FAILED),
        ),
    )


def _line(rule: RuleResult) -> Markup:
    return piece("rule.html", "line", rule)
