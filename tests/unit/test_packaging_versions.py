"""One semantic version, in the package, its metadata, the system's manifest, the changelog and git's tag."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.model import Location
from certify.repository.project.distribution import Distribution
from certify.repository.project.versions import StatedVersion
from certify.repository.project.wheel_file import CoreMetadata
from certify.rules import Unverified
from certify_suites import packaging
from tests.unit.packaging_projects import PYPROJECT, commit, distribution, git, releases, told

BUILT = CoreMetadata("demo-connector", "1.2.0")
DYNAMIC = PYPROJECT.replace('version = "1.2.0"', 'dynamic = ["version"]')


def semver(one: Distribution) -> list[str]:
    return told(lambda evidence: packaging.test_version_is_semver(one, evidence))


def consistent(one: Distribution, root: Path) -> list[str]:
    return told(lambda evidence: packaging.test_version_is_consistent(one, releases(root), evidence))


@pytest.mark.parametrize(
    "version",
    ["0.1.0", "1.2.3", "1.2.3rc1", "1.2.3-rc.1", "1.2.3.dev4+g0abc", "2024.11.3", "1.2.3+build.5", "v1.2.3"],
)
def test_a_semantic_version_passes(tmp_path: Path, version: str) -> None:
    files = {"pyproject.toml": PYPROJECT.replace("1.2.0", version)}
    assert semver(distribution(tmp_path, files)) == []


@pytest.mark.parametrize("version", ["1.2", "1", "1.2.3.4", "1!1.2.3", "1.2.3.post1", "latest", ""])
def test_any_other_version_is_found_in_its_line(tmp_path: Path, version: str) -> None:
    files = {"pyproject.toml": PYPROJECT.replace("1.2.0", version)}
    assert semver(distribution(tmp_path, files)) == [
        f"pyproject.toml:7: the version {version!r} is not X.Y.Z"
    ]


def test_a_dynamic_version_is_the_built_one(tmp_path: Path) -> None:
    one = distribution(tmp_path, {"pyproject.toml": DYNAMIC}, built=CoreMetadata("demo-connector", "1.2"))
    assert semver(one) == ["pyproject.toml:3: the version '1.2' is not X.Y.Z"]


def test_without_a_build_it_is_the_package_s_own(tmp_path: Path) -> None:
    files = {"pyproject.toml": DYNAMIC, "src/demo/__init__.py": '"""."""\n__version__: str = "1.2"\n'}
    assert semver(distribution(tmp_path, files)) == ["src/demo/__init__.py:2: the version '1.2' is not X.Y.Z"]


def test_without_anything_it_is_unverified_with_what_is_missing(tmp_path: Path) -> None:
    one = distribution(
        tmp_path, {"pyproject.toml": DYNAMIC, "src/demo/__init__.py": "__version__ = find()\n"}
    )
    with pytest.raises(Unverified, match="hatchling is not installed") as caught:
        one.version()
    assert caught.value.needs == "python -m pip install hatchling"


@pytest.mark.parametrize(
    ("system", "file", "text"),
    [
        ("airbyte", "metadata.yaml", "data:\n  dockerImageTag: '3.1'\n"),
        ("planasonix", "connector.yaml", "name: demo\nversion: '3.1'\n"),
    ],
)
def test_a_connector_without_python_metadata_has_the_version_of_its_manifest(
    tmp_path: Path, system: str, file: str, text: str
) -> None:
    one = distribution(tmp_path, {file: text}, system=system)
    assert semver(one) == [f"{file}:2: the version '3.1' is not X.Y.Z"]


def test_a_project_file_that_is_no_toml_is_unverified_and_not_failed(tmp_path: Path) -> None:
    one = distribution(tmp_path, {"pyproject.toml": "[project\n"})
    with pytest.raises(Unverified, match=r"pyproject\.toml:1"):
        one.version()


SAME = {
    "pyproject.toml": PYPROJECT,
    "src/demo/__init__.py": '__version__ = "1.2.0"\n',
    "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-01-02\n\n## 1.1.0\n",
}


def test_the_same_version_everywhere_passes(tmp_path: Path) -> None:
    assert consistent(distribution(tmp_path, SAME), tmp_path) == []


def test_two_spellings_of_one_version_agree(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": PYPROJECT.replace("1.2.0", "1.2.0-rc.1"),
        "src/demo/__init__.py": '__version__ = "1.2.0rc1"\n',
    }
    assert consistent(distribution(tmp_path, files), tmp_path) == []


@pytest.mark.parametrize("module", ["__init__", "_version", "__about__", "version", "__version__"])
def test_a_package_that_states_another_is_found(tmp_path: Path, module: str) -> None:
    files = SAME | {f"src/demo/{module}.py": '\n__version__ = version = "1.1.0"\n'}
    assert consistent(distribution(tmp_path, files), tmp_path) == [
        f"src/demo/{module}.py:2: src/demo/{module}.py:2 says 1.1.0, pyproject.toml:7 says 1.2.0"
    ]


@pytest.mark.parametrize(
    "code",
    [
        "from importlib.metadata import version\n__version__ = version('demo')\n",
        "try:\n    from ._v import __version__\nexcept ImportError:\n    __version__ = '0.0.1'\n",
        "def f():\n    __version__ = '9'\n",
        "__version__ = \n",
    ],
)
def test_what_is_no_literal_of_the_module_says_nothing(tmp_path: Path, code: str) -> None:
    assert consistent(distribution(tmp_path, SAME | {"src/demo/__init__.py": code}), tmp_path) == []


def test_a_placeholder_that_the_build_fills_says_nothing(tmp_path: Path) -> None:
    files = SAME | {"pyproject.toml": DYNAMIC, "src/demo/__init__.py": '__version__ = "0.0.0"\n'}
    assert consistent(distribution(tmp_path, files, built=BUILT), tmp_path) == []
    files["src/demo/__init__.py"] = '__version__ = "0.9.0"\n'
    assert consistent(distribution(tmp_path, files, built=BUILT), tmp_path) == [
        "src/demo/__init__.py:1: src/demo/__init__.py:1 says 0.9.0, the built wheel says 1.2.0"
    ]


def test_a_manifest_that_states_another_is_found(tmp_path: Path) -> None:
    files = SAME | {"dpone_connector_manifest.json": '{\n  "connector": "demo",\n  "version": "1.1.0"\n}\n'}
    one = distribution(tmp_path, files, system="dpone")
    assert consistent(one, tmp_path) == [
        "dpone_connector_manifest.json:3: dpone_connector_manifest.json:3 says 1.1.0, "
        "pyproject.toml:7 says 1.2.0"
    ]


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("CHANGELOG.md", "# Changelog\n## [1.3.0] - 2026-01-02\n## [1.2.0]\n", 2),
        ("CHANGELOG.md", "## [1.3.0](https://x.example/1.3.0) (2026-01-02)\n", 1),
        ("CHANGES.rst", "Changes\n=======\n\n1.3.0 (2026-01-02)\n------------------\n", 4),
        ("HISTORY.md", "Version 1.3.0\n-------------\n", 1),
        ("docs/changelog.md", "### demo 1.3.0 — 2nd of March 2026\n", 1),
    ],
)
def test_a_release_in_the_changelog_above_the_version_is_found(
    tmp_path: Path, name: str, text: str, line: int
) -> None:
    one = distribution(tmp_path, {"pyproject.toml": PYPROJECT, name: text})
    assert consistent(one, tmp_path) == [
        f"{name}:{line}: {name}:{line} has the release 1.3.0, pyproject.toml:7 says 1.2.0"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "## [1.2.0]\n## [1.3.0]\n",  # the topmost counts
        "## 1.3.0 (unreleased)\n## 1.2.0\n",
        "## [1.3.0] - TBD\n",
        "## 1.3.0.dev0\n",
        "## 1.3.0-SNAPSHOT\n",
        "## 2.0 migration guide\n",
        "## Moving to 2.0\n",
        "```\n## 9.0.0\n```\n",
        "## 2026-01-02\n",
        "## 2026.01.02\n",
        "9.0.0 is a version in a sentence.\n",
        "",
    ],
)
def test_what_is_no_release_above_the_version_is_none(tmp_path: Path, text: str) -> None:
    one = distribution(tmp_path, {"pyproject.toml": PYPROJECT, "CHANGELOG.md": text})
    assert consistent(one, tmp_path) == []


@pytest.mark.parametrize(
    "tag", ["v1.2.0", "1.2.0", "demo-connector-v1.2.0", "demo_connector/1.2.0", "v2", "other-9.9.9"]
)
def test_a_tag_that_agrees_or_names_no_release_of_this_connector_passes(tmp_path: Path, tag: str) -> None:
    one = distribution(tmp_path, SAME)
    commit(tmp_path, tag)
    assert consistent(one, tmp_path) == []


@pytest.mark.parametrize("tag", ["v1.3.0", "1.3.0", "release-1.3.0", "demo-connector==1.3.0"])
def test_a_tag_of_another_version_is_found(tmp_path: Path, tag: str) -> None:
    one = distribution(tmp_path, SAME)
    commit(tmp_path, tag)
    assert consistent(one, tmp_path) == [
        f"pyproject.toml:7: git's tag {tag} says 1.3.0, pyproject.toml:7 says 1.2.0"
    ]


def test_one_of_several_tags_is_enough(tmp_path: Path) -> None:
    one = distribution(tmp_path, SAME)
    commit(tmp_path, "v1.1.9")
    git(tmp_path, "tag", "v1.2.0")
    assert consistent(one, tmp_path) == []


def test_a_version_that_was_raised_since_the_tag_is_not_held_against_it(tmp_path: Path) -> None:
    distribution(tmp_path, SAME)
    commit(tmp_path, "v1.2.0")
    raised = {"pyproject.toml": PYPROJECT.replace("1.2.0", "1.3.0"), "src/demo/__init__.py": ""}
    assert consistent(distribution(tmp_path, raised), tmp_path) == []


def test_a_plain_tag_of_a_repository_that_holds_several_projects_is_nobody_s(tmp_path: Path) -> None:
    inner = tmp_path / "connectors" / "demo"
    one = distribution(inner, SAME)
    commit(tmp_path, "v9.0.0")
    assert consistent(one, inner) == []
    git(tmp_path, "tag", "demo-connector-9.0.0")
    assert len(consistent(one, inner)) == 1


def test_versions_are_compared_as_versions() -> None:
    place = Location("pyproject.toml", 1)
    assert StatedVersion("1.9.0", place).is_below(StatedVersion("1.10.0", place))
    assert not StatedVersion("1.10.0", place).is_below(StatedVersion("1.10", place))
    assert not StatedVersion("latest", place).is_below(StatedVersion("1.0", place))
