"""What two reports of a connector have to say to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.drift import Cause, Change, Drift, Entry, compare
from certify.errors import ReportError
from certify.model import CassetteFacts, Machine, Performance, Report, Status, SuiteFacts, Tier, Verdict
from certify_reports.drift import render
from tests.unit.fakes import a_contract, a_waiver, an_id, judged
from tests.unit.report_samples import certified, hostile_texts, not_certified, spoken, unhurried

PASSED, FAILED, UNVERIFIED = Status.PASSED, Status.FAILED, Status.UNVERIFIED


def a_report(statuses: Mapping[str, Status], tree: str = "0", suite: str = "1.0") -> Report:
    """The report on rules that ended so; `tree` and `suite` tell two of them apart."""
    report = judged(statuses)
    rules = tuple(replace(one, suite="ours") for one in report.rules)
    run = replace(report.run, suites=(SuiteFacts("ours", suite, "sha256:" + suite),))
    return replace(report, connector=replace(report.connector, tree_digest=tree), run=run, rules=rules)


def changed(old: Report, new: Report) -> Entry:
    (entry,) = compare(old, new).entries
    return entry


def test_a_report_beside_itself_has_nothing_to_tell() -> None:
    drift = compare(certified(), certified())
    assert (drift.entries, drift.connector_changes, drift.suite_changes) == ((), (), ())
    assert drift.exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (PASSED, FAILED, Change.NEWLY_FAILING),
        (UNVERIFIED, FAILED, Change.NEWLY_FAILING),
        (Status.WAIVED, FAILED, Change.NEWLY_FAILING),
        (None, FAILED, Change.NEWLY_FAILING),
        (PASSED, UNVERIFIED, Change.UNVERIFIED_NOW),
        (FAILED, Status.ERRORED, Change.UNVERIFIED_NOW),
        (None, Status.BLOCKED, Change.UNVERIFIED_NOW),
        (FAILED, Status.WAIVED, Change.NEWLY_WAIVED),
        (FAILED, PASSED, Change.FIXED),
        (UNVERIFIED, PASSED, Change.FIXED),
        (Status.WAIVED, PASSED, Change.FIXED),
        (PASSED, None, Change.GONE),
        (FAILED, Status.NOT_APPLICABLE, Change.GONE),
        (UNVERIFIED, Status.BLOCKED, None),
        (None, PASSED, None),
        (Status.NOT_APPLICABLE, PASSED, None),
        (FAILED, FAILED, None),
    ],
)
def test_each_change_has_its_name(old: Status | None, new: Status | None, change: Change | None) -> None:
    before = a_report({"base": PASSED} | ({"one": old} if old else {}))
    after = a_report({"base": PASSED} | ({"one": new} if new else {}), tree="1")
    drift = compare(before, after)
    assert [(one.id, one.change) for one in drift.entries] == ([("one", change)] if change else [])
    assert drift.exit_code == (1 if change is Change.NEWLY_FAILING else 0)


@pytest.mark.parametrize(
    ("tree", "suite", "cause"),
    [
        ("1", "1.0", Cause.CONNECTOR),
        ("0", "1.1", Cause.RULE),
        ("1", "1.1", Cause.BOTH),
        ("0", "1.0", Cause.NEITHER),
    ],
)
def test_who_changed_is_told_from_the_inputs(tree: str, suite: str, cause: Cause) -> None:
    entry = changed(a_report({"one": PASSED}), a_report({"one": FAILED}, tree=tree, suite=suite))
    assert (entry.change, entry.cause) == (Change.NEWLY_FAILING, cause)
    assert entry.rule_changes == (("another suite",) if suite == "1.1" else ())


@pytest.mark.parametrize("name", ["title", "why", "tier"])
def test_a_rule_that_asks_for_more_has_changed(name: str) -> None:
    new = a_report({"one": FAILED})
    value = Tier.GOLD if name == "tier" else "it asks for more"
    rules = tuple(replace(one, **{name: value}) for one in new.rules)  # type: ignore[arg-type]  # by name
    entry = changed(a_report({"one": PASSED}), replace(new, rules=rules))
    assert (entry.cause, entry.rule_changes) == (Cause.RULE, (f"another {name}",))


def test_a_rule_is_new_where_its_suite_is_and_else_only_newly_asked() -> None:
    old, statuses = a_report({"base": PASSED}), {"base": PASSED, "one": FAILED}
    assert changed(old, a_report(statuses, suite="1.1")).rule_changes == ("the rule is new",)
    asked = changed(old, a_report(statuses, tree="1"))
    assert (asked.cause, asked.rule_changes) == (Cause.CONNECTOR, ())


def test_another_certify_may_judge_otherwise() -> None:
    new = a_report({"one": FAILED})
    entry = changed(a_report({"one": PASSED}), replace(new, run=replace(new.run, certify_version="9")))
    assert (entry.cause, entry.rule_changes) == (Cause.RULE, ("another certify",))


def test_an_earlier_report_did_not_know_its_cassettes() -> None:
    new = certified()
    new = replace(new, run=replace(new.run, cassettes=(CassetteFacts("a.yaml", "sha256:0"),)))
    assert compare(certified(), new).connector_changes == ("cassettes",)
    assert compare(replace(certified(), schema_version="1.0"), new).connector_changes == ()


def test_an_id_that_no_rule_stands_for_is_compared_too() -> None:
    old = judged({"one": PASSED}, a_contract("vendor_quota"))
    ids = tuple(replace(one, status=FAILED) for one in old.ids)
    assert changed(old, replace(old, ids=ids)).id == "vendor_quota"
    ruled = judged({"one": PASSED}, a_contract("set"), an_id("set", "one"))
    worse = replace(ruled, ids=tuple(replace(one, status=FAILED) for one in ruled.ids))
    assert compare(ruled, worse).entries == ()


def test_what_a_selection_was_not_asked_for_is_not_gone() -> None:
    whole = a_report({"one": PASSED, "two": PASSED})
    part = replace(a_report({"one": FAILED}), verdict=Verdict.NONE)
    assert [one.id for one in compare(whole, part).entries] == ["one"]
    assert [one.change for one in compare(part, whole).entries] == [Change.FIXED]


def test_the_gravest_comes_first_and_what_is_required_before_the_rest() -> None:
    old = a_report({"a": PASSED, "b": FAILED, "c": PASSED, "d": PASSED})
    new = a_report({"a": UNVERIFIED, "b": PASSED, "c": FAILED, "d": FAILED})
    rules = tuple(replace(one, required=one.id != "c") for one in new.rules)
    assert [one.id for one in compare(old, replace(new, rules=rules)).entries] == ["d", "c", "a", "b"]


def test_a_waiver_is_told_with_its_last_day() -> None:
    new = judged({"one": FAILED, "base": PASSED}, a_contract(waivers=(a_waiver("one"),)))
    entry = changed(judged({"one": FAILED, "base": PASSED}), new)
    assert (entry.change, entry.waiver and entry.waiver.expires) == (Change.NEWLY_WAIVED, "2026-03-02")


def test_reports_of_two_connectors_are_not_compared() -> None:
    other = replace(certified(), connector=replace(certified().connector, name="another"))
    with pytest.raises(ReportError, match="reports of two connectors, demo_api and another"):
        compare(certified(), other)


def figures(report: Report) -> Performance:
    assert report.performance is not None
    return report.performance


def with_figures(change: float, machine: Machine | None = None) -> Report:
    report = certified()
    own = figures(report)
    loads = tuple(replace(one, memory_mib=one.memory_mib * change) for one in own.loads)
    faster = replace(
        own,
        rows_per_second=own.rows_per_second * change,
        loads=loads,
        machine=machine or own.machine,
    )
    return replace(report, performance=faster)


def test_figures_stand_beside_each_other() -> None:
    drift = compare(certified(), with_figures(1.25))
    assert [(one.name, round(one.percent or 0)) for one in drift.figures] == [
        ("throughput", 25),
        ("beside parsing alone", 0),
        ("memory, 10,000 rows", 25),
        ("memory, 40,000 rows", 25),
    ]
    assert drift.same_machine


def test_figures_of_two_machines_are_told_to_be_of_two() -> None:
    drift = compare(certified(), with_figures(2, Machine(64, "3.12", "Linux")))
    assert not drift.same_machine
    assert "on two machines: the figures are not comparable" in render(drift)


def test_without_figures_on_both_sides_there_are_none() -> None:
    assert compare(certified(), replace(certified(), performance=None)).figures == ()


# --- as Markdown ----------------------------------------------------------------------------------------


def drifted() -> Drift:
    new = not_certified()
    return compare(certified(), replace(new, connector=replace(new.connector, tree_digest="another")))


def test_the_answer_comes_first() -> None:
    lines = render(drifted()).splitlines()
    assert lines[0] == "# What changed in demo_api"
    assert lines[2] == "**✗ 2 rules newly failing.**"
    assert render(compare(certified(), certified())).splitlines()[2] == "**✓ No rule ended otherwise.**"


def test_each_change_says_why() -> None:
    page = render(drifted())
    assert "| `examples_parse` | ✓ passed | ✗ failed | connector changed |" in page
    assert page.index("## Newly failing") < page.index("## Not decided any more")


@unhurried
@given(hostile_texts(), st.sampled_from([certified, not_certified]))
def test_hostile_text_adds_no_row(text: str, sample: object) -> None:
    plain = drifted()
    shown = render(spoken(plain, text))
    assert shown.count("\n|") == render(plain).count("\n|")
    assert shown.count("\n#") == render(plain).count("\n#")
