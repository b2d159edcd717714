"""The rule that no credential comes out: what it finds, what it could not search, and what it shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from certify.model import Location
from certify.replay import Asked, Cassette, Exchange, Scenario
from certify.replay.faults import HAPPY_PATH
from certify.rules import EvidenceLog, NotApplicable, RuleBroken, Unverified
from certify.run import LogLine, Rows, Run
from certify.sandbox.driven import RunsSource
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.load_outputs import LoadOutputs
from certify_suites import security

SECRET = "canary-canary-canary"
FIRST = "401 at request 1, every time"


class Source:
    """Sends one request. In one scenario it `leaks` the secret, in one its output is `cut`."""

    import_error = None
    plan = None

    def __init__(self, leaks: str = "", cut: str = "") -> None:
        self.leaks, self.cut = leaks, cut

    def run(self, cassette: Cassette, scenario: Scenario = HAPPY_PATH, state: object = None) -> Run:
        asked = Asked("GET", "api.example", "/rows")
        key = (asked.method, asked.host, asked.path, asked.query, "")
        exchange = Exchange(0, asked, 0.0, key, 200, scenario.fault, None, delivered=True)
        run = Run("finished", Rows((("", "1"),)), (), (exchange,), (), (), "", None, None, 0.0, 0.1, 0)
        if self.leaks in (str(scenario), cassette.name):
            run = replace(run, log=(LogLine("INFO", f"sent {SECRET}", 0.0),))
        return replace(run, output_is_cut=str(scenario) == self.cut)


class Contract:
    """Says where its sink stands."""

    subject = SimpleNamespace(sink="package:make_sink")

    def at(self, *keys: str) -> Location:
        return Location("contract.yaml", 7)


def runs_of(source: Source) -> FaultRuns:
    return FaultRuns(
        cast("RunsSource", source),
        Cassette("full_refresh", ()),
        Path(),
        Location("contract.yaml", 1),
        LeakSearch({"password": SECRET}),
    )


def judge(source: Source, evidence: EvidenceLog) -> None:
    security.test_no_canary_in_output(runs_of(source), evidence)


def test_the_rule_says_first_what_it_looked_for() -> None:
    evidence = EvidenceLog()
    judge(Source(), evidence)
    assert [entry.kind for entry in evidence.entries] == ["note", *["request"] * 5]


@pytest.mark.parametrize("scenario", ["the happy path", FIRST])
def test_a_finding_names_its_scenario_and_the_evidence_shows_it_once(scenario: str) -> None:
    evidence = EvidenceLog()
    with pytest.raises(RuleBroken) as caught:
        judge(Source(leaks=scenario, cut=scenario), evidence)
    assert [finding.scenario for finding in caught.value.findings] == [scenario]
    shown = [entry.timeline.scenario for entry in evidence.entries if entry.timeline]
    assert shown.count(scenario) == 1


def test_runs_that_were_made_for_other_rules_are_searched_too() -> None:
    runs, evidence = runs_of(Source(leaks="resume@1")), EvidenceLog()
    runs.run(Cassette("resume@1", ()), state="2026-10-01")
    with pytest.raises(RuleBroken, match=r"comes out in the log, .* \(a read of resume@1\)") as caught:
        security.test_no_canary_in_output(runs, evidence)
    assert [finding.scenario for finding in caught.value.findings] == [None]


@pytest.mark.parametrize("scenario", ["the happy path", FIRST])
def test_what_printed_more_than_is_kept_does_not_pass(scenario: str) -> None:
    with pytest.raises(Unverified, match=f"^{scenario}: .* printed more than is kept.* searched whole"):
        judge(Source(cut=scenario), EvidenceLog())


def test_a_run_that_told_more_than_is_taken_does_not_pass() -> None:
    runs = runs_of(Source())
    seen = runs.observed(replace(runs.baseline, is_told_whole=False))
    runs.searched.add("a read of incremental", seen)
    with pytest.raises(Unverified, match=r"^a read of incremental: "):
        security.test_no_canary_in_output(runs, EvidenceLog())


def judge_loads(*texts: tuple[str, str], is_cut: bool = False, secret: str = SECRET, **config: str) -> None:
    named = {"password": secret} if secret else {}
    outputs = LoadOutputs(config, LeakSearch(named), 2, texts, is_cut)
    security.test_no_canary_in_loads(cast("Any", Contract()), outputs, EvidenceLog())


def test_what_a_load_lets_out_is_searched() -> None:
    with pytest.raises(RuleBroken) as caught:
        judge_loads(("what a load prints", "connected"), ("the message of a load's error", f"with {SECRET}"))
    (finding,) = caught.value.findings
    assert (finding.message, finding.location) == (
        "password comes out in the message of a load's error, as it is",
        Location("contract.yaml", 7),
    )


def test_a_load_that_says_nothing_of_the_secret_passes() -> None:
    judge_loads(("what a load prints", "connected"))


def test_a_load_that_printed_more_than_is_kept_does_not_pass() -> None:
    with pytest.raises(Unverified, match="a load printed or logged more than is kept"):
        judge_loads(("what a load prints", "connected"), is_cut=True)


def test_where_no_secret_is_named_there_is_none_to_look_for() -> None:
    with pytest.raises(NotApplicable, match="the configuration has no secret"):
        judge_loads(secret="", host="db.example")
    with pytest.raises(NotApplicable, match="the configuration has no secret"):
        judge_loads(secret="", password="{password}")
    with pytest.raises(Unverified, match="no secret is named, though the configuration has db_password"):
        judge_loads(secret="", db_password="x")
