"""The good Singer tap through the whole command line, with one thing broken at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from certify.model import Report, Status

if TYPE_CHECKING:
    from tests.integration.conftest import Command

GOOD = Path(__file__).resolve().parents[2] / "fixtures" / "connectors" / "good" / "singer"
CODE = Path("src") / "tap_gauge_readings"


@pytest.fixture
def tap(tmp_path: Path) -> Path:
    """A copy of the good tap."""
    litter = shutil.ignore_patterns("__pycache__", "test_artifacts")
    return Path(shutil.copytree(GOOD, tmp_path / "tap", ignore=litter))


BREAKS = {
    "rate_limit_is_retried": ("session.py", "[429, 500", "[500"),
    "unauthorized_fails_fast": ("command.py", "return 1", "return 0"),
    "read_timeout_is_finite": ("gauges.py", "timeout=TIMEOUTS", "timeout=None"),
    "pagination_is_complete": ("gauges.py", 'page["more"]', 'page["more"] and bool(page["readings"])'),
    "no_canary_in_output": ("command.py", "{error}", "{error}: {asked.config}"),
    "rows_match_schema": ("tap.py", '["number", "null"]', '"number"'),
    "primary_keys_are_unique": ("tap.py", '"record": row}', '"record": row | {"number": 1}}'),
    "start_up": (
        "command.py",
        "    from tap_gauge_readings.s",
        "    __import__('time').sleep(20)\n    from tap_gauge_readings.s",
    ),
    "resume_from_every_checkpoint": ("tap.py", "in readings:", "in readings[bool(state) :]:"),
}


def test_where_a_wait_stands_beside_the_first_row_is_not_guessed(
    tap: Path, tmp_path: Path, certify: Command, report_in: Callable[[Path], Report]
) -> None:
    path = tap / CODE / "command.py"
    text = path.read_text("utf-8")
    last = "            print(json.dumps(message"
    assert last in text
    path.write_text(text.replace(last, f"            __import__('time').sleep(20)\n{last}"), encoding="utf-8")
    ran = certify("-C", tap, "--only", "start_up", "--artifact-dir", tmp_path / "out")
    assert ran.err == ""
    (judged,) = [one for one in report_in(tmp_path / "out").rules if one.items]
    assert (judged.status, "cannot be told" in judged.message) == (Status.UNVERIFIED, True)


@pytest.mark.parametrize("rule", BREAKS)
def test_a_tap_that_breaks_a_rule_is_told_so(
    rule: str, tap: Path, tmp_path: Path, certify: Command, report_in: Callable[[Path], Report]
) -> None:
    file, good, broken = BREAKS[rule]
    path = tap / CODE / file
    text = path.read_text("utf-8")
    assert good in text
    path.write_text(text.replace(good, broken), encoding="utf-8")
    ran = certify("-C", tap, "--only", rule, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (1, ""), ran.out
    (judged,) = [one for one in report_in(tmp_path / "out").rules if one.items]
    assert judged.status is Status.FAILED
    assert all(finding.location is not None for finding in judged.findings)


def test_a_tap_whose_package_cannot_be_told_is_run_all_the_same(
    tap: Path, tmp_path: Path, certify: Command, report_in: Callable[[Path], Report]
) -> None:
    (tap / "src" / "other").mkdir()
    (tap / "src" / "other" / "__init__.py").touch()
    contract, project = tap / "certification" / "certification.yaml", tap / "pyproject.toml"
    for file, named, instead in (
        (contract, "  package: tap_gauge_readings\n", ""),
        (project, 'name = "tap-gauge-readings"\n', 'name = "tap-gauges"\n'),
    ):
        text = file.read_text("utf-8")
        assert named in text
        file.write_text(text.replace(named, instead), encoding="utf-8")
    only = ("--only", "imports_cleanly", "--only", "full_read_is_complete")
    certify("-C", tap, *only, "--artifact-dir", tmp_path / "out")
    statuses = {one.id: one.status for one in report_in(tmp_path / "out").rules if one.items}
    assert statuses == {"imports_cleanly": Status.UNVERIFIED, "full_read_is_complete": Status.PASSED}


SHELL = """\
#!/bin/sh
case "$*" in
*--discover*) echo '{"streams": []}'; exit 0 ;;
esac
echo '{"type": "SCHEMA", "stream": "readings", "schema": {"type": "object"}, "key_properties": ["number"]}'
for after in 0 3 5; do
  page=$(curl --fail -sS RETRIES "https://gauges.example/v1/readings?after=$after") || exit $?
  for number in $(echo "$page" | grep -o '"number": [0-9]*' | grep -o '[0-9]*$'); do
    echo "{\\"type\\": \\"RECORD\\", \\"stream\\": \\"readings\\", \\"record\\": {\\"number\\": $number}}"
  done
done
"""


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_a_tap_of_any_other_language_is_run_behind_the_wire(
    tap: Path, tmp_path: Path, certify: Command, report_in: Callable[[Path], Report]
) -> None:
    program = tap / "bin" / "tap-gauges"
    program.parent.mkdir()
    program.write_text(SHELL.replace("RETRIES", ""), encoding="utf-8")
    program.chmod(0o755)
    contract = tap / "certification" / "certification.yaml"
    text = contract.read_text("utf-8").replace("[tap-gauge-readings]", "[bin/tap-gauges]")
    contract.write_text(text, encoding="utf-8")
    asked = ("full_read_repeats", "stdout_is_pure", "unauthorized_fails_fast", "rate_limit_is_retried")
    only = [word for rule in asked for word in ("--only", rule)]
    ran = certify("-C", tap, *only, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (1, ""), ran.out
    judged = {one.id: one.status for one in report_in(tmp_path / "out").rules if one.items}
    assert judged == {
        "full_read_repeats": Status.PASSED,
        "stdout_is_pure": Status.PASSED,
        "unauthorized_fails_fast": Status.PASSED,
        "rate_limit_is_retried": Status.FAILED,
    }


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_what_a_program_waits_is_told_by_the_real_clock(
    tap: Path, tmp_path: Path, certify: Command, report_in: Callable[[Path], Report]
) -> None:
    program = tap / "bin" / "tap-gauges"
    program.parent.mkdir()
    program.write_text(SHELL.replace("RETRIES", "--retry 3"), encoding="utf-8")
    program.chmod(0o755)
    contract = tap / "certification" / "certification.yaml"
    text = contract.read_text("utf-8").replace("[tap-gauge-readings]", "[bin/tap-gauges]")
    contract.write_text(text, encoding="utf-8")
    only = ("--only", "retry_after_seconds_is_honoured")
    ran = certify("-C", tap, *only, "--artifact-dir", tmp_path / "out")
    (judged,) = [one for one in report_in(tmp_path / "out").rules if one.items]
    assert judged.status is Status.PASSED, ran.out
