"""Who is to blame when a rule does not pass: real pytest runs of one small rule each."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

import msgspec
import pytest

from certify.model import Outcome, Status
from certify.plugin.engine import OUTCOME
from certify.plugin.isolated import run_isolated
from certify.plugin.order import Order
from certify.plugin.planning import installed_rules

pytest_plugins = ["pytester"]

#: A suite with one rule; `{body}` is what the rule does after it has noted what it saw.
SUITE = '''
import sys

import pytest

from certify import (
    Blocked, Effort, Finding, HarnessFault, Location, NotApplicable, SandboxError, Tier, Unverified,
    no_findings, rule,
)

import library

{top}

{marks}
@rule("it_holds", tier=Tier.BRONZE, effort=Effort.LOW)
def test_it_holds(evidence{asked}):
    """It holds.

    Why: else it breaks.

    Fix: mend it.
    """
{body}
'''

#: What a suite calls that is not its own.
LIBRARY = """
def insist(value):
    assert value, "the library insists"

def report():
    from certify import Finding, no_findings
    no_findings([Finding("found by a library")])

class Insistent:
    def __eq__(self, other):
        raise AssertionError("compared")
    __hash__ = None
"""

CONTRACT = "contract_version: '1'\nconnector: demo_api\nsystem: python\ncapabilities:\n  source: {}\n"

Judge = Callable[..., Outcome]


class Kept:
    """A pytest plugin that keeps the outcomes of a run, as the command's own listener does."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        told: Any = getattr(report, OUTCOME, None)
        if told is not None:
            self.outcomes.append(msgspec.convert(told, Outcome))


@pytest.fixture
def outcomes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., list[Outcome]]]:
    """Run a suite that holds one rule with this body; returns the outcomes of its items."""

    def run(
        body: str = "pass", *, top: str = "", marks: str = "", asked: str = "", saw: bool = True
    ) -> list[Outcome]:
        note = "evidence.saw('file', 'looked')\n" if saw else ""
        text = SUITE.format(
            top=textwrap.dedent(top),
            marks=marks,
            asked=f", {asked}" if asked else "",
            body=textwrap.indent(note + textwrap.dedent(body), "    "),
        )
        pytester.makepyfile(suite_of_one=text, library=LIBRARY)
        pytester.syspathinsert()
        point = metadata.EntryPoint("one", "suite_of_one", "certify.suites")
        monkeypatch.setattr(metadata, "entry_points", lambda *, group: [point])
        installed_rules.cache_clear()
        root = pytester.mkdir("connector")
        (root / "certification.yaml").write_text(CONTRACT)
        kept = Kept()
        ran = run_isolated(Order(root=str(root)), [kept])
        assert kept.outcomes, ran.transcript
        return kept.outcomes

    yield run
    installed_rules.cache_clear()


@pytest.fixture
def outcome(outcomes: Callable[..., list[Outcome]]) -> Judge:
    """The one outcome of a rule with this body."""

    def run(*arguments: str, **more: Any) -> Outcome:
        (one,) = outcomes(*arguments, **more)
        return one

    return run


def test_a_rule_that_ends_well_and_saw_something_has_passed(outcome: Judge) -> None:
    said = outcome("assert True")
    assert (said.status, said.message) == (Status.PASSED, "")
    assert [entry.summary for entry in said.evidence] == ["looked"]
    assert said.rule == "it_holds"
    assert said.nodeid.endswith("::suite_of_one::test_it_holds")


def test_a_pass_that_saw_nothing_is_our_fault(outcome: Judge) -> None:
    said = outcome("pass", saw=False)
    assert said.status is Status.ERRORED
    assert said.message == "the rule passed without having noted what it saw"


