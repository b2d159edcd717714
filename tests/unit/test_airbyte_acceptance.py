"""acceptance-test-config.yml in both dialects: what is not understood is named, with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify import EvidenceLog, RuleBroken
from certify.repository import Repository
from certify.repository.airbyte.acceptance import (
    AcceptanceConfig,
    acceptance_findings,
    read_acceptance_config,
)
from certify.repository.config.document import ConfigFile, parse_config
from certify_suites import airbyte

PRESENT = """\
connector_image: airbyte/source-demo:dev
test_strictness_level: high
acceptance_tests:
  spec:
    tests:
    - spec_path: spec.json
      backward_compatibility_tests_config: {disable_for_version: 1.0.0}
  connection: {tests: [{config_path: secrets/config.json, status: succeed}]}
  discovery: {tests: [{config_path: secrets/config.json}]}
  basic_read:
    tests:
    - config_path: secrets/config.json
      empty_streams: [{name: refunds, bypass_reason: none in the account}]
      expect_records: {path: expected.jsonl, exact_order: false}
      ignored_fields: {orders: [at, {name: link, bypass_reason: a new one each time}]}
  full_refresh: {bypass_reason: the API has one page}
  incremental:
    tests:
    - configured_catalog_path: catalog.json
      future_state: {future_state_path: state.json}
"""
OLDER = """\
connector_image: airbyte/source-demo:dev
tests:
  spec: [{spec_path: spec.json}]
  basic_read:
  - config_path: secrets/config.json
    configured_catalog_path: ./catalog.json
    empty_streams: []
    expect_records: {path: expected.jsonl, extra_fields: no, exact_order: no, extra_records: yes}
  incremental:
  - cursor_paths: {orders: [at]}
    future_state_path: state.json
  full_refresh:
"""
FILES = ("spec.json", "expected.jsonl", "catalog.json", "state.json")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    for name in FILES:
        (tmp_path / name).write_text("{}", encoding="utf-8")
    return Repository(tmp_path)


def config(text: str) -> AcceptanceConfig:
    name = "acceptance-test-config.yml"
    return AcceptanceConfig(ConfigFile(name, parse_config(text.encode(), name)))


def told(text: str, repository: Repository) -> list[str]:
    return [f"{one.location}: {one.message}" for one in acceptance_findings(config(text), repository)]


@pytest.mark.parametrize(("text", "dialect", "tests"), [(PRESENT, "present", 5), (OLDER, "older", 3)])
def test_both_dialects_are_understood(text: str, dialect: str, tests: int, repository: Repository) -> None:
    evidence = EvidenceLog()
    airbyte.test_acceptance_config_is_understood(config(text), repository, evidence)
    seen = [one.summary for one in evidence.entries]
    assert seen[0].startswith(f"read acceptance-test-config.yml, in the {dialect} dialect: {tests} tests")
    assert ("full_refresh is left out: the API has one page" in seen) == (text is PRESENT)


@pytest.mark.parametrize(
    ("text", "good", "bad", "findings"),
    [
        (PRESENT, "status:", "state:", ["8: acceptance_tests.connection.tests[0].state: unknown key"]),
        (
            PRESENT,
            "  discovery:",
            "  discovry:",
            ["discovry: unknown key; did you mean 'discovery'?", "discovery has"],
        ),
        (
            PRESENT,
            "exact_order",
            "exact_oder",
            ["expect_records.exact_oder: unknown key; did you mean 'exact_order'"],
        ),
        (
            PRESENT,
            "succeed",
            "success",
            ["8: acceptance_tests.connection.tests[0].status: expected one of succeed"],
        ),
        (PRESENT, "high", "medium", ["2: test_strictness_level: expected one of low, high, found 'medium'"]),
        (PRESENT, "spec.json", "specs.json", ["6: spec.spec_path: there is no 'specs.json'"]),
        (
            PRESENT,
            "state.json",
            "../state.json",
            ["20: incremental.future_state.future_state_path: there is no"],
        ),
        (
            PRESENT,
            ", bypass_reason: none in the account",
            "",
            ["13: basic_read.empty_streams: no reason is given"],
        ),
        (
            PRESENT,
            "none in the account",
            "' '",
            ["13: basic_read.empty_streams: no reason is given why 'refunds'"],
        ),
        (PRESENT, "the API has one page", "", ["full_refresh has neither tests nor a bypass_reason"]),
        (OLDER, "cursor_paths", "cursors", ["tests.incremental[0].cursors: unknown key"]),
        (OLDER, "empty_streams: []", "empty_streams: [refunds]", ["7: basic_read.empty_streams: no reason"]),
        (
            OLDER,
            "expected.jsonl",
            "records.jsonl",
            ["8: basic_read.expect_records.path: there is no 'records.jsonl'"],
        ),
        (
            OLDER,
            "connector_image",
            "image",
            ["connector_image: required key is missing", "image: unknown key"],
        ),
    ],
)
def test_each_gap_is_told_with_its_line(
    text: str, good: str, bad: str, findings: list[str], repository: Repository
) -> None:
    assert good in text
    found = told(text.replace(good, bad, 1), repository)
    assert len(found) == len(findings)
    assert all(any(part in one for one in found) for part in findings)


def test_two_misspelt_keys_are_two_findings(repository: Repository) -> None:
    found = told(
        PRESENT.replace("config_path: secrets/config.json, status: succeed", "a: 1, b: 2"), repository
    )
    assert [one.partition(": unknown")[0][-2:] for one in found] == [".a", ".b"]


@pytest.mark.parametrize("text", ["[]", "connector_image: x\n", "connector_image: x\ntests:\n"])
def test_one_that_names_no_test_is_told_so(text: str, repository: Repository) -> None:
    assert any("names no test" in one or "holds no keys" in one for one in told(text, repository))


def test_one_that_cannot_be_read_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "acceptance-test-config.yml").write_text("a: *b\n", encoding="utf-8")
    repository = Repository(tmp_path)
    read = read_acceptance_config(repository)
    assert read is not None
    with pytest.raises(RuleBroken, match="alias"):
        airbyte.test_acceptance_config_is_understood(read, repository, EvidenceLog())


def test_where_there_is_none_there_is_nothing_to_read(tmp_path: Path) -> None:
    assert read_acceptance_config(Repository(tmp_path)) is None


_KEYS = [
    *("spec", "connection", "basic_read", "full_refresh", "incremental", "tests", "acceptance_tests", "name"),
    *("bypass_reason", "empty_streams", "config_path", "spec_path", "future_state", "future_state_path"),
    *("expect_records", "path", "test_strictness_level"),
]
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text("aé1.:/- ", max_size=6)
    | st.sampled_from(["high", "spec.json", "../a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(_KEYS), _VALUES))
def test_wrong_types_anywhere_are_findings_and_nothing_breaks(data: dict[str, Any]) -> None:
    found = [*acceptance_findings(config(json.dumps(data)), Repository(Path(__file__).parent))]
    assert found
    assert all(one.location and one.expected for one in found)
