"""Several connectors are certified beside each other, as if it were one after the other."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from certify.model import Report
from certify.second_process import processors
from tests.integration.test_command import BROKEN, ENDLESS, files_in, is_being_imported

if TYPE_CHECKING:
    from tests.integration.conftest import Command, Connectors

    ReportIn = Callable[[Path], Report]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is one after the other")

#: Runs certify, and ends whatever process is about to judge a connector named `doomed`.
DOOMED = """
import os, sys
from certify.cli import certification, main
judge = certification.judge

def judge_or_die(contract, *arguments):
    if contract.connector == "doomed":
        {}
    return judge(contract, *arguments)

certification.judge = judge_or_die
main()
"""


def named(root: Path, name: str) -> Path:
    """The connector under another name."""
    contract = root / "certification/certification.yaml"
    contract.write_text(contract.read_text().replace("connector: demo", f"connector: {name}"))
    return root


@pytest.mark.parametrize(
    ("death", "told"), [("os.kill(os.getpid(), 9)", "signal 9"), ("sys.exit(5)", "exit code 5")]
)
def test_a_process_that_ends_takes_no_other_connector_with_it(
    death: str, told: str, certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    roots = [connector(name=name) for name in ("first", "second", "third")]
    named(roots[0], "doomed")
    folders = [word for root in roots for word in ("-C", root)]
    only = ("--only", "contract_is_valid", "--artifact-dir", tmp_path / "out")
    ran = certify(*folders, *only, program=(sys.executable, "-c", DOOMED.format(death)))
    assert (ran.code, ran.error_line) == (
        3,
        f"certify: {roots[0]}: its run was ended by {told}, and there is no report",
    )
    assert files_in(tmp_path / "out") == ["demo", "demo-2"]
    assert report_in(tmp_path / "out/demo").exit_code == report_in(tmp_path / "out/demo-2").exit_code == 0
    assert re.search(r"first +not run +– +no report, see above", ran.out)


@pytest.mark.parametrize("shape", ["text", "github"])
def test_what_is_printed_is_the_same_as_one_after_the_other(
    shape: str, certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    first, last = connector(BROKEN, name="first"), connector(name="last")
    folders = ("-C", first, "-C", tmp_path / "nowhere", "-C", last)
    only = ("--only", "imports_cleanly", "--only", "docs_exist", "--format", shape)
    together = certify(*folders, *only, "--artifact-dir", tmp_path / "out")
    in_turn = certify(*folders, *only, "-n", "0", "--artifact-dir", tmp_path / "out")
    said = [re.sub(r"\d+\.\d\d s", "… s", ran.out) for ran in (together, in_turn)]
    assert said[0] == said[1]
    assert (together.code, together.err) == (in_turn.code, in_turn.err)
    assert "imports_cleanly" in said[0]


def test_an_interruption_means_the_connectors_to_come_too(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    roots = [connector(ENDLESS, name=f"number{number}") for number in range(processors() + 1)]
    folders = [word for root in roots for word in ("-C", root)]
    process = certify.start(*folders, "--only", "imports_cleanly", "--artifact-dir", tmp_path / "out")
    certify.until(lambda: all(is_being_imported(certify, root) for root in roots[:-1]))
    os.kill(process.pid, signal.SIGINT)
    said, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "")
    reports = files_in(tmp_path / "out")
    assert len(reports) == processors()
    assert all(report_in(tmp_path / "out" / name).run.interrupted for name in reports)
    assert said.count("Interrupted: what had not run by then is unverified.") == processors()
