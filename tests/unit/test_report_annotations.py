from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from certify.model import Finding, Location, Report, Status
from certify_reports.annotations import FORMAT, render
from tests.unit.report_samples import a_rule, certified, hostile_texts, not_certified, spoken, unhurried


def with_rules(*statuses: tuple[Status, bool]) -> Report:
    """A report with a rule `r0`, `r1` … for each status; the second word says whether it is required."""
    rules = tuple(
        replace(a_rule(f"r{n}", "docs", status, title="t", required=required), message="bad")
        for n, (status, required) in enumerate(statuses)
    )
    return replace(certified(), rules=rules, ids=())


def kinds(report: Report) -> list[tuple[str, str]]:
    """Each line's kind and rule."""
    lines = render(report).splitlines()
    return [(line[2:].partition(" ")[0], line.partition("title=")[2].partition(" ")[0]) for line in lines]


def test_the_format_names_its_file() -> None:
    assert (FORMAT.name, FORMAT.file_name) == ("github", "annotations.txt")


def test_a_line_names_file_line_title_and_message() -> None:
    first = render(not_certified()).splitlines()[0]
    assert first == (
        "::error file=src/demo_api/client.py,line=14,title=imports_cleanly failed::"
        "`import demo_api.client` opened a socket to api.demo.example:443 "
        "(expected: no network while it is imported)"
    )


def test_a_kind_tells_how_much_it_matters() -> None:
    report = with_rules(
        (Status.PASSED, True),
        (Status.UNVERIFIED, True),
        (Status.ERRORED, True),
        (Status.FAILED, False),
        (Status.FAILED, True),
        (Status.WAIVED, True),
    )
    assert kinds(report) == [("error", "r4"), ("warning", "r2"), ("warning", "r3"), ("notice", "r1")]


def test_an_id_without_a_rule_is_noticed() -> None:
    assert ("notice", "vendor_quota") in kinds(not_certified())


def test_there_are_ten_of_a_kind_at_most() -> None:
    many = [(Status.FAILED, True)] * 12 + [(Status.FAILED, False)] * 11 + [(Status.UNVERIFIED, True)] * 3
    found = [kind for kind, _ in kinds(with_rules(*many))]
    assert found == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 3


def test_every_rule_is_heard_before_one_is_heard_twice() -> None:
    report = with_rules((Status.FAILED, True), (Status.FAILED, True))
    loud = replace(report.rules[0], findings=(Finding("one"), Finding("two")))
    assert [rule for _, rule in kinds(replace(report, rules=(loud, report.rules[1])))] == ["r0", "r1", "r0"]


def test_what_would_end_a_property_or_the_line_is_escaped() -> None:
    report = with_rules((Status.FAILED, True))
    finding = Finding("100%: a,b\n::error::forged", Location("a,b:c%.py", 0))
    text = render(replace(report, rules=(replace(report.rules[0], findings=(finding,)),)))
    assert text == "::error file=a%2Cb%3Ac%25.py,line=1,title=r0 failed::100%25: a,b%0A::error::forged\n"


def test_nothing_to_say_is_an_empty_text() -> None:
    assert render(with_rules((Status.PASSED, True))) == ""


@unhurried
@given(text=hostile_texts())
def test_no_text_forges_a_command(text: str) -> None:
    page = render(spoken(not_certified(), text, frozenset()))
    harmless = render(spoken(not_certified(), "word", frozenset()))
    assert page.encode()
    lines = page.splitlines()
    assert [line.partition(" ")[0] for line in lines] == [
        line.partition(" ")[0] for line in harmless.splitlines()
    ]
    assert all(line.partition("::")[2].partition("::")[0].count(",") == 2 for line in lines)


@pytest.mark.parametrize(
    ("finished", "told"), [("2026-03-02T10:00:00Z", False), ("2026-03-25T10:00:00Z", True)]
)
def test_a_waiver_that_ends_soon_is_a_warning(finished: str, told: bool) -> None:
    report = certified()
    shown = render(replace(report, run=replace(report.run, finished=finished)))
    line = (
        "::warning file=certification/certification.yaml,line=1,title=icon_is_square_svg waived::"
        "the waiver of data-platform ends on 2026-03-31 (6 days, then it counts again)"
    )
    assert (line in shown.splitlines()) is told
