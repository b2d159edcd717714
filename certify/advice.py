"""Say what stands between a connector and its certificate, or its next tier, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from certify.model import (
    OPEN,
    TIERS,
    WORST_FIRST,
    Effort,
    IdResult,
    NextTier,
    Reason,
    RuleResult,
    Status,
    Step,
    Tier,
)
from certify.plan import CERTIFIES, Plan


def reasons_of(plan: Plan, ids: Sequence[IdResult], rules: Sequence[RuleResult]) -> Iterable[Reason]:
    """Why it is not certified, most severe first: required rules, then ids that nothing stands for."""
    told = [
        Reason(rule.id, rule.status, rule.message, _fix(rule), rule.location)
        for rule in rules
        if rule.status in OPEN and (rule.id in plan.required or plan.selection)
    ]
    known = {rule.id for rule in rules} | plan.inapplicable
    seen: set[str] = set()
    for one in ids:
        inapplicable = plan.inapplicable.issuperset(one.rules)
        unrun = inapplicable or any(name not in known for name in one.rules)
        if one.status in OPEN and unrun and one.id not in seen:
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


def _what_to_add(needs: str) -> str:
    """The keys of the lines that are missing: `subject.source, replay.cassettes`."""
    if needs.startswith(CERTIFIES):
        return f"exercise it in a test of the connector's own, marked {needs.partition('  #')[0]}"
    keys = _keys(needs)
    if not keys:
        return "install a suite that has the rule; this one has not"
    return f"add {keys} to the contract, as the report shows, and install a suite that has the rule"


def _keys(needs: str) -> str:
    """The keys of lines of a contract: `subject.source, replay.cassettes`."""
    keys: list[str] = []
    section = ""
    for line in needs.splitlines():
        key = line.partition(":")[0]
        if key.lstrip().startswith("#"):
            continue
        if key.startswith(" "):
            keys.append(f"{section}.{key.strip()}")
        else:
            section = key
    return ", ".join(keys)


def _to_be_seen(needs: str) -> str:
    """What to do about lines that are missing: one that stands alone says it itself."""
    first, *others = needs.strip().splitlines()
    if not others:
        return first.removeprefix("# ")
    if first.startswith("# "):
        return f"{first[2:]}: what it has to hold stands in the report"
    keys = _keys(needs)
    return f"add {keys} to the contract, as the report shows" if keys else "do what stands in the report"


def _fix(rule: RuleResult) -> str:
    if rule.status is Status.UNVERIFIED and rule.detail.strip():
        return _to_be_seen(rule.detail)
    return next((finding.fix for finding in rule.findings if finding.fix), None) or rule.fix


def next_tier_of(tier: Tier | None, rules: Sequence[RuleResult]) -> NextTier | None:
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
