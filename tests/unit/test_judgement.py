"""What outcomes amount to: statuses, verdict, exit code, tier, reasons, counts."""

from __future__ import annotations

import datetime
import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.contract import Contract, Waiver
from certify.errors import ContractError
from certify.model import (
    WORST_FIRST,
    Effort,
    Finding,
    IdResult,
    Location,
    OwnEvidence,
    Report,
    RuleResult,
    Status,
    SuiteFacts,
    Tier,
    Verdict,
    digest_of,
    worst,
)
from certify.plan import Plan
from tests.unit.fakes import (
    TODAY,
    a_contract,
    a_plan,
    a_report,
    a_rule,
    a_run,
    a_waiver,
    an_id,
    an_outcome,
    judged,
)

PASSED, FAILED, ERRORED, BLOCKED = Status.PASSED, Status.FAILED, Status.ERRORED, Status.BLOCKED
UNVERIFIED, WAIVED, NOT_APPLICABLE = Status.UNVERIFIED, Status.WAIVED, Status.NOT_APPLICABLE
DAY = datetime.timedelta(days=1)


def rule(report: Report, name: str) -> RuleResult:
    return next(one for one in report.rules if one.id == name)


def the_id(report: Report, name: str) -> IdResult:
    return next(one for one in report.ids if one.id == name)


# --- status, verdict, exit code -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "verdict", "code"),
    [
        (PASSED, Verdict.CERTIFIED, 0),
        (FAILED, Verdict.NOT_CERTIFIED, 1),
        (ERRORED, Verdict.INCOMPLETE, 3),
        (BLOCKED, Verdict.INCOMPLETE, 3),
        (UNVERIFIED, Verdict.INCOMPLETE, 3),
        (NOT_APPLICABLE, Verdict.CERTIFIED, 0),
    ],
)
def test_each_status_of_a_required_rule_has_its_verdict(status: Status, verdict: Verdict, code: int) -> None:
    report = judged({"other": PASSED, "this": status})
    assert (report.verdict, report.exit_code) == (verdict, code)


@pytest.mark.parametrize("status", list(Status))
def test_a_rule_that_is_not_required_does_not_touch_the_verdict(status: Status) -> None:
    rules = [a_rule("needed"), a_rule("beyond", Tier.GOLD)]
    contract = a_contract(tier=Tier.BRONZE)
    report = a_report(contract, a_plan(contract, rules), an_outcome("needed"), an_outcome("beyond", status))
    assert (report.verdict, report.exit_code) == (Verdict.CERTIFIED, 0)
    assert not rule(report, "beyond").required


@pytest.mark.parametrize("worse", [ERRORED, BLOCKED, UNVERIFIED])
def test_one_failure_outweighs_whatever_is_open(worse: Status) -> None:
    report = judged({"one": worse, "two": FAILED, "three": PASSED})
    assert (report.verdict, report.exit_code) == (Verdict.NOT_CERTIFIED, 1)


@pytest.mark.parametrize("status", [NOT_APPLICABLE, None])
def test_a_connector_of_which_nothing_was_seen_is_not_certified(status: Status | None) -> None:
    report = judged({"one": status} if status else {})
    assert (report.verdict, report.exit_code) == (Verdict.INCOMPLETE, 3)


def test_an_id_that_nothing_knows_leaves_the_report_incomplete() -> None:
    report = judged({"one": PASSED}, a_contract("vendor_quota"))
    assert report.verdict is Verdict.INCOMPLETE
    told = the_id(report, "vendor_quota")
    assert told.status is UNVERIFIED
    assert told.message == "no installed rule and no test of the connector's own stands for this id"
    assert [reason.id for reason in report.reasons] == ["vendor_quota"]


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [({"one": PASSED}, Verdict.INCOMPLETE), ({"one": FAILED}, Verdict.NOT_CERTIFIED)],
)
def test_an_interrupted_run_is_never_certified(statuses: dict[str, Status], verdict: Verdict) -> None:
    contract = a_contract()
    plan = a_plan(contract, [a_rule(name) for name in statuses])
    outcomes = [an_outcome(name, status) for name, status in statuses.items()]
    report = a_report(contract, plan, *outcomes, run=a_run(interrupted=True))
    assert (report.verdict, report.exit_code) == (verdict, 130)


