"""Quality: the connector's own promises about itself, kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from certify import (
    Blocked,
    Contract,
    Effort,
    EvidenceLog,
    Finding,
    HarnessFault,
    Location,
    NotApplicable,
    OwnTests,
    Repository,
    SinkRuns,
    Tier,
    Unverified,
    no_findings,
    rule,
)
from certify.repository.config.document import read_config
from certify.repository.run_artifact import RunArtifact
from certify.repository.secrets import search_files
from certify.target.quality import Check
from certify.target.sample import Sample


@rule("own_tests_pass", tier=Tier.SILVER, effort=Effort.MEDIUM)
def test_own_tests_pass(own_tests: OwnTests, evidence: EvidenceLog) -> None:
    """The connector's own tests pass, offline, in a fresh copy of its tree.

    Why: tests that nobody can run tell nothing about a release, and tests that fail tell that it is not
    ready. Run in a copy without network, they also show that they need neither a certain folder nor a
    live service.

    Fix: run `pytest` in a fresh clone without network and mend what fails. A test that needs a live
    service belongs behind a marker that is left out by default.
    """
    passed, failed = own_tests.of("passed"), own_tests.of("failed")
    counts = f"{len(passed)} passed, {len(failed)} failed, {len(own_tests.of('skipped'))} skipped"
    if own_tests.tests:
        evidence.saw("test", counts + (", addopts ignored" if own_tests.settings_ignored else ""))
    for test in own_tests.tests:
        for name in test.certifies:
            if test.outcome in ("passed", "failed"):
                evidence.certified(name, test.nodeid, test.outcome == "passed")
    no_findings(
        Finding(
            message=f"{test.nodeid.rpartition('::')[2]} fails: {test.message}",
            location=test.location,
            expected="every test of the connector's own passes",
        )
        for test in failed
        if not test.offline
    )
    missing = _missing_modules(own_tests)
    if own_tests.trouble or missing:
        told = own_tests.trouble or f"{', '.join(missing)} is not installed"
        raise Unverified(
            f"the connector's own tests did not run: {told}", "python -m pip install -e '.[test]'"
        )
    no_findings(
        Finding(
            message=f"{file} cannot be collected: {_last_line(error)}",
            location=Location(file.partition("::")[0]),
            expected="pytest collects every test file",
        )
        for file, error in own_tests.uncollected.items()
    )
    offline = [test.nodeid for test in failed if test.offline]
    if offline:
        named = ", ".join(offline[:3])
        raise Unverified(f"{len(offline)} tests need a network, and there is none here: {named}")
    if own_tests.none_collected:
        no_findings([Finding(message="there is not one test", expected="tests that pytest collects")])
    if not passed:
        raise Unverified(f"no test ran to its end: {counts}")


def _last_line(error: str) -> str:
    return (error.strip() or "no reason given").splitlines()[-1].removeprefix("E ").strip()


def _missing_modules(own_tests: OwnTests) -> list[str]:
    """Modules that test files import and this interpreter has not."""
    errors = "\n".join(own_tests.uncollected.values())
    return sorted(set(re.findall(r"ModuleNotFoundError: No module named '([^']+)'", errors)))


@rule("run_artifact_is_sound", tier=Tier.SILVER, effort=Effort.LOW)
def test_run_artifact_is_sound(contract: Contract, repository: Repository, evidence: EvidenceLog) -> None:
    """The artifact that a real run wrote says which run it was, that it passed, and nothing against that.

    Why: it is what an operator opens at night, and what an auditor is shown a year later. One that says
    `passed` beside a failed check, or holds the token of the connection, is worse than none.

    Fix: let the run write it as it ends, from what it counted, and keep one in the repository:

        {"run_id": "2026-02-01T03-00", "digest": "sha256:…", "passed": true, "rows_read": 8, "rows_loaded": 8}
    """
    files = _run_artifacts(contract, repository)
    findings: list[Finding] = []
    for name in files:
        read = read_config(repository, name)
        if read.fault is not None:
            findings.append(read.fault)
            continue
        artifact = RunArtifact(read)
        evidence.saw("file", f"read {name}: run {artifact.run_id or 'without an id'}")
        findings += artifact.findings()
    search = search_files(repository, files)
    evidence.saw("file", f"searched {search.read} of {len(files)} run artifacts for credentials")
    findings += [secret.finding() for secret in search.secrets]
    no_findings(findings)


#: Artifacts that are read; a repository has one or two of them.
_MOST_ARTIFACTS = 20
_NEEDS_ARTIFACT = """\
evidence:
  run_artifact: .dpone/runs/RUN_ID/run.json   # what a real run wrote
