"""Someone else's suite of rules: found by its entry point, run and reported like ours."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from certify.model import Report, RuleResult, Status

if TYPE_CHECKING:
    from tests.integration.conftest import Command, Connectors

    ReportIn = Callable[[Path], Report]

HEAD = """\
import pytest
from certify import Effort, EvidenceLog, Tier, rule

"""
RULE = '''\
@rule("{name}", tier=Tier.BRONZE, effort=Effort.LOW)
def test_{name}({arguments}):
    """Whatever acme asks for.

    Why: acme has its reasons.

    Fix: ask acme.
    """
{body}

'''


def a_rule(name: str, body: str, arguments: str = "evidence") -> str:
    return RULE.format(name=name, arguments=arguments, body=textwrap.indent(textwrap.dedent(body), "    "))


def passing(name: str) -> str:
    return a_rule(name, "evidence.saw('acme', 'looked at it')")


class Suites:
    """Lays distributions on a path as an installer would: modules, and metadata beside them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self.folder)}

    def install(self, module: str, files: Mapping[str, str], version: str = "2.5") -> None:
        name = module.replace("_", "-")
        metadata = {
            "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            "entry_points.txt": f"[certify.suites]\n{name} = {module}\n",
        }
        placed = {f"{module}-{version}.dist-info/{file}": text for file, text in metadata.items()}
        for place, text in {**placed, **files}.items():
            path = self.folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")


@pytest.fixture
def suites(tmp_path: Path) -> Suites:
    """A path for suites of others."""
    return Suites(tmp_path / "site")


