"""Decide what the outcomes of a plan's rules amount to: the verdict, the tier, and why, as one `Report`.

Pure: values in, values out.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from certify.advice import next_tier_of, reasons_of
from certify.contract import Contract, Waiver
from certify.errors import ContractError
from certify.model import (
    OPEN,
    SCHEMA_VERSION,
    TIERS,
    WORST_FIRST,
    Connector,
    Coverage,
    Footer,
    IdResult,
    ItemResult,
    Outcome,
    OwnEvidence,
    Report,
    RuleResult,
    RunFacts,
    Status,
    Tier,
    Verdict,
    WaiverResult,
    sealed,
    worst,
)
from certify.plan import Plan, PlannedId
from certify.rules import Rule


def judge(
    contract: Contract,
    plan: Plan,
    outcomes: Iterable[Outcome],
    connector: Connector,
    run: RunFacts,
    files: Mapping[str, str] | None = None,
) -> Report:
    """The report of what ran. Raises ContractError when a waiver waives what passes."""
    today = datetime.datetime.fromisoformat(run.finished).date()
    by_rule: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_rule.setdefault(outcome.rule, []).append(outcome)
    waivers = {waiver.rule: waiver for waiver in contract.waivers}
    rules = [
        _waived(_result(rule, by_rule.get(rule.id, []), plan, run), waivers.get(rule.id), today)
        for rule in plan.rules
    ]
    _refuse_idle_waivers(contract, rules)
    results = {rule.id: rule for rule in rules}
    own = [one for these in by_rule.values() for outcome in these for one in outcome.own_evidence]
    ids = () if plan.selection else tuple(_id_result(one, results, plan, own) for one in plan.ids)
    counts = _required_counts(plan, ids, results)
    verdict = _verdict(plan, counts, run)
    tier = None if plan.selection else _tier(rules, ids)
    return sealed(
        Report(
            schema_version=SCHEMA_VERSION,
            verdict=verdict,
            exit_code=_exit_code(verdict, rules, run),
            tier=tier,
            reasons=tuple(reasons_of(plan, ids, rules)),
            connector=connector,
            run=run,
            required=counts,
            ids=ids,
            rules=tuple(rules),
            coverage=_coverage(contract, plan, ids, by_rule),
            next_tier=None if plan.selection else next_tier_of(tier, rules),
            footer=Footer(tuple(rule.id for rule in plan.rules)),
            files=dict(files or {}),
            performance=next(
                (one.performance for these in by_rule.values() for one in these if one.performance), None
            ),
        )
    )


def _result(rule: Rule, outcomes: Sequence[Outcome], plan: Plan, run: RunFacts) -> RuleResult:
    """Fold a rule's items: the worst speaks for all; no item at all is our fault, or the interruption's."""
    if outcomes:
        status = worst([outcome.status for outcome in outcomes])
        speaker = next(outcome for outcome in outcomes if outcome.status is status)
        message, detail = speaker.message, speaker.detail
    elif run.interrupted:
        status, message, detail = Status.UNVERIFIED, "interrupted before it ran", ""
    else:
        status, message, detail = Status.ERRORED, "planned, but it left no outcome", ""
    findings = tuple(finding for outcome in outcomes for finding in outcome.findings)
    return RuleResult(
        id=rule.id,
        title=rule.title,
        area=rule.area,
        tier=rule.tier,
        effort=rule.effort,
        required=rule.id in plan.required,
        status=status,
        seconds=round(sum((outcome.seconds for outcome in outcomes), 0.0), 4),
        message=message,
        why=rule.why,
        fix=rule.fix,
        location=next((finding.location for finding in findings if finding.location), None),
        detail=detail,
        findings=findings,
        evidence=tuple(entry for outcome in outcomes for entry in outcome.evidence),
        items=tuple(
            ItemResult(one.nodeid, one.status, round(one.seconds, 4), one.message) for one in outcomes
        ),
    )


def _waived(result: RuleResult, waiver: Waiver | None, today: datetime.date) -> RuleResult:
    if waiver is None or result.status not in (Status.FAILED, Status.UNVERIFIED) or not waiver.in_date(today):
        return result
    told = WaiverResult(waiver.reason, waiver.owner, waiver.expires.isoformat(), waiver.url)
    return replace(result, status=Status.WAIVED, waiver=told)


def _refuse_idle_waivers(contract: Contract, rules: Sequence[RuleResult]) -> None:
    passed = {rule.id for rule in rules if rule.status is Status.PASSED}
    for index, waiver in enumerate(contract.waivers):
        if waiver.rule in passed:
            where = contract.at("waivers", index, "rule")
            raise ContractError(f"{where}: waivers[{index}].rule: {waiver.rule} passes; remove the waiver")


def _id_result(
    planned: PlannedId, results: Mapping[str, RuleResult], plan: Plan, own: Sequence[OwnEvidence]
) -> IdResult:
    """The worst of its rules; what speaks of other connectors is left out, unless nothing else remains."""
    spoken_for = [one for one in own if one.id == planned.id]
    if spoken_for and not planned.rules:
        return _own_id_result(planned, spoken_for)
    rules = [name for name in planned.rules if name not in plan.inapplicable]
    statuses = {name: results[name].status if name in results else Status.UNVERIFIED for name in rules}
    status = worst(list(statuses.values()))
    absent = [name for name in rules if name not in results]
    if not planned.rules:
        message = "no installed rule and no test of the connector's own stands for this id"
    elif not rules:
        message = f"{', '.join(planned.rules)}: not for this system, or for a capability that is not claimed"
    elif status is Status.UNVERIFIED and absent:
        message = f"no installed rule exercises {', '.join(absent)}"
    else:
        speaker = next(name for name, one in statuses.items() if one is status)
        said = results[speaker].message
        message = f"{speaker}: {said}" if said and status is not Status.PASSED else ""
    needs = planned.needs if status in (Status.UNVERIFIED, Status.BLOCKED) else ""
    return IdResult(planned.id, planned.kind, planned.capability, status, message, planned.rules, needs)


def _own_id_result(planned: PlannedId, said: Sequence[OwnEvidence]) -> IdResult:
    """An id that no rule of ours knows: the connector's own tests speak for it, and are named."""
    broken = [one.nodeid for one in said if not one.passed]
    status = Status.FAILED if broken else Status.PASSED
    tests = ", ".join(broken or [one.nodeid for one in said])
    words = "fails" if broken else "passed"
    return IdResult(
        planned.id, planned.kind, planned.capability, status, f"the connector's own evidence: {tests} {words}"
    )