def test_what_an_interruption_kept_from_running_is_unverified() -> None:
    contract = a_contract()
    plan = a_plan(contract, [a_rule("ran"), a_rule("waiting")])
    report = a_report(contract, plan, an_outcome("ran"), run=a_run(interrupted=True))
    assert rule(report, "waiting").status is UNVERIFIED
    assert rule(report, "waiting").message == "interrupted before it ran"


def test_a_planned_rule_without_an_outcome_is_our_fault() -> None:
    contract = a_contract()
    report = a_report(contract, a_plan(contract, [a_rule("ran"), a_rule("lost")]), an_outcome("ran"))
    assert rule(report, "lost").status is ERRORED
    assert rule(report, "lost").message == "planned, but it left no outcome"
    assert (report.verdict, report.exit_code) == (Verdict.INCOMPLETE, 3)


def test_an_outcome_that_was_not_planned_changes_nothing() -> None:
    report = a_report(
        a_contract(), a_plan(a_contract(), [a_rule("one")]), an_outcome("one"), an_outcome("alien", FAILED)
    )
    assert report.verdict is Verdict.CERTIFIED
    assert [one.id for one in report.rules] == ["one"]


# --- a selection ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"),
    [(PASSED, 0), (NOT_APPLICABLE, 0), (FAILED, 1), (ERRORED, 1), (BLOCKED, 1), (UNVERIFIED, 1)],
)
def test_a_selection_has_an_exit_code_but_no_verdict(status: Status, code: int) -> None:
    report = judged({"one": status}, a_contract("vendor_quota"), only=("one",))
    assert (report.verdict, report.exit_code) == (Verdict.NONE, code)
    assert (report.ids, report.tier, report.next_tier) == ((), None, None)


def test_a_selection_says_why_a_rule_beyond_the_policy_fails() -> None:
    contract = a_contract()
    plan = a_plan(contract, [a_rule("beyond", Tier.GOLD)], only=("beyond",))
    report = a_report(contract, plan, an_outcome("beyond", FAILED, "it broke"))
    assert [(reason.id, reason.message) for reason in report.reasons] == [("beyond", "it broke")]


# --- folding --------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(Status)), min_size=1))
def test_the_worst_of_some_statuses_is_the_first_in_the_order(statuses: list[Status]) -> None:
    assert worst(statuses) is next(status for status in WORST_FIRST if status in statuses)


def test_the_worst_of_nothing_is_unverified() -> None:
    assert worst([]) is UNVERIFIED


def test_the_order_of_badness_holds_every_status() -> None:
    assert sorted(WORST_FIRST) == sorted(Status)
    assert WORST_FIRST[-2:] == (PASSED, NOT_APPLICABLE), "one that passed counts beside one that cannot apply"


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(Status, 2)))
def test_a_rule_has_the_status_and_the_words_of_its_worst_item(one: Status, other: Status) -> None:
    contract = a_contract()
    outcomes = [an_outcome("rule", one, f"it {one}"), an_outcome("rule", other, f"it {other}")]
    for order in (outcomes, outcomes[::-1]):
        result = rule(a_report(contract, a_plan(contract, [a_rule("rule")]), *order), "rule")
        assert result.status is worst([one, other])
        assert result.message == f"it {worst([one, other])}"
        assert result.seconds == 0.5
        assert len(result.items) == 2


