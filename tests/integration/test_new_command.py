"""`certify new`, as its users run it: what it makes, what it never touches, and what it says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from certify.contract import load_contract
from tests.acceptance.connectors import fingerprint

if TYPE_CHECKING:
    from tests.integration.conftest import Command

WORKFLOW = ".github/workflows/certification.yml"


def test_it_makes_a_repository_and_says_what_comes_next(certify: Command) -> None:
    ran = certify("new", "dpone-connector-orders", "--capability", "sink", "--capability", "source")
    assert (ran.code, ran.err) == (0, "")
    assert "".join(f"{line.rstrip()}\n" for line in ran.out.splitlines()) == EXPECTED
    root = certify.home / "dpone-connector-orders"
    assert list(certify.home.iterdir()) == [root]
    contract = load_contract(root)
    assert (contract.connector, contract.system) == ("orders", "dpone")
    assert set(contract.capabilities) == {"source", "sink"}
    assert (contract.subject.source, contract.subject.sink, contract.subject.state) == (
        "dpone_connector_orders.source:make_source",
        "dpone_connector_orders.sink:make_sink",
        None,
    )
    (step,) = (one for one in _steps(root) if "with" in one and "connector" in one["with"])
    assert step["with"] == {"connector": "."}


EXPECTED = """\
Made dpone-connector-orders: a dpone connector that reads events from the API of Orders and loads rows into a database.
what        where
package     src/dpone_connector_orders/, 12 modules
tests       tests/
contract    certification/certification.yaml
recordings  certification/cassettes/
examples    examples/
guide       docs/
workflow    .github/workflows/certification.yml
README      README.md, CHANGELOG.md, LICENSE, pyproject.toml

Made up, and yours to replace:
  the API at api.orders.example: src/dpone_connector_orders/client.py, events.py, and its recordings
  the rows that are loaded: certification/rows.json, and the key in the contract
  the licence: LICENSE and pyproject.toml say Apache-2.0

Next:
  cd dpone-connector-orders
  certify --artifact-dir out
  pip install -e '.[dev]' && pytest
"""  # noqa: E501  one sentence, which terminals wrap


def _steps(root: Path) -> list[dict[str, dict[str, str]]]:
    steps: list[dict[str, dict[str, str]]]
    steps = yaml.safe_load((root / WORKFLOW).read_text())["jobs"]["certify"]["steps"]
    return steps


def test_within_a_git_repository_the_workflow_is_left_to_init(certify: Command) -> None:
    subprocess.run(["git", "init", "--quiet", certify.home], check=True)
    ran = certify("new", "tap-orders", "--system", "singer")
    root = certify.home / "tap-orders"
    assert (ran.code, (root / ".github").exists()) == (0, False)
    assert ran.out.endswith("&& pytest\n  certify init --ci\n")
    assert certify("init", "--ci", cwd=root).code == 0
    *_, step = _steps(certify.home)
    assert step["with"] == {"connector": "tap-orders"}


def test_an_empty_folder_is_filled_and_another_is_named(certify: Command, tmp_path: Path) -> None:
    (tmp_path / "my work" / "orders").mkdir(parents=True)
    ran = certify("new", "orders", "--system", "python", "-C", tmp_path / "my work")
    assert ran.code == 0
    assert f"  cd '{tmp_path}/my work/orders'\n" in ran.out
    assert (tmp_path / "my work" / "orders" / "pyproject.toml").exists()


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ("a folder with a file", "is there already, with files in it, and nothing was written"),
        ("a file", "is there already, and is no folder"),
        ("a link to an empty folder", "is there already, and is no folder"),
        ("a broken link", "is there already, and is no folder"),
    ],
)
def test_what_is_there_stays_as_it_is(certify: Command, tmp_path: Path, there: str, said: str) -> None:
    target = tmp_path / "orders"
    if there == "a folder with a file":
        target.mkdir()
        (target / "README.md").write_text("mine")
    elif there == "a file":
        target.write_text("mine")
    else:
        target.symlink_to(certify.home if "empty" in there else tmp_path / "nothing")
    before = fingerprint(tmp_path)
    ran = certify("new", "orders", "-C", tmp_path)
    assert ran.code == 2
    assert ran.error_line.startswith(f"certify: {target}: {said}")
    assert fingerprint(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["../orders"], "certify: '../orders': no name of a distribution; expected a letter"),
        (["json"], "certify: 'json': json is a module of Python's standard library; choose another name"),
        (["orders", "-C", "nothing"], "certify: nothing: not a folder; -C names the one to make orders in"),
        (
            ["orders", "--system", "singer"],
            "certify: 'orders': a source for singer is called tap-…; "
            "say certify new tap-orders --system singer",
        ),
        (
            ["target-orders", "--system", "singer"],
            "certify: 'target-orders': called as a Singer target, which is a sink; "
            "say certify new target-orders --system singer --capability sink",
        ),
        (
            ["tap-orders", "--system", "singer", "--capability", "state"],
            "certify: --capability state: not for singer: whoever runs a tap keeps its state; "
            "it can be source or sink",
        ),
        (
            ["tap-orders", "--system", "singer", "--capability", "sink", "--capability", "source"],
            "certify: --capability source and sink: not in one singer connector; make two",
        ),
        (
            ["orders", "--system", "plakar"],
            "Error: Invalid value for '--system': 'plakar' is not offered: "
            "a plug-in is a program in Go, built on Plakar's SDK.",
        ),
    ],
)
def test_what_cannot_be_made_is_told_in_one_line(certify: Command, arguments: list[str], said: str) -> None:
    ran = certify("new", *arguments)
    assert ran.code == 2
    assert ran.err.splitlines()[-1].startswith(said)
    assert list(certify.home.iterdir()) == []


#: Ends it when some files are written, before the contract is drafted.
_ENDED = """
import os, signal, sys
from certify.cli import main
from certify.cli.starter import making

def end(*what):
    assert os.listdir(".") != [], "nothing was begun"
    {how}

making.find = end
sys.argv = ["certify", "new", "orders"]
main()
"""


@pytest.mark.parametrize(
    ("how", "code", "said"),
    [
        ("os.kill(os.getpid(), signal.SIGTERM)", 130, "certify: interrupted; nothing was written"),
        ("os.kill(os.getpid(), signal.SIGINT)", 130, "certify: interrupted; nothing was written"),
        ("raise OSError(28, 'No space left')", 2, "certify: orders: cannot be made: No space left"),
        ("raise RuntimeError('a defect')", 1, "RuntimeError: a defect"),
        (
            "os.mkdir('orders'); open('orders/mine', 'w'); return real(*what)",
            2,
            "certify: orders: cannot be made",
        ),
    ],
)
def test_one_that_is_ended_half_way_leaves_nothing(certify: Command, how: str, code: int, said: str) -> None:
    program = _ENDED.replace("def end", "real = making.find\n\ndef end").format(how=how)
    ran = certify(program=(sys.executable, "-c", program))
    assert ran.code == code, ran.err
    assert ran.err.splitlines()[-1].startswith(said)
    left = [path.relative_to(certify.home).as_posix() for path in certify.home.rglob("*")]
    assert sorted(left) == (["orders", "orders/mine"] if "mine" in how else [])


def test_one_that_is_killed_leaves_nothing_by_its_name(certify: Command) -> None:
    program = _ENDED.format(how="os.kill(os.getpid(), signal.SIGKILL)")
    assert certify(program=(sys.executable, "-c", program)).code == -9
    assert not (certify.home / "orders").exists()
    assert certify("new", "orders").code == 0
