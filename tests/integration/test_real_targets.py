"""Published Singer targets, run by their own commands: on a PostgreSQL server, in DuckDB, in files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from certify.model import Report, Status
from tests.integration.postgres import binaries, running
from tests.integration.published import interpreter_with

if TYPE_CHECKING:
    from tests.integration.conftest import Command

pytestmark = pytest.mark.real

TARGETS = Path(__file__).with_name("real_targets")
EXPECTED: dict[str, Any] = yaml.safe_load((TARGETS / "expected.yaml").read_text("utf-8"))
#: Seconds of one run; on a server each message is waited for.
PATIENCE = 900.0


@contextmanager
def laid_out(name: str, into: Path) -> Iterator[Path]:
    """The target's contract, with a server where it asks for one."""
    root = Path(shutil.copytree(TARGETS / name, into / name))
    contract = root / "certification" / "certification.yaml"
    text = contract.read_text("utf-8")
    if "SERVER" not in text:
        yield root
        return
    folder = binaries()
    assert folder is not None, "there is no PostgreSQL: python -m pip install pgserver"
    with running(folder) as url:
        contract.write_text(text.replace("SERVER", url), encoding="utf-8")
        yield root


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.nightly if one.get("nightly") else ())
        for name, one in EXPECTED.items()
    ],
)
def test_each_rule_says_of_a_published_target_what_is_true_of_it(
    name: str, tmp_path: Path, certify: Command, report_in: Callable[[Path], Report]
) -> None:
    expected, out = EXPECTED[name], tmp_path / "out"
    python = interpreter_with(f"target_{name}", expected["requirements"])
    with laid_out(expected.get("contract", name), tmp_path) as root:
        areas = ("--only", "sink", "--only", "targets")
        process = certify.start("-C", root, "--python", python, *areas, "--artifact-dir", out)
        printed, complaints = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaints) == (1, "")
    rules = {rule.id: rule for rule in report_in(out).rules if rule.items}
    having = {status: {rule.id for rule in rules.values() if rule.status is status} for status in Status}
    assert having[Status.FAILED] == set(expected["failed"]), printed
    assert having[Status.UNVERIFIED] == set(expected.get("unverified", ())), printed
    assert having[Status.ERRORED] == having[Status.BLOCKED] == set(), printed
    assert having[Status.NOT_APPLICABLE] >= set(expected["not_applicable"])
    for rule, finding in expected["failed"].items():
        assert any(finding["says"] in one.message for one in rules[rule].findings), rule