def test_the_findings_and_the_evidence_of_all_items_are_kept() -> None:
    contract = a_contract()
    here, there = Finding("no place"), Finding("a place", Location("a.py", 3), fix="mend a.py")
    result = rule(
        a_report(
            contract,
            a_plan(contract, [a_rule("rule")]),
            an_outcome("rule", FAILED, "first", here),
            an_outcome("rule", FAILED, "second", there),
            an_outcome("rule"),
        ),
        "rule",
    )
    assert result.findings == (here, there)
    assert result.location == Location("a.py", 3)
    assert (result.message, len(result.evidence)) == ("first", 1)


@pytest.mark.parametrize(
    ("statuses", "folded"),
    [
        ((PASSED, PASSED), PASSED),
        ((PASSED, NOT_APPLICABLE), PASSED),
        ((PASSED, UNVERIFIED), UNVERIFIED),
        ((UNVERIFIED, BLOCKED), BLOCKED),
        ((BLOCKED, ERRORED), ERRORED),
        ((ERRORED, FAILED), FAILED),
    ],
)
def test_an_id_is_as_good_as_the_worst_of_its_rules(statuses: tuple[Status, Status], folded: Status) -> None:
    both = dict(zip(("one", "two"), statuses, strict=True))
    report = judged(both, a_contract("set"), an_id("set", "one", "two"))
    assert the_id(report, "set").status is folded


def test_an_id_of_which_one_rule_is_not_installed_is_unverified() -> None:
    ids = an_id("set", "one", "absent", needs="subject:\n  source: here\nreplay:\n  cassettes: there\n")
    report = judged({"one": PASSED}, a_contract("set"), ids)
    told = the_id(report, "set")
    assert (told.status, told.message) == (UNVERIFIED, "no installed rule exercises absent")
    assert told.needs == ids.needs
    (reason,) = report.reasons
    assert reason.fix.startswith("add subject.source, replay.cassettes to the contract")


def test_an_id_that_fails_says_which_rule_and_why() -> None:
    contract = a_contract("set")
    plan = a_plan(contract, [a_rule("one"), a_rule("two")], an_id("set", "one", "two", needs="lines:\n"))
    report = a_report(contract, plan, an_outcome("one"), an_outcome("two", FAILED, "it broke"))
    told = the_id(report, "set")
    assert (told.status, told.message, told.needs) == (FAILED, "two: it broke", "")


def test_a_rule_for_other_systems_does_not_hold_up_an_id() -> None:
    contract = a_contract("import_safety", system="singer")
    rules = [a_rule("imports"), a_rule("names_match", systems=("dpone",))]
    plan = a_plan(contract, rules, an_id("import_safety", "imports", "names_match"))
    report = a_report(contract, plan, an_outcome("imports"))
    assert the_id(report, "import_safety").status is PASSED
    assert (report.verdict, report.reasons) == (Verdict.CERTIFIED, ())


def test_a_rule_on_what_is_not_claimed_does_not_hold_up_an_id() -> None:
    contract = a_contract("set")
    rules = [a_rule("reads"), a_rule("writes", capabilities=("sink",))]
    plan = a_plan(contract, rules, an_id("set", "reads", "writes"))
    assert the_id(a_report(contract, plan, an_outcome("reads")), "set").status is PASSED


def test_an_id_of_which_no_rule_applies_is_unverified_and_says_so() -> None:
    contract = a_contract("loads")
    rules = [a_rule("reads"), a_rule("writes", capabilities=("sink",))]
    report = a_report(contract, a_plan(contract, rules, an_id("loads", "writes")), an_outcome("reads"))
    assert report.verdict is Verdict.INCOMPLETE
    (reason,) = report.reasons
    assert reason.message == "writes: not for this system, or for a capability that is not claimed"
    assert reason.fix == "drop it from the contract, or claim the capability it speaks of"


# --- the connector's own tests --------------------------------------------------------------------------


def with_own(contract: Contract, plan: Plan, **said: bool) -> Report:
    """The report on a run where tests of the connector's own said so of `vendor_quota`."""
    own = tuple(OwnEvidence("vendor_quota", f"tests/{name}", passed) for name, passed in said.items())
    return a_report(contract, plan, replace(an_outcome("base"), own_evidence=own))


