"""What `certify new` makes is certified at once, in each system and with each capability."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from certify.cli.starter.making import NewWish, make
from tests.acceptance.connectors import COMMAND, certify
from tests.starters import STARTERS, Starter

#: Certified whole by day; the others by night.
_BY_DAY = "dpone-source"
#: Its modules and tests are those of dpone's.
_AGAIN = "python"
#: What a tier of bronze takes, but for what has to be run: all of them in some seconds.
_STATIC = ("import_safety", "manifest", "docs", "packaging", "no_secret_in_source", "urls_are_declared")


def of_each_capability() -> list[Starter]:
    """One for each capability of a system, and one for all of them together."""
    widest = {one.system: one for one in STARTERS}
    return [one for one in STARTERS if len(one.capabilities) == 1 or one is widest[one.system]]


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[Starter, Path]:
    folder = tmp_path_factory.mktemp("new")
    for one in STARTERS:
        assert make(NewWish(one.name, folder, one.system, one.capabilities)) == 0
    return {one: folder / one.name for one in STARTERS}


@pytest.mark.parametrize(
    "starter",
    [
        pytest.param(one, id=str(one), marks=() if str(one) == _BY_DAY else pytest.mark.nightly)
        for one in STARTERS
    ],
)
def test_it_is_certified(starter: Starter, tmp_path: Path) -> None:
    subprocess.run([*COMMAND, "new", *starter.arguments], check=True, capture_output=True, cwd=tmp_path)
    ran = certify(tmp_path / starter.name, tmp_path / "out")
    assert (ran.exit_code, ran.report["verdict"]) == (0, "certified"), ran.printed
    # Nothing of platinum is asked of what does not read.
    assert ran.report["tier"] == ("platinum" if "source" in starter.capabilities else "gold"), ran.printed
    not_passed = {name: status for name, status in ran.statuses.items() if status != "passed"}
    print(f"{starter}: {ran.report['tier']}; not passed: {not_passed}")
    assert set(not_passed.values()) == {"not_applicable"}
    assert "own_tests_pass" not in not_passed


def test_all_that_can_be_seen_without_a_run_is_in_order(
    repositories: dict[Starter, Path], tmp_path: Path
) -> None:
    chosen = of_each_capability()
    arguments = [f"-C{repositories[one]}" for one in chosen] + [f"--only={one}" for one in _STATIC]
    _run([*COMMAND, *arguments, f"--artifact-dir={tmp_path}"])
    for one in chosen:
        file = tmp_path / one.name.replace("-", "_") / "certification_report.json"
        statuses = {rule["id"]: rule["status"] for rule in json.loads(file.read_text())["rules"]}
        assert set(statuses.values()) == {"passed", "not_applicable"}, one
        assert statuses["contract_is_valid"] == statuses["imports_cleanly"] == "passed"


@pytest.mark.parametrize("starter", STARTERS, ids=str)
def test_its_code_is_as_ruff_wants_it(starter: Starter, repositories: dict[Starter, Path]) -> None:
    for command in (["check"], ["format", "--check"]):
        _run(["ruff", *command, "--isolated", "--no-cache", "."], repositories[starter])
        _run(["ruff", *command, "--no-cache", str(repositories[starter])])


@pytest.mark.parametrize("starter", [one for one in of_each_capability() if one.system != _AGAIN], ids=str)
def test_its_own_tests_pass(starter: Starter, repositories: dict[Starter, Path]) -> None:
    assert " passed" in _run([sys.executable, "-m", "pytest", "-q"], repositories[starter])


def _run(command: Sequence[str], cwd: Path | None = None) -> str:
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    ended = subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PATH": tools, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout
