"""A run is told as a timeline, and a timeline in Markdown, as text and as a diagram."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from certify.model import Moment, MomentKind, Timeline
from certify.replay import Answer, Asked, Exchange, Fault, faults
from certify.run import Rows, Run, Unanswered, Wait
from certify.sandbox.timelines import timeline_of
from certify_reports.timelines import diagrams, error_paths
from tests.unit.report_samples import certified, unhurried

KEY = ("GET", "api.example", "/orders", "", "")


def exchange(at: float, status: int | None, fault: Fault | None = None, **headers: str) -> Exchange:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    sent = Answer(status or 200, named)
    return Exchange(0, Asked("GET", "api.example", "/orders"), at, KEY, status, fault, sent, delivered=True)


def a_run(*exchanges: Exchange, waits: tuple[Wait, ...] = (), unanswered: tuple[Unanswered, ...] = ()) -> Run:
    return Run(
        how="finished",
        rows=Rows(),
        states=(),
        exchanges=exchanges,
        waits=waits,
        log=(),
        output="",
        raised=None,
        code=0,
        virtual_seconds=7.0,
        seconds=0.1,
        peak_kib=1,
        unanswered=unanswered,
    )


def told(run: Run) -> list[tuple[float, str, str, str]]:
    timeline = timeline_of(run, "a fault", "success")
    return [(one.at, one.kind, one.text, one.answer) for one in timeline.moments]


def test_what_was_asked_comes_before_what_is_waited_for() -> None:
    refused = exchange(0.0, 429, faults.refusal(429), retry_after="7")
    run = a_run(refused, exchange(7.0, 200), waits=(Wait("sleep", 0.0, 7.0), Wait("sleep", 7.0, 0.0)))
    assert told(run) == [
        (0.0, "request", "GET /orders", "429, retry-after: 7"),
        (0.0, "wait", "sleep", ""),
        (7.0, "request", "GET /orders", "200"),
        (7.0, "end", "success", ""),
    ]


@pytest.mark.parametrize(
    ("fault", "status", "answer"),
    [
        (faults.RESET, None, "connection reset"),
        (faults.HANG, None, "nothing"),
        (faults.SHORT_BODIES[0], 200, "200 with less than was announced"),
        (faults.HTML_PAGE, 200, "200, a page of HTML with status 200"),
        (faults.refusal(503), 503, "503"),
    ],
)
def test_a_fault_is_told_as_what_came_back(fault: Fault, status: int | None, answer: str) -> None:
    assert told(a_run(exchange(0.0, status, fault)))[0][3] == answer


def test_a_connection_that_nobody_accepts_is_a_moment() -> None:
    run = a_run(unanswered=(Unanswered("api.example", 1.0),))
    assert told(run)[0] == (1.0, "request", "connect", "nothing")


def test_of_a_long_run_the_beginning_and_the_end_are_told() -> None:
    timeline = timeline_of(a_run(*(exchange(0.0, 200) for _ in range(100))), "a fault", "success")
    assert (len(timeline.moments), timeline.left_out) == (41, 60)
    assert timeline.moments[-1].kind is MomentKind.END


def test_a_failed_rule_has_one_diagram_for_each_scenario() -> None:
    rule = next(rule for rule in certified().rules if rule.id == "timeout_is_set")
    shown = diagrams(rule)
    assert shown.count("```mermaid") == 1
    assert shown.startswith("**an answer that never comes at request 2, every time:**")
    assert "Note over C: waits for ever (read timeout)" in shown


def test_every_scenario_is_told_once() -> None:
    shown = error_paths(certified())
    assert shown.count("\n| ") == 2 + 2, shown
    assert "`GET /v1/orders` → 503, retry-after: 7; waits 7 s; " in shown
    assert "… 32 more" in shown


_TEXT = st.text(st.characters(codec="utf-8"), max_size=100)
_SECONDS = st.floats(0, 1e12)
_MOMENTS = st.builds(
    Moment, _SECONDS, st.sampled_from([MomentKind.REQUEST, MomentKind.WAIT]), _TEXT, _TEXT, _TEXT, _SECONDS
) | st.builds(Moment, _SECONDS, st.just(MomentKind.END), _TEXT)


@unhurried
@given(st.lists(_MOMENTS, max_size=40))
def test_no_text_leaves_its_label(moments: list[Moment]) -> None:
    """Each line of a diagram is a statement of ours, whatever the connector said."""
    report = certified()
    rule = next(rule for rule in report.rules if rule.id == "timeout_is_set")
    scenario = rule.findings[0].scenario or ""
    timeline = Timeline(scenario, tuple(moments))
    shown = diagrams(replace(rule, evidence=(replace(rule.evidence[0], timeline=timeline),)))
    tokens = MarkdownIt().parse(shown)
    assert [token.type for token in tokens if token.type == "fence"] == ["fence"]
    statement = re.compile(
        r"sequenceDiagram|participant C as connector|participant H\d+ as [^;#<>%\"]*"
        r"|(C->>H\d+|H\d+--?>>C|H\d+--\)C|Note over C): [^;#<>%\"]*|… \d+ more"
    )
    (fence,) = (token for token in tokens if token.type == "fence")
    for line in fence.content.splitlines():
        assert statement.fullmatch(line.strip()), line
        assert not re.search(r"(?<!\()\bend\b", line.split(": ", 1)[-1], re.IGNORECASE), line