@pytest.mark.parametrize(
    ("said", "status", "message"),
    [
        ({"one": True}, PASSED, "the connector's own evidence: tests/one passed"),
        ({"one": True, "two": True}, PASSED, "the connector's own evidence: tests/one, tests/two passed"),
        ({"one": True, "two": False}, FAILED, "the connector's own evidence: tests/two fails"),
    ],
)
def test_the_connectors_own_tests_speak_for_an_id_that_no_rule_knows(
    said: dict[str, bool], status: Status, message: str
) -> None:
    contract = a_contract("vendor_quota")
    report = with_own(contract, a_plan(contract, [a_rule("base")]), **said)
    told = the_id(report, "vendor_quota")
    assert (told.status, told.message) == (status, message)
    assert report.verdict is (Verdict.CERTIFIED if status is PASSED else Verdict.NOT_CERTIFIED)
    assert [(one.id, one.message, one.fix) for one in report.reasons] == (
        [] if status is PASSED else [("vendor_quota", message, "mend the connector's own test")]
    )


def test_the_connectors_own_tests_never_stand_in_for_a_rule() -> None:
    contract = a_contract("vendor_quota")
    rules = [a_rule("base"), a_rule("counts_calls")]
    plan = a_plan(contract, rules, an_id("vendor_quota", "counts_calls"))
    assert the_id(with_own(contract, plan, one=True), "vendor_quota").status is ERRORED
    not_installed = a_plan(contract, [a_rule("base")], an_id("vendor_quota", "counts_calls"))
    assert the_id(with_own(contract, not_installed, one=True), "vendor_quota").status is UNVERIFIED


def test_the_connectors_own_tests_speak_only_for_what_they_name() -> None:
    contract = a_contract("vendor_quota", "vendor_limit")
    report = with_own(contract, a_plan(contract, [a_rule("base")]), one=True)
    assert the_id(report, "vendor_quota").status is PASSED
    assert the_id(report, "vendor_limit").status is UNVERIFIED


# --- tier -----------------------------------------------------------------------------------------------


def reached(*tiers: tuple[Tier, Status]) -> Report:
    """The report on one rule for each entry, named after its tier and place."""
    contract = a_contract(tier=Tier.BRONZE)
    rules = [a_rule(f"{tier}_{place}", tier) for place, (tier, _) in enumerate(tiers)]
    outcomes = [an_outcome(one.id, status, "it broke") for one, (_, status) in zip(rules, tiers, strict=True)]
    return a_report(contract, a_plan(contract, rules), *outcomes)


@pytest.mark.parametrize(
    ("rules", "tier"),
    [
        ((), None),
        (((Tier.BRONZE, PASSED),), Tier.BRONZE),
        (((Tier.BRONZE, PASSED), (Tier.BRONZE, NOT_APPLICABLE)), Tier.BRONZE),
        (((Tier.BRONZE, NOT_APPLICABLE),), None),
        (((Tier.BRONZE, PASSED), (Tier.SILVER, PASSED)), Tier.SILVER),
        (((Tier.BRONZE, PASSED), (Tier.SILVER, FAILED)), Tier.BRONZE),
        (((Tier.BRONZE, FAILED), (Tier.SILVER, PASSED)), None),
        (((Tier.BRONZE, PASSED), (Tier.GOLD, PASSED)), Tier.BRONZE),
        (((Tier.SILVER, PASSED),), None),
        (tuple((tier, PASSED) for tier in Tier), Tier.PLATINUM),
        (((Tier.BRONZE, PASSED), (Tier.SILVER, UNVERIFIED)), Tier.BRONZE),
        (((Tier.BRONZE, PASSED), (Tier.SILVER, ERRORED)), Tier.BRONZE),
        (((Tier.BRONZE, PASSED), (Tier.SILVER, BLOCKED)), Tier.BRONZE),
    ],
)
def test_a_tier_is_reached_where_all_rules_up_to_it_passed(
    rules: tuple[tuple[Tier, Status], ...], tier: Tier | None
) -> None:
    assert reached(*rules).tier == tier


