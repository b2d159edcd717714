"""What a function must be to be a rule, and what is read from its docstring."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from certify.errors import SuiteError
from certify.model import Effort, Evidence, Finding, Location, Tier
from certify.rules import ATTRIBUTE, EvidenceLog, Rule, RuleBroken, no_findings, rule

GOOD = """Rows arrive once.

Why: a row that arrives twice is counted twice,
and nobody sees it.

Fix: send an idempotency key.
"""


def made(doc: str | None, name: str = "test_rows_arrive_once", rule_id: str = "rows_arrive_once") -> Rule:
    def function() -> None: ...

    function.__name__, function.__doc__, function.__module__ = name, doc, "acme_rules.delivery"
    noted: Rule = getattr(rule(rule_id, tier=Tier.BRONZE, effort=Effort.LOW)(function), ATTRIBUTE)
    return noted


def test_title_why_and_fix_are_the_docstring() -> None:
    noted = made(GOOD)
    assert noted.title == "Rows arrive once"
    assert noted.why == "a row that arrives twice is counted twice, and nobody sees it."
    assert noted.fix == "send an idempotency key."


def test_the_area_is_the_module() -> None:
    noted = made(GOOD)
    assert (noted.area, noted.module, noted.function) == (
        *("delivery", "acme_rules.delivery", "test_rows_arrive_once"),
    )


def test_the_function_stays_what_it_was() -> None:
    def test_it(given: int) -> int:
        """It.

        Why: so.

        Fix: do.
        """
        return given + 1

    assert rule("it", tier=Tier.GOLD, effort=Effort.HIGH)(test_it) is test_it
    assert test_it(1) == 2


def test_a_docstring_may_be_indented_and_have_examples() -> None:
    example = "Such as:\n\n    key: 1\n      more: 2\n\nThen again."
    inside_a_function = textwrap.indent(f"{GOOD.rstrip()} {example}\n", "    ").lstrip()
    assert made(inside_a_function).fix == f"send an idempotency key. {example}"


@pytest.mark.parametrize(
    "doc",
    [
        None,
        "",
        "Rows arrive once.",
        "Rows arrive once.\n\nWhy: it matters.",
        "Rows arrive once.\n\nFix: do it.",
        "Rows arrive once.\n\nFix: do it.\n\nWhy: it matters.",
        "Rows arrive once.\nWhy: it matters.\n\nFix: do it.",
        "Rows arrive once.\n\nWhy: it matters.\nFix: do it.",
        "Rows arrive once.\n\nwhy: it matters.\n\nfix: do it.",
        "Rows arrive once.\n\nWhy:\n\nFix: do it.",
        "Rows arrive\nonce.\n\nWhy: it matters.\n\nFix: do it.",
        "Why: it matters.\n\nFix: do it.",
    ],
)
def test_a_docstring_without_its_three_parts_is_refused_by_the_functions_name(doc: str | None) -> None:
    with pytest.raises(SuiteError) as caught:
        made(doc)
    assert str(caught.value) == (
        "acme_rules.delivery.test_rows_arrive_once: "
        "the docstring needs a title, 'Why: …' and 'Fix: …', parted by blank lines"
    )


@pytest.mark.parametrize("name", ["rows_arrive_once", "test_rows_arrive_twice", "check_rows_arrive_once"])
def test_a_function_of_another_name_is_refused(name: str) -> None:
    with pytest.raises(SuiteError) as caught:
        made(GOOD, name)
    assert str(caught.value) == (
        f"acme_rules.delivery.{name}: the function of rule 'rows_arrive_once' must be named "
        "test_rows_arrive_once"
    )


@pytest.mark.parametrize(
    "wrong", ["", "Rows", "rows-arrive", "1st", "rows__arrive", "rows_", "_rows", "röws", "a b", "a\n"]
)
def test_an_id_that_is_not_lower_snake_case_is_refused(wrong: str) -> None:
    with pytest.raises(SuiteError) as caught:
        made(GOOD, f"test_{wrong}", wrong)
    assert str(caught.value) == f"acme_rules.delivery.test_{wrong}: rule id {wrong!r} is not lower_snake_case"


@pytest.mark.parametrize("right", ["a", "a1", "rows_arrive_once", "http2_is_spoken", "a_1"])
def test_an_id_in_lower_snake_case_is_taken(right: str) -> None:
    assert made(GOOD, f"test_{right}", right).id == right


def test_findings_break_a_rule_with_the_first_and_the_count() -> None:
    with pytest.raises(RuleBroken) as caught:
        no_findings([Finding("no", Location("a.py", 3)), Finding("never")])
    assert str(caught.value) == "a.py:3: no (and 1 more)"
    assert len(caught.value.findings) == 2


def test_a_finding_without_place_breaks_a_rule_by_its_words() -> None:
    with pytest.raises(RuleBroken, match=r"^no$"):
        no_findings(Finding(word) for word in ["no"])


def test_no_findings_break_nothing() -> None:
    no_findings(iter(()))


def test_evidence_is_kept_in_order() -> None:
    log = EvidenceLog()
    log.saw("file", "read a.yaml")
    log.saw("import", "imported a")
    assert log.entries == [Evidence("file", "read a.yaml"), Evidence("import", "imported a")]


@pytest.mark.parametrize(
    ("systems", "capabilities", "applies"),
    [
        ((), (), True),
        (("dpone",), (), True),
        (("singer",), (), False),
        ((), ("source", "importer"), True),
        ((), ("sink",), False),
        (("dpone",), ("sink",), False),
        (("singer",), ("source",), False),
    ],
)
def test_a_rule_applies_by_system_and_capability(
    systems: tuple[str, ...], capabilities: tuple[str, ...], applies: bool
) -> None:
    def test_it() -> None:
        """It.

        Why: so.

        Fix: do.
        """

    decorate: Callable[[Callable[[], None]], object] = rule(
        "it", tier=Tier.BRONZE, effort=Effort.LOW, systems=systems, capabilities=capabilities
    )
    decorate(test_it)
    noted: Rule = getattr(test_it, ATTRIBUTE)
    assert noted.applies_to("dpone", ["source", "state"]) is applies
