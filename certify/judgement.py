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
    SCHEMA_VERSION,
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
    SuiteFacts,
    Verdict,
    WaiverResult,
    sealed,
    worst,
)
from certify.plan import Plan, PlannedId
from certify.rules import Rule
from certify.verdict import exit_code_of, required_counts, status_of, tier_of, verdict_of


def judge(
    contract: Contract,
    plan: Plan,
    outcomes: Iterable[Outcome],
    connector: Connector,
    run: RunFacts,
    files: Mapping[str, str] | None = None,
) -> Report:
    """The report of what ran. Raises ContractError when a waiver waives what passes, or does not apply."""
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
    counts = required_counts(ids, rules)
    verdict = Verdict.NONE if plan.selection else verdict_of(counts, run)
    tier = None if plan.selection else tier_of(rules, ids)
    return sealed(
        Report(
            schema_version=SCHEMA_VERSION,
            verdict=verdict,
            exit_code=exit_code_of(verdict, rules, run),
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
    status = status_of([outcome.status for outcome in outcomes], run)
    if outcomes:
        speaker = next(outcome for outcome in outcomes if outcome.status is status)
        message, detail = speaker.message, speaker.detail
    elif run.interrupted:
        message, detail = "interrupted before it ran", ""
    else:
        message, detail = "planned, but it left no outcome", ""
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
        suite=next((one.name for one in run.suites if _holds(one, rule)), ""),
    )


def _holds(suite: SuiteFacts, rule: Rule) -> bool:
    return rule.module == suite.package or rule.module.startswith(f"{suite.package}.")


def _waived(result: RuleResult, waiver: Waiver | None, today: datetime.date) -> RuleResult:
    if waiver is None or result.status not in (Status.FAILED, Status.UNVERIFIED):
        return result
    if not waiver.in_date(today):
        expired = f"its waiver expired on {waiver.expires}"
        return replace(result, message=f"{result.message} ({expired})" if result.message else expired)
    told = WaiverResult(waiver.reason, waiver.owner, waiver.expires.isoformat(), waiver.url)
    return replace(result, status=Status.WAIVED, waiver=told)


#: There is nothing to waive in these.
_IDLE = {Status.PASSED: "passes", Status.NOT_APPLICABLE: "does not apply"}


def _refuse_idle_waivers(contract: Contract, rules: Sequence[RuleResult]) -> None:
    idle = {rule.id: _IDLE[rule.status] for rule in rules if rule.status in _IDLE}
    for index, waiver in enumerate(contract.waivers):
        if waiver.rule in idle:
            where, why = contract.at("waivers", index, "rule"), idle[waiver.rule]
            raise ContractError(f"{where}: waivers[{index}].rule: {waiver.rule} {why}; remove the waiver")


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
