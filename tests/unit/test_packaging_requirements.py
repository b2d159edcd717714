"""What is required lies within the allowlist, and the SDK within its major version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from certify.contract.contract import Policy, Sdk
from certify.repository import Repository
from certify.repository.project.wheel_file import CoreMetadata
from certify.rules import HarnessFault, NotApplicable, Unverified
from certify_suites import packaging
from tests.unit.packaging_projects import PYPROJECT, contract, distribution, requirements, told

LIST = "allow.txt"


SYSTEMS = pytest.mark.parametrize(
    ("system", "error"), [("python", NotApplicable), ("dpone", NotApplicable), ("planasonix", Unverified)]
)


def pyproject(*dependencies: str, extras: str = "") -> str:
    listed = ",\n".join(f'    "{one}"' for one in dependencies)
    return PYPROJECT.replace('["requests>=2.31,<3"]', f"[\n{listed}\n]") + extras


def allowed(
    root: Path,
    project: str,
    allowlist: str,
    installed: Mapping[str, str] | None = None,
    *,
    system: str = "python",
    built: CoreMetadata | None = None,
    others: Mapping[str, str] | None = None,
) -> list[str]:
    files = {"pyproject.toml": project, LIST: allowlist} | dict(others or {})
    needs = requirements(distribution(root, files, system=system, built=built), installed)
    plan = contract(root, Policy(dependency_allowlist=LIST), system)
    return told(lambda seen: packaging.test_dependencies_are_allowlisted(plan, Repository(root), needs, seen))


def sdk(root: Path, project: str, major: int, installed: Mapping[str, str] | None = None) -> list[str]:
    needs = requirements(distribution(root, {"pyproject.toml": project}), installed)
    plan = contract(root, Policy(sdk=Sdk("dpone", major)))
    return told(lambda seen: packaging.test_sdk_major_is_compatible(plan, needs, seen))


@pytest.mark.parametrize(
    "listed", ["requests>=2.31,<3", "requests >=2,<3  # reviewed", "Requests", "requests<3\nrequests>=3"]
)
def test_a_range_inside_the_allowed_one_passes(tmp_path: Path, listed: str) -> None:
    assert allowed(tmp_path, PYPROJECT, f"# allowed\n\n{listed}\n") == []


def test_a_range_that_lets_more_through_is_found_with_the_version_it_lets_through(tmp_path: Path) -> None:
    assert allowed(tmp_path, pyproject("attrs>=23", "requests>=2.31"), "attrs\nrequests>=2.31,<3\n") == [
        "pyproject.toml:11: requests (>=2.31) admits 3; allow.txt:2 allows >=2.31,<3"
    ]


def test_what_is_installed_now_is_told_where_it_is_beyond(tmp_path: Path) -> None:
    (line,) = allowed(tmp_path, pyproject("requests>=2.31"), "requests>=2.31,<3\n", {"requests": "3.1"})
    assert "admits 3 (3.1 is installed)" in line


def test_what_is_not_listed_is_found(tmp_path: Path) -> None:
    assert allowed(tmp_path, PYPROJECT, "attrs\n") == [
        "pyproject.toml:9: requests is required and not on the allowlist"
    ]


def test_a_line_that_is_no_requirement_is_found_in_its_line(tmp_path: Path) -> None:
    assert allowed(tmp_path, PYPROJECT, "requests\n-r other.txt\nrequests => 2\n") == [
        "allow.txt:2: '-r other.txt' is no requirement",
        "allow.txt:3: 'requests => 2' is no requirement",
    ]


def test_a_dependency_that_is_no_requirement_is_found(tmp_path: Path) -> None:
    assert allowed(tmp_path, pyproject("requests => 2"), "requests\n") == [
        "pyproject.toml:10: 'requests => 2' is no requirement"
    ]


def test_extras_for_users_count_and_those_for_authors_do_not(tmp_path: Path) -> None:
    extras = (
        '[project.optional-dependencies]\nparquet = ["pyarrow"]\ntest = ["pytest"]\ndev-tools = ["ruff"]\n'
    )
    extras += 'all = ["demo-connector[parquet]"]\n'
    assert allowed(tmp_path, pyproject("requests", extras=extras), "requests\n") == [
        "pyproject.toml:13: pyarrow is required and not on the allowlist"
    ]


def test_a_url_is_no_range_unless_it_is_listed_itself(tmp_path: Path) -> None:
    url = "requests @ https://example.org/requests.whl"
    assert allowed(tmp_path, pyproject(url), f"{url}\n") == []
    assert "is taken from https://example.org" in allowed(tmp_path, pyproject(url), "requests\n")[0]
    assert "admits 0" in allowed(tmp_path, pyproject("requests"), f"{url}\n")[0]


def test_another_version_in_the_interpreter_than_is_asked_for_is_not_the_connector_s_fault(
    tmp_path: Path,
) -> None:
    with pytest.raises(HarnessFault, match=r"requests 1\.0"):
        allowed(tmp_path, PYPROJECT, "requests>=2.31,<3\n", {"requests": "1.0"})
    assert allowed(tmp_path, PYPROJECT, "requests\n", {"requests": "1.0"}) == []


def test_what_only_a_build_can_tell_is_taken_from_the_wheel_with_its_line_in_the_source(
    tmp_path: Path,
) -> None:
    built = CoreMetadata("demo", "1.2.0", requires=("Requests>=2", "attrs ; extra == 'test'"))
    poetry = '[tool.poetry]\nname = "demo"\n[tool.poetry.dependencies]\npython = "^3.11"\nrequests = "^2"\n'
    assert allowed(tmp_path, poetry, "requests<3\n", built=built) == [
        "pyproject.toml:5: Requests (>=2) admits 3; allow.txt:1 allows <3"
    ]


def test_a_setup_py_is_pointed_at_by_the_name(tmp_path: Path) -> None:
    built = CoreMetadata("demo", "1.2.0", requires=("requests>=2",))
    files = {"setup.py": "setup(\n  name='demo',\n  install_requires=['requests-mock', 'requests>=2'])\n"}
    assert allowed(tmp_path, "", "requests<3\n", built=built, others=files)[0].startswith("setup.py:3: ")


def test_the_requirements_of_a_manifest_count_too(tmp_path: Path) -> None:
    manifest = {"connector.yaml": "name: demo\ndependencies:\n- requests>=2\n"}
    found = allowed(tmp_path, PYPROJECT, "requests>=2.31,<3\n", system="planasonix", others=manifest)
    assert found == ["connector.yaml:3: requests (>=2) admits 2; allow.txt:1 allows >=2.31,<3"]


def test_nothing_required_passes(tmp_path: Path) -> None:
    assert allowed(tmp_path, pyproject(), "") == []


def test_requirements_that_nothing_tells_are_unverified(tmp_path: Path) -> None:
    with pytest.raises(Unverified, match="requirements are not known: hatchling is not installed"):
        allowed(tmp_path, PYPROJECT.replace("dependencies = [", 'dynamic = ["dependencies"]\nx = ['), "")


@SYSTEMS
def test_without_an_allowlist_it_does_not_apply_but_where_the_platform_has_one(
    tmp_path: Path, system: str, error: type[Exception]
) -> None:
    needs = requirements(distribution(tmp_path, {"pyproject.toml": "["}))
    plan = contract(tmp_path, Policy(), system)
    with pytest.raises(error):
        told(
            lambda seen: packaging.test_dependencies_are_allowlisted(plan, Repository(tmp_path), needs, seen)
        )


def test_an_allowlist_that_is_not_there_is_unverified(tmp_path: Path) -> None:
    needs = requirements(distribution(tmp_path, {"pyproject.toml": PYPROJECT}))
    plan = contract(tmp_path, Policy(dependency_allowlist="absent.txt"))
    with pytest.raises(Unverified, match=r"absent\.txt"):
        told(
            lambda seen: packaging.test_dependencies_are_allowlisted(plan, Repository(tmp_path), needs, seen)
        )


@pytest.mark.parametrize(
    "declared", ["dpone>=0.2,<1", "dpone~=0.2", "dpone==0.9", "DPONE >=0.2, <1", "dpone<1"]
)
def test_a_range_within_the_major_version_passes(tmp_path: Path, declared: str) -> None:
    assert sdk(tmp_path, pyproject(declared), 0, {"dpone": "0.88.0"}) == []


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ("dpone>=0.2", "dpone (>=0.2) admits 1, outside major version 0"),
        ("dpone", "dpone (any version) admits 1, outside major version 0"),
        ("dpone>=0.2,<=1", "dpone (>=0.2,<=1) admits 1, outside major version 0"),
        (
            "dpone @ https://example.org/d.whl",
            "is taken from https://example.org/d.whl, which promises no version",
        ),
    ],
)
def test_a_range_beyond_it_is_found(tmp_path: Path, declared: str, says: str) -> None:
    (line,) = sdk(tmp_path, pyproject("requests", declared), 0)
    assert line.startswith("pyproject.toml:11: ")
    assert line.endswith(says)


def test_an_older_major_version_is_beyond_it_too(tmp_path: Path) -> None:
    assert "admits 1.5" in sdk(tmp_path, pyproject("dpone>=1.5,<3"), 2)[0]


def test_an_sdk_that_is_not_required_is_found_in_the_contract(tmp_path: Path) -> None:
    (line,) = sdk(tmp_path, PYPROJECT, 0)
    assert line == "certification.yaml:1: dpone, the SDK that the contract names, is not required"


def test_another_major_version_in_the_interpreter_is_not_the_connector_s_fault(tmp_path: Path) -> None:
    with pytest.raises(HarnessFault, match=r"dpone 1\.0"):
        sdk(tmp_path, pyproject("dpone>=0.2,<1"), 0, {"dpone": "1.0"})


@pytest.mark.parametrize("system", ["python", "dpone", "planasonix"])
def test_without_a_policy_the_sdk_is_nobody_s_matter(tmp_path: Path, system: str) -> None:
    needs = requirements(distribution(tmp_path, {"pyproject.toml": PYPROJECT}))
    plan = contract(tmp_path, Policy(), system)
    with pytest.raises(NotApplicable):
        told(lambda seen: packaging.test_sdk_major_is_compatible(plan, needs, seen))
