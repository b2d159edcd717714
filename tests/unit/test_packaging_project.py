"""What a project's files say without being run; what only a build can tell is not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.repository.project.pyproject import Project
from certify.repository.project.stated import Declared
from certify.rules import NotApplicable, Unverified
from tests.unit.packaging_projects import PYPROJECT, distribution, write

SETUP_CFG = """\
[metadata]
name = demo-connector
version = 1.2.0
license = MIT
classifiers =
    Typing :: Typed
    License :: OSI Approved :: MIT License

[options]
install_requires =
    requests>=2.31,<3
    # not this one
    attrs; python_version < "3.12"

[options.extras_require]
parquet = pyarrow>=15; pandas
test =
    pytest
"""


def project(root: Path, **files: str) -> Project:
    return Project(write(root, {name.replace("__", "."): text for name, text in files.items()}))


def places(requirements: tuple[Declared, ...] | None) -> list[tuple[str, str, str | None]]:
    assert requirements is not None
    return [(str(one.location), one.text, one.extra) for one in requirements]


def test_setup_cfg_is_read_with_its_lines(tmp_path: Path) -> None:
    one = project(tmp_path, setup__cfg=SETUP_CFG)
    stated = [one.name, one.version, one.licence]
    assert [(str(each.location), each.text) for each in stated if each] == [
        ("setup.cfg:2", "demo-connector"),
        ("setup.cfg:3", "1.2.0"),
        ("setup.cfg:4", "MIT"),
    ]
    assert [str(each.location) for each in one.classifiers] == ["setup.cfg:6", "setup.cfg:7"]
    assert places(one.requirements) == [
        ("setup.cfg:11", "requests>=2.31,<3", None),
        ("setup.cfg:13", 'attrs; python_version < "3.12"', None),
        ("setup.cfg:16", "pyarrow>=15", "parquet"),
        ("setup.cfg:16", "pandas", "parquet"),
        ("setup.cfg:18", "pytest", "test"),
    ]


@pytest.mark.parametrize("value", ["attr: demo.__version__", "file: VERSION", ""])
def test_a_version_that_the_build_reads_elsewhere_is_not_known(tmp_path: Path, value: str) -> None:
    assert project(tmp_path, setup__cfg=SETUP_CFG.replace("1.2.0", value)).version is None


def test_an_argument_of_setup_stands_above_the_file(tmp_path: Path) -> None:
    one = project(
        tmp_path, setup__cfg=SETUP_CFG, setup__py="import setuptools\nsetuptools.setup(version=find())\n"
    )
    assert one.version is None
    assert one.name is not None
    assert one.requirements is not None


@pytest.mark.parametrize("code", ["setup(**arguments)", "setup(", "setup(install_requires=read())"])
def test_a_setup_py_that_hides_its_arguments_leaves_the_requirements_unknown(
    tmp_path: Path, code: str
) -> None:
    assert project(tmp_path, setup__cfg=SETUP_CFG, setup__py=code).requirements is None


def test_setup_cfg_says_nothing_beside_a_project_table(tmp_path: Path) -> None:
    one = project(tmp_path, setup__cfg=SETUP_CFG.replace("1.2.0", "9.9.9"), pyproject__toml=PYPROJECT)
    assert one.version is not None
    assert one.version.text == "1.2.0"


def test_a_setup_cfg_for_tools_alone_says_nothing(tmp_path: Path) -> None:
    one = project(
        tmp_path, setup__cfg="[egg_info]\ntag_build =\n", setup__py="setup(name='demo', install_requires=[])"
    )
    assert (one.version, one.requirements) == (None, None)


def test_what_is_dynamic_is_not_known(tmp_path: Path) -> None:
    text = PYPROJECT.replace('version = "1.2.0"', 'dynamic = ["version", "dependencies"]')
    one = project(tmp_path, pyproject__toml=text)
    assert (one.version, one.requirements) == (None, None)


def test_poetry_s_own_table_is_read_but_for_its_requirements(tmp_path: Path) -> None:
    one = project(
        tmp_path, pyproject__toml='[tool.poetry]\nname = "demo"\nversion = "1.2.0"\nlicense = "MIT"\n'
    )
    assert one.version is not None
    assert str(one.version.location) == "pyproject.toml:3"
    assert one.requirements is None


def test_a_placeholder_of_a_version_plugin_is_no_version(tmp_path: Path) -> None:
    text = '[build-system]\nrequires = ["poetry-core", "poetry-dynamic-versioning>=1"]\nbuild-backend = "x"\n'
    assert project(tmp_path, pyproject__toml=f'{text}[tool.poetry]\nversion = "0.0.0"\n').version is None


def test_a_leftover_table_of_poetry_says_nothing_where_another_backend_builds(tmp_path: Path) -> None:
    text = (
        PYPROJECT.replace('version = "1.2.0"', 'dynamic = ["version"]') + '[tool.poetry]\nversion = "0.1.0"\n'
    )
    assert project(tmp_path, pyproject__toml=text).version is None


def test_the_build_system_has_the_defaults_of_the_standard(tmp_path: Path) -> None:
    system = project(tmp_path, setup__py="setup()").build_system
    assert (system.requires, system.backend) == (("setuptools",), "setuptools.build_meta:__legacy__")
    assert str(system.location) == "setup.py"


@pytest.mark.parametrize(
    "text",
    [
        "project = 1\n",
        "[project]\nname = 1\nversion = []\ndependencies = 5\nlicense = 3\nclassifiers = {}\n",
        "[project]\ndependencies = [1, {}]\noptional-dependencies = []\nlicense-files = 7\n",
        "[tool]\npoetry = 3\n",
        "[build-system]\nrequires = 4\nbuild-backend = []\n",
    ],
)
def test_values_of_the_wrong_type_are_passed_over(tmp_path: Path, text: str) -> None:
    one = project(tmp_path, pyproject__toml=text)
    assert (one.name, one.version, one.licence, one.classifiers) == (None, None, None, ())
    assert one.licence_files == ()
    assert one.build_system.backend


def test_without_a_project_python_connectors_are_told_what_to_write_and_others_left_alone(
    tmp_path: Path,
) -> None:
    with pytest.raises(Unverified) as caught:
        distribution(tmp_path, {"README.md": "x"}).require_project()
    assert "[project]" in caught.value.needs
    with pytest.raises(NotApplicable):
        distribution(tmp_path, {}, system="plakar").require_project()
