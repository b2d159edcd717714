"""Compute what statuses amount to: rules, counts, verdict, exit code, tier.

Pure, and of the report's own values alone: whoever judges writes them, whoever verifies computes them again.
"""

from __future__ import annotations

from collections.abc import Sequence

from certify.model import (
    OPEN,
    TIERS,
    WORST_FIRST,
    IdResult,
    RuleResult,
    RunFacts,
    Status,
    Tier,
    Verdict,
    worst,
)


def status_of(items: Sequence[Status], run: RunFacts) -> Status:
    """The worst item speaks for a rule; no item at all is our fault, or the interruption's."""
    if items:
        return worst(list(items))
    return Status.UNVERIFIED if run.interrupted else Status.ERRORED


def required_counts(ids: Sequence[IdResult], rules: Sequence[RuleResult]) -> dict[Status, int]:
    """Each id once, however many capabilities name it, and each required rule that no id covers."""
    by_name: dict[str, list[Status]] = {}
    for one in ids:
        by_name.setdefault(one.id, []).append(one.status)
    covered = {name for one in ids for name in one.rules}
    statuses = [worst(these) for these in by_name.values()]
    statuses += [rule.status for rule in rules if rule.required and rule.id not in covered]
    return {status: statuses.count(status) for status in WORST_FIRST if status in statuses}


def verdict_of(counts: dict[Status, int], run: RunFacts) -> Verdict:
    """What the counts of all that is required amount to; a selection is not asked for a verdict."""
    if counts.get(Status.FAILED):
        return Verdict.NOT_CERTIFIED
    if run.interrupted or any(counts.get(status) for status in OPEN) or not counts.get(Status.PASSED):
        return Verdict.INCOMPLETE
    return Verdict.CERTIFIED


def exit_code_of(verdict: Verdict, rules: Sequence[RuleResult], run: RunFacts) -> int:
    """The exit code of the run."""
    if run.interrupted:
        return 130
    if verdict is Verdict.NONE:
        return int(any(rule.status in OPEN for rule in rules))
    return {Verdict.CERTIFIED: 0, Verdict.NOT_CERTIFIED: 1, Verdict.INCOMPLETE: 3}[verdict]


def tier_of(rules: Sequence[RuleResult], ids: Sequence[IdResult]) -> Tier | None:
    """The highest tier whose rules, and those of every tier below, all passed; an empty tier is no tier.

    From silver on a connector does what its contract says: no id of the contract may be open.
    """
    reached = None
    keeps_contract = all(one.status not in OPEN for one in ids)
    for tier in TIERS:
        if tier is not Tier.BRONZE and not keeps_contract:
            break
        of_tier = [rule.status for rule in rules if rule.tier is tier]
        ran = [status for status in of_tier if status is not Status.NOT_APPLICABLE]
        if not ran or any(status is not Status.PASSED for status in ran):
            break
        reached = tier
    return reached
