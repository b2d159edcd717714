"""Quality: the connector's own promises about itself, kept."""

from __future__ import annotations

import re

from certify import (
    Effort,
    EvidenceLog,
    Finding,
    Location,
    OwnTests,
    Tier,
    Unverified,
    no_findings,
    rule,
)


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
