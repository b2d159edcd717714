"""`certify init`, as its users run it: what it writes, what it never overwrites, and what it says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from certify.contract import load_contract
from tests.acceptance.connectors import fingerprint
from tests.integration.test_github_action import ROOT

if TYPE_CHECKING:
    from tests.integration.conftest import Command

CONTRACT = "certification/certification.yaml"
CONFIG = "certification/config.json"
WORKFLOW = ".github/workflows/certification.yml"
TAP = """
import singer_sdk.typing as th
from singer_sdk import RESTStream, Tap

class Orders(RESTStream):
    name = "orders"
    primary_keys = ["id"]
    url_base = "https://api.orders.example"

class TapOrders(Tap):
    config_jsonschema = th.PropertiesList(
        th.Property("api_key", th.StringType, required=True, secret=True),
        th.Property("shop", th.StringType, required=True),
    ).to_dict()

raise SystemExit("it was imported")
"""
PROJECT = """
[project]
name = "tap-orders"
version = "1.0.0"
dependencies = ["singer-sdk"]

[project.scripts]
tap-orders = "tap_orders:TapOrders.cli"
"""


@pytest.fixture
def tap(tmp_path: Path) -> Path:
    root = tmp_path / "tap orders"
    (root / "tap_orders").mkdir(parents=True)
    (root / "tap_orders" / "__init__.py").write_text(TAP)
    (root / "pyproject.toml").write_text(PROJECT)
    return root


def test_it_writes_a_contract_and_a_sample_and_says_what_comes_next(certify: Command, tap: Path) -> None:
    before = fingerprint(tap)
    ran = certify("init", "-C", tap)
    assert (ran.code, ran.err) == (0, "")
    shown = "".join(f"{line.rstrip()}\n" for line in ran.out.splitlines())
    assert shown == EXPECTED.replace("PLACE", f"'{tap}'")
    assert json.loads((tap / CONFIG).read_text()) == {"api_key": "${TAP_ORDERS_API_KEY}", "shop": "sample"}
    contract = load_contract(tap)
    assert (contract.connector, contract.system, contract.file) == ("tap-orders", "singer", CONTRACT)
    after = fingerprint(tap)
    new = {"certification", CONTRACT, CONFIG}
    assert {name: one for name, one in after.items() if name not in new} == before
    assert set(after) - set(before) == new


EXPECTED = """\
found                                              in
connector      tap-orders                          pyproject.toml:3
system         singer                              its files
capability     source: full_refresh                no stream has a cursor
package        tap_orders                          tap_orders
command        tap-orders                          the console scripts
configuration  certification/config.json, drafted  tap_orders/__init__.py:11
secrets        api_key                             tap_orders/__init__.py:11
hosts          api.orders.example                  tap_orders/__init__.py:8
primary keys   orders                              tap_orders/__init__.py:5

Not found, and left for you as a comment in the contract:
  a recording of a full read (replay.cassettes)

Put your own values into certification/config.json for: shop

Written: certification/certification.yaml, certification/config.json
Next:
  certify -C PLACE --artifact-dir out
  TAP_ORDERS_API_KEY=… certify record -C PLACE
