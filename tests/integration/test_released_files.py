"""`certify --artifact`: the report names what is released, and `verify` holds files against it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.conftest import Command, Connectors


def a_wheel(path: Path, init: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("demo/__init__.py", init)
        archive.writestr(
            "demo-1.0.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0.0\n"
        )
    return path


def test_the_report_names_the_wheel_and_verify_knows_it_again(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    root = connector()
    (module,) = root.rglob("demo/__init__.py")
    wheel = a_wheel(tmp_path / "demo-1.0.0-py3-none-any.whl", module.read_text("utf-8"))
    ran = certify("-C", root, "--artifact", wheel, "--only", "manifest", "--artifact-dir", tmp_path / "out")
    assert ran.code == 0, ran.out + ran.err
    record = tmp_path / "out/certification_report.json"
    (artifact,) = json.loads(record.read_text("utf-8"))["connector"]["artifacts"]
    statement = json.loads(certify("report", record, "--format", "attestation").out)
    assert statement["subject"] == [
        {"name": wheel.name, "digest": {"sha256": artifact["sha256"].removeprefix("sha256:")}}
    ]
    assert not record.with_name("attestation.json").exists()  # a selection attests nothing
    verified = certify("verify", record, "--artifact", wheel)
    assert (verified.code, verified.out) == (
        0,
        f"{record}: holds; demo 1.0.0 has no verdict: a selection was run\n",
    )


def test_a_wheel_of_another_tree_is_refused_before_anything_runs(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    wheel = a_wheel(tmp_path / "demo-1.0.0-py3-none-any.whl", "NAME = 'another'\n")
    ran = certify("-C", connector(), "--artifact", wheel, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.out) == (2, "")
    assert "its demo/__init__.py is not " in ran.error_line
    assert not (tmp_path / "out").exists()


def test_an_artifact_belongs_to_one_connector(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    roots = connector(name="one"), connector(name="two")
    ran = certify("-C", roots[0], "-C", roots[1], "--artifact", tmp_path / "x.whl")
    assert (ran.code, ran.out) == (2, "")
    assert ran.error_line == "certify: --artifact goes with one connector; -C was given several times"
