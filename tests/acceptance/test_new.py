"""What `certify new` makes is certified at once, in each system and with each capability."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.connectors import COMMAND, certify
from tests.starters import STARTERS, Starter

#: Certified whole by day; the others by night.
_BY_DAY = ("dpone-sink-state", "python-source", "singer-sink")
#: What the others are judged by by day: in a moment, and all that a tier of bronze takes but for runs.
_STATIC = ("import_safety", "manifest", "docs", "packaging", "no_secret_in_source", "urls_are_declared")


def made(starter: Starter, folder: Path) -> Path:
    """Made by the command line."""
    subprocess.run([*COMMAND, "new", *starter.arguments, "-C", folder], check=True, capture_output=True)
    return folder / starter.name


@pytest.mark.parametrize(
    "starter",
    [
        pytest.param(one, marks=() if str(one) in _BY_DAY else pytest.mark.nightly, id=str(one))
        for one in STARTERS
    ],
)
def test_it_is_certified(starter: Starter, tmp_path: Path) -> None:
    ran = certify(made(starter, tmp_path), tmp_path / "out")
    assert (ran.exit_code, ran.report["verdict"]) == (0, "certified"), ran.printed
    runs = "source" in starter.capabilities
    assert ran.report["tier"] == ("platinum" if runs else "gold"), ran.printed
    not_passed = {name for name, status in ran.statuses.items() if status != "passed"}
    print(f"{starter}: {ran.report['tier']}; not applicable: {', '.join(sorted(not_passed))}")
    assert {ran.statuses[name] for name in not_passed} <= {"not_applicable"}
    assert "own_tests_pass" not in not_passed


@pytest.mark.parametrize("starter", STARTERS, ids=str)
def test_it_keeps_what_can_be_seen_without_a_run(starter: Starter, tmp_path: Path) -> None:
    root = made(starter, tmp_path)
    ran = certify(root, tmp_path / "out", *(f"--only={one}" for one in _STATIC))
    assert ran.exit_code == 0, ran.printed
    assert set(ran.statuses.values()) <= {"passed", "not_applicable"}
    for command in (["ruff", "check"], ["ruff", "format", "--check"]):
        checked = subprocess.run(
            [sys.executable, "-m", *command, "--isolated", "--no-cache", root],
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert tested.returncode == 0, tested.stdout
    assert " passed" in tested.stdout