"""


@pytest.mark.parametrize("there", [CONTRACT, "certification.yaml", CONFIG])
def test_nothing_is_overwritten(certify: Command, tap: Path, there: str) -> None:
    (tap / there).parent.mkdir(exist_ok=True)
    (tap / there).symlink_to("nowhere")  # what cannot be read is there all the same
    before = fingerprint(tap)
    ran = certify("init", "-C", tap)
    assert ran.code == 2
    assert ran.error_line.startswith(f"certify: {there}: is there already")
    assert fingerprint(tap) == before


def test_a_sample_that_is_there_is_taken(certify: Command, tap: Path) -> None:
    (tap / CONFIG).parent.mkdir()
    (tap / CONFIG).write_text('{"api_key": "${MY_KEY}", "shop": "mine"}')
    assert certify("init", "-C", tap).code == 0
    assert (tap / CONFIG).read_text() == '{"api_key": "${MY_KEY}", "shop": "mine"}'
    assert load_contract(tap).subject.config == CONFIG
    assert load_contract(tap).subject.secrets == ("api_key",)


def test_a_contract_of_dpone_is_told_as_such(certify: Command, tmp_path: Path) -> None:
    example = resources.files("certify_example")
    for name in ("dpone_connector_manifest.json", CONTRACT):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(example.joinpath(name).read_text("utf-8"))
    ran = certify("init", "-C", tmp_path)
    assert ran.code == 2
    assert "is there already, as dpone's scaffold writes it: certify takes it unchanged" in ran.error_line


def test_printed_it_writes_nothing(certify: Command, tap: Path) -> None:
    before = fingerprint(tap)
    ran = certify("init", "-C", tap, "--print")
    assert (ran.code, ran.err) == (0, "")
    assert fingerprint(tap) == before
    assert certify("init", "-C", tap).code == 0
    assert (tap / CONTRACT).read_text() == ran.out
    assert certify("init", "-C", tap, "--print").out == ran.out, "what is there already does not matter"


@pytest.mark.parametrize("folder", ["nothing", "a file"])
def test_a_folder_that_is_none_is_told_in_one_line(certify: Command, tmp_path: Path, folder: str) -> None:
    (tmp_path / "a file").touch()
    ran = certify("init", "-C", tmp_path / folder)
    assert (ran.code, ran.error_line) == (
        2,
        f"certify: {tmp_path / folder}: not a folder; -C names the connector's folder",
    )


def test_a_place_that_cannot_be_written_is_told_in_one_line(certify: Command, tap: Path) -> None:
    (tap / "certification").write_text("a file where the folder belongs")
    before = fingerprint(tap)
    ran = certify("init", "-C", tap)
    assert ran.code == 2
    assert ran.error_line == f"certify: {tap}/certification: cannot be written: is there already"
    assert fingerprint(tap) == before


def test_a_link_out_of_the_folder_is_not_followed(certify: Command, tap: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tap / "certification").symlink_to(tmp_path / "elsewhere")
    ran = certify("init", "-C", tap)
    assert ran.code == 2
    assert "a link leads out of the connector's folder" in ran.error_line
    assert list((tmp_path / "elsewhere").iterdir()) == []


# --- --ci -------------------------------------------------------------------------------------------------


def test_the_workflow_is_valid_and_uses_the_action_as_the_readme_does(
    certify: Command, tmp_path: Path
) -> None:
    assert certify("init", "-C", tmp_path, "--ci").code == 0
    workflow = tmp_path / WORKFLOW
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(workflow)]
        checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    *_, step = yaml.safe_load(workflow.read_text())["jobs"]["certify"]["steps"]
    assert step["with"] == {"connector": "."}
    assert f"uses: {step['uses']}\n" in (ROOT / "README.md").read_text()


def test_in_a_larger_repository_the_workflow_stands_at_its_top(certify: Command, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    root = tmp_path / "connectors" / "orders"
    root.mkdir(parents=True)
    ran = certify("init", "-C", root, "--ci")
    assert ran.code == 0
    assert str(tmp_path / WORKFLOW) in ran.out
    *_, step = yaml.safe_load((tmp_path / WORKFLOW).read_text())["jobs"]["certify"]["steps"]
    assert step["with"] == {"connector": "connectors/orders"}
    assert not (root / ".github").exists()


def test_a_folder_that_the_action_cannot_take_is_told(certify: Command, tap: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tap.parent], check=True)
    ran = certify("init", "-C", tap, "--ci")
    assert ran.code == 2
    assert ran.error_line.startswith("certify: tap orders: a workflow cannot name this folder")
    assert not (tap / CONTRACT).exists()


def test_the_workflow_is_added_beside_a_contract_that_is_there(certify: Command, tap: Path) -> None:
    assert certify("init", "-C", tap).code == 0
    shutil.rmtree(tap / "tap_orders")
    written = (tap / CONTRACT).read_bytes()
    ran = certify("init", "-C", tap, "--ci")
    assert ran.code == 0
    assert "The contract is there already, and stays as it is.\nWritten: .github/workflows/cert" in ran.out
    assert (tap / CONTRACT).read_bytes() == written
    ran = certify("init", "-C", tap, "--ci")
    assert (ran.code, ran.error_line.partition(" is there")[0]) == (2, f"certify: {WORKFLOW}:")


def test_a_workflow_that_is_there_keeps_the_contract_from_being_written(certify: Command, tap: Path) -> None:
    (tap / WORKFLOW).parent.mkdir(parents=True)
    (tap / WORKFLOW).write_text("mine\n")
    assert certify("init", "-C", tap, "--ci").code == 2
    assert ((tap / WORKFLOW).read_text(), (tap / CONTRACT).exists()) == ("mine\n", False)


def test_the_workflow_is_printed_alone(certify: Command, tap: Path) -> None:
    ran = certify("init", "-C", tap, "--ci", "--print")
    assert ran.code == 0
    assert yaml.safe_load(ran.out)["name"] == "certification"
    assert not (tap / WORKFLOW).exists()
