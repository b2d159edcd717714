from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from certify.model import Report, Status, WaiverResult
from certify_reports.escape import visible
from certify_reports.junit import FORMAT, render
from tests.unit.report_samples import (
    a_rule,
    an_id,
    certified,
    hostile_texts,
    not_certified,
    spoken,
    unhurried,
)


def of(report: Report) -> ET.Element:
    return ET.fromstring(render(report))


def only(status: Status) -> ET.Element:
    """The testcase of a report's only rule."""
    waiver = WaiverResult("owed", "team", "2026-12-31")
    rule = replace(a_rule("r", "docs", status, title="t"), message="so it is", waiver=waiver)
    case = of(replace(certified(), rules=(rule,), ids=())).find("testsuite/testcase")
    assert case is not None
    return case


def test_the_format_names_its_file() -> None:
    assert (FORMAT.name, FORMAT.file_name) == ("junit", "junit.xml")


def test_each_area_is_a_suite_in_the_order_of_the_report() -> None:
    suites = of(not_certified()).findall("testsuite")
    assert [suite.get("name") for suite in suites] == [
        "import_safety",
        "manifest",
        "docs",
        "source",
        "contract",
    ]


def test_the_totals_add_up() -> None:
    root = of(not_certified())
    totals = {key: root.get(key) for key in ("tests", "failures", "errors", "skipped", "time")}
    assert totals == {"tests": "7", "failures": "2", "errors": "1", "skipped": "3", "time": "0.100"}
    for key in ("tests", "failures", "errors", "skipped"):
        assert sum(int(suite.get(key, "")) for suite in root) == int(root.get(key, ""))


@pytest.mark.parametrize(
    ("status", "tag"),
    [
        (Status.FAILED, "failure"),
        (Status.ERRORED, "error"),
        (Status.BLOCKED, "skipped"),
        (Status.UNVERIFIED, "skipped"),
        (Status.WAIVED, "skipped"),
    ],
)
def test_what_did_not_pass_says_so(status: Status, tag: str) -> None:
    result = only(status).find(tag)
    assert result is not None
    assert result.get("message") == f"{status.value}: so it is"
    assert "Fix: Make it what it says." in (result.text or "")


def test_what_passed_says_nothing() -> None:
    assert [child.tag for child in only(Status.PASSED)] == ["properties"]


def test_what_does_not_apply_is_left_out_with_its_suite() -> None:
    rule = a_rule("r", "docs", Status.NOT_APPLICABLE, title="t")
    assert list(of(replace(certified(), rules=(rule,), ids=()))) == []


def test_a_case_names_its_rule_and_how_to_mend_it() -> None:
    case = only(Status.FAILED)
    assert (case.get("classname"), case.get("name"), case.get("time")) == ("certify.docs", "r", "0.020")
    properties = {item.get("name"): item.get("value") for item in case.iter("property")}
    fix = "Make it what it says.\n\n    the_lines = to_write"
    assert properties == {"rule": "r", "tier": "bronze", "status": "failed", "fix": fix}


def test_an_id_that_no_rule_speaks_for_is_a_case_of_its_own() -> None:
    rule = a_rule("there", "docs", title="t")
    ids = (
        an_id("spoken_for", Status.PASSED, "there"),
        an_id("there", Status.PASSED),
        an_id("half", Status.UNVERIFIED, "there", "not_there"),
        an_id("alone", Status.UNVERIFIED),
    )
    suite = of(replace(certified(), rules=(rule,), ids=ids)).find("testsuite[@name='contract']")
    assert suite is not None
    assert [case.get("name") for case in suite] == ["half", "alone"]
    assert (suite.get("tests"), suite.get("skipped")) == ("2", "2")


def test_a_waiver_names_its_owner() -> None:
    assert "waived until 2026-12-31 by team: owed" in (only(Status.WAIVED).findtext("skipped") or "")


@unhurried
@given(text=hostile_texts())
def test_any_text_comes_out_of_the_xml_as_it_went_in(text: str) -> None:
    root = of(spoken(not_certified(), text, frozenset()))
    assert {case.get("name") for case in root.iter("testcase")} == {visible(text)}
    messages = {result.get("message") for result in root.iter("failure")}
    assert messages == {f"failed: {visible(text)}"}
    assert len(list(root.iter("testcase"))) == len(list(of(spoken(not_certified(), "word")).iter("testcase")))
