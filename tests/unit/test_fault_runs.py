"""How a source is run through faults: the happy path once, and pages told from other lists."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from certify.model import Location
from certify.replay import Asked, Cassette, Exchange, Scenario, faults
from certify.rules import Blocked, EvidenceLog, HarnessFault, NotApplicable, Unverified
from certify.run import Rows, Run
from certify.sandbox.driven import RunsSource
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.leaks import LeakSearch


def ran(how: str = "finished", *exchanges: Exchange, code: int | None = None) -> Run:
    """A run with one row."""
    return Run(
        how=how,
        rows=Rows((("", "1"),)),
        states=(),
        exchanges=exchanges,
        waits=(),
        log=(),
        output="",
        raised=None,
        code=code,
        virtual_seconds=0.0,
        seconds=20.0,
        peak_kib=0,
    )


def asked(number: int, path: str, page: int, fault: bool = False) -> Exchange:
    one = Asked("GET", "api.example", path, f"page={page}")
    key = (one.method, one.host, one.path, one.query, "")
    struck = faults.HANG if fault else None
    return Exchange(number, one, 0.0, key, 200, struck, None, delivered=True)


class Source:
    """Gives the run of each scenario, and counts."""

    import_error = None
    plan = None

    def __init__(self, happy_path: Run, *others: Run) -> None:
        self.happy_path = happy_path
        self.others = list(others)
        self.scenarios: list[Scenario] = []

    def run(self, cassette: Cassette, scenario: Scenario = Scenario()) -> Run:  # noqa: B008  frozen
        self.scenarios.append(scenario)
        return self.happy_path if scenario.fault is None else self.others.pop(0)


def fault_runs(source: Any) -> FaultRuns:
    cassette, named = Cassette("full_refresh", ()), Location("contract.yaml", 1)
    return FaultRuns(cast("RunsSource", source), cassette, Path(), named, LeakSearch({}))


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("wall", None, "stopped after 20 s of real time"),
        ("memory", None, "because of the memory that it took"),
        ("crashed", -11, r"a crash of its process \(SIGSEGV\)"),
        ("crashed", None, r"a crash of its process \(without a signal\)"),
        ("exit", 3, "exit code 3"),
    ],
)
def test_a_happy_path_that_fails_is_made_once_for_all_rules(how: str, code: int | None, said: str) -> None:
    source = Source(ran(how, code=code))
    runs = fault_runs(source)
    for _ in range(3):
        with pytest.raises(Blocked, match=f"the happy path fails: .*{said}"):
            _ = runs.baseline
    assert len(source.scenarios) == 1


@pytest.mark.parametrize("how", ["crashed", "lost"])
def test_a_crash_that_only_a_fault_brings_is_nobodys_fault_yet(how: str) -> None:
    happy = ran("finished", asked(0, "/rows", 1))
    runs = fault_runs(Source(happy, ran(how, asked(0, "/rows", 1, fault=True), code=-9)))
    with pytest.raises(HarnessFault):
        runs.observe(faults.HANG, 1, 0, EvidenceLog())


def test_the_pages_of_a_list_are_found_between_those_of_others() -> None:
    """Two lists, read beside each other."""
    order = [("/a", 1), ("/b", 1), ("/b", 2), ("/a", 2), ("/b", 3)]
    exchanges = [asked(number, path, page) for number, (path, page) in enumerate(order)]
    struck = [ran("finished", *exchanges[:2], asked(2, "/b", 2, fault=True)) for _ in range(2)]
    source = Source(ran("finished", *exchanges), *struck)
    assert len(list(fault_runs(source).on_later_pages(faults.HANG, 1, EvidenceLog()))) == 2
    assert [one.position for one in source.scenarios[1:]] == [2, 4]


def test_lists_of_one_page_have_no_later_ones() -> None:
    source = Source(ran("finished", asked(0, "/a", 1), asked(1, "/b", 1), asked(2, "/a", 1)))
    with pytest.raises(NotApplicable, match="one page"):
        list(fault_runs(source).on_later_pages(faults.HANG, 1, EvidenceLog()))


@pytest.mark.parametrize(("seconds", "decided"), [(0.3, False), (19.0, True)])
def test_a_wait_in_real_time_is_nobodys_fault_and_a_loop_is(seconds: float, decided: bool) -> None:
    happy = ran("finished", asked(0, "/rows", 1))
    stopped = replace(ran("wall", asked(0, "/rows", 1, fault=True)), seconds=20.0, cpu_seconds=seconds)
    runs = fault_runs(Source(happy, stopped))
    if decided:
        assert runs.observe(faults.HANG, 1, 0, EvidenceLog()).run is stopped
    else:
        with pytest.raises(Unverified, match="where time is real; it was stopped after 20 s"):
            runs.observe(faults.HANG, 1, 0, EvidenceLog())