HELPERS = """
    def helper():
        assert False, 'in a helper of the suite'

    def broken(words):
        try:
            raise AssertionError(words)
        except AssertionError as error:
            return error
"""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("assert 1 == 2, 'they differ'", "they differ"),
        ("raise AssertionError('outright')", "outright"),
        ("pytest.fail('given up')", "given up"),
        ("helper()", "in a helper of the suite"),
        ("raise ExceptionGroup('two', [broken('one'), broken('other')])", "one; other"),
        ("raise ExceptionGroup('a', [ExceptionGroup('b', [broken('deep')]), broken('flat')])", "deep; flat"),
        ("no_findings([Finding('bad', Location('a.py', 3)), Finding('worse')])", "a.py:3: bad (and 1 more)"),
        ("library.report()", "found by a library"),
        (
            "try:\n    1 / 0\nexcept ZeroDivisionError as cause:\n    raise AssertionError('so') from cause",
            "so",
        ),
    ],
)
def test_an_assertion_of_the_rule_is_a_failure(outcome: Judge, body: str, message: str) -> None:
    said = outcome(body, top=HELPERS)
    assert said.status is Status.FAILED
    assert said.message.partition(" assert ")[0] == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("library.insist(False)", "AssertionError in call: the library insists"),
        ("library.Insistent() == 1", "AssertionError in call: compared"),
        ("1 / 0", "ZeroDivisionError in call: division by zero"),
        ("sys.exit(3)", "SystemExit in call: 3"),
        (
            "raise ExceptionGroup('mixed', [AssertionError('ours'), ValueError('not')])",
            "ExceptionGroup in call:",
        ),
        ("raise SandboxError('no fork to be had')", "no fork to be had"),
        ("raise HarnessFault('the disk is full')", "the disk is full"),
    ],
)
def test_whatever_else_goes_wrong_is_not_blamed_on_the_connector(
    outcome: Judge, body: str, message: str
) -> None:
    said = outcome(body)
    assert said.status is Status.ERRORED
    assert said.message.startswith(message)


def test_assertions_that_are_raised_only_as_a_group_are_a_failure(outcome: Judge) -> None:
    said = outcome("raise ExceptionGroup('two', [AssertionError('one'), AssertionError('other')])")
    assert (said.status, said.message) == (Status.FAILED, "one; other")


def test_one_assertion_of_a_library_among_others_spoils_the_verdict(outcome: Judge) -> None:
    body = """
        errors = []
        for value in (1, 2):
            try:
                library.insist(False) if value == 2 else pytest.fail("ours")
            except (AssertionError, pytest.fail.Exception) as error:
                errors.append(error)
        raise BaseExceptionGroup("both", errors)
    """
    assert outcome(body).status is Status.ERRORED


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("raise Unverified('no cassette', 'replay:')", Status.UNVERIFIED),
        ("raise Blocked('no cassette', 'replay:')", Status.BLOCKED),
        ("raise NotApplicable('no cassette', 'replay:')", Status.NOT_APPLICABLE),
    ],
)
def test_a_rule_may_say_that_it_cannot_decide(outcome: Judge, body: str, status: Status) -> None:
    said = outcome(body)
    assert (said.status, said.message, said.detail) == (status, "no cassette", "replay:")


def test_two_bugs_that_hypothesis_finds_are_one_failure(outcome: Judge) -> None:
    body = """
        from hypothesis import given, settings, strategies as st

        @settings(database=None, derandomize=True, max_examples=50)
        @given(st.integers())
        def check(value):
            assert value < 100, "too large"
            assert value > -100, "too small"

        check()
    """
    said = outcome(body)
    assert said.status is Status.FAILED
    assert "too large" in said.message
    assert "too small" in said.message


# --- skips and expected failures: a suite's marks change no verdict -------------------------------------


@pytest.mark.parametrize("body", ["pytest.skip('not today')", "pytest.importorskip('no_such_module')"])
def test_a_skip_leaves_the_rule_unverified(outcome: Judge, body: str) -> None:
    said = outcome(body)
    assert said.status is Status.UNVERIFIED
    assert said.message.startswith("skipped: ")


def test_a_skip_by_mark_leaves_the_rule_unverified(outcome: Judge) -> None:
    said = outcome(marks="@pytest.mark.skip(reason='not today')")
    assert (said.status, said.message) == (Status.UNVERIFIED, "skipped: not today")


@pytest.mark.parametrize(
    ("body", "marks"),
    [
        ("assert False", "@pytest.mark.xfail(reason='known')"),
        ("assert False", "@pytest.mark.xfail(strict=True, reason='known')"),
        ("assert True", "@pytest.mark.xfail(run=False, reason='known')"),
        ("pytest.xfail('known')", ""),
    ],
    ids=["mark", "strict", "not run", "within"],
)
def test_an_expected_failure_is_a_failure(outcome: Judge, body: str, marks: str) -> None:
    said = outcome(body, marks=marks)
    assert said.status is Status.FAILED
    assert said.message.endswith("known")


@pytest.mark.parametrize("strict", [False, True])
def test_what_passes_against_expectation_has_passed(outcome: Judge, strict: bool) -> None:
    assert outcome("assert True", marks=f"@pytest.mark.xfail(strict={strict})").status is Status.PASSED


# --- fixtures and phases --------------------------------------------------------------------------------