@pytest.fixture
def acme(
    suites: Suites, certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> Callable[..., dict[str, RuleResult]]:
    """Install `acme_rules` with this text, run its area alone, and give what became of its rules."""

    def run(text: str, *arguments: str, code: int = 1) -> dict[str, RuleResult]:
        suites.install("acme_rules", {"acme_rules.py": HEAD + text})
        chosen = ("--only", "acme_rules", "--artifact-dir", tmp_path / "out", *arguments)
        ran = certify("-C", connector(), *chosen, env=suites.environment)
        assert (ran.code, ran.err) == (code, "")
        return {rule.id: rule for rule in report_in(tmp_path / "out").rules}

    return run


# --- found, run, reported -----------------------------------------------------------------------------------


def test_its_rules_are_listed_and_explained(suites: Suites, certify: Command) -> None:
    suites.install("acme_rules", {"acme_rules.py": HEAD + passing("vendor_quota")})
    listed = certify("rules", "--area", "acme_rules", env=suites.environment)
    assert re.search("acme_rules +vendor_quota +bronze +low +Whatever acme asks for", listed.out)
    explained = certify("explain", "vendor_quota", env=suites.environment)
    assert "Why: acme has its reasons." in explained.out


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_its_rules_decide_the_verdict_with_ours_and_it_is_named(
    workers: tuple[str, ...], suites: Suites, certify: Command, connector: Connectors, tmp_path: Path,
    report_in: ReportIn,
) -> None:  # fmt: skip
    broken = a_rule("vendor_limit", "assert not evidence.entries, 'nothing may be noted'\nassert False")
    files = {
        "acme_rules/__init__.py": "",
        "acme_rules/quotas.py": HEAD + passing("vendor_quota"),
        "acme_rules/limits.py": HEAD + broken,
        "acme_rules/_private.py": HEAD + passing("never_run"),
    }
    suites.install("acme_rules", files)
    arguments = ("-C", connector(), "--artifact-dir", tmp_path / "out", *workers)
    ran = certify(*arguments, env=suites.environment)
    assert (ran.code, ran.err) == (1, "")
    report = report_in(tmp_path / "out")
    found = {rule.id: (rule.area, rule.status) for rule in report.rules}
    assert found["vendor_quota"] == ("quotas", Status.PASSED)
    assert found["vendor_limit"] == ("limits", Status.FAILED)
    assert found["imports_cleanly"] == ("import_safety", Status.PASSED)
    assert "never_run" not in found
    named = {suite.name: suite for suite in report.run.suites}
    assert (named["acme-rules"].version, set(named)) == ("2.5", {"acme-rules", "certify"})
    assert re.fullmatch("sha256:[0-9a-f]{64}", named["acme-rules"].digest)
    assert named["acme-rules"].digest != named["certify"].digest


def test_its_digest_follows_its_source(
    suites: Suites, certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    digests = []
    for comment in ("# one\n", "# two\n"):
        suites.install("acme_rules", {"acme_rules.py": HEAD + passing("vendor_quota") + comment})
        arguments = ("-C", connector(), "--only", "vendor_quota", "--artifact-dir", tmp_path / "out")
        assert certify(*arguments, env=suites.environment).code == 0
        suite = next(one for one in report_in(tmp_path / "out").run.suites if one.name == "acme-rules")
        digests.append(suite.digest)
    assert digests[0] != digests[1]


def test_an_id_of_a_contract_may_be_a_rule_of_its_own(
    suites: Suites, certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    suites.install("acme_rules", {"acme_rules.py": HEAD + passing("vendor_quota")})
    root = connector()
    contract = root / "certification/certification.yaml"
    contract.write_text(contract.read_text().replace("import_safety,", "import_safety, vendor_quota,"))
    ran = certify("-C", root, "--artifact-dir", tmp_path / "out", env=suites.environment)
    assert (ran.code, ran.err) == (0, "")
    found = {one.id: one.status for one in report_in(tmp_path / "out").ids}
    assert found["vendor_quota"] is Status.PASSED


# --- judged -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "-n 2"])
def test_a_plain_assertion_says_what_it_compared(
    workers: tuple[str, ...], acme: Callable[..., dict[str, RuleResult]]
) -> None:
    body = "evidence.saw('rows', 'three')\nrows = ['a', 'b', 'c']\nassert len(rows) == 4, 'rows are lost'"
    found = acme(a_rule("no_row_is_lost", body), *workers)["no_row_is_lost"]
    assert (found.status, found.message) == (Status.FAILED, "rows are lost")
    assert found.detail.splitlines()[1] == "assert 3 == 4"
    assert "len(['a', 'b', 'c'])" in found.detail


def test_two_bugs_that_hypothesis_finds_are_one_failure_with_both(
    acme: Callable[..., dict[str, RuleResult]],
) -> None:
    text = a_rule(
        "numbers_are_small",
        """
        evidence.saw("number", "some")
        assert number != 7, "seven"
        assert number != 40, "forty"
        """,
        "number, evidence",
    )
    imports = "from hypothesis import example, given, strategies as st\n\n"
    marks = "@given(number=st.integers(0, 99))\n@example(number=7)\n@example(number=40)\n"
    found = acme(imports + text.replace("def test_", marks + "def test_"))["numbers_are_small"]
    assert found.status is Status.FAILED
    assert sorted(found.message.split("; ")) == ["forty", "seven"]


def test_hypothesis_comes_to_the_same_end_each_time(acme: Callable[..., dict[str, RuleResult]]) -> None:
    body = """
    from hypothesis import settings
    now = settings.default
    evidence.saw("setting", "some")
    assert (now.derandomize, now.deadline, now.database) == (True, None, None)
    """
    assert (
        acme("import hypothesis\n\n" + a_rule("it_is_steady", body), code=0)["it_is_steady"].status
        == "passed"
    )


def test_a_rule_of_several_items_has_the_status_of_its_worst(
    acme: Callable[..., dict[str, RuleResult]],
) -> None:
    marks = "@pytest.mark.parametrize('number', [1, 2, 3])\n"
    body = "evidence.saw('number', str(number))\nassert number != 2"
    found = acme(marks + a_rule("no_number_is_two", body, "number, evidence"))["no_number_is_two"]
    assert found.status is Status.FAILED
    assert [item.status for item in found.items] == [Status.PASSED, Status.FAILED, Status.PASSED]


NOT_BLAMED = {
    "a fixture that raises": (
        "@pytest.fixture\ndef rows():\n    raise AssertionError('it is broken')\n\n",
        a_rule("its_rows_are_sound", "evidence.saw('rows', 'some')", "rows, evidence"),
        Status.ERRORED,
        "AssertionError in setup: it is broken",
    ),
    "a fixture that raises at its end": (
        "@pytest.fixture\ndef rows():\n    yield\n    raise OSError('no room')\n\n",
        a_rule("its_rows_are_sound", "evidence.saw('rows', 'some')", "rows, evidence"),
        Status.ERRORED,
        "OSError in teardown: no room",
    ),
    "a bug of its own": (
        "",
        a_rule("its_rows_are_sound", "evidence.saw('rows', 'some')\nnonsense"),
        Status.ERRORED,
        "NameError in call: name 'nonsense' is not defined",
    ),
    "an assertion of a library": (
        "import unittest\n\n",
        a_rule("its_rows_are_sound", "unittest.TestCase().assertEqual(1, 2)"),
        Status.ERRORED,
        "AssertionError in call: 1 != 2",
    ),
    "nothing seen": (
        "",
        a_rule("its_rows_are_sound", "pass"),
        Status.ERRORED,
        "the rule passed without having noted what it saw",
    ),
    "an exit": (
        "import sys\n\n",
        a_rule("its_rows_are_sound", "sys.exit(0)"),
        Status.ERRORED,
        "SystemExit in call: 0",
    ),
    "a skip": (
        "",
        a_rule("its_rows_are_sound", "pytest.skip('no time')"),
        Status.UNVERIFIED,
        "skipped: no time",
    ),
}


@pytest.mark.parametrize("name", NOT_BLAMED)
def test_what_goes_wrong_in_a_suite_is_not_the_connectors_fault(
    name: str, acme: Callable[..., dict[str, RuleResult]]
) -> None:
    before, text, status, message = NOT_BLAMED[name]
    found = acme(before + text + passing("another"))
    assert (found["its_rows_are_sound"].status, found["its_rows_are_sound"].message) == (status, message)
    assert found["another"].status is Status.PASSED, "the others go on"


def test_a_required_rule_that_errs_leaves_the_verdict_open(
    suites: Suites, certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn
) -> None:
    text = HEAD + a_rule("its_rows_are_sound", "raise OSError('no room')")
    suites.install("acme_rules", {"acme_rules.py": text})
    ran = certify("-C", connector(), "--artifact-dir", tmp_path / "out", env=suites.environment)
    assert (ran.code, ran.err) == (3, "")
    assert report_in(tmp_path / "out").verdict == "incomplete"


# --- refused ------------------------------------------------------------------------------------------------


def test_two_rules_of_one_id_are_refused_naming_both(
    suites: Suites, certify: Command, connector: Connectors
) -> None:
    suites.install("acme_rules", {"acme_rules.py": HEAD + passing("imports_cleanly")})
    for arguments in (("-C", connector()), ("rules",), ("explain", "imports_cleanly")):
        ran = certify(*arguments, env=suites.environment)
        assert ran.code == 2
        where = "in acme_rules and in certify_suites.import_safety"
        assert ran.error_line == f"certify: rule 'imports_cleanly' is defined twice: {where}"


BROKEN_SUITES = {
    "one that raises": ("raise RuntimeError('no licence')\n", "RuntimeError: no licence"),
    "one that does not parse": ("def\n", "SyntaxError: invalid syntax"),
    "one that needs what is not there": ("import acme_core\n", "No module named 'acme_core'"),
    "one without a docstring": (
        HEAD + "@rule('quota', tier=Tier.GOLD, effort=Effort.LOW)\ndef test_quota(): pass\n",
        "acme_rules.test_quota: the docstring needs a title, 'Why: …' and 'Fix: …', parted by blank lines",
    ),
    "one with another name": (
        HEAD + passing("quota").replace("test_quota", "quota"),
        "acme_rules.quota: the function of rule 'quota' must be named test_quota",
    ),
}


@pytest.mark.parametrize("name", BROKEN_SUITES)
def test_a_broken_suite_is_told_in_one_line(
    name: str, suites: Suites, certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    text, said = BROKEN_SUITES[name]
    suites.install("acme_rules", {"acme_rules.py": text})
    ran = certify("-C", connector(), "--artifact-dir", tmp_path / "out", env=suites.environment)
    assert ran.code == 2
    assert said in ran.error_line
    assert not (tmp_path / "out").exists()
