"""What the rules on sinks say where there is nothing to see: no load, no sink, no rows, no target."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.connectors import certify, copy_of

CONTRACT = "certification/certification.yaml"
SINK = "src/dpone_connector_orders_api/sink.py"
RULES = ("full_refresh_equals_model", "killed_load_leaves_target_unchanged", "repeated_load_is_idempotent")

IDLE = """
def make_sink(config, **given):
    return Sink()

class Sink:
    def load_rows(self, rows):
        return sum(1 for row in rows)
"""


@pytest.fixture
def connector(tmp_path: Path) -> Path:
    return copy_of("dpone", tmp_path)


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def outcomes(connector: Path) -> dict[str, dict[str, Any]]:
    only = [word for rule in RULES for word in ("--only", rule)]
    return certify(connector, connector.parent / "out", *only).rules


def test_a_sink_that_loads_nothing_passes_nothing(connector: Path) -> None:
    (connector / SINK).write_text(IDLE, "utf-8")
    rules = outcomes(connector)
    assert {name: rule["status"] for name, rule in rules.items()} == {
        "full_refresh_equals_model": "failed",
        "killed_load_leaves_target_unchanged": "blocked",
        "repeated_load_is_idempotent": "blocked",
    }
    assert rules["full_refresh_equals_model"]["findings"][0]["message"] == (
        "full_refresh: a load of 8 rows: the target is not there"
    )
    assert rules["repeated_load_is_idempotent"]["message"] == (
        "full_refresh: a load of 8 rows changes nothing in the target"
    )


def test_rows_that_the_sink_refuses_leave_its_rules_undecided_with_the_line_to_add(connector: Path) -> None:
    opening = "        with closing(self._connect())"
    change(connector / SINK, opening, f"        raise ValueError('not these')\n{opening}")
    for rule in outcomes(connector).values():
        assert (rule["status"], rule["detail"].splitlines()[0]) == ("unverified", "target:")
        assert rule["message"] == (
            "full_refresh: loading 5 of the rows of the recorded happy path ends with ValueError: not these"
        )


def test_rows_of_the_contract_are_loaded_and_blamed_on_nobody_else(connector: Path) -> None:
    change(connector / CONTRACT, "  replace_by: order_date\n", "  rows: rows.jsonl\n")
    (connector / "rows.jsonl").write_text(
        '{"id": 1, "order_date": "a", "amount": 2}\n{"id": 2, "order_date": "b", "amount": null}\n', "utf-8"
    )
    assert {rule["status"] for rule in outcomes(connector).values()} == {"passed"}

    (connector / "rows.jsonl").write_text('[{"id": 1, "amount": -2}]', "utf-8")
    for rule in outcomes(connector).values():
        assert (rule["status"], "loading 5 of rows.jsonl ends with QualityError" in rule["message"]) == (
            "blocked",
            True,
        )

    (connector / "rows.jsonl").write_text("{]", "utf-8")
    assert {rule["message"][:22] for rule in outcomes(connector).values()} == {"rows.jsonl: not JSON: "}


def test_a_contract_without_a_sink_says_what_to_add(connector: Path) -> None:
    change(connector / CONTRACT, "  sink: dpone_connector_orders_api.sink:make_sink\n", "")
    for rule in outcomes(connector).values():
        assert (rule["status"], rule["message"]) == ("unverified", "there is no sink to load with")
        assert 'sink: "your_package.sink:make_sink"' in rule["detail"]


def test_a_sink_that_does_not_import_is_blocked(connector: Path) -> None:
    (connector / SINK).write_text("raise RuntimeError('no')\n", "utf-8")
    for rule in outcomes(connector).values():
        assert (rule["status"], rule["message"]) == (
            "blocked",
            "the sink cannot be imported: RuntimeError: no",
        )


def test_a_target_without_a_driver_names_what_to_install(connector: Path) -> None:
    change(connector / CONTRACT, "sqlite:///{tmp}/target.db", "mysql://me:hidden@db.example/orders")
    for rule in outcomes(connector).values():
        assert rule["status"] == "unverified"
        assert rule["message"].startswith("there is no driver for mysql here")
        assert "hidden" not in rule["message"]


BATCHES = """
import sqlite3
from itertools import islice

def make_sink(config, *, target_url, table, strategy, primary_key):
    return Sink(target_url.removeprefix("sqlite:///"), table)

class Sink:
    def __init__(self, path, table):
        self.path, self.table = path, table

    def load_rows(self, rows):
        connection = sqlite3.connect(self.path)
        connection.execute(f"CREATE TABLE IF NOT EXISTS {self.table} (id INTEGER, amount INTEGER)")
        count = 0
        while batch := list(islice(rows, 100)):
            cells = [(row["id"], row["amount"]) for row in batch]
            connection.executemany(f"INSERT INTO {self.table} VALUES (?, ?)", cells)
            connection.commit()
            count += len(batch)
        connection.close()
        return count
"""


def test_a_sink_that_commits_each_batch_is_seen_and_killed_between_two(connector: Path) -> None:
    (connector / SINK).write_text(BATCHES, "utf-8")
    change(
        connector / CONTRACT, "    - full_refresh\n    - incremental_append\n    - incremental_merge\n", ""
    )
    change(connector / CONTRACT, "    - replace\n", "    - incremental_append\n")
    change(connector / CONTRACT, "  replace_by: order_date\n", "  rows: rows.jsonl\n")
    (connector / "rows.jsonl").write_text('{"id": 1, "amount": 2}\n{"id": 2, "amount": 3}\n', "utf-8")
    only = ("--only", "partial_load_is_never_visible", "--only", "killed_load_leaves_target_unchanged")
    rules = certify(connector, connector.parent / "out", *only).rules
    seen = rules["partial_load_is_never_visible"]
    assert (seen["status"], "of 201, others see 105 rows" in seen["message"]) == ("failed", True)
    assert rules["killed_load_leaves_target_unchanged"]["status"] == "failed"
