"""What a run lacked, and what that costs, is told once: in the terminal and in the report."""

from __future__ import annotations

import platform
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from certify.model import Report
from certify.sandbox.interpreters import lacking, unforked
from tests.integration.conftest import CONTRACT, Command, Connectors

SOURCE = """\
class Source:
    def read(self):
        yield {"id": 1}

def make_source(config):
    return Source()
"""
THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
LACKS = "The connector's interpreter has no time-machine"
PAGE = Path("certification_report.md")


@pytest.fixture
def source(connector: Connectors) -> Path:
    """A source that asks nothing of a network."""
    contract = CONTRACT.replace("  package: demo\n", "  package: demo\n  source: demo:make_source\n")
    return connector(SOURCE, contract=contract)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has nothing of certify's."""
    place = tmp_path_factory.mktemp("bare")
    venv.create(place, symlinks=True)
    return place / "bin" / "python"


@pytest.mark.skipif(platform.python_implementation() != "CPython", reason="speaks of CPython")
@pytest.mark.parametrize("workers", [0, 2])
def test_what_an_interpreter_lacks_is_told_once(
    source: Path,
    bare: Path,
    workers: int,
    certify: Command,
    report_in: Callable[[Path], Report],
    tmp_path: Path,
) -> None:
    only = ("--only", "full_read_repeats", "--only", "no_canary_in_output", "--only", "imports_cleanly")
    ran = certify("-C", source, *only, "-n", workers, "--python", bare, "--artifact-dir", tmp_path / "out")
    assert ran.out.count(f"Note: {LACKS}: a stand-in holds its calendar. That costs a run no time") == 1
    assert report_in(tmp_path / "out").run.remarks == (lacking("datetime"),)
    assert (tmp_path / "out" / PAGE).read_text("utf-8").count(LACKS) == 1


def test_what_concerns_no_run_is_not(
    source: Path, bare: Path, certify: Command, report_in: Callable[[Path], Report], tmp_path: Path
) -> None:
    certify("-C", source, "--only", "imports_cleanly", "--python", bare, "--artifact-dir", tmp_path / "out")
    assert report_in(tmp_path / "out").run.remarks == ()
    ran = certify("-C", source, "--only", "full_read_repeats", "--artifact-dir", tmp_path / "own")
    assert report_in(tmp_path / "own").run.remarks == ()
    assert "Note:" not in ran.out


def test_a_source_that_cannot_be_forked_is_told_of(
    connector: Connectors, certify: Command, report_in: Callable[[Path], Report], tmp_path: Path
) -> None:
    contract = CONTRACT.replace("  package: demo\n", "  package: demo\n  source: demo:make_source\n")
    root = connector(f"{SOURCE}\n{THREAD}", contract=contract)
    ran = certify("-C", root, "--only", "full_read_repeats", "--artifact-dir", tmp_path / "out")
    assert report_in(tmp_path / "out").run.remarks == (unforked(1),)
    assert ran.out.count("Note: After the connector's import a thread is running.") == 1


def test_a_calendar_that_nothing_holds_is_told_otherwise() -> None:
    assert "datetime.now() is not" in lacking("time")
    assert lacking("time-machine") == ""
