"""A fault is named in words that a reader of a report understands."""

from __future__ import annotations

import pytest

from certify.replay import faults


@pytest.mark.parametrize(
    ("header", "value", "name"),
    [
        ("retry-after", "7", "429 with retry-after: 7"),
        ("retry-after", faults.http_date(30), "429 with retry-after: a date in 30 s"),
        ("retry-after", faults.http_date(-3600), "429 with retry-after: a date 3600 s ago"),
        ("x-ratelimit-reset", faults.epoch(30), "429 with x-ratelimit-reset: the time in 30 s"),
    ],
)
def test_a_header_that_is_known_when_it_is_sent_is_told_in_words(header: str, value: str, name: str) -> None:
    assert str(faults.refusal(429, (header, value))) == name
