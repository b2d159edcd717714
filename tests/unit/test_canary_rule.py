"""The rule that no credential comes out: what it finds, what it could not search, and what it shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from certify.model import Location
from certify.replay import Asked, Cassette, Exchange, Scenario
from certify.replay.faults import HAPPY_PATH
from certify.rules import EvidenceLog, RuleBroken, Unverified
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

    def run(self, cassette: Cassette, scenario: Scenario = HAPPY_PATH) -> Run:
        asked = Asked("GET", "api.example", "/rows")
        key = (asked.method, asked.host, asked.path, asked.query, "")
        exchange = Exchange(0, asked, 0.0, key, 200, scenario.fault, None, delivered=True)
        run = Run("finished", Rows((("", "1"),)), (), (exchange,), (), (), "", None, None, 0.0, 0.1, 0)
        if str(scenario) == self.leaks:
            run = replace(run, log=(LogLine("INFO", f"sent {SECRET}", 0.0),))
        return replace(run, output_is_cut=str(scenario) == self.cut)


class Contract:
    """Says where its sink stands."""

    def at(self, *keys: str) -> Location:
        return Location("contract.yaml", 7)


def judge(source: Source, evidence: EvidenceLog, loads: LoadOutputs = LoadOutputs()) -> None:  # noqa: B008  frozen
    runs = FaultRuns(
        cast("RunsSource", source),
        Cassette("full_refresh", ()),
        Path(),
        Location("contract.yaml", 1),
        LeakSearch({"password": SECRET}),
    )
    security.test_no_canary_in_output(cast("Any", Contract()), runs, loads, evidence)


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


@pytest.mark.parametrize("scenario", ["the happy path", FIRST])
def test_what_printed_more_than_is_kept_does_not_pass(scenario: str) -> None:
    with pytest.raises(Unverified, match=f"^{scenario}: .* printed more than is kept.* searched whole"):
        judge(Source(cut=scenario), EvidenceLog())


def test_what_a_load_lets_out_is_searched_too() -> None:
    told = LoadOutputs(
        2, (("what a load prints", "connected"), ("the message of a load's error", f"with {SECRET}"))
    )
    with pytest.raises(RuleBroken) as caught:
        judge(Source(), EvidenceLog(), told)
    (finding,) = caught.value.findings
    assert (finding.message, finding.location) == (
        "password comes out in the message of a load's error, as it is",
        Location("contract.yaml", 7),
    )


def test_a_sink_that_could_not_be_tried_does_not_pass() -> None:
    with pytest.raises(Unverified, match=r"the sink's output could not be searched: there is no driver"):
        judge(Source(), EvidenceLog(), LoadOutputs(undecided="there is no driver"))
