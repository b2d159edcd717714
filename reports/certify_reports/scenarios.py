"""Find the timelines in a report: all of them, each once, and those that show what a rule found."""

from __future__ import annotations

from certify.model import Moment, MomentKind, Report, RuleResult, Timeline

#: Virtual seconds, some eleven days: a wait beyond them has no limit that would be one.
FOR_EVER = 1e6


def by_rule(report: Report) -> list[tuple[RuleResult, list[Timeline]]]:
    """Every scenario of the run, under the first rule that looked at it."""
    seen: set[str] = set()
    found = []
    for rule in report.rules:
        timelines = [one for one in _timelines(rule).values() if one.scenario not in seen]
        seen.update(one.scenario for one in timelines)
        if timelines:
            found.append((rule, timelines))
    return found


def telling(rule: RuleResult) -> list[Timeline]:
    """The timelines that show what a rule found, in the order of its findings."""
    by_scenario = _timelines(rule)
    wanted = dict.fromkeys(finding.scenario or "" for finding in rule.findings)
    return [by_scenario[name] for name in wanted if name in by_scenario]


def before_end(timeline: Timeline) -> list[Moment]:
    """What was asked and waited for."""
    return [one for one in timeline.moments if one.kind is not MomentKind.END]


def ending(timeline: Timeline) -> str:
    """How it ended."""
    return " ".join(one.text for one in timeline.moments if one.kind is MomentKind.END)


def seconds(number: float) -> str:
    """`7 s`; or that nothing would have ended it."""
    return f"{number:.4g} s" if number < FOR_EVER else "for ever"


def _timelines(rule: RuleResult) -> dict[str, Timeline]:
    found: dict[str, Timeline] = {}
    for entry in rule.evidence:
        if entry.timeline is not None:
            found.setdefault(entry.timeline.scenario, entry.timeline)
    return found
