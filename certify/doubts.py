"""Find what in a report does not follow from the rest of it, or from the rules it says it was judged by.

Pure. What a report says of itself is computed again from the outcomes in it: a verdict that somebody edited,
with a digest to fit, is found, unless every outcome was edited too.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import replace

from certify.advice import next_tier_of
from certify.model import OPEN, SCHEMA_VERSION, IdKind, IdResult, Report, RuleResult, Status, Verdict, worst
from certify.registry import Registry
from certify.rules import PlatformId
from certify.verdict import exit_code_of, required_counts, status_of, tier_of, verdict_of


def version_doubts(report: Report) -> Iterator[str]:
    """A report of another major version means other things by the same words."""
    if report.schema_version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        yield f"it is of version {report.schema_version}; this certify reads {SCHEMA_VERSION}"


def inner_doubts(report: Report) -> Iterator[str]:
    """What the report contradicts itself in."""
    yield from _plan_doubts(report)
    for rule in report.rules:
        yield from _rule_doubts(rule, report)
    for one in report.ids:
        yield from _id_doubts(one, report)
    yield from _verdict_doubts(report)


def _plan_doubts(report: Report) -> Iterator[str]:
    names = [rule.id for rule in report.rules]
    missing = set(report.footer.planned_ids) - set(names)
    if missing:
        yield f"planned rules are missing: {', '.join(sorted(missing))}"
    unplanned = set(names) - set(report.footer.planned_ids)
    if unplanned:
        yield f"rules were not planned: {', '.join(sorted(unplanned))}"
    if len(set(names)) < len(names):
        yield "a rule is told twice"


def _rule_doubts(rule: RuleResult, report: Report) -> Iterator[str]:
    """The status of a rule is that of its worst item, or *waived* by a waiver in date."""
    computed = status_of([item.status for item in rule.items], report.run)
    if rule.status is Status.PASSED and not rule.evidence:
        yield f"{rule.id} passed without evidence"
    if rule.status is Status.WAIVED:
        if rule.waiver is None or computed not in (Status.FAILED, Status.UNVERIFIED):
            yield f"{rule.id} is waived, but nothing there can be"
        elif not _in_date(rule.waiver.expires, report.run.finished):
            yield f"{rule.id}: its waiver had expired on {rule.waiver.expires}"
    elif computed is not rule.status:
        yield f"{rule.id} is told as {rule.status}, but its items make it {computed}"


def _grounded(report: Report) -> Report:
    """The same with each status as bad as what it rests on: items under a rule, rules under an id."""
    rules = tuple(replace(rule, status=_grounded_status(rule, report)) for rule in report.rules)
    statuses = {rule.id: rule.status for rule in rules}
    ids = tuple(
        replace(one, status=worst([one.status, *(statuses[name] for name in one.rules if name in statuses)]))
        for one in report.ids
    )
    return replace(report, rules=rules, ids=ids)


def _grounded_status(rule: RuleResult, report: Report) -> Status:
    computed = status_of([item.status for item in rule.items], report.run)
    waived = rule.status is Status.WAIVED and not any(_rule_doubts(rule, report))
    return Status.WAIVED if waived else worst([rule.status, computed])


def _in_date(expires: str, finished: str) -> bool:
    try:
        return datetime.datetime.fromisoformat(finished).date() <= datetime.date.fromisoformat(expires)
    except ValueError:
        return False


def _id_doubts(one: IdResult, report: Report) -> Iterator[str]:
    """An id is the worst of its rules; those that speak of other connectors are not in the report."""
    found = [rule.status for rule in report.rules if rule.id in one.rules]
    if one.rules:
        computed = worst(found)
        better = len(found) < len(one.rules) and one.status is worst([computed, Status.UNVERIFIED])
        if one.status is not computed and not better:
            yield f"{one.id} is told as {one.status}, but its rules make it {computed}"
    elif one.status not in (Status.PASSED, Status.FAILED, Status.UNVERIFIED):
        yield f"{one.id} is told as {one.status}, but no rule stands for it"


def _verdict_doubts(report: Report) -> Iterator[str]:
    """Verdict, exit code, counts, tier and reasons, computed again from the items up."""
    true = _grounded(report)
    counts = required_counts(true.ids, true.rules)
    selection = report.verdict is Verdict.NONE
    verdict = Verdict.NONE if selection else verdict_of(counts, report.run)
    if report.verdict is not verdict:
        yield f"it says {_said(report.verdict)}, but its outcomes make it {_said(verdict)}"
    if report.exit_code != exit_code_of(verdict, true.rules, report.run):
        yield f"exit code {report.exit_code} does not belong to the verdict {_said(verdict)}"
    if report.required != counts:
        yield "its counts of what is required are not those of its rules"
    if not selection:
        yield from _tier_doubts(report, true)
    told = {reason.id for reason in report.reasons}
    due = [rule.id for rule in true.rules if rule.required and rule.status in OPEN]
    if not told.issuperset(due):
        yield f"its reasons leave out {', '.join(name for name in due if name not in told)}"


def _tier_doubts(report: Report, true: Report) -> Iterator[str]:
    tier = tier_of(true.rules, true.ids)
    if report.tier is not tier:
        yield f"it says {_said(report.tier)}, but its outcomes make it {_said(tier)}"
    way = next_tier_of(tier, true.rules)
    if (way and way.tier) is not (report.next_tier and report.next_tier.tier):
        yield "its way to the next tier does not follow from its rules"


def _said(word: str | None) -> str:
    return (word or "no tier").replace("_", " ")


def is_of(report: Report, registry: Registry) -> bool:
    """Whether the rules that are installed here are those the report was judged by."""
    return set(report.run.suites) == set(registry.suites)


def rulebook_doubts(
    report: Report, registry: Registry, platform_ids: Mapping[str, PlatformId]
) -> Iterator[str]:
    """What does not follow from the very rules that the report names by digest."""
    capabilities = report.coverage.claimed_capabilities
    asked = {
        rule.id for rule in registry.rules.values() if rule.applies_to(report.connector.system, capabilities)
    }
    left_out = asked - set(report.footer.planned_ids)
    if left_out and report.verdict is not Verdict.NONE:
        yield f"rules that apply to this connector were left out: {', '.join(sorted(left_out))}"
    for rule in report.rules:
        own = registry.rules.get(rule.id)
        if own is None or own.id not in asked:
            yield f"its suites have no rule {rule.id} for this connector"
        elif (rule.title, rule.area, rule.tier, rule.why) != (own.title, own.area, own.tier, own.why):
            yield f"{rule.id} is not told as its suite has it"
        elif rule.status is Status.WAIVED and not own.waivable:
            yield f"{rule.id} may not be waived"
    for one in report.ids:
        if one.rules != _rules_of(one, registry, platform_ids):
            yield f"{one.id}: not the rules that stand for it"
    yield from _requirement_doubts(report)


def _rules_of(one: IdResult, registry: Registry, platform_ids: Mapping[str, PlatformId]) -> tuple[str, ...]:
    name = one.id
    if one.kind is IdKind.NATIVE:
        transfer, _, flag = one.id.partition(".")
        name = f"{transfer.partition('_')[2]}.{flag}"
    known = platform_ids.get(name)
    if known is not None:
        return known.rules
    return (name,) if name in registry.rules and one.kind is not IdKind.NATIVE else ()


def _requirement_doubts(report: Report) -> Iterator[str]:
    """What an id names is required, and so are all rules of a tier, and of those below, or none."""
    named = {name for one in report.ids for name in one.rules}
    others = [rule for rule in report.rules if rule.id not in named]
    asked = [rule.tier for rule in others if rule.required]
    for rule in report.rules:
        due = rule.id in named or any(rule.tier <= tier for tier in asked)
        if due and not rule.required and report.verdict is not Verdict.NONE:
            yield f"{rule.id} is required, and told as if it were not"
