"""What a report holds against a connector, one complaint for each place.

For the formats that show findings beside the code: SARIF and workflow annotations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from certify.model import WORST_FIRST, Finding, IdResult, Location, Report, RuleResult, Status


@dataclass(frozen=True)
class Complaint:
    """One thing that is wrong or unknown. `place` counts the findings of one rule from 0."""

    rule: str
    status: Status
    required: bool
    message: str
    location: Location
    place: int = 0


def complaints(report: Report) -> Iterator[Complaint]:
    """Every complaint, in the order of the report; those without a location point at the contract."""
    contract = Location(report.run.contract, 1)
    for rule in report.rules:
        if rule.status in (Status.FAILED, Status.ERRORED, Status.UNVERIFIED):
            yield from _of_rule(rule, contract)
    for unruled in unruled_ids(report):
        if unruled.status in (Status.FAILED, Status.ERRORED, Status.UNVERIFIED):
            yield Complaint(
                unruled.id, unruled.status, True, unruled.message or _said(unruled.status), contract
            )


def unruled_ids(report: Report) -> list[IdResult]:
    """The contract's names that lack a rule's result, so that no rule can speak for them.

    One that several capabilities ask for is given once, as it ended worst.
    """
    known = {rule.id for rule in report.rules}
    unruled = [name for name in report.ids if not known.issuperset(name.rules or (name.id,))]
    best_first = sorted(unruled, key=lambda name: WORST_FIRST.index(name.status), reverse=True)
    last = {name.id: name for name in best_first}
    return [last[name] for name in dict.fromkeys(name.id for name in unruled)]


def _of_rule(rule: RuleResult, contract: Location) -> Iterator[Complaint]:
    fallback = rule.location or contract
    if not rule.findings:
        yield Complaint(rule.id, rule.status, rule.required, rule.message or _said(rule.status), fallback)
    for place, finding in enumerate(rule.findings):
        where = finding.location or fallback
        yield Complaint(rule.id, rule.status, rule.required, _told(finding, rule), where, place)


def _told(finding: Finding, rule: RuleResult) -> str:
    message = finding.message or rule.message or _said(rule.status)
    return f"{message} (expected: {finding.expected})" if finding.expected else message


def _said(status: Status) -> str:
    return f"{status.value}, without a message"