def test_an_assertion_in_a_fixture_is_our_fault(outcome: Judge) -> None:
    top = """
        @pytest.fixture
        def prepared():
            assert False, "not prepared"
    """
    said = outcome(top=top, asked="prepared")
    assert said.status is Status.ERRORED
    assert said.message.startswith("AssertionError in setup: not prepared")


def test_a_fixture_may_say_why_a_rule_is_blocked(outcome: Judge) -> None:
    top = """
        @pytest.fixture
        def prepared():
            raise Blocked("the import failed")
    """
    said = outcome(top=top, asked="prepared")
    assert (said.status, said.message) == (Status.BLOCKED, "the import failed")


def test_a_fixture_that_does_not_exist_is_our_fault(outcome: Judge) -> None:
    said = outcome(asked="no_such_fixture")
    assert said.status is Status.ERRORED
    assert "no_such_fixture" in said.message + said.detail


@pytest.mark.parametrize("fault", ["assert False, 'left open'", "raise OSError('left open')"])
def test_an_error_while_cleaning_up_is_our_fault(outcome: Judge, fault: str) -> None:
    top = f"@pytest.fixture\ndef prepared():\n    yield\n    {fault}"
    said = outcome("assert True", top=top, asked="prepared")
    assert said.status is Status.ERRORED
    assert "in teardown: left open" in said.message


def test_a_failure_outweighs_an_error_while_cleaning_up(outcome: Judge) -> None:
    top = "@pytest.fixture\ndef prepared():\n    yield\n    raise OSError('left open')"
    said = outcome("assert False, 'broken'", top=top, asked="prepared")
    assert (said.status, said.message.partition(" assert ")[0]) == (Status.FAILED, "broken")


def test_a_finding_is_no_verdict_before_the_rule_began(outcome: Judge) -> None:
    top = """
        @pytest.fixture
        def prepared():
            no_findings([Finding("found too early")])
    """
    assert outcome(top=top, asked="prepared").status is Status.ERRORED


# --- subtests and parameters ----------------------------------------------------------------------------


def test_a_failed_subtest_fails_the_rule_that_ends_well(outcome: Judge) -> None:
    body = """
        for value in (1, 2, 3):
            with subtests.test(value=value):
                assert value != 2, "two"
    """
    said = outcome(body, asked="subtests")
    assert (said.status, said.message.partition(" assert ")[0]) == (Status.FAILED, "two")


def test_subtests_that_all_end_well_have_passed(outcome: Judge) -> None:
    body = """
        for value in (1, 2):
            with subtests.test(value=value):
                assert value
    """
    assert outcome(body, asked="subtests").status is Status.PASSED


def test_a_skipped_subtest_leaves_the_rule_unverified(outcome: Judge) -> None:
    body = """
        with subtests.test():
            pytest.skip("not today")
    """
    assert outcome(body, asked="subtests").status is Status.UNVERIFIED


def test_an_error_in_a_subtest_is_our_fault(outcome: Judge) -> None:
    body = """
        with subtests.test():
            library.insist(False)
    """
    assert outcome(body, asked="subtests").status is Status.ERRORED


def test_each_parameter_has_an_outcome_of_its_own(outcomes: Callable[..., list[Outcome]]) -> None:
    said = outcomes("assert value != 2", marks="@pytest.mark.parametrize('value', [1, 2])", asked="value")
    assert [(one.nodeid.rpartition("[")[2], one.status) for one in said] == [
        ("1]", Status.PASSED),
        ("2]", Status.FAILED),
    ]


# --- what is shown --------------------------------------------------------------------------------------


def test_what_a_connector_says_is_shown_harmless_and_in_one_line(outcome: Judge) -> None:
    said = outcome(r"no_findings([Finding('red \x1b[31m', Location('a\n.py', 1), fix='write\u202e')])")
    (finding,) = said.findings
    assert finding.message == "red \\u001b[31m"
    assert finding.location is not None
    assert finding.location.file == "a .py"
    assert finding.fix == "write\\u202e"
    assert said.message.splitlines() == [said.message]
    assert "\x1b" not in said.message + said.detail


def test_a_thousand_findings_are_cut_and_counted(outcome: Judge) -> None:
    said = outcome("no_findings([Finding(f'bad {n}') for n in range(1000)])")
    assert len(said.findings) == 50
    assert said.message == "bad 0 (and 999 more)"


def test_an_exception_that_cannot_be_printed_is_our_fault(outcome: Judge) -> None:
    top = "class Mute(Exception):\n    def __str__(self):\n        raise ValueError('mute')"
    assert outcome("raise Mute", top=top).status is Status.ERRORED
