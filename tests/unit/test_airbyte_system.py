"""An Airbyte connector as its system sees it: version, package, type, licence, marks of secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify import Blocked, NotApplicable, Subject, Unverified
from certify.contract import Contract
from certify.contract.contract import Capability
from certify.repository import Repository
from certify.repository.config.document import ConfigFile, parse_config
from certify.repository.config.secrets import examine_secrets
from certify.repository.docs import Pages
from certify.repository.project import Distribution, Project
from certify.systems import subject_of
from certify_suites import manifest, packaging
from tests.unit.packaging_projects import cannot_build, told
from tests.unit.test_airbyte_metadata import GOOD

MIT = "MIT\n\nPermission is hereby granted, free of charge, to any person obtaining a copy of this software\n"


def lay_out(root: Path, files: dict[str, str]) -> None:
    for name, text in {"metadata.yaml": GOOD, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def contract(root: Path, *capabilities: str) -> Contract:
    claims = {name: Capability() for name in capabilities or ("source",)}
    return Contract(root, "certification.yaml", "", "demo", "airbyte", claims)


def connector(root: Path, **files: str) -> Subject:
    lay_out(root, files)
    return subject_of(contract(root))


def licence(root: Path, files: dict[str, str]) -> list[str]:
    lay_out(root, files)
    one = Distribution(Project(Repository(root)), "airbyte", None, cannot_build)
    return told(lambda evidence: packaging.test_license_declared(one, evidence))


PYPROJECT = '[project]\nname = "airbyte-source-demo"\nversion = "1.1.0"\nlicense = "MIT"\n'


def test_the_version_is_the_tag_of_the_image(tmp_path: Path) -> None:
    assert connector(tmp_path, **{"pyproject.toml": PYPROJECT}).version == "1.2.0-rc.1"


def test_without_metadata_it_is_the_package_s(tmp_path: Path) -> None:
    assert connector(tmp_path, **{"pyproject.toml": PYPROJECT, "metadata.yaml": "data:"}).version == "1.1.0"


def test_the_package_is_named_as_the_image_among_folders_of_tests(tmp_path: Path) -> None:
    folders = ("source_demo", "unit_tests", "integration_tests")
    files = {f"{name}/__init__.py": "" for name in folders} | {"pyproject.toml": PYPROJECT}
    assert connector(tmp_path, **files).package().name == "source_demo"


def test_a_connector_that_is_declared_has_no_package(tmp_path: Path) -> None:
    subject = connector(tmp_path, **{"manifest.yaml": "version: 4.0.0\ntype: DeclarativeSource\n"})
    with pytest.raises(NotApplicable, match="the connector is a manifest"):
        subject.package()
    distribution = Distribution(Project(Repository(tmp_path)), "airbyte", None, cannot_build)
    with pytest.raises(NotApplicable):
        distribution.requirements()
    assert distribution.version().place == "metadata.yaml:8"


def test_the_specification_of_a_declared_connector_is_in_its_manifest(tmp_path: Path) -> None:
    text = "spec:\n  connection_specification: {type: object, required: []}\n"
    schema = connector(tmp_path, **{"manifest.yaml": text}).config_schema()
    assert schema.value == {"type": "object", "required": []}
    assert str(schema.at(("required",))) == "manifest.yaml:2"


def test_without_a_manifest_a_package_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(Unverified):
        connector(tmp_path).package()


@pytest.mark.parametrize(("claimed", "findings"), [("source", 0), ("sink", 1)])
def test_the_type_is_held_against_the_contract(claimed: str, findings: int, tmp_path: Path) -> None:
    lay_out(tmp_path, {})
    subject = subject_of(contract(tmp_path, claimed))
    found = told(lambda evidence: manifest.test_contract_is_valid(subject, evidence))
    assert len(found) == findings
    assert all("capabilities is ['source'] here, ['sink'] in certification.yaml:1" in one for one in found)


def test_a_page_that_cannot_be_told_blocks_no_other_system(tmp_path: Path) -> None:
    with pytest.raises(Blocked, match="neither a guide nor a README"):
        subject_of(Contract(tmp_path, "c.yaml", "", "demo", "python", {})).documentation(
            Pages(Repository(tmp_path))
        )


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"manifest.yaml": ""}, []),
        (
            {"manifest.yaml": "", "LICENSE": MIT},
            ["LICENSE holds the MIT licence, metadata.yaml:11 says ELv2"],
        ),
        (
            {"pyproject.toml": PYPROJECT, "LICENSE": MIT},
            ["metadata.yaml:11 says ELv2, pyproject.toml:4 says MIT"],
        ),
        (
            {
                "pyproject.toml": PYPROJECT.replace("MIT", "Elastic-2.0"),
                "LICENSE": "Elastic License 2.0\n\nURL: https://www.elastic.co/licensing/elastic-license\n",
            },
            [],
        ),
    ],
)
def test_the_licence_is_the_same_in_the_metadata(
    files: dict[str, str], said: list[str], tmp_path: Path
) -> None:
    found = licence(tmp_path, files)
    assert len(found) == len(said)
    assert all(part in one for part, one in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("mark", "findings"),
    [
        ("airbyte_secret: true", 0),
        ("writeOnly: true", 1),
        ("format: password", 1),
        ("secret: true", 1),
        ("airbyte_secret: 1", 1),
    ],
)
def test_airbyte_reads_one_mark_alone(mark: str, findings: int, tmp_path: Path) -> None:
    text = f"properties: {{api_token: {{type: string, {mark}}}}}"
    schema = ConfigFile("spec.yaml", parse_config(text.encode(), "spec.yaml"))
    found = examine_secrets(schema, contract(tmp_path)).findings
    assert len(found) == findings
    assert all('add `"airbyte_secret": true`' in str(one.fix) for one in found)


def test_a_version_in_poetrys_table_is_found(tmp_path: Path) -> None:
    poetry = '[tool.poetry]\nname = "airbyte-source-demo"\nversion = "1.3.0"\n'
    assert connector(tmp_path, **{"pyproject.toml": poetry, "metadata.yaml": "data:"}).version == "1.3.0"
