"""Published connectors, run by their own commands: on a recorded happy path, or on none."""

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

COMMANDS = Path(__file__).with_name("real_commands")
EXPECTED: dict[str, Any] = yaml.safe_load((COMMANDS / "expected.yaml").read_text("utf-8"))
#: Seconds of one run; alone on a machine it takes less than thirty.
PATIENCE = 300.0
NAMES = [
    pytest.param(name, marks=pytest.mark.nightly if one.get("nightly") else ())
    for name, one in EXPECTED.items()
]


def copy_of(name: str, cassette: str | None, into: Path) -> Path:
    """A connector's contract, what it reads, and its recording."""
    root = Path(shutil.copytree(COMMANDS / name, into / name))
    config = root / "certification" / "config.json"
    config.write_text(config.read_text("utf-8").replace("{root}", str(root)), "utf-8")
    if cassette is not None:
        (root / "certification" / "cassettes").mkdir()
        shutil.copy(COMMANDS / cassette, root / "certification" / "cassettes" / "full_refresh.yaml")
    return root


@pytest.mark.parametrize("name", NAMES)
def test_each_rule_says_of_a_published_connector_what_is_true_of_it(
    name: str, tmp_path: Path, certify: Command, report_in: Callable[[Path], Report]
) -> None:
    expected = EXPECTED[name]
    root, out = copy_of(name, expected.get("cassette"), tmp_path), tmp_path / "out"
    python = interpreter_with(f"real_{name}", expected["requirements"])
    areas = [word for area in expected["areas"] for word in ("--only", area)]
    process = certify.start("-C", root, "--python", python, *areas, "--artifact-dir", out)
    printed, complaints = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaints) == (1, "")
    rules = {rule.id: rule for rule in report_in(out).rules if rule.items}
    having = {status: {rule.id for rule in rules.values() if rule.status is status} for status in Status}
    assert having[Status.FAILED] == set(expected["failed"]), printed
    assert having[Status.UNVERIFIED] == set(expected["unverified"]), printed
    assert having[Status.BLOCKED] == set(expected.get("blocked", ())), printed
    assert having[Status.ERRORED] == set(), printed
    for rule, finding in expected["failed"].items():
        assert any(finding["says"] in one.message for one in rules[rule].findings), rule
