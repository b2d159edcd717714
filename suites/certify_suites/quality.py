"""Quality: the connector's own promises about itself, kept."""

from __future__ import annotations

import re

from certify import (
    Contract,
    Effort,
    EvidenceLog,
    Finding,
    Location,
    NotApplicable,
    OwnTests,
    Repository,
    Tier,
    Unverified,
    no_findings,
    rule,
)
from certify.repository.config.document import read_config
from certify.repository.run_artifact import RunArtifact
from certify.repository.secrets import search_files


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
