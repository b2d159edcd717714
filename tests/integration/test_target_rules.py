"""What the rules say of a Singer target that they cannot ask."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.connectors import Certified, certify, copy_of

RULE = "records_need_a_schema"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return copy_of("singer_target", tmp_path)


def judged(target: Path, rule: str = RULE) -> tuple[str, str, str]:
    """How a rule ends: its status, its message, and the lines that would help."""
    ended: Certified = certify(target, target.parent / "out", "--only", rule)
    told = ended.rules[rule]
    return told["status"], told["message"], told["detail"] or ""


def configure(target: Path, **config: str) -> None:
    (target / "certification" / "config.json").write_text(json.dumps(config), encoding="utf-8")


def contract(target: Path, old: str, new: str) -> None:
    path = target / "certification" / "certification.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_configuration_that_leads_elsewhere_is_not_loaded_with(target: Path) -> None:
    configure(target, path="/var/lib/archive.db")
    status, message, needs = judged(target)
    assert (status, message) == ("unverified", "the configuration does not lead to a target of certify's")
    assert "{target_url}" in needs


def test_a_place_that_the_target_has_not_is_told(target: Path) -> None:
    configure(target, path="{host}")
    status, message, _ = judged(target)
    assert (status, message.partition(";")[0]) == (
        "unverified",
        "the configuration asks for {host}, which this target.url has not",
    )


def test_no_message_asks_for_a_replace(target: Path) -> None:
    contract(target, "[incremental_merge, incremental_append, full_refresh]", "[replace]")
    status, message, needs = judged(target, "partial_load_is_never_visible")
    assert (status, message) == ("unverified", "no message of Singer asks a target to replace slices")
    assert "replace: {your_setting: value}" in needs


def test_a_strategy_has_a_configuration_of_its_own(target: Path) -> None:
    contract(target, "[incremental_merge, incremental_append, full_refresh]", "[full_refresh]")
    contract(
        target,
        "  table: readings",
        "  table: readings\n  config: {full_refresh: {path: '{folder}/no/such.db'}}",
    )
    status, message, _ = judged(target)
    assert (status, "unable to open database file" in message) == ("blocked", True)


def test_a_contract_of_a_tap_has_no_target(target: Path) -> None:
    contract(target, "  sink:\n", "  source: {}\n  sink:\n")
    status, message, needs = judged(target)
    assert (status, message) == ("unverified", "there is no sink to load with")
    assert "command: [your-target]" in needs


#: Reads its input past Python, and writes a file.
UNSEEN = """
import argparse, json, os

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    folder = json.load(open(parser.parse_args().config))["path"]
    for line in os.fdopen(0):
        message = json.loads(line)
        if message["type"] == "RECORD":
            with open(f"{folder}/{message['stream']}.jsonl", "a") as file:
                file.write(json.dumps(message["record"]) + "\\n")
"""


@pytest.mark.parametrize("rule", ["partial_load_is_never_visible", "states_follow_their_records"])
def test_a_target_that_is_seen_nowhere_passes_nothing(rule: str, target: Path) -> None:
    configure(target, path="{folder}")
    contract(target, "sqlite:///{tmp}/archive.db", "file://{tmp}/out")
    contract(target, "[incremental_merge, incremental_append, full_refresh]", "[incremental_append]")
    (target / "src" / "target_gauge_archive" / "command.py").write_text(UNSEEN, encoding="utf-8")
    status, message, _ = judged(target, rule)
    assert (status, message.partition(",")[0]) == ("unverified", "the target reads past Python's sys.stdin")


@pytest.mark.parametrize(
    "rule", ["partial_load_is_never_visible", "append_only_appends", "streams_are_kept_apart"]
)
def test_files_of_an_unknown_kind_are_not_held_to_be_none(rule: str, target: Path) -> None:
    configure(target, path="{folder}")
    contract(target, "sqlite:///{tmp}/archive.db", "file://{tmp}/out")
    contract(target, "[incremental_merge, incremental_append, full_refresh]", "[incremental_append]")
    command = UNSEEN.replace(".jsonl", ".parquet").replace("os.fdopen(0)", "__import__('sys').stdin")
    (target / "src" / "target_gauge_archive" / "command.py").write_text(command, encoding="utf-8")
    status, message, _ = judged(target, rule)
    assert (status, message) == (
        "unverified",
        "a load leaves readings.parquet, which is no file of readings that is read",
    )
