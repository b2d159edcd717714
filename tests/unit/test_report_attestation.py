"""The attestation: an in-toto Statement with the predicate test-result, by their specifications."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from certify.model import Artifact, CassetteFacts, Report, Status, Verdict
from certify_reports.attestation import FORMAT, render
from tests.unit.report_samples import (
    SAMPLES,
    a_rule,
    certified,
    hostile_texts,
    not_certified,
    spoken,
    unhurried,
)

#: https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md
DIGEST_SET = {
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"minLength": 1},
    "additionalProperties": {"type": "string", "minLength": 1},
}
#: https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md
RESOURCE = {
    "type": "object",
    "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}, {"required": ["content"]}],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "uri": {"type": "string"},
        "digest": DIGEST_SET,
        "content": {"type": "string"},
        "downloadLocation": {"type": "string"},
        "mediaType": {"type": "string"},
        "annotations": {"type": "object"},
    },
}
NAMES = {"type": "array", "items": {"type": "string"}}
#: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md, and spec/predicates/test-result.md
STATEMENT = {
    "type": "object",
    "required": ["_type", "subject", "predicateType", "predicate"],
    "additionalProperties": False,
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "subject": {
            "type": "array",
            "minItems": 1,
            "items": {**RESOURCE, "required": ["digest"]},
        },
        "predicateType": {"const": "https://in-toto.io/attestation/test-result/v0.1"},
        "predicate": {
            "type": "object",
            "required": ["result", "configuration"],
            "additionalProperties": False,
            "properties": {
                "result": {"enum": ["PASSED", "WARNED", "FAILED"]},
                "configuration": {"type": "array", "items": RESOURCE},
                "url": {"type": "string"},
                "passedTests": NAMES,
                "warnedTests": NAMES,
                "failedTests": NAMES,
            },
        },
    },
}
VALIDATOR = jsonschema.Draft202012Validator(STATEMENT)


def of(report: Report) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(render(report))
    VALIDATOR.validate(plain)
    return plain


def predicate(report: Report) -> dict[str, Any]:
    return dict(of(report)["predicate"])


def test_the_format_names_its_file() -> None:
    jsonschema.Draft202012Validator.check_schema(STATEMENT)
    assert (FORMAT.name, FORMAT.file_name) == ("attestation", "attestation.json")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_fits_the_specification(name: str) -> None:
    of(SAMPLES[name]())


def test_the_subjects_are_what_is_released() -> None:
    wheel = Artifact("demo-1.4.0-py3-none-any.whl", "sha256:" + "a" * 64)
    report = certified()
    report = replace(report, connector=replace(report.connector, artifacts=(wheel,)))
    assert of(report)["subject"] == [{"name": wheel.name, "digest": {"sha256": "a" * 64}}]


def test_without_artifacts_the_subject_is_the_tree() -> None:
    assert of(certified())["subject"] == [{"name": "demo_api-1.4.0-tree", "digest": {"sha256": "1" * 64}}]


def test_the_configuration_is_contract_suites_and_cassettes() -> None:
    report = certified()
    tape = CassetteFacts("certification/cassettes/full_refresh.yaml", "sha256:" + "c" * 64)
    report = replace(report, run=replace(report.run, cassettes=(tape,)))
    assert [(one["name"], one["digest"]["sha256"][0]) for one in predicate(report)["configuration"]] == [
        ("certification/certification.yaml", "3"),
        ("suite certify 0.1.0", "2"),
        (tape.path, "c"),
    ]


def ended(*statuses: Status, verdict: Verdict = Verdict.CERTIFIED, required: bool = True) -> Report:
    rules = tuple(
        a_rule(f"rule_{number}", "docs", status, title="t", required=required)
        for number, status in enumerate(statuses)
    )
    return replace(certified(), verdict=verdict, rules=rules, ids=())


def test_what_passed_without_a_remark_is_passed() -> None:
    told = predicate(ended(Status.PASSED, Status.NOT_APPLICABLE))
    assert (told["result"], told["passedTests"]) == ("PASSED", ["rule_0"])
    assert told["warnedTests"] == told["failedTests"] == []


def test_what_is_waived_is_a_warning_and_never_passed() -> None:
    told = predicate(ended(Status.PASSED, Status.WAIVED))
    assert (told["result"], told["passedTests"], told["warnedTests"]) == ("WARNED", ["rule_0"], ["rule_1"])


def test_what_fails_beyond_what_is_required_is_a_warning() -> None:
    told = predicate(ended(Status.PASSED, Status.FAILED, required=False))
    assert (told["result"], told["warnedTests"]) == ("WARNED", ["rule_1"])


@pytest.mark.parametrize("status", [Status.FAILED, Status.ERRORED, Status.BLOCKED, Status.UNVERIFIED])
def test_what_is_required_and_did_not_pass_has_failed(status: Status) -> None:
    told = predicate(ended(Status.PASSED, status, verdict=Verdict.INCOMPLETE))
    assert (told["result"], told["failedTests"]) == ("FAILED", ["rule_1"])


@pytest.mark.parametrize("verdict", [one for one in Verdict if one is not Verdict.CERTIFIED])
def test_nothing_but_certified_has_passed(verdict: Verdict) -> None:
    assert predicate(ended(Status.PASSED, verdict=verdict))["result"] == "FAILED"


def test_a_name_of_the_contract_that_no_rule_speaks_for_has_failed() -> None:
    assert "vendor_quota" in predicate(not_certified())["failedTests"]


@unhurried
@given(hostile_texts())
def test_hostile_text_stays_text(text: str) -> None:
    of(spoken(not_certified(), text))
