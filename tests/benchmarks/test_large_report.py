"""What the page of a very large run costs, beside writing the same report as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from certify.model import (
    Evidence,
    Finding,
    Location,
    Moment,
    MomentKind,
    Report,
    RuleResult,
    Status,
    Timeline,
    to_json,
)
from certify_reports import html, markdown
from tests.unit.report_samples import a_rule, not_certified

RULES, SCENARIOS, FAILED = 2000, 10_000, 100
MEGABYTE = 1_000_000


def a_scenario(number: int) -> Timeline:
    """A request is refused, waited for and sent again, among others that are answered."""
    before, after = number % 7, 3
    asked = "GET /v1/orders"
    return Timeline(
        f"503 with retry-after: {number} at request {before + 1}, once",
        (
            *(Moment(0.0, MomentKind.REQUEST, asked, "api.demo.example", "200") for _ in range(before)),
            Moment(0.0, MomentKind.REQUEST, asked, "api.demo.example", f"503, retry-after: {number}"),
            Moment(0.0, MomentKind.WAIT, "sleep", seconds=float(number)),
            *(Moment(number, MomentKind.REQUEST, asked, "api.demo.example", "200") for _ in range(after)),
            Moment(number, MomentKind.END, "success with 14 of 14 rows"),
        ),
    )


def a_large_rule(number: int) -> RuleResult:
    """One of many, with its share of the scenarios; the first ones failed."""
    each = SCENARIOS // RULES
    seen = tuple(a_scenario(number * each + place) for place in range(each))
    failed = number < FAILED
    rule = a_rule(
        f"rule_{number}",
        f"area_{number % 15}",
        Status.FAILED if failed else Status.PASSED,
        title="After a 503 with `Retry-After` the request is sent again, and the run gives every row",
    )
    found = Finding(
        "the request is sent again at once", Location("src/demo/client.py", number + 1), "a wait", None
    )
    return replace(
        rule,
        why="Whoever asks sooner is refused again, and some APIs count those requests too. " * 4,
        findings=(replace(found, scenario=seen[0].scenario),) if failed else (),
        evidence=tuple(Evidence("request", f"{one.scenario}: 5 requests", timeline=one) for one in seen),
    )


def large() -> Report:
    """A report of two thousand rules and ten thousand scenarios."""
    return replace(not_certified(), rules=tuple(map(a_large_rule, range(RULES))))


@pytest.fixture(scope="module")
def report() -> Report:
    return large()


@pytest.mark.benchmark(group="a report of 2,000 rules and 10,000 scenarios")
def test_the_page(benchmark: Any, report: Report) -> None:
    """Two seconds at most are promised; the record beside it is the floor on this machine."""
    page = benchmark.pedantic(lambda: html.render(report), rounds=3, warmup_rounds=1)
    assert MEGABYTE < len(page.encode()) < 5 * MEGABYTE


@pytest.mark.benchmark(group="a report of 2,000 rules and 10,000 scenarios")
def test_the_record(benchmark: Any, report: Report) -> None:
    assert len(benchmark.pedantic(lambda: to_json(report), rounds=3)) > 5 * MEGABYTE


@pytest.mark.benchmark(group="a report of 2,000 rules and 10,000 scenarios")
def test_the_markdown(benchmark: Any, report: Report) -> None:
    assert len(benchmark.pedantic(lambda: markdown.render(report), rounds=3).encode()) < 2**20
