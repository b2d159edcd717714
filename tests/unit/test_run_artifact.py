from __future__ import annotations

import json
from typing import Any

import pytest

from certify.repository.config.document import ConfigFile, parse_config
from certify.repository.run_artifact import RunArtifact

_SOUND: dict[str, Any] = {"run_id": "r-1", "digest": "sha256:" + "0a" * 32, "passed": True}
_NAME = ".dpone/runs/r-1/run.json"


def findings(**changed: Any) -> list[str]:
    value = {key: one for key, one in (_SOUND | changed).items() if one is not ...}
    document = parse_config(json.dumps(value, indent=1).encode(), _NAME)
    return [one.message for one in RunArtifact(ConfigFile(_NAME, document)).findings()]


def test_a_run_that_passed_says_so() -> None:
    checks = [{"id": "a", "passed": True}, {"id": "b", "passed": False, "severity": "warning"}]
    assert findings() == []
    assert findings(quality={"passed": True, "checks": checks}, errors=[], failed=0, error=None) == []
    assert (
        findings(rows_read=8, rows_loaded=6, rows_rejected=2, summary={"total": 3, "passed": 3, "failed": 0})
        == []
    )
    assert findings(started_at="2026-02-01T03:00:00Z", finished_at="2026-02-01T03:00:00Z") == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"run_id": ...}, "run.json names no run"),
        ({"run_id": "r-2"}, "run.json says run_id 'r-2', and lies in the folder of 'r-1'"),
        ({"digest": ...}, "run.json has no digest"),
        ({"digest": "none"}, "run.json digest is 'none'"),
        ({"passed": ...}, "run.json does not say whether the run passed"),
        ({"passed": "true"}, "run.json says passed: 'true'"),
        ({"passed": 1}, "run.json says passed: 1"),
        ({"passed": False}, "run.json says passed: False"),
        ({"status": "FAILED"}, "run.json says status: 'FAILED'"),
        ({"errors": ["x"]}, "run.json says errors: 1 entry"),
        ({"quality": {"checks": [{"passed": False}]}}, "run.json says quality.checks.0.passed: False"),
        ({"timeline": [{"status": "error"}]}, "run.json says timeline.0.status: 'error'"),
        ({"rows_read": 8, "rows_loaded": 7}, "run.json says rows_read: 8 and rows_loaded: 7"),
        (
            {"checks": {"total": 3, "passed": 2, "failed": 0}},
            "run.json says total: 3, passed: 2 and failed: 0",
        ),
        (
            {"started_at": "2026-02-01T03:00:00Z", "finished_at": "2026-02-01T02:00:00Z"},
            "run.json ends before it begins: '2026-02-01T02:00:00Z'",
        ),
    ],
)
def test_what_it_does_not_say_or_contradicts_is_told(changed: dict[str, Any], told: str) -> None:
    assert findings(**changed) == [told]


def test_what_is_no_object_says_nothing() -> None:
    document = parse_config(b"[1]", _NAME)
    assert [one.message for one in RunArtifact(ConfigFile(_NAME, document)).findings()] == [
        "run.json is no object"
    ]
