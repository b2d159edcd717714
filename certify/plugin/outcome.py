"""Turn what pytest saw of one item into an Outcome, and blame precisely.

*failed* is an assertion (or `pytest.fail`) raised by a rule's own code in its own phase. All else that goes
wrong is *errored*: an AssertionError inside a fixture or a library is ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

import pytest

from certify.errors import CertifyError
from certify.model import (
    WORST_FIRST,
    Evidence,
    Finding,
    Location,
    Outcome,
    OwnEvidence,
    Status,
    Timeline,
)
from certify.rules import Blocked, EvidenceLog, HarnessFault, NotApplicable, RuleBroken, Undecided, Unverified
from certify.text import one_line, visible

_STATUS_OF: dict[type[Undecided], Status] = {
    Unverified: Status.UNVERIFIED,
    Blocked: Status.BLOCKED,
    NotApplicable: Status.NOT_APPLICABLE,
    HarnessFault: Status.ERRORED,
}

#: More findings of one rule than this tell nothing new.
MAX_FINDINGS = 50


@dataclass(frozen=True)
class PhaseResult:
    """How one phase of an item ended."""

    status: Status
    message: str = ""
    detail: str = ""
    findings: tuple[Finding, ...] = ()


PASSED = PhaseResult(Status.PASSED)


def judge_phase(call: pytest.CallInfo[None], report: pytest.TestReport, item: pytest.Item) -> PhaseResult:
    """Decide what one phase of an item says; its file is that of the rule."""
    expected_failure = hasattr(report, "wasxfail")
    if expected_failure and report.outcome == "skipped":
        return PhaseResult(Status.FAILED, one_line(f"fails, as its own xfail expects: {report.wasxfail}"))
    if call.excinfo is None or expected_failure:
        return PASSED
    error = call.excinfo.value
    if isinstance(error, Undecided):
        status = _STATUS_OF.get(type(error), Status.ERRORED)
        return PhaseResult(status, one_line(str(error)), visible(error.needs))
    if isinstance(error, pytest.skip.Exception):
        return PhaseResult(Status.UNVERIFIED, one_line(f"skipped: {_words(error)}"))
    if call.when == "call" and _is_verdict(call.excinfo, item.path):
        return _failed(error)
    if isinstance(error, CertifyError):
        return PhaseResult(Status.ERRORED, one_line(str(error)))
    message = one_line(f"{type(error).__name__} in {call.when}: {_words(error)}")
    return PhaseResult(Status.ERRORED, message, visible(_traceback(item, call.excinfo), 6000))


def _traceback(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> str:
    """The lines that led to an error: for our own faults alone, since pytest parses each file on the way."""
    return str(pytest.Item.repr_failure(item, excinfo, "short"))


def _failed(error: BaseException) -> PhaseResult:
    findings = tuple(_shown(one) for found in _leaves(error) for one in getattr(found, "findings", ()))
    message = "; ".join(_words(one).partition("\n")[0] for one in _leaves(error)) or type(error).__name__
    return PhaseResult(Status.FAILED, one_line(message), visible(_words(error)), findings[:MAX_FINDINGS])


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # whatever an exception's own __str__ raises, it must not end the run
        return "(an exception that cannot be printed)"


def _leaves(error: BaseException) -> list[BaseException]:
    """An exception, or those in its group: Hypothesis raises one for two bugs."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in _leaves(one)]
    return [error]


def _is_verdict(excinfo: pytest.ExceptionInfo[BaseException], suite: Path) -> bool:
    leaves = _leaves(excinfo.value)
    if all(isinstance(one, RuleBroken) for one in leaves):
        return True
    if not all(isinstance(one, AssertionError | pytest.fail.Exception) for one in leaves):
        return False
    group = excinfo.value.__traceback__  # stands in for what was put into a group and never raised alone
    return all(isinstance(one, RuleBroken) or _raised_in(one.__traceback__ or group, suite) for one in leaves)


def _raised_in(trace: TracebackType | None, suite: Path) -> bool:
    """Whether the innermost frame that is not pytest's own is the rule's."""
    innermost = ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "_pytest" not in Path(file).parts:
            innermost = file
        trace = trace.tb_next
    return Path(innermost) == suite


def _shown(finding: Finding) -> Finding:
    """The same finding with every text made harmless."""
    where = finding.location
    return Finding(
        message=visible(finding.message),
        location=where and Location(one_line(where.file), where.line),
        expected=finding.expected and visible(finding.expected),
        fix=finding.fix and visible(finding.fix),
        scenario=finding.scenario and one_line(finding.scenario),
    )


def fold(
    rule: str, nodeid: str, seconds: float, phases: Iterable[PhaseResult], evidence: EvidenceLog
) -> Outcome:
    """One item's outcome from its phases; a pass that saw nothing is none."""
    results = list(phases)
    status = min((one.status for one in results), key=WORST_FIRST.index, default=Status.ERRORED)
    speaker = next((one for one in results if one.status is status), PhaseResult(status, "it did not run"))
    if status is Status.PASSED and not evidence.entries:
        speaker = PhaseResult(Status.ERRORED, "the rule passed without having noted what it saw")
    return Outcome(
        rule=rule,
        nodeid=visible(nodeid),
        status=speaker.status,
        seconds=seconds,
        message=speaker.message,
        detail=speaker.detail,
        findings=tuple(finding for one in results for finding in one.findings),
        evidence=tuple(_shown_evidence(entry) for entry in evidence.entries[:MAX_FINDINGS]),
        own_evidence=tuple(
            OwnEvidence(visible(one.id), visible(one.nodeid), one.passed) for one in evidence.own
        ),
        performance=evidence.performance,
    )


def _shown_evidence(entry: Evidence) -> Evidence:
    timeline = entry.timeline and _shown_timeline(entry.timeline)
    return replace(entry, summary=visible(entry.summary, 1000), timeline=timeline)


def _shown_timeline(timeline: Timeline) -> Timeline:
    moments = tuple(
        replace(one, text=one_line(one.text), host=one_line(one.host), answer=one_line(one.answer))
        for one in timeline.moments
    )
    return replace(timeline, scenario=one_line(timeline.scenario), moments=moments)