def test_an_empty_tier_is_no_tier_and_stops_the_climb() -> None:
    assert reached((Tier.BRONZE, PASSED), (Tier.GOLD, PASSED), (Tier.PLATINUM, PASSED)).tier is Tier.BRONZE


def test_a_waived_rule_keeps_its_tier_out_of_reach() -> None:
    contract = a_contract(tier=Tier.SILVER, waivers=(a_waiver("icon"),))
    plan = a_plan(contract, [a_rule("base"), a_rule("icon", Tier.SILVER)])
    report = a_report(contract, plan, an_outcome("base"), an_outcome("icon", FAILED))
    assert (report.verdict, report.tier) == (Verdict.CERTIFIED, Tier.BRONZE)


def test_no_tier_above_bronze_is_reached_while_an_id_of_the_contract_is_open() -> None:
    contract = a_contract("vendor_quota")
    plan = a_plan(contract, [a_rule("base"), a_rule("more", Tier.SILVER)])
    assert a_report(contract, plan, an_outcome("base"), an_outcome("more")).tier is Tier.BRONZE


def test_the_way_up_goes_to_the_next_tier_cheapest_rule_first() -> None:
    contract = a_contract()
    rules = [
        a_rule("base"),
        a_rule("dear", Tier.SILVER, effort=Effort.HIGH),
        a_rule("cheap", Tier.SILVER, effort=Effort.LOW),
        a_rule("fair", Tier.SILVER, effort=Effort.MEDIUM),
        a_rule("done", Tier.SILVER, effort=Effort.LOW),
        a_rule("far", Tier.GOLD, effort=Effort.LOW),
    ]
    broken = Finding("it broke", fix="turn the screw")
    outcomes = [
        an_outcome("base"),
        an_outcome("done"),
        an_outcome("dear", FAILED, "it broke", broken),
        an_outcome("cheap", UNVERIFIED),
        an_outcome("fair", NOT_APPLICABLE),
        an_outcome("far", FAILED),
    ]
    way = a_report(contract, a_plan(contract, rules), *outcomes).next_tier
    assert way is not None
    assert way.tier is Tier.SILVER
    assert [(step.id, step.status, step.fix) for step in way.rules] == [
        ("cheap", UNVERIFIED, "mend cheap"),
        ("dear", FAILED, "turn the screw"),
    ]


def test_the_way_up_begins_where_the_tier_was_missed() -> None:
    way = reached((Tier.BRONZE, FAILED), (Tier.SILVER, FAILED)).next_tier
    assert way is not None
    assert (way.tier, [step.id for step in way.rules]) == (Tier.BRONZE, ["bronze_0"])


def test_there_is_no_way_up_from_the_top() -> None:
    assert reached(*((tier, PASSED) for tier in Tier)).next_tier is None


# --- waivers --------------------------------------------------------------------------------------------


def waived(status: Status, *waivers: Waiver, day: datetime.date = TODAY) -> Report:
    """The report, on some day, on a rule `icon` that ends so under these waivers."""
    contract = a_contract(waivers=waivers)
    plan = a_plan(contract, [a_rule("base"), a_rule("icon")])
    return a_report(
        contract, plan, an_outcome("base"), an_outcome("icon", status, "it broke"), run=a_run(day)
    )


@pytest.mark.parametrize("status", [FAILED, UNVERIFIED])
@pytest.mark.parametrize("expires", [TODAY, TODAY + DAY], ids=["last day", "in date"])
def test_a_waiver_in_date_takes_a_finding_out_of_the_verdict(status: Status, expires: datetime.date) -> None:
    report = waived(status, a_waiver("icon", expires))
    result = rule(report, "icon")
    assert (report.verdict, result.status, result.message) == (Verdict.CERTIFIED, WAIVED, "it broke")
    assert result.waiver is not None
    assert (result.waiver.owner, result.waiver.expires) == ("data-platform", expires.isoformat())
    assert report.required == {WAIVED: 1, PASSED: 1}
    assert report.reasons == ()


