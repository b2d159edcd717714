"""Render what was tested, with what, and how it ended, as an in-toto Statement: unsigned, ready to be signed.

Statement v1: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md; predicate test-result
v0.1: https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md.
"""

from __future__ import annotations

import json
from typing import Any

from certify.model import Format, Report, RuleResult, Status, Verdict
from certify_reports.complaints import unruled_ids
from certify_reports.escape import visible

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"

#: The predicate knows no *undecided*: what could not be decided has not passed.
_OPEN = (Status.FAILED, Status.ERRORED, Status.BLOCKED, Status.UNVERIFIED)


def render(report: Report) -> str:
    """The statement, as indented JSON."""
    statement = {
        "_type": STATEMENT,
        "subject": _subjects(report),
        "predicateType": PREDICATE,
        "predicate": {
            "result": _result(report),
            "configuration": _configuration(report),
            "passedTests": [visible(rule.id) for rule in report.rules if rule.status is Status.PASSED],
            "warnedTests": [visible(rule.id) for rule in report.rules if _is_warning(rule)],
            "failedTests": _failed(report),
        },
    }
    return json.dumps(statement, indent=2) + "\n"


def _subjects(report: Report) -> list[dict[str, Any]]:
    """What is released, as far as the report knows; else the tree that was looked at."""
    facts = report.connector
    if facts.artifacts:
        return [_resource(one.name, one.sha256) for one in facts.artifacts]
    return [_resource("-".join(filter(None, (facts.name, facts.version, "tree"))), facts.tree_digest)]


def _result(report: Report) -> str:
    """PASSED for *certified* alone; waived or beyond what is required, it is WARNED."""
    if report.verdict is not Verdict.CERTIFIED:
        return "FAILED"
    return "WARNED" if any(map(_is_warning, report.rules)) else "PASSED"


def _is_warning(rule: RuleResult) -> bool:
    return rule.status is Status.WAIVED or (rule.status in _OPEN and not rule.required)


def _failed(report: Report) -> list[str]:
    """Required rules that did not pass, and names of the contract that no rule speaks for."""
    rules = [rule.id for rule in report.rules if rule.required and rule.status in _OPEN]
    ids = [one.id for one in unruled_ids(report) if one.status in _OPEN]
    return [visible(name) for name in [*rules, *ids]]


def _configuration(report: Report) -> list[dict[str, Any]]:
    run = report.run
    return [
        _resource(run.contract, run.contract_digest),
        *(_resource(f"suite {one.name} {one.version}", one.digest) for one in run.suites),
        *(_resource(one.path, one.sha256) for one in run.cassettes),
    ]


def _resource(name: str, digest: str) -> dict[str, Any]:
    shown = visible(" ".join(name.split()))
    return {"name": shown, "digest": {"sha256": visible(digest.removeprefix("sha256:"))}}


FORMAT = Format("attestation", "attestation.json", render)
