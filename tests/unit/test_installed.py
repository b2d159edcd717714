"""A package that is not beside its contract is found in the interpreter that the run uses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from certify.contract import load_contract
from certify.repository import Repository
from certify.repository.project.distribution import Distribution
from certify.repository.project.installed import Installed
from certify.repository.project.pyproject import Project
from certify.repository.project.wheel_file import core_metadata
from certify.rules import NotApplicable, Unverified
from certify.sandbox.inside.distributions import locate
from certify.systems import subject_of

CONTRACT = "contract_version: '1'\nconnector: demo\nsystem: airbyte\ncapabilities: {source: {}}\n"
METADATA = """\
Metadata-Version: 2.4
Name: airbyte-source-demo
Version: 1.2.0
Requires-Python: >=3.10,<3.12
License-Expression: MIT
Requires-Dist: requests (<3)
Requires-Dist: pandas ; extra == "files"
"""


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    """A package with a specification, in a site-packages of its own."""
    site = tmp_path / "site-packages"
    described = site / "airbyte_source_demo-1.2.0.dist-info"
    for file, text in {
        site / "demo" / "__init__.py": "",
        site / "demo" / "spec.json": '{"connectionSpecification": {"type": "object"}}',
        described / "METADATA": METADATA,
        described / "RECORD": "demo/__init__.py,,\n",
    }.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return Installed(site / "demo", core_metadata(METADATA), described)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with nothing but the contract."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "certification.yaml").write_text(CONTRACT + "subject: {package: demo}\n", "utf-8")
    return folder


def test_the_interpreter_tells_where_a_package_lies_and_what_brought_it(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(installed.folder.parent)
    told = locate("demo")
    assert (told["folder"], told["described"]) == (str(installed.folder), str(installed.described))
    assert core_metadata(told["metadata"]) == installed.metadata
    assert "demo" not in sys.modules
    assert locate("demo.absent")["folder"] is None
    assert locate("no_such_package") == {"folder": None, "metadata": None, "described": None}


def test_a_connector_that_is_installed_is_known_by_its_metadata(root: Path, installed: Installed) -> None:
    one = subject_of(load_contract(root), {"demo": installed}.get)
    assert one.package().path is None
    assert one.package().modules == ("demo",)
    assert one.version == "1.2.0"
    assert one.requirements() == ("requests",)
    assert one.optional_distributions() == ("pandas",)
    assert one.requires_python == ">=3.10,<3.12"
    assert (one.config_schema().file, one.config_schema().value) == ("demo/spec.json", {"type": "object"})


def test_what_lies_in_the_repository_is_not_looked_for_elsewhere(root: Path, installed: Installed) -> None:
    (root / "demo").mkdir()
    (root / "demo" / "__init__.py").write_text("", "utf-8")
    one = subject_of(load_contract(root), lambda name: pytest.fail(f"looked for {name}"))
    assert one.package().path == str(root)
    assert one.version is None


def test_a_manifest_of_airbyte_s_has_no_package(root: Path) -> None:
    (root / "certification.yaml").write_text(CONTRACT, "utf-8")
    one = subject_of(load_contract(root))
    with pytest.raises(Unverified, match="cannot be told"):
        one.package()
    (root / "manifest.yaml").write_text("type: DeclarativeSource\nversion: 6.0.0\n", "utf-8")
    with pytest.raises(NotApplicable, match="no Python package"):
        subject_of(load_contract(root)).package()
    bare = Distribution(Project(Repository(root)), "airbyte", None, lambda: pytest.fail("built"))
    with pytest.raises(NotApplicable, match="no Python package"):
        bare.licence()
    with pytest.raises(Unverified, match="a manifest has none") as raised:
        bare.version()
    assert "dockerImageTag" in raised.value.needs


def test_the_metadata_tell_what_no_project_does(root: Path, installed: Installed) -> None:
    def distribution(one: Installed) -> Distribution:
        return Distribution(
            Project(Repository(root)), "airbyte", None, lambda: pytest.fail("built"), installed=one
        )

    told = distribution(installed)
    assert (told.version().text, told.version().place) == ("1.2.0", "the installed distribution")
    assert [one.text for one in told.requirements()] == list(core_metadata(METADATA).requires)
    with pytest.raises(Unverified, match="says MIT, and has no text of it"):
        told.licence()
    assert installed.described is not None
    (installed.described / "LICENSE").write_text("GNU GENERAL PUBLIC LICENSE\n", "utf-8")
    assert [one.message for one in told.licence().findings()] == [
        "LICENSE holds the GPL licence, the installed distribution says MIT"
    ]
