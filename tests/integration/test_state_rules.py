"""Rules on states, on small back ends: what is wrong with each, and what nothing can be said of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from certify.model import RuleResult, Status

CONTRACT = """\
contract_version: '1'
connector: demo
system: python
capabilities:
  state:
    required_tests: []
subject:
  package: demo
  state: demo:make_state
target:
  url: sqlite:///{tmp}/target.db
"""
#: One file a key, written whole beside the old one: what the others depart from.
SOUND = """\
import hashlib, json, os


def make_state(config, *, url):
    return State(os.path.dirname(url.removeprefix("sqlite:///")))


class State:
    def __init__(self, folder):
        self.folder = folder

    def _file(self, key):
        return os.path.join(self.folder, hashlib.sha256(key.encode()).hexdigest())

    def read_state(self, key):
        try:
            with open(self._file(key)) as file:
                return json.load(file)
        except FileNotFoundError:
            return None

    def write_state(self, key, value):
        text = json.dumps(value)
        with open(self._file(key) + ".new", "w") as file:
            file.write(text)
        os.replace(self._file(key) + ".new", self._file(key))
"""


@pytest.fixture
def judged(connector: Any, certify: Any, report_in: Any, tmp_path: Path) -> Any:
    def run(source: str, contract: str = CONTRACT) -> dict[str, RuleResult]:
        root = connector(source, {}, contract=contract)
        certify("-C", root, "--only", "state", "--artifact-dir", tmp_path / "out")
        return {rule.id: rule for rule in report_in(tmp_path / "out").rules}

    return run


def test_states_in_files_are_kept_and_survive(judged: Any) -> None:
    ended = judged(SOUND)
    assert ended["state_round_trips"].status is Status.PASSED
    assert ended["state_survives_a_crash"].status is Status.PASSED
    told = [one.summary for one in ended["state_survives_a_crash"].evidence]
    assert any(
        "killed before posix.replace: read_state then gives {'updated_at': '2026-01" in one for one in told
    )


def test_without_a_sink_there_is_nothing_to_follow(judged: Any) -> None:
    ended = judged(SOUND)
    for name in ("state_follows_commit", "failure_keeps_state"):
        assert ended[name].status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("json.dumps(value)", "json.dumps({})", "read_state('orders') gives {}"),
        ("json.load(file)", "json.load(file, parse_int=float)", "gives {"),
        ("text = json.dumps(value)", "text = json.dumps(value)[:200]", "raises JSONDecodeError"),
        ("json.load(file)", "tuple(json.load(file))", "gives tuple: ("),
        ("key.encode()", "key.lower().encode()", "read_state('orders') in another process gives {'key': 1}"),
        ("json.dumps(value)", "json.dumps(value) + str(1 / 0)", "write_state of a plain state raises"),
    ],
)
def test_a_state_that_comes_back_changed_is_told(judged: Any, old: str, new: str, told: str) -> None:
    rule = judged(SOUND.replace(old, new))["state_round_trips"]
    assert rule.status is Status.FAILED
    assert told in rule.message
    assert rule.location is not None
    assert rule.location.line is not None


def test_a_state_of_the_process_alone_is_lost_in_another(judged: Any) -> None:
    held = """\
HELD = {}
def make_state(config, *, url): return State()
class State:
    def read_state(self, key): return HELD.get(key)
    def write_state(self, key, value): HELD[key] = value
"""
    ended = judged(held)
    assert "read_state('orders') in another process gives nothing" in ended["state_round_trips"].message
    assert ended["state_survives_a_crash"].status is Status.FAILED


def test_half_a_file_after_a_crash_is_told(judged: Any) -> None:
    in_place = SOUND.replace(' + ".new", "w"', ', "w"').replace("os.replace(", "# os.replace(")
    rule = judged(in_place)["state_survives_a_crash"]
    assert rule.status is Status.FAILED
    assert "write_state is killed before TextIOWrapper.write" in rule.message


@pytest.mark.nightly
def test_a_lock_that_a_crash_leaves_is_told(judged: Any) -> None:
    locked = SOUND.replace(
        "text = json.dumps(value)",
        "lock = self.folder + '/lock'\n        while os.path.exists(lock): pass\n"
        "        open(lock, 'w').close()\n        text = json.dumps(value)",
    )
    rule = judged(locked + "        os.unlink(lock)\n")["state_survives_a_crash"]
    assert rule.status is Status.FAILED
    assert "comes to no end, and is stopped after 20 s" in rule.message


def test_what_the_contract_does_not_say_is_unverified_with_the_lines_to_add(judged: Any) -> None:
    rule = judged(SOUND, CONTRACT.replace("  state: demo:make_state\n", ""))["state_round_trips"]
    assert rule.status is Status.UNVERIFIED
    assert "state: " in rule.detail


def test_a_back_end_that_ends_its_process_is_not_blamed(judged: Any) -> None:
    rule = judged(SOUND.replace("text = json.dumps(value)", "os._exit(0)"))["state_round_trips"]
    assert rule.status is Status.ERRORED