def test_a_waiver_that_has_expired_lets_the_finding_count_again() -> None:
    report = waived(FAILED, a_waiver("icon", TODAY - DAY))
    assert (report.verdict, rule(report, "icon").status) == (Verdict.NOT_CERTIFIED, FAILED)
    assert rule(report, "icon").waiver is None
    assert report.reasons[0].message == "it broke (its waiver expired on 2026-03-01)"


@pytest.mark.parametrize("status", [ERRORED, BLOCKED])
def test_what_the_harness_could_not_decide_is_not_waived(status: Status) -> None:
    report = waived(status, a_waiver("icon"))
    assert (report.verdict, rule(report, "icon").status) == (Verdict.INCOMPLETE, status)


@pytest.mark.parametrize("expires", [TODAY, TODAY - DAY], ids=["in date", "expired"])
def test_a_waiver_for_what_passes_is_to_be_removed(expires: datetime.date) -> None:
    with pytest.raises(ContractError) as caught:
        waived(PASSED, a_waiver("icon", expires))
    assert str(caught.value) == "certification.yaml:10: waivers[0].rule: icon passes; remove the waiver"


def test_a_waiver_for_what_does_not_apply_is_to_be_removed() -> None:
    with pytest.raises(ContractError, match=r"waivers\[0\]\.rule: icon does not apply; remove the waiver"):
        waived(NOT_APPLICABLE, a_waiver("icon"))


@pytest.mark.parametrize(
    ("waivers", "told"),
    [
        ((a_waiver("sinks"),), "sinks is not for this system, or for a capability that is not claimed"),
        ((a_waiver("icon"), a_waiver("icon")), "icon is waived twice; remove one"),
    ],
)
def test_a_waiver_that_can_do_nothing_is_refused_before_the_run(
    waivers: tuple[Waiver, ...], told: str
) -> None:
    contract = a_contract(waivers=waivers)
    with pytest.raises(ContractError, match=told):
        a_plan(contract, [a_rule("icon"), a_rule("sinks", capabilities=("sink",))])


def test_waivers_alone_certify_nothing() -> None:
    contract = a_contract(waivers=(a_waiver("icon"),))
    report = judged({"icon": FAILED}, contract)
    assert (report.verdict, report.required) == (Verdict.INCOMPLETE, {WAIVED: 1})


def test_the_id_of_a_waived_rule_is_waived_not_passed() -> None:
    contract = a_contract("set", waivers=(a_waiver("icon"),))
    report = judged({"icon": FAILED, "base": PASSED}, contract, an_id("set", "icon", "base"))
    assert the_id(report, "set").status is WAIVED


# --- counts, reasons, coverage --------------------------------------------------------------------------


def test_an_id_under_many_capabilities_counts_once() -> None:
    contract = a_contract(claims={"source": ("set",), "sink": ("set",), "state": ("set", "alone")})
    report = judged({"one": PASSED, "alone": FAILED}, contract, an_id("set", "one"))
    assert len(report.ids) == 4
    assert report.required == {FAILED: 1, PASSED: 1}


def test_a_required_rule_counts_by_itself_where_no_id_covers_it() -> None:
    report = judged({"one": PASSED, "two": PASSED}, a_contract("set"), an_id("set", "one"))
    assert report.required == {PASSED: 2}


def test_an_unknown_id_is_one_reason_however_often_it_is_named() -> None:
    contract = a_contract(claims={"source": ("vendor_quota",), "sink": ("vendor_quota",)})
    report = judged({"one": PASSED}, contract)
    assert [reason.id for reason in report.reasons] == ["vendor_quota"]
    assert report.reasons[0].fix == "install a suite that has the rule; this one has not"


