"""Every rule can fail: it does on its broken connector, and on a good one it passes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from certify.plugin.planning import installed_rules
from tests.acceptance.conftest import AT_ONCE
from tests.acceptance.connectors import (
    BROKEN,
    GOOD,
    Broken,
    Certified,
    certify,
    copy_of,
    each_broken,
)

RULES = installed_rules().rules
#: What reads ten thousand rows and more, again and again.
BY_NIGHT = ("overhead", "throughput", "no_regression")
EACH_BROKEN = [pytest.param(one, id=str(one)) for one in each_broken()]


def test_each_rule_has_a_broken_connector_and_each_broken_connector_a_rule() -> None:
    assert {folder.name for folder in BROKEN.iterdir()} == set(RULES)


@pytest.mark.parametrize("system", GOOD)
def test_a_good_connector_is_certified(system: str, certified_good: Mapping[str, Certified]) -> None:
    good = certified_good[system]
    assert (good.exit_code, good.report["verdict"]) == (0, "certified")
    claimed = good.report["coverage"]["claimed_capabilities"]
    kind = good.report["connector"]["system"]
    assert set(good.rules) == {rule.id for rule in RULES.values() if rule.applies_to(kind, claimed)}
    for rule in good.rules.values():
        assert rule["status"] == "passed" or (rule["status"] == "not_applicable" and rule["message"])


@pytest.mark.parametrize("broken", EACH_BROKEN)
def test_a_rule_passes_on_a_good_connector(
    broken: Broken, certified_good: Mapping[str, Certified], tmp_path: Path
) -> None:
    if broken.history:
        with_history = certify(broken.lay_out_good(tmp_path), tmp_path / "out", "--only", broken.rule)
        assert with_history.statuses == {broken.rule: "passed"}
    elif broken.folder.name == broken.rule:
        assert "passed" in {good.statuses.get(broken.rule) for good in certified_good.values()}
    else:
        assert certified_good[broken.system].statuses[broken.rule] == "passed"


@pytest.mark.parametrize("broken", EACH_BROKEN)
def test_a_broken_connector_is_the_good_one_but_for_what_breaks_it(broken: Broken) -> None:
    assert broken.files or broken.removes
    for path in broken.files:
        good = GOOD[broken.system] / path
        assert not good.exists() or good.read_bytes() != (broken.folder / path).read_bytes()


@pytest.mark.parametrize("broken", EACH_BROKEN)
def test_a_broken_connector_tells_why(broken: Broken) -> None:
    assert broken.fails <= RULES.keys() - {broken.rule}
    assert broken.reasons.startswith("# ")
    assert all(f"`{other}`" in broken.reasons for other in broken.fails)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(one, id=str(one), marks=pytest.mark.nightly if one.rule in BY_NIGHT else ())
        for one in each_broken()
        if one.system not in AT_ONCE
    ],
)
def test_a_rule_fails_on_its_broken_connector_and_no_other_of_its_area(
    broken: Broken, certified_good: Mapping[str, Certified], tmp_path: Path
) -> None:
    rule = broken.rule
    good = certified_good[broken.system].statuses
    # What runs the connector some hundred times is held against as a whole by night.
    alone = RULES[rule].area in ("source", "sink", "targets", "state", "error_paths", "performance")
    area = {rule} if alone else {name for name in good if RULES[name].area == RULES[rule].area}
    only = [word for name in sorted(area | broken.fails) for word in ("--only", name)]
    ended = certify(broken.lay_out(tmp_path), tmp_path / "out", *only)
    failed = dict.fromkeys(broken.fails | {rule}, "failed")
    assert ended.statuses == {name: good[name] for name in area} | failed
    assert ended.exit_code == 1
    assert all(finding["location"] for finding in ended.rules[rule]["findings"])


@pytest.mark.parametrize(
    "broken", [pytest.param(one, id=str(one)) for one in each_broken() if one.system in AT_ONCE]
)
def test_a_rule_fails_on_its_broken_connector_and_no_other(
    broken: Broken, certified_good: dict[str, Certified], certified_broken: dict[str, Certified]
) -> None:
    ended, good = certified_broken[str(broken)], certified_good[broken.system]
    expected = good.statuses | dict.fromkeys(broken.fails | {broken.rule}, "failed")
    if AT_ONCE[broken.system]:  # of a selection, what else this defect touches is looked at by night
        area = RULES[broken.rule].area
        judged = [name for name in ended.statuses if RULES[name].area == area or name in broken.fails]
    else:
        judged = [*expected]
    assert {name: ended.statuses[name] for name in judged} == {name: expected[name] for name in judged}
    assert ended.exit_code == 1
    assert all(finding["location"] for finding in ended.rules[broken.rule]["findings"])


@pytest.mark.nightly
@pytest.mark.parametrize(
    "broken", [pytest.param(one, id=str(one)) for one in each_broken() if AT_ONCE.get(one.system) != ()]
)
def test_a_broken_connector_breaks_one_rule_and_little_else(
    broken: Broken, certified_good: Mapping[str, Certified], tmp_path: Path
) -> None:
    ended = certify(broken.lay_out(tmp_path), tmp_path / "out")
    failed = dict.fromkeys(broken.fails | {broken.rule}, "failed")
    untried = dict.fromkeys(broken.unverified, "unverified")
    expected = certified_good[broken.system].statuses | untried | failed
    statuses = ended.statuses
    # What cannot be read whole cannot be measured either.
    unmeasured = [
        name for name in statuses if (RULES[name].area, statuses[name]) == ("performance", "unverified")
    ]
    assert statuses == expected | dict.fromkeys(unmeasured, "unverified")
    # What the contract's tier does not ask for is told, and stands in the way of a tier alone.
    counts = any(ended.rules[name]["required"] for name in failed)
    said = (1, "not_certified") if counts else (0, "certified")
    assert (ended.exit_code, ended.report["verdict"]) == said


@pytest.mark.parametrize("rule", ["license_declared"])
def test_a_broken_connector_is_not_certified(
    rule: str, certified_good: Mapping[str, Certified], tmp_path: Path
) -> None:
    broken = Broken.of(rule)
    ended = certify(broken.lay_out(tmp_path), tmp_path / "out")
    assert ended.statuses == certified_good[broken.system].statuses | {rule: "failed"}
    assert (ended.exit_code, ended.report["verdict"]) == (1, "not_certified")


@pytest.mark.parametrize("system", GOOD)
def test_a_rule_without_a_body_neither_passes_nor_fails(
    system: str, certified_good: Mapping[str, Certified], tmp_path: Path
) -> None:
    """So the test above notices when a rule stops looking: it requires `failed`."""
    rules = certified_good[system].rules
    driver = (sys.executable, str(Path(__file__).with_name("without_body.py")), ",".join(rules))
    # In one process: the other one of two would have the bodies.
    only = [f"--only={system}"] if AT_ONCE.get(system) else []  # the rest is as on the others
    ended = certify(copy_of(system, tmp_path), tmp_path / "out", "-n", "0", *only, command=driver)
    for name, rule in ended.rules.items():
        if rule["status"] == "errored":
            assert rule["message"] == "the rule passed without having noted what it saw"
        else:
            # A fixture said so, before there was a body to run.
            assert rule["status"] == rules[name]["status"] in ("not_applicable", "unverified")
    passed = sum(rules[name]["status"] == "passed" for name in ended.rules)
    assert sum(rule["status"] == "errored" for rule in ended.rules.values()) >= passed > 0
    assert ended.exit_code == (1 if only else 3)  # a selection has no verdict
