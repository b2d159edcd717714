"""`certify diff` on real reports: the example, a broken copy of it, and the example by other rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from certify.cli import cli
from certify.model import from_json, sealed, to_json
from tests.acceptance.connectors import Broken, certify, copy_of

RECORD = "certification_report.json"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Records of one area: of the good connector, and of one whose examples do not parse."""
    folder = tmp_path_factory.mktemp("diff")
    (folder / "good").mkdir()
    (folder / "broken").mkdir()
    laid = {
        "good": copy_of("dpone", folder / "good"),
        "broken": Broken.of("examples_parse").lay_out(folder / "broken"),
    }
    for name, root in laid.items():
        certify(root, folder / name / "out", "--only", "manifest")
    return {name: folder / name / "out" / RECORD for name in laid}


def diff(*arguments: object) -> tuple[int, str]:
    ran = CliRunner().invoke(cli, ["diff", *map(str, arguments)], env={"COLUMNS": "160", "NO_COLOR": "1"})
    return ran.exit_code, ran.output


def test_what_newly_fails_is_told_with_the_cause(reports: dict[str, Path]) -> None:
    code, told = diff(reports["good"], reports["broken"])
    assert code == 1
    assert "Newly failing: " in told
    assert "✗ examples_parse" in told
    assert "passed → failed" in told
    assert "connector changed" in told
    assert "connector changed: tree; rules changed: none" in told


def test_what_was_mended_is_told_and_nothing_newly_fails(reports: dict[str, Path]) -> None:
    code, told = diff(reports["broken"], reports["good"])
    assert code == 0
    assert "Fixed: " in told
    assert "✓ examples_parse" in told


def test_other_rules_are_told_from_another_connector(reports: dict[str, Path], tmp_path: Path) -> None:
    plain = json.loads(reports["broken"].read_text("utf-8"))
    good = json.loads(reports["good"].read_text("utf-8"))
    plain["connector"], plain["run"]["suites"][0]["version"] = good["connector"], "0.9.9"
    by_others = tmp_path / RECORD
    by_others.write_text(to_json(sealed(from_json(json.dumps(plain)))), "utf-8")
    code, told = diff(reports["good"], by_others, "--format", "json")
    assert code == 1
    drift: Any = json.loads(told)
    assert drift["suite_changes"] == ["suite certify 0.1.0 → 0.9.9"]
    causes = {one["id"]: (one["cause"], one["rule_changes"]) for one in drift["entries"]}
    assert causes["examples_parse"] == ("rule_changed", ["another suite"])


def test_markdown_is_for_a_pull_request(reports: dict[str, Path]) -> None:
    code, told = diff(reports["good"], reports["broken"], "--format", "markdown")
    assert code == 1
    assert told.startswith("# What changed in orders_api\n\n**✗ ")
    assert "| `examples_parse` | ✓ passed | ✗ failed | connector changed |" in told


def test_a_report_that_was_changed_is_not_compared(reports: dict[str, Path], tmp_path: Path) -> None:
    changed = tmp_path / RECORD
    changed.write_text(reports["good"].read_text("utf-8").replace("orders_api", "orders_apo"), "utf-8")
    code, told = diff(reports["good"], changed)
    assert code == 2
    assert told.startswith(f"certify: {changed}: its content does not match the digest in its footer")
    assert len(told.splitlines()) == 1


def test_what_is_no_report_is_told_in_one_line(reports: dict[str, Path], tmp_path: Path) -> None:
    code, told = diff(reports["good"], tmp_path / "gone.json")
    assert (code, told) == (
        2,
        f"certify: {tmp_path}/gone.json: no such file; a report is a certification_report.json\n",
    )
