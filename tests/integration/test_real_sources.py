"""Published packages, as they are, on a recorded happy path: each verdict was read from its timeline."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from certify.model import Report, RuleResult, Status
from tests.integration.published import interpreter_with

if TYPE_CHECKING:
    from tests.integration.conftest import Command

pytestmark = pytest.mark.real

SOURCES = Path(__file__).with_name("real_sources")
EXPECTED: dict[str, Any] = yaml.safe_load((SOURCES / "expected.yaml").read_text("utf-8"))
#: Seconds of one run; alone on a machine it takes less than twenty.
PATIENCE = 300.0
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "river": {"type": "string"},
        "level": {"type": ["number", "null"]},
    },
}


@dataclass(frozen=True)
class Judged:
    """What became of each rule, and what it printed."""

    rules: dict[str, RuleResult]
    printed: str

    def having(self, status: Status) -> set[str]:
        """The rules that ended like this."""
        return {name for name, rule in self.rules.items() if rule.status is status}

    def complains(self, rule: str, text: str) -> bool:
        """Whether a finding of a rule says this."""
        return any(text in finding.message for finding in self.rules[rule].findings)


Judge = Callable[..., Judged]


@pytest.fixture
def judge(tmp_path: Path, certify: Command, report_in: Callable[[Path], Report]) -> Judge:
    """Certify a package with the module that drives it; some rules, or areas, alone."""

    def run(name: str, only: Collection[str], **stream: Any) -> Judged:
        root, out = tmp_path / name, tmp_path / "out"
        shutil.copytree(SOURCES / name, root, ignore=shutil.ignore_patterns("__pycache__"))
        cassettes = root / "certification" / "cassettes"
        cassettes.mkdir()
        shutil.copy(SOURCES / "full_refresh.yaml", cassettes)
        if stream:
            path = root / "certification" / "config.json"
            config = json.loads(path.read_text("utf-8"))
            config["streams"][0] |= stream
            path.write_text(json.dumps(config), encoding="utf-8")
        python = interpreter_with(name, EXPECTED[name]["requirements"])
        asked = [word for one in only for word in ("--only", one)]
        process = certify.start("-C", root, "--python", python, *asked, "--artifact-dir", out)
        printed, complaints = process.communicate(timeout=PATIENCE)
        assert (process.returncode, complaints) == (1, "")
        rules = report_in(out).rules
        return Judged({rule.id: rule for rule in rules if rule.items}, printed)

    return run


@pytest.mark.parametrize("name", ["tap", "dlt"])
def test_each_rule_says_of_a_published_package_what_is_true_of_it(name: str, judge: Judge) -> None:
    expected = EXPECTED[name]
    seen = judge(name, ["error_paths", "security"])
    assert seen.having(Status.FAILED) == set(expected["failed"]), seen.printed
    assert seen.having(Status.NOT_APPLICABLE) == set(expected["not_applicable"])
    assert len(seen.having(Status.PASSED)) == len(seen.rules) - len(expected["failed"]) - 2 > 20
    for rule, finding in expected["failed"].items():
        assert seen.complains(rule, finding["says"]), seen.printed


def test_a_tap_that_is_told_its_schema_asks_again_but_waits_for_long(judge: Judge) -> None:
    expected = EXPECTED["tap_with_schema"]
    seen = judge("tap", [*expected["passed"], *expected["failed"]], schema=SCHEMA)
    assert seen.having(Status.PASSED) == set(expected["passed"]), seen.printed
    for rule, finding in expected["failed"].items():
        assert seen.complains(rule, finding["says"]), seen.printed
