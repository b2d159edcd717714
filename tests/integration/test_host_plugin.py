"""`pytest --certify` in a connector's own repository: items that say what an isolated run decided."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.conftest import Command, Connectors, Ran

    Pytest = Callable[..., Ran]
    Hosts = Callable[..., Path]

CONTRACT = "certification/certification.yaml"
RAISES = "raise RuntimeError('a module of the connector was imported')\n"
#: A rule that is broken, and others that stand on it and so are blocked.
BROKEN = "raise ValueError('broken')\n"


@pytest.fixture
def host(connector: Connectors) -> Hosts:
    """A factory of connectors whose own pytest loads its plugins, ours among them."""

    def make(init: str = "", files: Mapping[str, str] | None = None, settings: str = "") -> Path:
        root = connector(init, files)
        project = root / "pyproject.toml"
        if "pyproject.toml" not in (files or {}):
            head = project.read_text().partition("[tool.pytest.ini_options]")[0]
            project.write_text(f'{head}[tool.pytest.ini_options]\npythonpath = ["src"]\n{settings}')
        return root

    return make


@pytest.fixture
def run_pytest(certify: Command) -> Pytest:
    """Run the repository's own pytest in its folder."""

    def run(root: Path, *arguments: object, **options: Mapping[str, str]) -> Ran:
        return certify(*arguments, program=(Path(sys.executable).with_name("pytest"),), cwd=root, **options)

    return run


def outcomes(ran: Ran) -> dict[str, str]:
    """The items of the contract by what `-v` says of them; none may be there twice."""
    alone = re.findall(rf"(?m)^{CONTRACT}::(\S+) ([A-Z]+)", ran.out)
    shared = re.findall(rf"(?m)^\[gw\d\] \[ *\d+%\] ([A-Z]+) {CONTRACT}::(\S+)", ran.out)
    found = [*alone, *((item, said) for said, item in shared)]
    assert len(dict(found)) == len(found)
    return dict(found)


# --- asked --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["--certify", CONTRACT])
def test_a_connector_that_is_certified_passes(asked: str, host: Hosts, run_pytest: Pytest) -> None:
    root = host()
    ran = run_pytest(root, asked, "-v")
    assert (ran.code, ran.err) == (0, "")
    found = outcomes(ran)
    assert found["import_safety::imports_cleanly"] == "PASSED"
    assert found["import_safety::optional_dependencies_are_optional"] == "SKIPPED"
    assert set(found.values()) == {"PASSED", "SKIPPED"}
    assert ("test_it_has_a_name PASSED" in ran.out) == (asked == "--certify"), (
        "its own tests, where not named"
    )
    assert re.search(r"^demo: certified; \d+ required: .*\d+ passed", ran.out, re.MULTILINE)
    report = root / "test_artifacts/certification/certification_report.md"
    assert f"report: {report}\n" in ran.out
    assert report.is_file()


def test_the_embedded_example_passes(run_pytest: Pytest, tmp_path: Path) -> None:
    root = tmp_path / "example"
    shutil.copytree(str(resources.files("certify_example")), root)
    ran = run_pytest(root, CONTRACT, "-k", "import_safety or manifest")
    assert (ran.code, ran.err) == (0, "")
    assert "orders_api: a selection was run; no verdict" in ran.out


@pytest.mark.parametrize("asked", ["--certify", CONTRACT])
def test_a_connector_that_breaks_a_rule_fails_with_place_fix_and_why(
    asked: str, host: Hosts, run_pytest: Pytest
) -> None:
    root = host("print('hello')\n")
    ran = run_pytest(root, asked, "-v")
    assert (ran.code, ran.err) == (1, "")
    assert outcomes(ran)["import_safety::imports_cleanly"] == "FAILED"
    assert outcomes(ran)["manifest::examples_parse"] == "PASSED"
    for words in (
        "imports_cleanly: Every submodule imports, and importing has no side effects",
        "  src/demo/__init__.py:3: importing demo",
        "why: a platform imports a connector",
        "more: certify explain imports_cleanly",
        "demo: not certified; ",
    ):
        assert words in ran.out
    assert "certify/plugin" not in ran.out, "no traceback of ours"


def test_what_nothing_can_exercise_is_skipped_and_still_no_success(host: Hosts, run_pytest: Pytest) -> None:
    root = host()
    contract = root / CONTRACT
    contract.write_text(contract.read_text().replace("import_safety,", "import_safety, vendor_quota,"))
    ran = run_pytest(root, CONTRACT, "-v", "-rs")
    assert outcomes(ran)["contract::vendor_quota"] == "SKIPPED"
    assert "unverified: " in ran.out
    assert "FAILED" not in outcomes(ran).values()
    assert "demo: incomplete; " in ran.out
    assert (ran.code, ran.err) == (1, "")


