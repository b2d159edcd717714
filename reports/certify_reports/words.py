"""The words that every rendering uses: for a status, a count, a verdict, a tier, a date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from certify.countdown import countdown
from certify.countdown import day as day
from certify.model import Report, RuleResult, Status, Verdict

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


def standing(rule: RuleResult) -> str:
    """`required, bronze, low effort to mend`: what weight a rule has."""
    weight = "required" if rule.required else "not required"
    return f"{weight}, {rule.tier.value}, {rule.effort.value} effort to mend"


def days_left(expires: str, finished: str) -> str:
    """From the day the run ended to the day a waiver ends; it holds through that day."""
    return countdown(expires, finished)
