"""Render rules as JUnit XML, in the form that pytest writes and CI servers read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree as ET

from certify.model import Finding, Format, IdResult, Report, RuleResult, Status
from certify_reports.areas import by_area
from certify_reports.complaints import unruled_ids
from certify_reports.escape import visible

#: What a status is to JUnit; a status that is missing here leaves a bare testcase, which is a pass.
_ELEMENTS = {
    Status.FAILED: "failure",
    Status.ERRORED: "error",
    Status.BLOCKED: "skipped",
    Status.UNVERIFIED: "skipped",
    Status.WAIVED: "skipped",
}

#: JUnit's totals, and the element each one counts.
_TOTALS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(report: Report) -> str:
    """One testsuite for each area, one testcase for each rule, and what no rule verifies in `contract`."""
    root = ET.Element("testsuites", name="certify")
    root.extend(_suite(name, cases) for name, cases in _suites(report) if cases)
    _add_totals(root)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suites(report: Report) -> Iterator[tuple[str, list[ET.Element]]]:
    for area, rules in by_area(report).items():
        yield area, [_rule_case(rule) for rule in rules if _applies(rule.status)]
    yield "contract", [_id_case(name) for name in unruled_ids(report) if _applies(name.status)]


def _applies(status: Status) -> bool:
    return status is not Status.NOT_APPLICABLE


def _suite(name: str, cases: Iterable[ET.Element]) -> ET.Element:
    suite = ET.Element("testsuite", name=visible(name))
    suite.extend(cases)
    _add_totals(suite)
    return suite


def _add_totals(element: ET.Element) -> None:
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for total, tag in _TOTALS.items():
        element.set(total, str(sum(case.find(tag) is not None for case in cases)))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")


def _rule_case(rule: RuleResult) -> ET.Element:
    properties = {"rule": rule.id, "tier": rule.tier, "status": rule.status, "fix": rule.fix}
    case = _case(f"certify.{visible(rule.area)}", rule.id, rule.seconds, properties)
    _add_result(case, rule.status, rule.message, _account(rule))
    return case


def _id_case(name: IdResult) -> ET.Element:
    case = _case(
        "certify.contract", name.id, 0.0, {"rule": name.id, "status": name.status, "fix": name.needs}
    )
    _add_result(case, name.status, name.message, name.needs)
    return case


def _case(class_name: str, name: str, seconds: float, properties: dict[str, str]) -> ET.Element:
    case = ET.Element("testcase", classname=class_name, name=visible(name), time=f"{seconds:.3f}")
    inside = ET.SubElement(case, "properties")
    for key, value in properties.items():
        ET.SubElement(inside, "property", name=key, value=visible(value))
    return case


def _add_result(case: ET.Element, status: Status, message: str, account: str) -> None:
    if status in _ELEMENTS:
        result = ET.SubElement(case, _ELEMENTS[status], message=visible(f"{status.value}: {message}"))
        result.text = visible(account)


def _account(rule: RuleResult) -> str:
    """All that is known of a rule that did not pass, as plain text."""
    waiver = (
        [f"waived until {rule.waiver.expires} by {rule.waiver.owner}: {rule.waiver.reason}"]
        if rule.waiver
        else []
    )
    parts = [*waiver, *map(_line, rule.findings), rule.detail, f"Fix: {rule.fix}"]
    return "\n".join(part for part in parts if part)


def _line(finding: Finding) -> str:
    where = f"{finding.location}: " if finding.location else ""
    return where + finding.message + (f" (expected: {finding.expected})" if finding.expected else "")


FORMAT = Format("junit", "junit.xml", render)