def test_what_is_broken_and_not_required_is_told_and_fails_nothing(host: Hosts, run_pytest: Pytest) -> None:
    root = host(files={"tests/test_demo.py": "def test_it_fails():\n    assert not 'certified'\n"})
    ran = run_pytest(root, CONTRACT, "-v", "-rx")
    assert (ran.code, ran.err) == (0, "")
    assert outcomes(ran)["quality::own_tests_pass"] == "XFAIL"
    assert "failed, not required (silver): " in ran.out
    assert "demo: certified; " in ran.out
    chosen = run_pytest(root, CONTRACT, "-v", "-k", "own_tests_pass")
    assert (chosen.code, outcomes(chosen)) == (1, {"quality::own_tests_pass": "FAILED"})


@pytest.mark.parametrize("asked", ["--certify", CONTRACT])
def test_an_unusable_contract_is_pytests_usage_error_in_one_line(
    asked: str, host: Hosts, run_pytest: Pytest
) -> None:
    root = host(files={CONTRACT: "contract_version: '1'\nconnector: demo\ncapabilities:\n  sorce: {}\n"})
    ran = run_pytest(root, asked)
    assert (ran.code, ran.out) == (4, "")
    said = f"ERROR: certify: {CONTRACT}:4: capabilities.sorce: unknown capability; did you mean 'source'?"
    assert ran.err.strip() == said


def test_without_a_contract_there_is_nothing_to_certify(run_pytest: Pytest, tmp_path: Path) -> None:
    ran = run_pytest(tmp_path, "--certify")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith(f"ERROR: certify: {tmp_path}: no {CONTRACT} in it")


# --- not asked ----------------------------------------------------------------------------------------------

ASLEEP = """\
import sys

def test_certify_is_asleep(pytestconfig):
    assert pytestconfig.pluginmanager.hasplugin("certify")
    awake = ("certify.contract", "certify.plugin.host", "certify.plugin.engine", "certify.registry", "yaml")
    assert [name for name in awake if name in sys.modules] == []
"""


def test_not_asked_it_does_nothing(host: Hosts, run_pytest: Pytest) -> None:
    root = host(BROKEN, {"tests/test_demo.py": ASLEEP})
    ran = run_pytest(root)
    assert (ran.code, ran.err) == (0, "")
    assert "1 passed" in ran.out
    assert "certification" not in ran.out
    assert not (root / "test_artifacts").exists()


# --- pytest's own options -----------------------------------------------------------------------------------


def test_workers_say_the_same_and_certify_runs_once(host: Hosts, run_pytest: Pytest, tmp_path: Path) -> None:
    root = host(BROKEN)
    alone = run_pytest(root, CONTRACT, "-v")
    shutil.rmtree(root / "test_artifacts")
    shared = run_pytest(root, CONTRACT, "-v", "-n", "2", "--basetemp", tmp_path / "base")
    assert (alone.code, shared.code, shared.err) == (1, 1, "")
    assert outcomes(shared) == outcomes(alone)
    assert outcomes(shared)["import_safety::import_is_quick"] == "SKIPPED"
    assert shared.out.count("demo: not certified; ") == 1


def test_workers_pass_what_is_certified(host: Hosts, run_pytest: Pytest, tmp_path: Path) -> None:
    ran = run_pytest(host(), CONTRACT, "-n", "2", "--basetemp", tmp_path / "base")
    assert (ran.code, ran.err) == (0, "")
    assert "demo: certified; " in ran.out


def test_k_runs_only_what_it_names(host: Hosts, run_pytest: Pytest) -> None:
    root = host(BROKEN)
    ran = run_pytest(root, CONTRACT, "-v", "-k", "examples_parse")
    assert (ran.code, ran.err) == (0, "")
    assert outcomes(ran) == {"manifest::examples_parse": "PASSED"}
    assert "demo: a selection was run; no verdict" in ran.out
    assert not (root / "test_artifacts").exists(), "a selection is no certification"


def test_an_item_may_be_named(host: Hosts, run_pytest: Pytest) -> None:
    ran = run_pytest(host(BROKEN), f"{CONTRACT}::import_safety::imports_cleanly", "-v")
    assert (ran.code, ran.err) == (1, "")
    assert outcomes(ran) == {"import_safety::imports_cleanly": "FAILED"}


def test_lf_runs_what_failed_again_and_nothing_that_was_blocked(host: Hosts, run_pytest: Pytest) -> None:
    root = host(BROKEN)
    first = outcomes(run_pytest(root, CONTRACT, "-v"))
    failed = {name for name, said in first.items() if said == "FAILED"}
    assert "import_safety::imports_cleanly" in failed
    assert first["import_safety::clients_are_injected"] == "SKIPPED"
    again = run_pytest(root, CONTRACT, "-v", "--lf")
    assert again.code == 1
    assert outcomes(again).keys() == failed
    (root / "src/demo/__init__.py").write_text("NAME = 'demo'\n")
    mended = run_pytest(root, CONTRACT, "-v", "--lf")
    assert outcomes(mended)["import_safety::imports_cleanly"] == "PASSED"


def test_x_stops_at_the_first_failure(host: Hosts, run_pytest: Pytest) -> None:
    ran = run_pytest(host(BROKEN), CONTRACT, "-v", "-x")
    assert (ran.code, ran.err) == (1, "")
    assert list(outcomes(ran).items())[-1] == ("import_safety::imports_cleanly", "FAILED")
    assert "stopping after 1 failures" in ran.out