def _required_counts(
    plan: Plan, ids: Sequence[IdResult], results: Mapping[str, RuleResult]
) -> dict[Status, int]:
    """Each id once, however many capabilities name it, and each required rule that no id covers."""
    by_name: dict[str, list[Status]] = {}
    for one in ids:
        by_name.setdefault(one.id, []).append(one.status)
    covered = {name for one in ids for name in one.rules}
    statuses = [worst(these) for these in by_name.values()]
    statuses += [
        rule.status for rule in results.values() if rule.id in plan.required and rule.id not in covered
    ]
    return {status: statuses.count(status) for status in WORST_FIRST if status in statuses}


def _verdict(plan: Plan, counts: Mapping[Status, int], run: RunFacts) -> Verdict:
    if plan.selection:
        return Verdict.NONE
    if counts.get(Status.FAILED):
        return Verdict.NOT_CERTIFIED
    if run.interrupted or any(counts.get(status) for status in OPEN) or not counts.get(Status.PASSED):
        return Verdict.INCOMPLETE
    return Verdict.CERTIFIED


def _exit_code(verdict: Verdict, rules: Sequence[RuleResult], run: RunFacts) -> int:
    if run.interrupted:
        return 130
    if verdict is Verdict.NONE:
        return int(any(rule.status in OPEN for rule in rules))
    return {Verdict.CERTIFIED: 0, Verdict.NOT_CERTIFIED: 1, Verdict.INCOMPLETE: 3}[verdict]


def _tier(rules: Sequence[RuleResult], ids: Sequence[IdResult]) -> Tier | None:
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


def _coverage(
    contract: Contract, plan: Plan, ids: Sequence[IdResult], by_rule: Mapping[str, list[Outcome]]
) -> Coverage:
    decided = (Status.PASSED, Status.FAILED, Status.WAIVED)
    exercised = {one.capability for one in ids if one.capability and one.status in decided}
    ran = [
        name
        for name, outcomes in by_rule.items()
        if any(outcome.status in (Status.PASSED, Status.FAILED) for outcome in outcomes)
    ]
    claimed = tuple(contract.capabilities)
    return Coverage(
        claimed_capabilities=claimed,
        exercised_capabilities=tuple(name for name in claimed if name in exercised),
        planned=len(plan.rules),
        ran=len(ran),
    )
