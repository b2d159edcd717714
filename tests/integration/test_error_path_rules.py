"""Rules of the error paths, where a connector breaks another rule already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from certify.model import Status

CONTRACT = """\
contract_version: '1'
connector: demo
system: python
capabilities:
  source:
    required_tests: [import_safety]
subject:
  package: demo
  source: demo:make_source
  config: certification/config.json
replay:
  cassettes: certification/cassettes
policy:
  tier: gold
"""
#: Any status but 200 ends it.
NEVER_ASKS_AGAIN = """\
import urllib.request


def make_source(config):
    return Source()


class Source:
    def read(self):
        with urllib.request.urlopen("https://levels.example/v1/level", timeout=30) as answer:
            yield {"level": answer.read().decode()}
"""


def recording() -> dict[str, object]:
    answer = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Type": ["application/json"], "Date": ["Mon, 05 Oct 2026 06:00:00 GMT"]},
        "body": {"string": "315"},
    }
    request: dict[str, object] = {"method": "GET", "uri": "https://levels.example/v1/level", "headers": {}}
    request["body"] = None
    return {"version": 1, "interactions": [{"request": request, "response": answer}]}


def test_a_429_that_always_ends_the_run_is_not_blamed_on_its_reset(
    connector: Any, certify: Any, report_in: Any, tmp_path: Path
) -> None:
    files = {
        "certification/cassettes/full_refresh.yaml": yaml.safe_dump(recording()),
        "certification/config.json": "{}",
    }
    root = connector(NEVER_ASKS_AGAIN, files, contract=CONTRACT)
    rules = ("rate_limit_is_retried", "rate_limit_reset_is_a_moment")
    only = [word for rule in rules for word in ("--only", rule)]
    certify("-C", root, *only, "--artifact-dir", tmp_path / "out")
    ended = {rule.id: rule for rule in report_in(tmp_path / "out").rules}
    assert ended["rate_limit_is_retried"].status is Status.FAILED
    assert ended["rate_limit_reset_is_a_moment"].status is Status.UNVERIFIED
    assert ended["rate_limit_reset_is_a_moment"].message == (
        "a 429 is not asked again even without the header; see rate_limit_is_retried"
    )