def test_collect_only_lists_and_runs_nothing(
    host: Hosts, run_pytest: Pytest, certify: Command, tmp_path: Path
) -> None:
    root = host(ENDLESS)
    for workers in ((), ("-n", "2", "--basetemp", tmp_path / "base")):
        ran = run_pytest(root, CONTRACT, "--collect-only", "-q", *workers)
        assert (ran.code, ran.err) == (0, "")
        if not workers:
            assert f"{CONTRACT}::import_safety::imports_cleanly\n" in ran.out
        assert "demo: " not in ran.out
    assert not (root / "test_artifacts").exists()


def test_junitxml_has_rule_status_tier_and_fix(host: Hosts, run_pytest: Pytest, tmp_path: Path) -> None:
    run_pytest(host(BROKEN), CONTRACT, "--junitxml", tmp_path / "junit.xml")
    cases = {case.get("name"): case for case in ET.parse(tmp_path / "junit.xml").iter("testcase")}
    properties = {
        name: {one.get("name"): one.get("value") for one in case.iter("property")}
        for name, case in cases.items()
    }
    assert properties["imports_cleanly"] == {
        "rule": "imports_cleanly",
        "status": "failed",
        "tier": "bronze",
        "fix": properties["imports_cleanly"]["fix"],
    }
    assert str(properties["imports_cleanly"]["fix"]).startswith("move the work into the method")
    assert properties["import_is_quick"]["status"] == "blocked"
    assert properties["examples_parse"]["status"] == "passed"
    assert cases["imports_cleanly"].find("failure") is not None
    assert cases["import_is_quick"].find("skipped") is not None


def test_no_cache_is_no_matter(host: Hosts, run_pytest: Pytest) -> None:
    ran = run_pytest(host(), CONTRACT, "-p", "no:cacheprovider", "-k", "manifest")
    assert (ran.code, ran.err) == (0, "")


# --- the repository's own settings --------------------------------------------------------------------------

FAILING_FIXTURE = """\
import pytest

@pytest.fixture(autouse=True, scope="session")
def fails():
    raise RuntimeError("this fixture always fails")
"""
SETTINGS: dict[str, tuple[str, dict[str, str]]] = {
    "other names for tests": (
        'python_functions = "check_*"\npython_classes = "Check"\npython_files = "no.py"\n',
        {},
    ),
    "warnings as errors": ('filterwarnings = ["error"]\nxfail_strict = true\n', {}),
    "the contract's folder left out": ('norecursedirs = ["certification"]\ntestpaths = ["nowhere"]\n', {}),
    "a fixture that fails": ("", {"conftest.py": FAILING_FIXTURE}),
    "strict all over": (
        'addopts = "--strict-config --strict-markers -W error --import-mode=importlib"\n',
        {},
    ),
    "modules named like ours": (
        "",
        {f"{name}.py": RAISES for name in ("json", "yaml", "certify", "msgspec", "_pytest", "site")},
    ),
    "packages named like ours": (
        "",
        {f"{name}/__init__.py": RAISES for name in ("certify", "click", "rich", "certification")},
    ),
}


#: The others are like them, and a certification each.
BY_DAY = tuple(SETTINGS)[::3]


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=() if one in BY_DAY else pytest.mark.nightly) for one in SETTINGS]
)
def test_its_settings_change_no_verdict(name: str, host: Hosts, run_pytest: Pytest) -> None:
    settings, files = SETTINGS[name]
    ran = run_pytest(host(files=files, settings=settings), "--certify", CONTRACT, "-v")
    assert (ran.code, ran.err) == (0, "")
    assert outcomes(ran)["import_safety::imports_cleanly"] == "PASSED"
    assert "demo: certified; " in ran.out


def test_a_setting_that_breaks_pytest_breaks_pytest_alone(
    host: Hosts, run_pytest: Pytest, certify: Command, tmp_path: Path
) -> None:
    root = host(settings='addopts = "--bogus"\n')
    ran = run_pytest(root, "--certify")
    assert ran.code == 4
    assert "unrecognized arguments: --bogus" in ran.err
    assert certify("-C", root, "--artifact-dir", tmp_path / "out").code == 0


def test_a_conftest_that_raises_breaks_pytest_alone(
    host: Hosts, run_pytest: Pytest, certify: Command, tmp_path: Path
) -> None:
    root = host(files={"conftest.py": RAISES})
    assert run_pytest(root, "--certify").code == 4
    assert certify("-C", root, "--artifact-dir", tmp_path / "out").code == 0


# --- interrupted --------------------------------------------------------------------------------------------

ENDLESS = """
held = open(__file__)
while True:
    try:
        import nothing_of_this_name
    except ImportError:
        pass
"""


def test_an_interrupted_pytest_leaves_nothing_running(host: Hosts, certify: Command) -> None:
    root = host(ENDLESS)
    program = (Path(sys.executable).with_name("pytest"),)
    process = certify.start(CONTRACT, program=program, cwd=root)
    certify.until(lambda: any("inside/start.py" in words for words in certify.processes().values()))
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "KeyboardInterrupt" in said
    assert certify.wait_for_end() == {}