"""


def _run_artifacts(contract: Contract, repository: Repository) -> list[str]:
    """What the contract names, or else what lies where dpone writes it."""
    named = contract.evidence.run_artifact
    if named is not None:
        if not repository.exists(named):
            at = contract.at("evidence", "run_artifact")
            no_findings(
                [Finding(f"evidence.run_artifact: there is no {named}", at, "the artifact of a real run")]
            )
        return [named]
    found = sorted(contract.root.glob(".dpone/runs/*/run.json"))[-_MOST_ARTIFACTS:]
    if found:
        return [path.relative_to(contract.root).as_posix() for path in found]
    claimed = {name for one in contract.capabilities.values() for name in one.required_tests}
    if contract.quality_gates.get("run_artifacts_present") or "run_artifact_evidence" in claimed:
        raise Unverified("there is no artifact of a run", _NEEDS_ARTIFACT)
    raise NotApplicable("the contract claims no artifacts of runs")


@rule(
    "violations_are_rejected_before_finalization",
    tier=Tier.SILVER,
    effort=Effort.MEDIUM,
    capabilities=("sink",),
)
def test_violations_are_rejected_before_finalization(
    quality_checks: tuple[Check, ...], sink_runs: SinkRuns, evidence: EvidenceLog
) -> None:
    """A batch with a row that breaks a declared rule fails before anything is finalized, and says which.

    Why: a negative amount that reaches the target is in every report by the morning, and taking it out again
    is a project. A load that is refused without a word about the row leaves whoever is on call with a
    million rows to look through.

    Fix: check every row while it is staged, before the first statement that changes the target, and raise an
    error that names the row and the rule:

        raise QualityError(f"row {number} breaks amount_not_negative: amount is {amount}; nothing was loaded")
    """
    _require_sound(quality_checks, sink_runs.sample)
    wrong: dict[tuple[str, Location, Check], list[str]] = {}
    for strategy in _strategies(sink_runs):
        valid = sink_runs.load(strategy, sink_runs.sample.adding)
        if not valid.succeeded:
            raise Blocked(f"{strategy} of rows that break no rule fails: {valid.ending}")
        for check in quality_checks:
            for said, at in _faults(sink_runs, strategy, check, evidence):
                wrong.setdefault((said, at, check), []).append(strategy)
    no_findings(
        Finding(f"{', '.join(strategies)}: {said}", at, f"an error that names the row and {check}")
        for (said, at, check), strategies in wrong.items()
    )


def _strategies(sink_runs: SinkRuns) -> list[str]:
    """Those that the contract claims and that these rows can be loaded with."""
    sample = sink_runs.sample
    lacking = {*(() if sample.key else ("incremental_merge",)), *(() if sample.slices else ("replace",))}
    kept = [one for one in sink_runs.claimed if one not in lacking]
    if not kept:
        raise Unverified(f"{sample.origin} cannot be loaded by {', '.join(sink_runs.claimed)}", _NEEDS_ROWS)
    return kept


def _require_sound(checks: tuple[Check, ...], sample: Sample) -> None:
    """Rows that break a rule before we break it show nothing."""
    for check in checks:
        if not all(check.column in row for row in sample.adding):
            raise Unverified(f"{sample.origin} have no column {check.column}", _NEEDS_ROWS)
        if not all(check.holds_in(rows) for rows in (sample.before, sample.adding)):
            raise Unverified(f"{sample.origin} break {check} already", _NEEDS_ROWS)


_NEEDS_ROWS = """\
target:
  rows: certification/rows.json   # rows that hold to target.quality, with every column that it names
"""


def _faults(
    sink_runs: SinkRuns, strategy: str, check: Check, evidence: EvidenceLog
) -> Iterator[tuple[str, Location]]:
    """What is wrong with how a batch is refused in which one row breaks one rule."""
    rows = list(sink_runs.sample.adding)
    place = len(rows) // 2
    try:
        value = check.violation([row[check.column] for row in rows], place)
    except ValueError as error:
        raise Unverified(f"{check}: {error}", _NEEDS_ROWS) from error
    rows[place] = rows[place] | {check.column: value}
    load = sink_runs.load(strategy, rows)
    what = f"{check.column} {value!r} in row {place + 1} of {len(rows)}"
    evidence.saw("load", f"{strategy}, {what}: {load.ending}")
    if load.succeeded:
        yield f"{what} breaks {check}, and the load is a success", check.location
        return
    if load.raised is None:
        raise HarnessFault(f"{strategy}, {what}: {load.ending}")
    at = sink_runs.place_of(load)
    before = sink_runs.before(strategy).contents
    if load.after != before:
        yield (
            f"{what} is refused when the target has changed already ({before} before, {load.after} then)",
            at,
        )
    key = [repr(rows[place].get(name)) for name in sink_runs.sample.key]
    if not _names_any([*_numbers(place, check), *key], load.raised.message):
        yield f"{what} is refused by an error that does not name the row: {load.ending}", at
    elif not check.is_named_in(load.raised.message):
        yield f"{what} is refused by an error that names neither column nor rule: {load.ending}", at


def _names_any(words: Iterable[str], message: str) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", message) for one in words)


def _numbers(place: int, check: Check) -> list[str]:
    """The numbers of the row, counted from one or from zero; of a repeated value, those of both rows."""
    places = [place, place - 1] if check.rule == "unique" else [place]
    return [str(number) for one in places for number in (one, one + 1)]
