"""A discovery that asks the API: for what its own recording has, or nobody recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.connectors import Certified, certify, copy_of

#: What the tap does before it prints its catalog.
ASKS = """\
    if asked.discover:
        _gauges(asked.config).session.get("https://gauges.example/v1/gauges", timeout=30).raise_for_status()
"""
DISCOVER = """\
interactions:
- request: {method: GET, uri: 'https://gauges.example/v1/gauges', body: null, headers: {}}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/json]}
    body: {string: '{"gauges": ["Trier"]}'}
"""
RULES = ("exit_code_tells", "discover_is_stable", "catalog_is_sound")


@pytest.fixture
def tap(tmp_path: Path) -> Path:
    """The good tap, whose discovery asks the API which gauges there are; nobody recorded that."""
    root = copy_of("singer", tmp_path)
    source = root / "src" / "tap_gauge_readings" / "command.py"
    source.write_text(source.read_text("utf-8").replace("    if asked.discover:\n", ASKS), "utf-8")
    gauges = source.with_name("gauges.py")
    gauges.write_text(gauges.read_text("utf-8").replace("self._session", "self.session"), "utf-8")
    return root


def judged(root: Path, tmp_path: Path, *rules: str) -> Certified:
    return certify(root, tmp_path / "out", *(word for rule in rules for word in ("--only", rule)))


def record_discovery(root: Path) -> None:
    (root / "certification" / "cassettes" / "discover.yaml").write_text(DISCOVER, "utf-8")


@pytest.mark.parametrize("rule", RULES)
def test_its_own_recording_answers_it_whichever_rule_is_asked_for(
    tap: Path, rule: str, tmp_path: Path
) -> None:
    record_discovery(tap)
    assert judged(tap, tmp_path, rule).statuses == {rule: "passed"}


def test_what_nobody_recorded_is_not_blamed(tap: Path, tmp_path: Path) -> None:
    ended = judged(tap, tmp_path, *RULES)
    assert set(ended.statuses.values()) == {"unverified"}
    for rule in ended.rules.values():
        assert "asks for what is not recorded: GET gauges.example/v1/gauges" in rule["message"]
        assert "discover.yaml" in rule["detail"]


def test_nor_is_what_only_the_second_discovery_asks_for(tap: Path, tmp_path: Path) -> None:
    record_discovery(tap)
    source = tap / "src" / "tap_gauge_readings" / "command.py"
    # A recording without dates is replayed in the first minute of 2026; the second discovery comes later.
    by_time = '"https://gauges.example/v1/" + ("gauges" if time.gmtime().tm_min == 0 else "others")'
    text = source.read_text("utf-8").replace('"https://gauges.example/v1/gauges"', by_time)
    source.write_text(text.replace("import sys\n", "import sys\nimport time\n"), "utf-8")
    ended = judged(tap, tmp_path, "discover_is_stable", "catalog_is_sound")
    assert ended.statuses == {"catalog_is_sound": "passed", "discover_is_stable": "unverified"}
    assert "v1/others" in ended.rules["discover_is_stable"]["message"]


#: A discovery that ends before it asks the API for anything.
REFUSES = """\
    if asked.discover:
        raise ValueError({words})
"""


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("f\"no such river: {[asked.config['river']]}\"", "unverified"),
        ('"list index out of range"', "failed"),
    ],
)
def test_a_discovery_that_refuses_the_configuration_is_not_blamed_for_it(
    words: str, status: str, tap: Path, tmp_path: Path
) -> None:
    source = tap / "src" / "tap_gauge_readings" / "command.py"
    text = source.read_text("utf-8")
    assert ASKS in text
    source.write_text(text.replace(ASKS, REFUSES.format(words=words)), "utf-8")
    config = tap / "certification" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text("utf-8")) | {"river": "sample"}), "utf-8")
    rule = judged(tap, tmp_path, "discover_is_stable").rules["discover_is_stable"]
    assert rule["status"] == status
    assert ("speaks of river, as the configuration has it" in rule["message"]) == (status == "unverified")
