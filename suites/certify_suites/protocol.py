"""Protocol: what a command answers its platform, and that nothing else comes on its standard output."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from certify import (
    Answer,
    Contract,
    Effort,
    EvidenceLog,
    Finding,
    Interview,
    NotApplicable,
    RuleBroken,
    Subject,
    Tier,
    Undecided,
    Unverified,
    no_findings,
    rule,
)
from certify.replay import faults
from certify.repository.project.catalog_snapshot import find_catalog_snapshot
from certify.repository.project.releases import Releases
from certify.repository.project.versions import parse_version
from certify.text import counted, cut
from certify_suites.catalog_changes import breaking_changes, promised
from certify_suites.catalogs import amiss, told_otherwise
from certify_suites.misconfigured import Misconfigured, Specification, unclear
from certify_suites.speech import LISTED, nothing_misspoken, unreported, wrong_spec

#: The systems whose connectors are commands that speak on standard output.
_SPOKEN = ("airbyte", "singer")
_FROM_THE_API = (
    faults.refusal(401),
    faults.refusal(429),
    faults.refusal(500),
    faults.RESET,
    faults.HANG,
)


@rule("spec_answers", tier=Tier.SILVER, effort=Effort.LOW, systems=_SPOKEN, capabilities=("source",))
def test_spec_answers(interview: Interview, evidence: EvidenceLog) -> None:
    """Asked for its specification, it tells one that a form can be made of.

    Why: it is the first thing that a platform asks. Without an answer nobody can configure the connector;
    with one that needs a network, or a configuration, it cannot even be listed.

    Fix: print one SPEC message (Airbyte), or the settings of `--about --format=json` (Meltano's SDK), and
    nothing else, from what lies in the package.
    """
    answer = interview.spec
    _saw(answer, evidence)
    schema = interview.protocol.schema(answer.said)
    no_findings(_finding(interview, answer, *one) for one in wrong_spec(answer, schema is not None))
    properties = schema.get("properties") if schema is not None else None
    evidence.saw("message", f"{counted(len(properties or ()), 'field')} in the specification")


@rule("check_succeeds", tier=Tier.SILVER, effort=Effort.LOW, systems=("airbyte",), capabilities=("source",))
def test_check_succeeds(interview: Interview, evidence: EvidenceLog) -> None:
    """A check of the sample configuration says SUCCEEDED, once, against what was recorded.

    Why: a platform saves no connection whose check fails, and exit code 0 alone says nothing: a check that
    failed ends with it too.

    Fix: answer `check` with one CONNECTION_STATUS. Where it asks for what full_refresh.yaml does not have,
    record it as check.yaml.
    """
    answer = interview.check
    _saw(answer, evidence)
    statuses = [one["connectionStatus"] for one in answer.said.of_type("CONNECTION_STATUS")]
    if len(statuses) != 1:
        said = f"{counted(len(statuses), 'CONNECTION_STATUS')} come ({answer.ending})"
    elif statuses[0]["status"] == "SUCCEEDED" and answer.run.succeeded:
        return
    else:
        said = (
            f"the check says {statuses[0]['status']} ({answer.ending}): {_quoted(statuses[0].get('message'))}"
        )
    no_findings([_finding(interview, answer, said, "one CONNECTION_STATUS, SUCCEEDED, and exit code 0")])


@rule("check_fails_clearly", tier=Tier.SILVER, effort=Effort.LOW, systems=_SPOKEN, capabilities=("source",))
def test_check_fails_clearly(interview: Interview, subject: Subject, evidence: EvidenceLog) -> None:
    """A configuration that its specification refuses is refused at once, in words that name the field.

    Why: whoever fills in the form made a mistake, and the message is all that they get. "KeyError: 'token'"
    under forty lines of traceback sends them to the support; a request with half a configuration, to the
    API's.

    Each required field is left out, each field is given a value of another kind, some of Hypothesis's choice,
    and a field is added that nobody knows.

    Fix: validate the configuration against the specification before anything else, and say which field is
    wrong and what is expected there. Check fails with CONNECTION_STATUS FAILED (Airbyte), a tap with an exit
    code that is not 0.
    """
    specification = Specification(_schema_of(interview, subject), interview.config)
    tried = [*specification.wrong(), *specification.chosen()]
    if specification.refuses(specification.extended.config):
        tried.append(specification.extended)
    if not tried:
        raise NotApplicable("the specification admits every configuration")
    unclear_ones: dict[str, list[tuple[Misconfigured, Answer, str]]] = {}
    for wrong in tried:
        answer = interview.refused(wrong.config)
        if said := unclear(answer, wrong, has_check=interview.has_check):
            unclear_ones.setdefault(said[0], []).append((wrong, answer, said[1]))
    evidence.saw("message", f"{counted(len(tried), 'wrong configuration')} tried, as by {answer.asked}")
    no_findings(_told_once(interview, said, alike) for said, alike in unclear_ones.items())


def _told_once(interview: Interview, said: str, alike: list[tuple[Misconfigured, Answer, str]]) -> Finding:
    wrong, answer, shown = alike[0]
    others = f" (and so in {len(alike) - 1} of the others)" if len(alike) > 1 else ""
    expected = "the field named, in plain words, before anything is asked of the API"
    return _finding(interview, answer, f"{wrong.words}: {said}: {shown}{others}", expected)


def _schema_of(interview: Interview, subject: Subject) -> dict[str, object]:
    """What the command tells, else what lies in the repository."""
    try:
        told = interview.protocol.schema(interview.spec.said)
    except NotApplicable:
        told = None
    if told is not None:
        return dict(told)
    schema = subject.config_schema()
    if not isinstance(schema.value, dict):
        raise Unverified(f"{schema.file} is no JSON Schema")
    return schema.value


@rule("check_reports_errors", tier=Tier.SILVER, effort=Effort.LOW, systems=_SPOKEN, capabilities=("source",))
def test_check_reports_errors(contract: Contract, interview: Interview, evidence: EvidenceLog) -> None:
    """An API that refuses, breaks off or hangs makes a check fail, in time and in words.

    Why: a check that says SUCCEEDED to a wrong password is found out at night. One that retries for an hour
    behind a spinner has the user give up before it does.

    It needs no recording: each request is answered by the fault. Where a system has no check, it is a read.

    Fix: let errors of the API end the check as FAILED with the reason, after few attempts; give each request
    a timeout.
    """
    wrongs: list[Finding] = []
    met = 0
    undecided: Undecided | None = None
    for fault in _FROM_THE_API:
        try:
            answer = interview.met_by(fault)
        except Undecided as error:
            undecided = error
            continue
        met += bool(answer.run.exchanges)
        if answer.run.exchanges:
            _saw(answer, evidence, f" where {fault} meets each request")
            wrongs += (
                _finding(interview, answer, f"{fault} at every request: {said}", expected)
                for said, expected in unreported(interview, answer, contract)
            )
    no_findings(wrongs)
    if undecided is not None:
        raise undecided
    if not met:
        raise NotApplicable("it asks nothing of an API before it answers")


@rule("discover_is_stable", tier=Tier.SILVER, effort=Effort.LOW, systems=_SPOKEN, capabilities=("source",))
def test_discover_is_stable(interview: Interview, evidence: EvidenceLog) -> None:
    """Two discoveries tell the same catalog.

    Why: a platform compares catalogs to find out whether the source has changed. One that differs each time
    asks for a new approval each night, or resets a sync that had nothing to be reset for.

    Fix: give streams and properties an order of your own (sorted names, say), and put nothing into the
    catalog that depends on the moment or on a random number.
    """
    catalogs = [_catalog(interview, answer) for answer in (interview.discovery, interview.later_discovery)]
    _saw(interview.discovery, evidence)
    first, second = catalogs
    if first != second:
        others = ", ".join(told_otherwise(first, second)[:LISTED]) or "the streams in another order"
        said = f"the second catalog tells {others} otherwise"
        no_findings([_finding(interview, interview.later_discovery, said, "the same catalog each time")])
    evidence.saw("message", f"{counted(len(first['streams']), 'stream')}, twice the same")


def _catalog(interview: Interview, answer: Answer) -> Mapping[str, Any]:
    """What was discovered; broken where that is nothing."""
    catalog = interview.protocol.catalog(answer.said)
    if catalog is None:
        said = f"no catalog comes ({answer.ending})"
        raise RuleBroken((_finding(interview, answer, said, "a catalog, and exit code 0"),))
    return catalog


@rule("catalog_is_sound", tier=Tier.SILVER, effort=Effort.LOW, systems=_SPOKEN, capabilities=("source",))
def test_catalog_is_sound(contract: Contract, interview: Interview, evidence: EvidenceLog) -> None:
    """The catalog has streams of different names, valid schemas, and keys and cursors that are columns.

    Why: destinations make tables of it. A key that no row has merges everything into one row, and a schema
    that is none is found out by the one destination that reads it.

    Fix: name keys and cursors as the schema names its properties, and write schemas without references.
    """
    answer = interview.discovery
    catalog = interview.protocol.catalog(answer.said)
    if catalog is None:
        raise Unverified(f"no catalog comes ({answer.ending})")
    _saw(answer, evidence)
    evidence.saw("message", f"{counted(len(catalog['streams']), 'stream')} in the catalog")
    wrongs = list(amiss(catalog, contract.system))
    no_findings(_finding(interview, answer, *one) for one in wrongs[: 2 * LISTED])


@rule(
    "catalog_is_backward_compatible",
    tier=Tier.SILVER,
    effort=Effort.MEDIUM,
    systems=_SPOKEN,
    capabilities=("source",),
)
def test_catalog_is_backward_compatible(
    contract: Contract, interview: Interview, releases: Releases, subject: Subject, evidence: EvidenceLog
) -> None:
    """What the last release's catalog promised is still there, or the major version rose.

    Why: tables were made of the last catalog, and queries were written for them. A column that is gone stays
    empty from one night to the next; another key merges rows that are not the same.

    What is discovered is held against certification/catalog.json, as the last release has it (the highest
    version tag below the present version), else as it lies here: streams, properties, types, keys, cursors.
    What is new or wider breaks nothing.

    Fix: keep what was promised, beside the new; or release the change under a new major version (before 1.0:
    a new minor one), and print the snapshot anew:

        your-command discover --config certification/config.json > certification/catalog.json
    """
    version = parse_version(subject.version or "")
    snapshot = find_catalog_snapshot(releases, version)
    before, release = promised(snapshot, interview)
    now = _catalog(interview, interview.discovery)
    of_version = f" ({release.version})" if release else ""
    evidence.saw("file", f"{counted(len(before['streams']), 'stream')} in {snapshot.source}{of_version}")
    _saw(interview.discovery, evidence)
    changes = list(islice(breaking_changes(before, now, contract.system), 2 * LISTED))
    if changes and release is not None and version is not None and release.may_be_broken_by(version):
        evidence.saw(
            "message", f"{counted(len(changes), 'breaking change')}; {version} is the number for them"
        )
        return
    no_findings(_finding(interview, interview.discovery, *one) for one in changes)


@rule("messages_are_valid", tier=Tier.SILVER, effort=Effort.MEDIUM, systems=_SPOKEN, capabilities=("source",))
def test_messages_are_valid(interview: Interview, evidence: EvidenceLog) -> None:
    """Each message is one of the protocol, has what it must have, and comes when it may.

    Why: a target reads them without looking twice: a record before its schema has no table, a record of an
    unknown stream ends the sync, a count that is wrong is an alarm about lost rows.

    Fix: use the SDK's classes for messages. Singer: SCHEMA with its key_properties, then RECORD, then STATE.
    Airbyte: emitted_at in each RECORD, streams of the catalog alone, STARTED before RUNNING before COMPLETE.
    """
    nothing_misspoken(interview, evidence, is_json=True, expected="a message of the protocol")


@rule("stdout_is_pure", tier=Tier.SILVER, effort=Effort.LOW, systems=_SPOKEN, capabilities=("source",))
def test_stdout_is_pure(interview: Interview, evidence: EvidenceLog) -> None:
    """Standard output holds messages, one JSON document a line, and nothing else.

    Why: it is the wire to the platform. A print for debugging, a warning or a progress bar of a library ends
    the sync of some target, and is skipped in silence by others.

    Fix: log to standard error, and look at what the libraries print:

        logging.basicConfig(stream=sys.stderr)
    """
    nothing_misspoken(interview, evidence, is_json=False, expected="nothing but messages on standard output")


@rule("exit_code_tells", tier=Tier.SILVER, effort=Effort.LOW, systems=_SPOKEN, capabilities=("source",))
def test_exit_code_tells(interview: Interview, evidence: EvidenceLog) -> None:
    """A read that fails says so: an exit code that is not 0, and in Airbyte's protocol an error in a TRACE.

    Why: orchestrators look at nothing else. A failed read that exits with 0 is a green night with no rows.

    Fix: let the error end the process, or `sys.exit(1)`; Airbyte's SDK tells the TRACE by itself.
    """
    failing = interview.failing_read(faults.refusal(401))
    run = failing.run
    if not run.exchanges:
        raise NotApplicable("a read asks nothing of an API")
    evidence.saw("request", str(failing), failing.timeline)
    findings = []
    if run.succeeded:
        findings.append((f"it exits with 0: {failing.ending}", "an exit code that is not 0"))
    elif run.how not in ("exit", "raised"):
        findings.append((failing.ending, "an exit code of its own"))
    if interview.has_check and not any(one.message for one in run.failures):
        findings.append(("no TRACE tells of the error", "a TRACE of the type ERROR with a message"))
    no_findings(
        Finding(
            f"401 at every request of a read: {said}",
            failing.location,
            expected,
            scenario=str(failing.scenario),
        )
        for said, expected in findings
    )


@rule("state_is_final", tier=Tier.SILVER, effort=Effort.LOW, systems=("singer",), capabilities=("source",))
def test_state_is_final(interview: Interview, evidence: EvidenceLog) -> None:
    """The last state of a read that came to its end holds no marks of progress, at any depth.

    Why: Meltano's SDK keeps `progress_markers` while a stream without an order is read. Left in the last
    state, the next run takes the read for one that was interrupted, and begins where it began.

    Fix: finalize the state of each stream when it was read to its end.
    """
    baseline = interview.reads.baseline
    if not baseline.states:
        raise NotApplicable("a read tells no state")
    evidence.saw("state", cut(baseline.states[-1], 200))
    if '"progress_markers"' in baseline.states[-1]:
        raise RuleBroken(
            (
                Finding(
                    f"the last state has progress_markers: {cut(baseline.states[-1], 200)}",
                    interview.named,
                    expected="a bookmark of what was read",
                ),
            )
        )


def _saw(answer: Answer, evidence: EvidenceLog, more: str = "") -> None:
    evidence.saw("message", f"{answer}{more}")


def _finding(interview: Interview, answer: Answer, said: str, expected: str) -> Finding:
    return Finding(f"{answer.asked}: {said}", interview.place_of(answer), expected)


def _quoted(message: object) -> str:
    return cut(str(message), 160) if message else "no message"
