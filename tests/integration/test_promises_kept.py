"""What acceptance tests and a snapshot ask for is unverified, failed or passed through the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.acceptance.connectors import Broken, certify, copy_of

ACCEPTANCE = "acceptance-test-config.yml"


def ended(folder: Path, rule: str) -> dict[str, Any]:
    return certify(folder, folder.parent / "out", "--only", rule).rules[rule]


def test_a_future_state_without_its_recording_is_unverified(tmp_path: Path) -> None:
    ferries = copy_of("airbyte", tmp_path)
    (ferries / "certification/cassettes/resume@future.yaml").unlink()
    rule = ended(ferries, "future_state_reads_nothing")
    assert rule["status"] == "unverified"
    assert "nothing is recorded for a read from integration_tests/abnormal_state.json" in rule["message"]
    assert "certification/cassettes/resume@future.yaml" in rule["detail"]


def test_a_stream_without_a_record_needs_a_reason(tmp_path: Path) -> None:
    ferries = copy_of("airbyte", tmp_path)
    source = ferries / "source_ferry_times/source.py"
    more = 'streams": [stream, stream | {"name": "piers"}]'
    source.write_text(source.read_text("utf-8").replace('streams": [stream]', more), encoding="utf-8")
    rule = ended(ferries, "expected_records_come")
    assert [one["message"] for one in rule["findings"]] == ["piers gives no record"]

    acceptance = ferries / ACCEPTANCE
    reason = "empty_streams: [{name: piers, bypass_reason: none is open}]"
    acceptance.write_text(
        acceptance.read_text("utf-8").replace("empty_streams: []", reason), encoding="utf-8"
    )
    assert ended(ferries, "expected_records_come")["status"] == "passed"


def test_a_new_major_version_may_break_the_catalog(tmp_path: Path) -> None:
    ferries = Broken.of("catalog_is_backward_compatible").lay_out(tmp_path)
    snapshot = ferries / "certification/catalog.json"
    told = json.loads(snapshot.read_text("utf-8"))
    snapshot.write_text(json.dumps({"x-version": "2.0.0", **told}), encoding="utf-8")
    rule = ended(ferries, "catalog_is_backward_compatible")
    assert [one["message"] for one in rule["findings"]] == [
        "source-ferry-times discover --config config.json: "
        "stream departures: its primary key is leaves_at, line"
    ]
    snapshot.write_text(json.dumps({"x-version": "1.9.0", **told}), encoding="utf-8")
    assert ended(ferries, "catalog_is_backward_compatible")["status"] == "passed"
