"""The same connector and cassette give the same report but for times, however the runs are made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.connectors import GOOD, Broken, Certified, certify

#: Waits, hangs, resets, connections, pages, and what a run lets out.
RULES = (
    "unauthorized_fails_fast",
    "retry_after_date_is_honoured",
    "read_timeout_is_finite",
    "reset_mid_body_is_discarded",
    "connect_timeout_is_survived",
    "untrusted_tls_is_refused",
    "pagination_loop_ends",
    "no_canary_in_output",
)
ONLY = [word for name in RULES for word in ("--only", name)]


def told(ended: Certified) -> dict[str, Any]:
    """All that a report says of its rules but for how long they took."""
    return {
        name: {key: value for key, value in rule.items() if key not in ("seconds", "items")}
        for name, rule in ended.rules.items()
    }


@pytest.fixture(scope="module")
def connector() -> Path:
    return GOOD["python"]


@pytest.fixture(scope="module")
def plain(connector: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    ended = certify(connector, tmp_path_factory.mktemp("plain"), *ONLY)
    assert set(ended.statuses.values()) == {"passed"}
    return told(ended)


@pytest.mark.parametrize(
    "how",
    [
        pytest.param((), id="again"),
        pytest.param(("-n", "2"), id="-n 2"),
        pytest.param(("--no-fork",), id="--no-fork", marks=pytest.mark.nightly),
    ],
)
def test_it_tells_the_same(
    how: tuple[str, ...], connector: Path, plain: dict[str, Any], tmp_path: Path
) -> None:
    assert told(certify(connector, tmp_path, *ONLY, *how)) == plain


def test_a_broken_one_tells_the_same(tmp_path: Path) -> None:
    folder = Broken.of("backoff_grows").lay_out(tmp_path)
    first, second = (certify(folder, tmp_path / out, "--only", "backoff_grows") for out in ("a", "b"))
    assert first.statuses == {"backoff_grows": "failed"}
    assert told(first) == told(second)


def test_thorough_lets_faults_strike_at_every_request(connector: Path, tmp_path: Path) -> None:
    rule = "rate_limit_is_retried"
    some, all_of_them = (
        certify(connector, tmp_path / out, "--only", rule, *more).rules[rule]["evidence"]
        for out, more in (("some", ()), ("all", ("--thorough",)))
    )
    moments = [moment["kind"] for moment in some[0]["timeline"]["moments"]]
    assert len(all_of_them) == moments.count("request") - 1  # one is sent twice
    assert {entry["summary"] for entry in some} <= {entry["summary"] for entry in all_of_them}
