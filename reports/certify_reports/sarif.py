"""Render findings as SARIF 2.1.0, which code scanning reads.

The format: OASIS "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections import Counter
from typing import Any
from urllib.parse import quote

from certify.model import Format, IdResult, Location, Report, RuleResult, Status
from certify_reports.complaints import Complaint, complaints, unruled_ids
from certify_reports.escape import code, fenced, inline, prose, visible

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

#: For a contract that lies outside the tree: code scanning shows no result without a file in it.
_UNKNOWN = "certification.yaml"

#: Where a message names a line, so that a fingerprint outlives a line added above.
_LINE_NUMBER = re.compile(r"(:|\blines? )\d+")


def render(report: Report) -> str:
    """One run: a result for each finding that failed or is required and unverified."""
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report)]}, indent=2) + "\n"


def _run(report: Report) -> dict[str, Any]:
    found = list(complaints(report))
    errored = [complaint for complaint in found if complaint.status is Status.ERRORED]
    invocation = {
        "executionSuccessful": not errored and not report.run.interrupted,
        "exitCode": report.exit_code,
        "toolExecutionNotifications": [_notification(one, report) for one in errored],
    }
    return {
        "tool": {"driver": _driver(report)},
        "invocations": [invocation],
        "results": _results([one for one in found if _is_result(one)], report),
    }


def _driver(report: Report) -> dict[str, Any]:
    rules = [_rule(rule) for rule in report.rules] + [_unruled(name) for name in unruled_ids(report)]
    return {"name": "certify", "version": visible(report.run.certify_version), "rules": rules}


def _rule(rule: RuleResult) -> dict[str, Any]:
    alone = f"certify --only {rule.id}"
    return {
        "id": visible(rule.id),
        "shortDescription": {"text": _plain(rule.title)},
        "fullDescription": {"text": _plain(rule.why)},
        "help": {
            "text": _plain(f"{rule.fix}\n\nRun this rule alone: {alone}"),
            "markdown": f"{prose(rule.fix)}\n\nRun this rule alone: {code(alone)}",
        },
        "defaultConfiguration": {"level": "error" if rule.required else "warning"},
        "properties": {"tags": [visible(rule.area), rule.tier.value, f"effort-{rule.effort.value}"]},
    }


def _unruled(name: IdResult) -> dict[str, Any]:
    needs = name.needs or "No installed rule stands for this name; install the suite that does."
    return {
        "id": visible(name.id),
        "shortDescription": {"text": "The contract names it"},
        "fullDescription": {
            "text": "What the contract names must be verified before a connector is certified."
        },
        "help": {"text": _plain(needs), "markdown": fenced(needs, "yaml") if name.needs else inline(needs)},
        "defaultConfiguration": {"level": "note"},
        "properties": {"tags": ["contract", name.kind.value]},
    }


def _is_result(complaint: Complaint) -> bool:
    required_unknown = complaint.status is Status.UNVERIFIED and complaint.required
    return complaint.status is Status.FAILED or required_unknown


def _level(complaint: Complaint) -> str:
    if complaint.status is Status.UNVERIFIED:
        return "note"
    return "error" if complaint.required else "warning"


def _results(found: list[Complaint], report: Report) -> list[dict[str, Any]]:
    seen: Counter[str] = Counter()
    results = []
    for complaint in found:
        print_ = _fingerprint(complaint)
        seen[print_] += 1
        results.append(_result(complaint, f"{print_}:{seen[print_]}", report))
    return results


def _result(complaint: Complaint, fingerprint: str, report: Report) -> dict[str, Any]:
    return {
        "ruleId": visible(complaint.rule),
        "level": _level(complaint),
        "message": {"text": _plain(complaint.message)},
        "locations": [_location(complaint.location, report)],
        "partialFingerprints": {"certify/v1": fingerprint},
    }


def _notification(complaint: Complaint, report: Report) -> dict[str, Any]:
    return {
        "level": "error",
        "associatedRule": {"id": visible(complaint.rule)},
        "message": {"text": _plain(complaint.message)},
        "locations": [_location(complaint.location, report)],
    }


def _plain(text: str) -> str:
    """A message without the links that SARIF lets a plain message hold: `[words](target)`."""
    return visible(text).replace("](", "] (")


def _fingerprint(complaint: Complaint) -> str:
    """The same for the same finding however far it moved; equal ones are told apart by their count."""
    parts = (complaint.rule, complaint.location.file, _LINE_NUMBER.sub(r"\1", complaint.message))
    return hashlib.sha256(visible("\0".join(parts)).encode()).hexdigest()


def _location(location: Location, report: Report) -> dict[str, Any]:
    contract, folder = report.run.contract, report.connector.folder
    artifact = _artifact(location.file, folder)
    if artifact is None:
        artifact, location = _artifact(contract, folder) or _artifact(_UNKNOWN, folder), Location(contract)
    return {
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": {"startLine": max(location.line or 1, 1)},
        }
    }


def _artifact(file: str, folder: str) -> dict[str, str] | None:
    """Where a file is, from the top of the repository, which is where code scanning looks for it.

    None for one that is no file or lies outside the connector's tree by a relative path.
    """
    path = posixpath.normpath(file) if file else "."
    if _leads_out(path):
        return None
    within = posixpath.normpath(folder) if folder else "."
    above = "" if _leads_out(within) or within.startswith("/") else within
    uri = quote(posixpath.join(above, path), safe="/", errors="backslashreplace")
    return {"uri": f"file://{uri}"} if path.startswith("/") else {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _leads_out(path: str) -> bool:
    """Whether a normal path names nothing below where it begins."""
    return path in (".", "..") or path.startswith("../")


FORMAT = Format("sarif", "certification.sarif", render)
