"""An odd value came through where it is the same number, text or truth value."""

from __future__ import annotations

from typing import Any

import pytest

from certify.sandbox.odd_values import is_same


@pytest.mark.parametrize(
    ("value", "read", "expected"),
    [
        (0.0, 0, True),
        (-0.0, 0, True),
        (1000.0, 1000, True),
        (0.1, 0.1, True),
        (0.1, 0, False),
        (1.0, True, False),
        (2**63 - 1, 2**63 - 1, True),
        (2**63 - 1, float(2**63), False),
        (1, 1.0, False),
        ("1", 1, False),
    ],
)
def test_a_value_is_the_same(value: Any, read: Any, expected: bool) -> None:
    assert is_same(value, read) is expected
