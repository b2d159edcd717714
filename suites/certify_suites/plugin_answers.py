"""Which runs of a plug-in's connectors there are, and what their answers are worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from certify import Blocked, EvidenceLog, Finding, NotApplicable, Undecided, Unverified, no_findings
from certify.repository.plakar.manifest import PluginConnector
from certify.sandbox.plakar.observed import UNIMPLEMENTED, PluginRun
from certify.sandbox.plakar.plugin_runs import NEEDS_CONFIG, PluginRuns

#: Worst first: what is ours, what stands on something else, what could not be tried.
_ORDER = ("HarnessFault", "Blocked", "Unverified")


@dataclass(frozen=True)
class Examined:
    """The runs that were made, and why others could not be."""

    runs: tuple[tuple[PluginConnector, PluginRun], ...]
    undecided: tuple[Undecided, ...]


def examine(runs: PluginRuns, *kinds: str) -> Examined:
    """Run each connector of these types, or of all. Raises NotApplicable where there is none."""
    chosen = [one for one in runs.connectors if not kinds or one.kind in kinds]
    if not chosen:
        raise NotApplicable("the manifest names no connector that is spoken with")
    made: list[tuple[PluginConnector, PluginRun]] = []
    undecided: list[Undecided] = []
    for one in chosen:
        try:
            made.append((one, runs.run(one)))
        except Undecided as error:
            undecided.append(error)
    return Examined(tuple(made), tuple(undecided))


def decided(findings: Iterable[Finding], undecided: Iterable[Undecided]) -> None:
    """Fail by findings; else raise what could not be decided, ours first."""
    no_findings(findings)
    left = sorted(undecided, key=lambda one: _ORDER.index(type(one).__name__))
    if left:
        raise left[0]


def answer_findings(
    connector: PluginConnector, run: PluginRun, calls: tuple[str, ...]
) -> Iterator[Finding | Undecided]:
    """What is wrong with the answers to these calls, or why nothing can be said of them."""
    place = connector.at("executable")
    for name in calls:
        over = run.answers.get(name)
        if over is not None and over.status == UNIMPLEMENTED:
            yield Finding(f"{run.words} does not have {name}: {over.said}", place, f"an answer to {name}")
            return
        if over is not None and over.status:
            yield Unverified(f"{run.words} answers {name} with {over.said}", NEEDS_CONFIG)
            return
    if not run.trouble:
        if run.described is None and "Init" not in calls:
            yield Blocked("Init was not answered; see init_ping_close")
        return
    if run.stray:
        yield Blocked("standard output is not read any further; see plugin_stdout_is_pure")
    elif run.doing in calls:
        yield Finding(f"{run.words}: in {run.doing} it {run.trouble}", place, f"an answer to {run.doing}")
    elif any(name not in run.answers for name in calls):
        yield Blocked(f"the conversation broke off in {run.doing}: it {run.trouble}")


def judge(
    examined: Examined,
    calls: tuple[str, ...],
    evidence: EvidenceLog,
    wrong: Iterable[Finding] = (),
    *,
    needs_records: bool = False,
) -> None:
    """Fail by what is wrong in these calls; say what kept one from being judged."""
    findings, undecided = list(wrong), list(examined.undecided)
    for connector, run in examined.runs:
        found = list(answer_findings(connector, run, calls))
        findings += [one for one in found if isinstance(one, Finding)]
        undecided += [one for one in found if isinstance(one, Undecided)]
        ended = [f"{name} {run.answers[name].said}" for name in calls if name in run.answers]
        evidence.saw("message", f"{connector.name}: {run.words}: {', '.join(ended) or 'no answer'}")
        if needs_records and not run.records and not found:
            undecided.append(Unverified(f"{connector.name}: the import gave no record", NEEDS_CONFIG))
    decided(findings, undecided)
