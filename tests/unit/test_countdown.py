"""How long a waiver holds yet, and when it is time to be told."""

from __future__ import annotations

import pytest

from certify.countdown import countdown, ends_soon

FINISHED = "2026-03-02T10:00:00+00:00"


@pytest.mark.parametrize(
    ("expires", "told", "soon"),
    [
        ("2026-03-17", "15 days", False),
        ("2026-03-16", "14 days, then it counts again", True),
        ("2026-03-03", "1 day, then it counts again", True),
        ("2026-03-02", "last day", True),
        ("2026-03-01", "expired 1 day before the run", True),
        ("some day", "unknown", True),
    ],
)
def test_the_days_are_counted_from_the_end_of_the_run(expires: str, told: str, soon: bool) -> None:
    assert (countdown(expires, FINISHED), ends_soon(expires, FINISHED)) == (told, soon)
