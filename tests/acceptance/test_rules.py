"""Every rule can fail: it does on its broken connector, and on a good one it passes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from certify.plugin.planning import installed_rules
from tests.acceptance.connectors import BROKEN, GOOD, Broken, Certified, certify

RULES = installed_rules().rules
ON_THE_WIRE = {name for name, rule in RULES.items() if rule.area == "error_paths"} | {
    "egress_is_declared",
    "no_canary_in_output",
}


def test_each_rule_has_a_broken_connector_and_each_broken_connector_a_rule() -> None:
    assert {folder.name for folder in BROKEN.iterdir()} == set(RULES)


@pytest.mark.parametrize("system", GOOD)
def test_a_good_connector_is_certified(system: str, certified_good: dict[str, Certified]) -> None:
    good = certified_good[system]
    assert (good.exit_code, good.report["verdict"]) == (0, "certified")
    claimed = good.report["coverage"]["claimed_capabilities"]
    assert set(good.rules) == {rule.id for rule in RULES.values() if rule.applies_to(system, claimed)}
    for rule in good.rules.values():
        assert rule["status"] == "passed" or (rule["status"] == "not_applicable" and rule["message"])


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_passes_on_a_good_connector(
    rule: str, certified_good: dict[str, Certified], tmp_path: Path
) -> None:
    broken = Broken.of(rule)
    if broken.history:
        with_history = certify(broken.lay_out_good(tmp_path), tmp_path / "out", "--only", rule)
        assert with_history.statuses == {rule: "passed"}
    else:
        assert "passed" in {good.statuses.get(rule) for good in certified_good.values()}


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_connector_is_the_good_one_but_for_what_breaks_it(rule: str) -> None:
    broken = Broken.of(rule)
    assert broken.files or broken.removes
    for path in broken.files:
        good = GOOD[broken.system] / path
        assert not good.exists() or good.read_bytes() != (broken.folder / path).read_bytes()


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_connector_tells_why(rule: str) -> None:
    broken = Broken.of(rule)
    assert broken.fails <= RULES.keys() - {rule}
    assert broken.reasons.startswith("# ")
    assert all(f"`{other}`" in broken.reasons for other in broken.fails)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_fails_on_its_broken_connector_and_little_else_does(
    rule: str, certified_good: dict[str, Certified], tmp_path: Path
) -> None:
    broken = Broken.of(rule)
    good = certified_good[broken.system].statuses
    looked_at = good.keys() - _beside_the_point(rule)
    only = [word for name in looked_at for word in ("--only", name)]
    ended = certify(broken.lay_out(tmp_path), tmp_path / "out", *only)
    failed = dict.fromkeys(broken.fails | {rule}, "failed")
    assert ended.statuses == {name: good[name] for name in looked_at} | failed
    assert ended.exit_code == 1
    assert all(finding["location"] for finding in ended.rules[rule]["findings"])


@pytest.mark.parametrize("rule", ["imports_cleanly", "license_declared", "retries_are_bounded"])
def test_a_broken_connector_is_not_certified(
    rule: str, certified_good: dict[str, Certified], tmp_path: Path
) -> None:
    broken = Broken.of(rule)
    ended = certify(broken.lay_out(tmp_path), tmp_path / "out")
    assert ended.statuses == certified_good[broken.system].statuses | {rule: "failed"}
    assert (ended.exit_code, ended.report["verdict"]) == (1, "not_certified")


def _beside_the_point(rule: str) -> set[str]:
    """What a broken connector need not be held against: a hundred scenarios take their time.

    What breaks on the wire has the documents of the good one. What breaks a document is run once.
    """
    if rule in ON_THE_WIRE:
        return {name for name, one in RULES.items() if one.area in ("manifest", "docs", "packaging")}
    return ON_THE_WIRE - {"unauthorized_fails_fast"}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_without_a_body_neither_passes_nor_fails(rule: str, tmp_path: Path) -> None:
    """So the test above notices when a rule stops looking: it requires `failed`."""
    folder = Broken.of(rule).lay_out(tmp_path)
    driver = (sys.executable, str(Path(__file__).with_name("without_body.py")), rule)
    ended = certify(folder, tmp_path / "out", "--only", rule, command=driver)
    assert ended.rules[rule]["message"] == "the rule passed without having noted what it saw"
    assert ended.statuses == {rule: "errored"}
    assert ended.exit_code == 1