def test_the_reasons_come_worst_first_with_place_and_fix() -> None:
    contract = a_contract("vendor_quota")
    rules = [a_rule("late"), a_rule("stuck"), a_rule("broken"), a_rule("beyond", Tier.GOLD)]
    place = Location("a.py", 3)
    report = a_report(
        contract,
        a_plan(contract, rules),
        an_outcome("late", BLOCKED, "the import failed"),
        an_outcome("stuck", ERRORED, "no space left"),
        an_outcome("broken", FAILED, "a.py:3: no", Finding("no", place, fix="say yes")),
        an_outcome("beyond", FAILED),
    )
    assert [(reason.id, reason.status) for reason in report.reasons] == [
        ("broken", FAILED),
        ("stuck", ERRORED),
        ("late", BLOCKED),
        ("vendor_quota", UNVERIFIED),
    ]
    assert (report.reasons[0].fix, report.reasons[0].location) == ("say yes", place)
    assert report.reasons[1].fix == "mend stuck"


@pytest.mark.parametrize(
    ("needs", "fix"),
    [
        ("", "mend it"),
        ("# certify record --force, of a list that takes three pages\n",
         "certify record --force, of a list that takes three pages"),
        ("subject:\n  source: m:f\n  # as it is called\nreplay:\n  cassettes: here  # all of them\n",
         "add subject.source, replay.cassettes to the contract, as the report shows"),
        ("# metadata.yaml\ndata:\n  name: x\n", "metadata.yaml: what it has to hold stands in the report"),
        ("one\ntwo\n", "do what stands in the report"),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_mended_by_what_is_missing_and_not_as_a_failure(needs: str, fix: str) -> None:
    outcome = replace(an_outcome("it", UNVERIFIED, "nothing was seen"), detail=needs)
    report = a_report(a_contract(), a_plan(a_contract(), [a_rule("it")]), outcome)
    assert [reason.fix for reason in report.reasons] == [fix]
    assert report.next_tier is not None
    assert [step.fix for step in report.next_tier.rules] == [fix]


def test_coverage_counts_what_was_claimed_exercised_planned_and_run() -> None:
    contract = a_contract(claims={"source": ("one",), "sink": ("two",), "state": ("three",)})
    statuses = {"one": PASSED, "two": UNVERIFIED, "three": FAILED, "four": BLOCKED}
    coverage = judged(statuses, contract).coverage
    assert coverage.claimed_capabilities == ("source", "sink", "state")
    assert coverage.exercised_capabilities == ("source", "state")
    assert (coverage.planned, coverage.ran) == (4, 2)


def test_each_rule_is_told_with_the_suite_it_comes_from() -> None:
    contract = a_contract()
    suites = (SuiteFacts("other", "1", "sha256:1", "suit"), SuiteFacts("ours", "1", "sha256:2", "suite"))
    run = replace(a_run(), suites=suites)
    report = a_report(contract, a_plan(contract, [a_rule("one")]), an_outcome("one"), run=run)
    assert rule(report, "one").suite == "ours"


def test_the_report_is_sealed_over_all_it_says_and_lists_what_was_planned() -> None:
    report = judged({"one": PASSED, "two": FAILED})
    assert report.footer.planned_ids == ("one", "two")
    assert report.footer.digest == digest_of(report)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([f"rule_{n}" for n in range(6)]), st.sampled_from(list(Status))))
def test_certified_means_that_nothing_required_is_open_and_something_passed(
    statuses: dict[str, Status],
) -> None:
    statuses = {name: status for name, status in statuses.items() if status is not WAIVED}
    report = judged(statuses)
    good = set(statuses.values()) <= {PASSED, NOT_APPLICABLE} and PASSED in statuses.values()
    assert (report.verdict is Verdict.CERTIFIED) == good
    assert (report.exit_code == 0) == good
    assert bool(report.reasons) == bool(set(statuses.values()) & {FAILED, ERRORED, BLOCKED, UNVERIFIED})
    assert sum(report.required.values()) == len(statuses)
