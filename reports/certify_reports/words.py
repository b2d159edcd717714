"""The words that every rendering uses: for a status, a count, a verdict, a tier, a date."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from certify.countdown import countdown
from certify.countdown import day as day
from certify.model import ItemResult, Report, RuleResult, RunFacts, Status, Verdict

SYMBOLS = {
    Status.PASSED: "✓",
    Status.FAILED: "✗",
    Status.ERRORED: "!",
    Status.BLOCKED: "⊘",
    Status.UNVERIFIED: "?",
    Status.WAIVED: "○",
    Status.NOT_APPLICABLE: "–",
}

VERDICTS = {
    Verdict.CERTIFIED: "Certified",
    Verdict.NOT_CERTIFIED: "Not certified",
    Verdict.INCOMPLETE: "Incomplete",
    Verdict.NONE: "No verdict",
}

_PLAIN_WORD = re.compile(r"[a-z]+,?(?: |$)")

#: What `certify verify` is good for.
VERIFIES = (
    "This detects a record that was cut short or damaged, and a page that no longer matches it. "
    "It does not detect forgery; only the signed attestation does."
)

#: The same under every report.
NOT_CLAIMED = (
    "That the service still answers as it did when its answers were recorded: "
    "nothing here went to the network.",
    "Anything about a connector, a contract or rules other than those the digests above name.",
    "That data is right at its source, or that rules which no one wrote would pass.",
    "A security audit: the connector's code was run under watch, not reviewed.",
    "Figures that hold on another machine.",
)

#: The order in which an author counts: what holds, what does not, what is not known.
_COUNTED = (
    Status.PASSED,
    Status.FAILED,
    Status.ERRORED,
    Status.BLOCKED,
    Status.UNVERIFIED,
    Status.WAIVED,
    Status.NOT_APPLICABLE,
)


def status_word(status: Status) -> str:
    """A status as one would say it."""
    return status.value.replace("_", " ")


def status_mark(status: Status) -> str:
    """A status as it stands in a table: symbol and word."""
    return f"{SYMBOLS[status]} {status_word(status)}"


def counts(numbers: Mapping[Status, int]) -> str:
    """`9 passed, 2 failed, 6 unverified`; what is zero is not mentioned."""
    return ", ".join(f"{numbers[status]} {status_word(status)}" for status in _COUNTED if numbers.get(status))


def counts_of(statuses: Iterable[Status]) -> str:
    """The same, of statuses still to be counted."""
    return counts(Counter(statuses))


def required_counts(report: Report) -> str:
    """`17 required: 9 passed, 2 failed, 6 unverified`."""
    total = sum(report.required.values())
    return f"{total} required: {counts(report.required)}" if total else "nothing required"


def tier_words(report: Report) -> str:
    """`bronze; 3 rules to silver`."""
    reached = report.tier.value if report.tier else "none yet"
    if report.next_tier is None or not report.next_tier.rules:
        return reached
    return f"{reached}; {number_of(len(report.next_tier.rules), 'rule')} to {report.next_tier.tier.value}"


def number_of(number: int, thing: str) -> str:
    """`1 rule`, `3 rules`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def sentence(text: str) -> str:
    """The text with a full stop, unless it ends with a stop of its own."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def capitalised(text: str) -> str:
    """With a capital, where it begins with a plain word: names keep theirs."""
    return text[:1].upper() + text[1:] if _PLAIN_WORD.match(text) else text


def standing(rule: RuleResult) -> str:
    """`required, bronze, low effort to mend`: what weight a rule has."""
    weight = "required" if rule.required else "not required"
    return f"{weight}, {rule.tier.value}, {rule.effort.value} effort to mend"


def unpassed_items(rule: RuleResult) -> list[ItemResult]:
    """Of a rule with one item there is nothing more to say."""
    quiet = (Status.PASSED, Status.NOT_APPLICABLE)
    return [item for item in rule.items if item.status not in quiet] if len(rule.items) > 1 else []


def beyond_findings(rule: RuleResult) -> str:
    """The detail of a rule, unless its message and its findings have said it already."""
    repeats = rule.detail.split() == rule.message.split()
    first_of_findings = rule.findings and "\n" not in rule.detail.strip()
    return "" if repeats or first_of_findings else rule.detail


_MEANING = {
    "hook": " (weaker: it cannot hold native code back)",
    "none": " (nothing of the connector was run)",
}


def isolation_words(run: RunFacts) -> str:
    """What kept the connector from the rest of the machine."""
    return f"{run.isolation}{_MEANING.get(run.isolation, '')}"


def days_left(expires: str, finished: str) -> str:
    """From the day the run ended to the day a waiver ends; it holds through that day."""
    return countdown(expires, finished)


def first_expiry(report: Report) -> str:
    """The day on which the first of the waivers ends, and how long that is; empty without one."""
    ends = sorted(rule.waiver.expires for rule in report.rules if rule.waiver)
    return f"{ends[0]}, {days_left(ends[0], report.run.finished)}" if ends else ""
