"""Which connector system a repository belongs to, told from its files alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.contract.detection import declared_dependencies, detect_system, project_table


def requiring(*requirements: str) -> str:
    return f"[project]\nname = 'demo'\ndependencies = {list(requirements)!r}\n"


DPONE = {"dpone_connector_manifest.json": "{}"}
AIRBYTE = {"metadata.yaml": "data:\n  dockerRepository: airbyte/source-demo\n"}
PLAKAR = {"manifest.yaml": "connectors:\n- type: importer\n"}


@pytest.mark.parametrize(
    ("files", "system"),
    [
        ({}, "python"),
        (DPONE, "dpone"),
        ({"pyproject.toml": requiring("dpone>=0.5")}, "dpone"),
        ({"pyproject.toml": requiring("Singer.SDK ~= 0.40")}, "singer"),
        ({"pyproject.toml": requiring("requests", "singer-python==6.0")}, "singer"),
        ({"pyproject.toml": requiring("airbyte_cdk[sql]")}, "airbyte"),
        (AIRBYTE, "airbyte"),
        (PLAKAR, "plakar"),
        ({"connector.yaml": "name: demo\n"}, "planasonix"),
        ({"packages.config": '<package id="APPSeCONNECT.SDK"/>'}, "appseconnect"),
        ({"Demo.csproj": '<Reference Include="APPSeCONNECT"/>'}, "appseconnect"),
        ({"Demo/Demo.vbproj": '<Reference Include="APPSeCONNECT"/>'}, "appseconnect"),
        ({"Demo.csproj": '<Reference Include="Else"/>'}, "python"),
        ({"pyproject.toml": requiring("dpone-lookalike", "xsinger-sdk")}, "python"),
        (DPONE | AIRBYTE | PLAKAR, "dpone"),
        (AIRBYTE | PLAKAR, "airbyte"),
    ],
)
def test_each_system_is_known_by_its_own_files(tmp_path: Path, files: dict[str, str], system: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert detect_system(tmp_path) == system


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metadata.yaml", "data: 5\n"),
        ("metadata.yaml", "data: dockerRepository\n"),
        ("metadata.yaml", "data: [dockerRepository]\n"),
        ("metadata.yaml", "- data\n"),
        ("metadata.yaml", "data: {a: &a [*a]}\n"),
        ("metadata.yaml", "\x00"),
        ("manifest.yaml", "connectors: many\n"),
        ("pyproject.toml", "[project]\ndependencies = 5\n"),
        ("pyproject.toml", "[project]\ndependencies = 'dpone'\n"),
        ("pyproject.toml", "[project]\ndependencies = [5, ['dpone']]\n"),
        ("pyproject.toml", "[project]\ndependencies = ['>=1', '']\n"),
        ("pyproject.toml", "project = 'dpone'\n"),
        ("pyproject.toml", "not toml"),
        ("pyproject.toml", "x = " + "[" * 5000),
    ],
)
def test_files_that_say_nothing_useful_detect_nothing(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert detect_system(tmp_path) == "python"


@pytest.mark.parametrize("name", ["metadata.yaml", "pyproject.toml", "connector.yaml", "packages.config"])
def test_folders_in_the_place_of_files_detect_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert detect_system(tmp_path) == "python"


def test_dependencies_are_named_without_versions_extras_or_spelling(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(requiring(" Foo_Bar.baz[x]>=1; python_version>'3'", "a"))
    assert declared_dependencies(tmp_path) == ["foo-bar-baz", "a"]


def test_an_oversized_project_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(requiring("dpone") + "#" * 1024 * 1024)
    assert project_table(tmp_path) == {}
