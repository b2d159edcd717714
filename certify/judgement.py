"""Decide: what a contract requires of the installed rules, and what their outcomes amount to.

Pure: values in, values out. The first half makes a `Plan` before anything runs, so that what did not run
is missed; the second half makes the `Report`.
"""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from certify.contract import Contract, Waiver
from certify.errors import CertifyError, ContractError
from certify.model import (
    SCHEMA_VERSION,
    TIERS,
    WORST_FIRST,
    Connector,
    Coverage,
    Effort,
    Footer,
    IdKind,
    IdResult,
    ItemResult,
    NextTier,
    Outcome,
    OwnEvidence,
    Reason,
    Report,
    RuleResult,
    RunFacts,
    Status,
    Step,
    Tier,
    Verdict,
    WaiverResult,
    sealed,
    worst,
)
from certify.registry import Registry
from certify.rules import PlatformId, Rule

#: A rule in one of these states stands between the connector and its release.
_OPEN = (Status.FAILED, Status.ERRORED, Status.BLOCKED, Status.UNVERIFIED)


@dataclass(frozen=True)
class PlannedId:
    """One of the contract's own names, and the rules that stand for it (installed or not)."""

    id: str
    kind: IdKind
    capability: str | None
    rules: tuple[str, ...]
    needs: str


@dataclass(frozen=True)
class Plan:
    """What is to run: rules in order of their modules, the ids, and which rules decide the verdict.

    `inapplicable` are installed rules that speak of another system or of capabilities not claimed.
    """

    rules: tuple[Rule, ...]
    ids: tuple[PlannedId, ...]
    required: frozenset[str]
    selection: bool
    inapplicable: frozenset[str] = frozenset()


def make_plan(
    contract: Contract,
    registry: Registry,
    platform_ids: Mapping[str, PlatformId],
    only: Sequence[str] = (),
) -> Plan:
    """What the contract asks of the installed rules.

    `only` names rules, ids or areas; raises CertifyError when one is unknown, ContractError when a waiver
    names a rule that is unknown or may not be waived.
    """
    _check_waivers(contract, registry)
    ids = tuple(_planned_ids(contract, registry, platform_ids))
    applicable = {
        rule.id: rule
        for rule in registry.rules.values()
        if rule.applies_to(contract.system, contract.capabilities)
    }
    named = {name for one in ids for name in one.rules}
    required = {
        rule.id for rule in applicable.values() if rule.id in named or rule.tier <= contract.policy.tier
    }
    chosen = _chosen(applicable, registry, platform_ids, only) if only else set(applicable)
    rules = tuple(rule for rule in applicable.values() if rule.id in chosen)
    inapplicable = frozenset(registry.rules.keys() - applicable.keys())
    return Plan(rules, ids, frozenset(required), bool(only), inapplicable)


def _planned_ids(
    contract: Contract, registry: Registry, platform_ids: Mapping[str, PlatformId]
) -> Iterable[PlannedId]:
    named: list[tuple[str, IdKind, str | None]] = [
        (name, IdKind.REQUIRED_TEST, capability)
        for capability, claim in contract.capabilities.items()
        for name in claim.required_tests
    ]
    named += [(gate, IdKind.GATE, None) for gate, asked in contract.quality_gates.items() if asked]
    if contract.performance.benchmark_required:
        named.append(("benchmark_required", IdKind.BENCHMARK, None))
    for name, kind, capability in dict.fromkeys(named):
        known = platform_ids.get(name)
        rules = known.rules if known else ((name,) if name in registry.rules else ())
        yield PlannedId(name, kind, capability, rules, known.needs if known else "")
    for transfer, claims in contract.native_transfer.items():
        for flag in (name for name, claimed in claims.items() if claimed is True):
            yield _native_id(transfer, flag, platform_ids)


def _native_id(transfer: str, flag: str, platform_ids: Mapping[str, PlatformId]) -> PlannedId:
    """One claim of a native transfer; it means the same for every transfer of its role."""
    role = transfer.partition("_")[2]
    name, known = f"{transfer}.{flag}", platform_ids.get(f"{role}.{flag}")
    rules = known.rules if known else ()
    own = f'{_CERTIFIES}("{name}")  # on a test of the connector\'s own that exercises it\n'
    return PlannedId(name, IdKind.NATIVE, None, rules, known.needs if known and rules else own)


def _chosen(
    applicable: Mapping[str, Rule],
    registry: Registry,
    platform_ids: Mapping[str, PlatformId],
    only: Sequence[str],
) -> set[str]:
    chosen: set[str] = set()
    for word in only:
        of_area = {rule.id for rule in registry.rules.values() if rule.area == word}
        of_id = set(platform_ids[word].rules) if word in platform_ids else set()
        of_rule = {word} if word in registry.rules else set()
        if not (of_area or of_id or of_rule):
            known = sorted({*registry.rules, *registry.areas, *platform_ids})
            raise CertifyError(f"--only {word}: no such rule, id or area{_nearest(word, known)}")
        meant = (of_area | of_id | of_rule) & applicable.keys()
        if not meant:
            raise CertifyError(f"--only {word}: none of its rules is installed and applies to this connector")
        chosen |= meant
    return chosen


