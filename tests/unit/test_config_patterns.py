"""Patterns of a schema: which compile, and that none is run which would not end soon."""

from __future__ import annotations

import time

import pytest

from certify.repository.config.patterns import MAX_LENGTH, MAX_STEPS, fault_of, matches, steps


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[a-z]+$",
        r"^\p{L}+$",
        r"^(?<year>\d{4})-\k<year>$",
        r"^\u{1F600}$",
        "[^]",
        r"^\cJ$",
        r"\d+\/\d+",
        "[[a]",
        "(?i)abc",
        "x" * (MAX_LENGTH + 1),
    ],
)
def test_a_pattern_that_python_or_json_schema_knows_has_no_fault(pattern: str) -> None:
    assert fault_of(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("(a", "missing ), unterminated subpattern"),
        ("[a", "unterminated character set"),
        ("*a", "nothing to repeat"),
        ("a{2,1}", "min repeat greater than max repeat"),
        ("[z-a]", "bad character range"),
        ("(?:" * 500 + ")" * 500, "nested too deeply"),
        ("a{99999999999}", "the repetition number is too large"),
    ],
)
def test_a_pattern_that_nobody_can_compile_has_one(pattern: str, fault: str) -> None:
    assert (fault_of(pattern) or "").startswith(fault)


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("^a+$", "aaa", True),
        ("^a+$", "aab", False),
        ("^a+$", "aaa\n", False),
        (r"^a\$", "a$", True),
        ("b", "abc", True),
        (r"^\p{L}$", "a", None),
        ("(a+)+$", "a", None),
        (r"(?x) (a+) +$", "a", None),
        ("(a+)(?#comment)+$", "a", None),
        ("(a|b){3}", "aba", None),
    ],
)
def test_a_pattern_is_run_where_that_ends_soon(pattern: str, text: str, found: bool | None) -> None:
    assert matches(pattern, text) is found


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$", "(a|aa)+$", "(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$", ".*.*.*.*.*.*x", "a?" * 30 + "a" * 30],
)
def test_a_catastrophic_pattern_is_not_run(pattern: str) -> None:
    assert matches(pattern, "a" * 200 + "!") is None


@pytest.mark.parametrize("base", ["a*", "a?", "(a|a)", "(a|b|ab)", "a{1,9}", "[ab]+", r"(a*)\1", "a*?"])
@pytest.mark.parametrize("end", ["x", "$"])
def test_the_dearest_pattern_that_is_run_takes_no_second(base: str, end: str) -> None:
    """The bound counts ways; this measures that a way costs little."""
    for length in (20, 100, 1000):
        dearest = max((n for n in range(1, 40) if steps(base * n + end, length) <= MAX_STEPS), default=0)
        begun = time.process_time()
        matches(base * dearest + end, "a" * length + "!")
        assert time.process_time() - begun < 1.0
