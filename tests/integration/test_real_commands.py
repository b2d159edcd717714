"""Published taps, run by their own commands on a recorded happy path."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from certify.model import Report, Status
from tests.integration.published import interpreter_with

if TYPE_CHECKING:
    from tests.integration.conftest import Command

pytestmark = pytest.mark.real

TAPS = Path(__file__).with_name("real_taps")
EXPECTED: dict[str, Any] = yaml.safe_load((TAPS / "expected.yaml").read_text("utf-8"))
#: Seconds of one run; alone on a machine it takes less than twenty.
PATIENCE = 300.0


@pytest.mark.parametrize("name", EXPECTED)
def test_each_rule_says_of_a_published_tap_what_is_true_of_it(
    name: str, tmp_path: Path, certify: Command, report_in: Callable[[Path], Report]
) -> None:
    expected = EXPECTED[name]
    root, out = Path(shutil.copytree(TAPS / name, tmp_path / name)), tmp_path / "out"
    (root / "certification" / "cassettes").mkdir()
    shutil.copy(TAPS / expected["cassette"], root / "certification" / "cassettes" / "full_refresh.yaml")
    python = interpreter_with(f"tap_{name}", expected["requirements"])
    areas = ("--only", "error_paths", "--only", "source")
    process = certify.start("-C", root, "--python", python, *areas, "--artifact-dir", out)
    printed, complaints = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaints) == (1, "")
    rules = {rule.id: rule for rule in report_in(out).rules if rule.items}
    having = {status: {rule.id for rule in rules.values() if rule.status is status} for status in Status}
    assert having[Status.FAILED] == set(expected["failed"]), printed
    assert having[Status.UNVERIFIED] == set(expected["unverified"]), printed
    assert having[Status.ERRORED] == having[Status.BLOCKED] == set()
    for rule, finding in expected["failed"].items():
        assert any(finding["says"] in one.message for one in rules[rule].findings), rule