def _nearest(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else "; `certify rules` lists them"


def _check_waivers(contract: Contract, registry: Registry) -> None:
    for index, waiver in enumerate(contract.waivers):
        rule = registry.rules.get(waiver.rule)
        where = contract.at("waivers", index, "rule")
        if rule is None:
            hint = _nearest(waiver.rule, sorted(registry.rules))
            raise ContractError(f"{where}: waivers[{index}].rule: no rule {waiver.rule!r}{hint}")
        if not rule.waivable:
            raise ContractError(f"{where}: waivers[{index}].rule: {waiver.rule} may not be waived; remove it")


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
            reasons=tuple(_reasons(plan, ids, rules)),
            connector=connector,
            run=run,
            required=counts,
            ids=ids,
            rules=tuple(rules),
            coverage=_coverage(contract, plan, ids, by_rule),
            next_tier=None if plan.selection else _next_tier(tier, rules),
            footer=Footer(tuple(rule.id for rule in plan.rules)),
            files=dict(files or {}),
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
    if run.interrupted or any(counts.get(status) for status in _OPEN) or not counts.get(Status.PASSED):
        return Verdict.INCOMPLETE
    return Verdict.CERTIFIED


def _exit_code(verdict: Verdict, rules: Sequence[RuleResult], run: RunFacts) -> int:
    if run.interrupted:
        return 130
    if verdict is Verdict.NONE:
        return int(any(rule.status in _OPEN for rule in rules))
    return {Verdict.CERTIFIED: 0, Verdict.NOT_CERTIFIED: 1, Verdict.INCOMPLETE: 3}[verdict]


def _reasons(plan: Plan, ids: Sequence[IdResult], rules: Sequence[RuleResult]) -> Iterable[Reason]:
    """Why it is not certified, most severe first: required rules, then ids that nothing stands for."""
    told = [
        Reason(rule.id, rule.status, rule.message, _fix(rule), rule.location)
        for rule in rules
        if rule.status in _OPEN and (rule.id in plan.required or plan.selection)
    ]
    known = {rule.id for rule in rules} | plan.inapplicable
    seen: set[str] = set()
    for one in ids:
        inapplicable = plan.inapplicable.issuperset(one.rules)
        unrun = inapplicable or any(name not in known for name in one.rules)
        if one.status in _OPEN and unrun and one.id not in seen:
            seen.add(one.id)
            if one.status is Status.FAILED and not one.rules:
                told.append(Reason(one.id, one.status, one.message, "mend the connector's own test"))
                continue
            fix = _DROP_IT if one.rules and inapplicable else _what_to_add(one.needs)
            told.append(Reason(one.id, Status.UNVERIFIED, _unrun_message(one, known), fix))
    return sorted(told, key=lambda reason: WORST_FIRST.index(reason.status))


def _unrun_message(one: IdResult, known: set[str]) -> str:
    absent = [name for name in one.rules if name not in known]
    return f"no installed rule exercises {', '.join(absent)}" if absent else one.message


_DROP_IT = "drop it from the contract, or claim the capability it speaks of"


#: Marks a test of the connector's own that speaks for an id which no rule knows.
_CERTIFIES = "@pytest.mark.certifies"


def _what_to_add(needs: str) -> str:
    """The keys of the lines that are missing: `subject.source, replay.cassettes`."""
    if needs.startswith(_CERTIFIES):
        return f"exercise it in a test of the connector's own, marked {needs.partition('  #')[0]}"
    keys: list[str] = []
    section = ""
    for line in needs.splitlines():
        key = line.partition(":")[0]
        if key.startswith(" "):
            keys.append(f"{section}.{key.strip()}")
        else:
            section = key
    if not keys:
        return "install a suite that has the rule; this one has not"
    return (
        f"add {', '.join(keys)} to the contract, as the report shows, and install a suite that has the rule"
    )


def _fix(rule: RuleResult) -> str:
    return next((finding.fix for finding in rule.findings if finding.fix), None) or rule.fix


def _tier(rules: Sequence[RuleResult], ids: Sequence[IdResult]) -> Tier | None:
    """The highest tier whose rules, and those of every tier below, all passed; an empty tier is no tier.

    From silver on a connector does what its contract says: no id of the contract may be open.
    """
    reached = None
    keeps_contract = all(one.status not in _OPEN for one in ids)
    for tier in TIERS:
        if tier is not Tier.BRONZE and not keeps_contract:
            break
        of_tier = [rule.status for rule in rules if rule.tier is tier]
        ran = [status for status in of_tier if status is not Status.NOT_APPLICABLE]
        if not ran or any(status is not Status.PASSED for status in ran):
            break
        reached = tier
    return reached


def _next_tier(tier: Tier | None, rules: Sequence[RuleResult]) -> NextTier | None:
    """The first tier above with rules that do not pass, cheapest rule first; None when there is none."""
    above = TIERS[TIERS.index(tier) + 1 :] if tier else TIERS
    for candidate in above:
        missing = [
            rule
            for rule in rules
            if rule.tier is candidate and rule.status not in (Status.PASSED, Status.NOT_APPLICABLE)
        ]
        if missing:
            missing.sort(key=lambda rule: list(Effort).index(rule.effort))
            steps = tuple(Step(rule.id, rule.effort, rule.status, _fix(rule)) for rule in missing)
            return NextTier(candidate, steps)
    return None


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
