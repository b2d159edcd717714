"""What is wrong with what a command said, and how it is told."""

from __future__ import annotations

from collections.abc import Iterator

from certify import (
    Answer,
    Contract,
    EvidenceLog,
    Finding,
    Interview,
    NotApplicable,
    Undecided,
    no_findings,
)
from certify.run import Run
from certify.text import counted, cut
from certify_suites.misconfigured import is_content

#: Findings of one kind that are listed.
LISTED = 5


def wrong_spec(answer: Answer, told: bool) -> Iterator[tuple[str, str]]:
    """What is wrong with a specification, which was told or was not, and what was expected."""
    if answer.run.exchanges or answer.run.unanswered:
        yield "the network is asked for the specification", "a specification that lies in the package"
    if not told or not answer.run.succeeded:
        yield (
            f"no specification comes ({answer.ending})",
            "one JSON Schema of the configuration, and exit code 0",
        )
    elif len(answer.said.of_type("SPEC")) > 1:
        yield "more than one specification comes", "one"


def unreported(interview: Interview, answer: Answer, contract: Contract) -> Iterator[tuple[str, str]]:
    """How an answer fails to tell that the API did, and what was expected."""
    run, most = answer.run, contract.replay.max_wait_seconds
    failure = "a failure, with the reason"
    if answer.is_endless:
        yield answer.ending, failure
    elif is_content(answer, has_check=interview.has_check):
        yield "it is a success", failure
    elif run.virtual_seconds > most:
        yield f"it waits for {run.virtual_seconds:.0f} s", f"{most:g} s at most (replay.max_wait_seconds)"
    elif interview.has_check and not any(
        [
            *(one["connectionStatus"].get("message") for one in answer.said.of_type("CONNECTION_STATUS")),
            *(one.message for one in answer.said.failures),
        ]
    ):
        yield f"it fails without a word ({answer.ending})", failure


def nothing_misspoken(interview: Interview, evidence: EvidenceLog, *, is_json: bool, expected: str) -> None:
    """Look at every answer and every run; a read has to be among them."""
    findings: dict[str, Finding] = {}
    looked = 0
    undecided: Undecided | None = None
    for what, run in _heard(interview):
        if isinstance(run, Undecided):
            undecided = undecided or run
            continue
        looked += 1
        for one in run.misspoken:
            if one.is_json is is_json:
                said = f"{what}: line {one.line} {one.why}: {cut(one.text, 120)}"
                findings.setdefault(one.why, Finding(said, interview.named, expected))
    evidence.saw("message", f"looked at standard output in {counted(looked, 'run')}")
    no_findings(list(findings.values())[:LISTED])
    if undecided is not None:
        raise undecided


def _heard(interview: Interview) -> Iterator[tuple[str, Run | Undecided]]:
    """Each answer, and the runs of reads that were made until now; why there is none, where there is none.

    A question that a system does not have is no gap.
    """
    for question in ("spec", "discovery", "check"):
        try:
            answer: Answer = getattr(interview, question)
        except NotApplicable:
            continue
        except Undecided as error:
            yield question, error
        else:
            yield answer.asked, answer.run
    try:
        runs = interview.reads
    except Undecided as error:
        yield "a read", error
    else:
        yield from ((f"a read, {seen.scenario}", seen.run) for seen in runs.seen)
