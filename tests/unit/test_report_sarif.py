"""No installed package ships the SARIF 2.1.0 schema, so what it asks of us is written out in `check`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from certify.model import Finding, Location, Report, Status
from certify_reports.sarif import FORMAT, render
from tests.unit.report_samples import (
    SAMPLES,
    a_rule,
    an_id,
    certified,
    hostile_texts,
    not_certified,
    spoken,
    unhurried,
)

LEVELS = {"none", "note", "warning", "error"}

#: RFC 3986: what a URI may hold, percent signs only before two hex digits.
URI = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-F]{2})+")


def of(report: Report) -> dict[str, Any]:
    """The only run of a log that has been checked."""
    text = render(report)
    log = json.loads(text.encode())
    assert set(log) == {"$schema", "version", "runs"}
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    check(run)
    return dict(run)


def check(run: dict[str, Any]) -> None:
    """What the schema requires of the properties that we write, and what GitHub requires beyond it."""
    assert set(run) == {"tool", "invocations", "results"}
    driver = run["tool"]["driver"]
    assert driver["name"] == "certify"
    known = [rule["id"] for rule in driver["rules"]]
    assert len(known) == len(set(known))
    for rule in driver["rules"]:
        check_rule(rule)
    for result in run["results"]:
        assert set(result) == {"ruleId", "level", "message", "locations", "partialFingerprints"}
        assert result["ruleId"] in known
        assert all(isinstance(value, str) for value in result["partialFingerprints"].values())
        check_told(result)
    (invocation,) = run["invocations"]
    assert isinstance(invocation["executionSuccessful"], bool)
    assert isinstance(invocation["exitCode"], int)
    for notification in invocation["toolExecutionNotifications"]:
        assert notification["associatedRule"]["id"] in known
        check_told(notification)


def check_rule(rule: dict[str, Any]) -> None:
    assert set(rule) == {
        "id",
        "shortDescription",
        "fullDescription",
        "help",
        "defaultConfiguration",
        "properties",
    }
    assert all(isinstance(rule[key]["text"], str) for key in ("shortDescription", "fullDescription", "help"))
    assert isinstance(rule["help"]["markdown"], str)
    assert rule["defaultConfiguration"]["level"] in LEVELS
    assert len(rule["properties"]["tags"]) == len(set(rule["properties"]["tags"]))
    assert "security-severity" not in rule["properties"]


def check_told(told: dict[str, Any]) -> None:
    assert told["level"] in LEVELS
    assert told["message"]["text"].strip()
    assert "](" not in told["message"]["text"]
    (location,) = told["locations"]
    place = location["physicalLocation"]
    assert place["region"]["startLine"] >= 1
    uri = place["artifactLocation"]["uri"]
    assert URI.fullmatch(uri)
    relative = place["artifactLocation"].get("uriBaseId") == "%SRCROOT%"
    assert relative != uri.startswith("file:///")
    assert not (relative and (uri.startswith("/") or ".." in uri.split("/") or ":" in uri.split("/")[0]))


def failed(*findings: Finding, **changes: Any) -> Report:
    """A report whose only rule failed."""
    rule = replace(a_rule("r", "docs", Status.FAILED, title="t"), message="bad", findings=findings, **changes)
    return replace(certified(), rules=(rule,), ids=())


def place(report: Report) -> tuple[str, int]:
    """Where the only result is."""
    (result,) = of(report)["results"]
    found = result["locations"][0]["physicalLocation"]
    return found["artifactLocation"]["uri"], found["region"]["startLine"]


def prints(report: Report) -> list[str]:
    return [result["partialFingerprints"]["certify/v1"] for result in of(report)["results"]]


def test_the_format_names_its_file() -> None:
    assert (FORMAT.name, FORMAT.file_name) == ("sarif", "certification.sarif")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_what_code_scanning_reads(name: str) -> None:
    rules = of(SAMPLES[name]())["tool"]["driver"]["rules"]
    assert {rule.id for rule in SAMPLES[name]().rules} <= {rule["id"] for rule in rules}


def test_levels_follow_what_is_required() -> None:
    results = of(not_certified())["results"]
    assert [(result["ruleId"], result["level"]) for result in results] == [
        ("imports_cleanly", "error"),
        ("imports_cleanly", "error"),
        ("examples_parse", "error"),
        ("full_read_is_complete", "note"),
        ("vendor_quota", "note"),
    ]


def test_a_rule_beyond_what_is_required_warns_or_is_silent() -> None:
    assert [result["level"] for result in of(failed(required=False))["results"]] == ["warning"]
    assert of(failed(required=False, status=Status.UNVERIFIED))["results"] == []


def test_an_error_of_the_harness_is_a_notification_and_no_result() -> None:
    run = of(failed(status=Status.ERRORED))
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is False
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert (notification["associatedRule"]["id"], notification["message"]["text"]) == ("r", "bad")


def test_an_interrupted_run_did_not_succeed() -> None:
    report = certified()
    run = of(replace(report, run=replace(report.run, interrupted=True)))
    assert run["invocations"][0]["executionSuccessful"] is False


def test_results_are_there_even_when_there_are_none() -> None:
    run = of(replace(certified(), rules=()))
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("src/a.py", "src/a.py"),
        ("./src/./a.py", "src/a.py"),
        ("docs/read me%.md", "docs/read%20me%25.md"),
        ("é.md", "%C3%A9.md"),
        ("c:d.md", "c%3Ad.md"),
        ("/opt/lib/x.py", "file:///opt/lib/x.py"),
        ("../outside.py", "certification/certification.yaml"),
        ("", "certification/certification.yaml"),
    ],
)
def test_a_file_becomes_a_uri(file: str, uri: str) -> None:
    assert place(failed(Finding("bad", Location(file))))[0] == uri


@pytest.mark.parametrize(("line", "start"), [(None, 1), (0, 1), (-3, 1), (1, 1), (7, 7)])
def test_lines_begin_at_one(line: int | None, start: int) -> None:
    assert place(failed(Finding("bad", Location("a.py", line)))) == ("a.py", start)


@pytest.mark.parametrize(
    ("folder", "uri"),
    [
        ("", "src/a.py"),
        ("connectors/demo", "connectors/demo/src/a.py"),
        ("with space", "with%20space/src/a.py"),
        ("../elsewhere", "src/a.py"),
        ("/abs", "src/a.py"),
    ],
)
def test_a_file_is_named_from_the_top_of_the_repository(folder: str, uri: str) -> None:
    report = failed(Finding("bad", Location("src/a.py", 3)))
    report = replace(report, connector=replace(report.connector, folder=folder))
    assert place(report) == (uri, 3)


def test_without_a_location_it_is_the_contract() -> None:
    assert place(failed()) == ("certification/certification.yaml", 1)
    assert place(failed(Finding("bad"))) == ("certification/certification.yaml", 1)


def test_a_contract_outside_the_tree_still_has_a_place() -> None:
    report = failed()
    assert place(replace(report, run=replace(report.run, contract="../other.yaml"))) == (
        "certification.yaml",
        1,
    )


def test_a_finding_without_a_location_takes_the_rules() -> None:
    assert place(failed(Finding("bad"), location=Location("b.py", 2))) == ("b.py", 2)


def test_a_fingerprint_outlives_a_move_within_its_file() -> None:
    before, after = (failed(Finding(f"a.py:{n}: see line {n}", Location("a.py", n))) for n in (3, 14))
    assert prints(before) == prints(after)


@pytest.mark.parametrize("other", [Finding("bad", Location("b.py")), Finding("bad 2", Location("a.py"))])
def test_a_fingerprint_tells_files_and_messages_apart(other: Finding) -> None:
    assert prints(failed(Finding("bad", Location("a.py")))) != prints(failed(other))


def test_equal_findings_have_fingerprints_of_their_own() -> None:
    twice = failed(Finding("bad", Location("a.py", 1)), Finding("bad", Location("a.py", 9)))
    assert len(set(prints(twice))) == 2


def test_an_id_under_two_capabilities_is_one_rule_and_as_bad_as_its_worst() -> None:
    ids = (an_id("quota", Status.PASSED), replace(an_id("quota", Status.UNVERIFIED), capability="sink"))
    for ordered in (ids, ids[::-1]):
        run = of(replace(certified(), rules=(), ids=ordered))
        assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["quota"]
        assert [result["ruleId"] for result in run["results"]] == ["quota"]


@unhurried
@given(text=hostile_texts())
def test_no_text_makes_it_anything_but_sarif(text: str) -> None:
    report = not_certified()
    ids = frozenset({"id"})
    hostile = of(spoken(report, text, ids))
    assert len(hostile["results"]) == len(of(spoken(report, "word", ids))["results"])
