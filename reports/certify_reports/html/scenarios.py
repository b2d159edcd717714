"""The error paths on the page: every scenario of the run, under the rule that looked at it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from certify.model import WORST_FIRST, Report, RuleResult
from certify_reports.html.drawings import figure, line
from certify_reports.html.room import Room, Some
from certify_reports.scenarios import by_rule

#: Bytes of the scenarios that are drawn, and of those told in a line.
_DRAWN, _TOLD = 900_000, 700_000


@dataclass(frozen=True)
class Group:
    """The scenarios of one rule."""

    rule: RuleResult
    total: int
    shown: Some[Markup]


@dataclass(frozen=True)
class Scenarios:
    """All of them, by rule, the worst first; `more` belong to rules of which none found room."""

    total: int
    groups: list[Group]
    more: int


def scenarios(report: Report) -> Scenarios:
    """Those of rules that failed are drawn first; where there are very many, the rest is told or counted."""
    room = Room(_DRAWN, _TOLD)
    found = sorted(by_rule(report), key=lambda one: WORST_FIRST.index(one[0].status))
    groups = [Group(rule, len(timelines), room.show(timelines, figure, line)) for rule, timelines in found]
    shown = [group for group in groups if group.shown.shown]
    total = sum(group.total for group in groups)
    return Scenarios(total, shown, total - sum(group.total for group in shown))
