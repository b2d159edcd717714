"""What people see is what was meant, to the letter."""

from __future__ import annotations

import pytest

from tests.acceptance.terminal import EXPECTED, SHOWN, shown

#: Each is a whole certification.
BY_NIGHT = ("optional_dependencies_are_optional", "examples_parse")


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.nightly if one in BY_NIGHT else ()) for one in SHOWN]
)
def test_the_terminal_shows_what_is_expected(name: str) -> None:
    """`python -m tests.acceptance.terminal` writes the texts anew; read them before you commit."""
    assert shown(name) == (EXPECTED / f"{name}.txt").read_text("utf-8")


def test_nothing_is_expected_of_what_is_not_shown() -> None:
    assert sorted(file.stem for file in EXPECTED.iterdir()) == sorted(SHOWN)
