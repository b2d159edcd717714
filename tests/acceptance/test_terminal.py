"""What people see is what was meant, to the letter."""

from __future__ import annotations

import pytest

from tests.acceptance.terminal import EXPECTED, SHOWN, shown


@pytest.mark.parametrize("name", SHOWN)
def test_the_terminal_shows_what_is_expected(name: str) -> None:
    """`python -m tests.acceptance.terminal` writes the texts anew; read them before you commit."""
    assert shown(name) == (EXPECTED / f"{name}.txt").read_text("utf-8")


def test_nothing_is_expected_of_what_is_not_shown() -> None:
    assert sorted(file.stem for file in EXPECTED.iterdir()) == sorted(SHOWN)
