"""Sort a report's rules into areas, in the order in which the report names them."""

from __future__ import annotations

from certify.model import Report, RuleResult


def by_area(report: Report) -> dict[str, list[RuleResult]]:
    """The rules of each area."""
    areas: dict[str, list[RuleResult]] = {}
    for rule in report.rules:
        areas.setdefault(rule.area, []).append(rule)
    return areas
