"""What a contract asks of the installed rules, before anything runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from certify.errors import CertifyError, ContractError
from certify.model import IdKind, Tier
from certify.plan import Plan, make_plan
from tests.unit.fakes import a_contract, a_plan, a_registry, a_rule, a_waiver, an_id

FIRST, SECOND = a_rule("first"), a_rule("second", Tier.SILVER, area="other")


def ids_of(plan: Plan) -> list[tuple[str, str, str | None]]:
    return [(one.id, one.kind.value, one.capability) for one in plan.ids]


def rules_of(plan: Plan) -> list[str]:
    return [rule.id for rule in plan.rules]


def test_each_name_of_the_contract_becomes_an_id_with_its_place() -> None:
    contract = a_contract(
        claims={"source": ("first", "vendor_quota"), "sink": ("first",)},
        gates={"unit_tests": True, "docs_present": False},
        benchmark=True,
    )
    plan = a_plan(contract, [FIRST], an_id("unit_tests", "own_tests_pass"))
    assert ids_of(plan) == [
        ("first", "required_test", "source"),
        ("vendor_quota", "required_test", "source"),
        ("first", "required_test", "sink"),
        ("unit_tests", "gate", None),
        ("benchmark_required", "benchmark", None),
    ]


def test_an_id_named_twice_under_one_capability_is_one_id() -> None:
    assert len(a_plan(a_contract("first", "first"), [FIRST]).ids) == 1


def test_a_platforms_id_stands_for_its_rules_installed_or_not() -> None:
    (one,) = a_plan(a_contract("set"), [FIRST], an_id("set", "first", "absent", needs="subject:\n")).ids
    assert one.rules == ("first", "absent")
    assert one.needs == "subject:\n"


def test_a_rule_may_be_named_as_an_id() -> None:
    (one,) = a_plan(a_contract("first"), [FIRST]).ids
    assert one.rules == ("first",)


def test_a_platforms_id_goes_before_a_rule_of_its_name() -> None:
    (one,) = a_plan(a_contract("first"), [FIRST, SECOND], an_id("first", "second")).ids
    assert one.rules == ("second",)


def test_an_id_that_nothing_knows_is_kept() -> None:
    (one,) = a_plan(a_contract("vendor_quota"), [FIRST]).ids
    assert (one.id, one.kind, one.rules) == ("vendor_quota", IdKind.REQUIRED_TEST, ())


@pytest.mark.parametrize(
    ("policy", "required"),
    [
        (Tier.BRONZE, {"bronze"}),
        (Tier.SILVER, {"bronze", "silver"}),
        (Tier.GOLD, {"bronze", "silver", "gold"}),
        (Tier.PLATINUM, {"bronze", "silver", "gold", "platinum"}),
    ],
)
def test_rules_up_to_the_tier_of_the_policy_decide(policy: Tier, required: set[str]) -> None:
    rules = [a_rule(tier.value, tier) for tier in Tier]
    plan = a_plan(a_contract(tier=policy), rules)
    assert plan.required == required
    assert rules_of(plan) == [tier.value for tier in Tier], "the others run too, and decide the tier"


def test_a_rule_that_the_contract_names_decides_whatever_its_tier() -> None:
    dear = a_rule("dear", Tier.PLATINUM)
    assert a_plan(a_contract("dear"), [dear]).required == {"dear"}
    assert a_plan(a_contract("set"), [dear], an_id("set", "dear")).required == {"dear"}
    assert a_plan(a_contract(gates={"gate": True}), [dear], an_id("gate", "dear")).required == {"dear"}
    assert not a_plan(a_contract(gates={"gate": False}), [dear], an_id("gate", "dear")).required


def test_a_rule_of_another_system_is_not_planned() -> None:
    rules = [a_rule("ours", systems=("dpone",)), a_rule("theirs", systems=("singer", "airbyte"))]
    plan = a_plan(a_contract(system="dpone"), rules)
    assert rules_of(plan) == ["ours"]
    assert plan.inapplicable == {"theirs"}
    assert rules_of(a_plan(a_contract(system="airbyte"), rules)) == ["theirs"]


def test_a_rule_on_a_capability_is_planned_where_one_of_them_is_claimed() -> None:
    rules = [a_rule("reads", capabilities=("source", "importer")), a_rule("writes", capabilities=("sink",))]
    assert rules_of(a_plan(a_contract(claims={"source": ()}), rules)) == ["reads"]
    assert rules_of(a_plan(a_contract(claims={"sink": (), "importer": ()}), rules)) == ["reads", "writes"]
    assert rules_of(a_plan(a_contract(claims={"state": ()}), rules)) == []


@pytest.mark.parametrize(
    ("only", "chosen"),
    [
        (("first",), ["first"]),
        (("other",), ["second"]),
        (("set",), ["first", "second"]),
        (("other", "first"), ["first", "second"]),
        ((), ["first", "second"]),
    ],
    ids=["rule", "area", "id", "both", "nothing"],
)
def test_a_selection_is_of_rules_ids_and_areas(only: tuple[str, ...], chosen: list[str]) -> None:
    plan = a_plan(a_contract(), [FIRST, SECOND], an_id("set", "first", "second", "absent"), only=only)
    assert rules_of(plan) == chosen
    assert plan.selection is bool(only)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("frist", "did you mean 'first'?"),
        ("othr", "did you mean 'other'?"),
        ("st", "did you mean 'set'?"),
        ("zzz", "`certify rules` lists them"),
    ],
)
def test_an_unknown_selection_is_answered_with_the_nearest_name(word: str, hint: str) -> None:
    with pytest.raises(CertifyError) as caught:
        a_plan(a_contract(), [FIRST, SECOND], an_id("set", "first"), only=("first", word))
    assert str(caught.value) == f"--only {word}: no such rule, id or area; {hint}"


@pytest.mark.parametrize("word", ["theirs", "absent_set"])
def test_a_selection_of_nothing_that_applies_is_refused(word: str) -> None:
    rules = [FIRST, a_rule("theirs", systems=("singer",))]
    with pytest.raises(CertifyError, match=f"--only {word}: none of its rules is installed and applies"):
        a_plan(a_contract(), rules, an_id("absent_set", "absent"), only=(word,))


def test_a_waiver_for_an_unknown_rule_names_the_nearest_and_its_line() -> None:
    contract = a_contract(waivers=(a_waiver("second"), a_waiver("frist")))
    with pytest.raises(ContractError) as caught:
        a_plan(contract, [FIRST, SECOND])
    assert str(caught.value) == (
        "certification.yaml:11: waivers[1].rule: no rule 'frist'; did you mean 'first'?"
    )


def test_a_rule_that_may_not_be_waived_is_refused_before_anything_runs() -> None:
    contract = a_contract(waivers=(a_waiver("strict"),))
    with pytest.raises(ContractError) as caught:
        a_plan(contract, [a_rule("strict", waivable=False)])
    assert str(caught.value) == (
        "certification.yaml:10: waivers[0].rule: strict may not be waived; remove it"
    )


def test_an_empty_registry_plans_nothing_but_still_knows_the_ids() -> None:
    plan = make_plan(a_contract("first"), a_registry(), {})
    assert (rules_of(plan), ids_of(plan)) == ([], [("first", "required_test", "source")])


def test_each_flag_that_is_claimed_of_a_native_transfer_is_an_id() -> None:
    claims = {"formats": ["jsonl"], "bounded": True, "supports_checksum": True, "supports_cleanup": False}
    contract = replace(a_contract(), native_transfer={"stream_export": claims})
    plan = a_plan(contract, [FIRST], an_id("export.bounded", "first"), an_id("export.supports_checksum"))
    assert [(one.id, one.kind, one.rules) for one in plan.ids] == [
        ("stream_export.bounded", IdKind.NATIVE, ("first",)),
        ("stream_export.supports_checksum", IdKind.NATIVE, ()),
    ]
    assert '@pytest.mark.certifies("stream_export.supports_checksum")' in plan.ids[1].needs


def test_a_flag_means_what_the_role_of_its_transfer_says() -> None:
    claims = {"supports_cleanup": True}
    contract = replace(
        a_contract(), native_transfer={"file_export": claims, "object_staging_load": claims, "else": claims}
    )
    plan = a_plan(contract, [FIRST], an_id("staging_load.supports_cleanup", "first"))
    assert [one.rules for one in plan.ids] == [(), ("first",), ()]
    assert plan.required >= {"first"}
