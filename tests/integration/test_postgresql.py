"""The rules on sinks hold on a database over the network: looked at, and cut off, through a relay."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.connectors import Certified, certify, copy_of
from tests.integration.postgres import binaries, running

#: Writes each row straight to the target, and commits it: what an author writes first.
DIRECT = '''
"""Load rows as they come."""

from .connector import OrdersConfig
from .database import connect, quote


def make_sink(config, *, target_url, table, strategy, primary_key):
    OrdersConfig.from_mapping(config)
    return OrdersSink(target_url, table)


class OrdersSink:
    def __init__(self, url, table):
        self.url, self.table = url, quote(table)

    def load_rows(self, rows):
        database = connect(self.url)
        count = 0
        for row in rows:
            names = ", ".join(map(quote, row))
            if count == 0:
                columns = ", ".join(f"{quote(name)} {TYPES[type(value)]}" for name, value in row.items())
                database.execute(f"CREATE TABLE IF NOT EXISTS {self.table} ({columns})")
            marks = ", ".join([database.placeholder] * len(row))
            database.execute(f"INSERT INTO {self.table} ({names}) VALUES ({marks})", list(row.values()))
            count += 1
        database.close()
        return count


TYPES = {int: "bigint", str: "text", type(None): "text"}
'''


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    folder = binaries()
    if folder is None:
        assert "CERTIFY_REAL" not in os.environ, "there is no PostgreSQL: python -m pip install pgserver"
        pytest.skip("there is no PostgreSQL here")
    with running(folder) as url:
        yield url


@pytest.fixture
def example(server: str, tmp_path: Path) -> Path:
    """The example, loading into the server."""
    laid = copy_of("dpone", tmp_path)
    contract = laid / "certification" / "certification.yaml"
    text = contract.read_text("utf-8").replace("sqlite:///{tmp}/target.db", server)
    assert server in text
    contract.write_text(text, "utf-8")
    return laid


def certified(connector: Path) -> Certified:
    return certify(connector, connector.parent / "out", "--only", "sink")


def test_the_example_passes_every_rule_on_sinks(example: Path) -> None:
    ended = certified(example)
    assert (ended.exit_code, set(ended.statuses.values())) == (0, {"passed"})
    killed = ended.rules["killed_load_leaves_target_unchanged"]["evidence"]
    assert killed[0]["summary"] == "full_refresh: killed at 9 rows and 16 messages, and repeated"
    assert len(ended.rules["partial_load_is_never_visible"]["evidence"]) == 8


def test_rows_written_straight_to_the_target_are_seen_and_stay_and_come_twice(example: Path) -> None:
    package = example / "src" / "dpone_connector_orders_api"
    (package / "sink.py").write_text(DIRECT, "utf-8")
    contract = example / "certification" / "certification.yaml"
    claimed = "    - full_refresh\n    - incremental_append\n    - incremental_merge\n    - replace\n"
    text = contract.read_text("utf-8")
    assert claimed in text
    contract.write_text(text.replace(claimed, "    - incremental_append\n"), "utf-8")
    shutil.rmtree(example / "examples")

    ended = certified(example)

    failed = {name for name, status in ended.statuses.items() if status == "failed"}
    assert failed >= {
        "partial_load_is_never_visible",
        "killed_load_leaves_target_unchanged",
        "repeated_load_is_idempotent",
    }
    seen = ended.rules["partial_load_is_never_visible"]["findings"][0]
    assert "before row 2 of 8, others see 6 rows" in seen["message"]
    kept = ended.rules["killed_load_leaves_target_unchanged"]["findings"][0]
    assert "incremental_append: killed before row 2 of 8, the load leaves 6 rows" in kept["message"]
    twice = ended.rules["repeated_load_is_idempotent"]["findings"][0]
    assert "leaves 13 rows, and the same once more 21 rows" in twice["message"]


def test_what_was_loaded_is_gone_afterwards(server: str, example: Path) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        ended = certify(example, example.parent / "out", "--only", "full_refresh_equals_model")
        assert ended.statuses == {"full_refresh_equals_model": "passed"}
        assert connection.execute("SELECT 1 FROM pg_tables WHERE schemaname = 'public'").fetchall() == []


def test_a_database_in_which_anything_lies_is_left_alone(server: str, example: Path) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE TABLE somebody_elses (id bigint)")
        ended = certify(
            example, example.parent / "out", "--only", "full_refresh_equals_model", "--only", "state"
        )
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        connection.execute("DROP TABLE somebody_elses")
    assert tables == [("somebody_elses",)]
    rule = ended.rules["full_refresh_equals_model"]
    assert rule["status"] == ended.rules["state_round_trips"]["status"] == "unverified"
    assert rule["message"].startswith("the database holds somebody_elses already")


def test_a_server_that_is_not_there_leaves_the_rules_unverified(example: Path) -> None:
    contract = example / "certification" / "certification.yaml"
    text = contract.read_text("utf-8")
    start = text.index("postgresql://")
    gone = "postgresql://certify:hidden@127.0.0.1:9/postgres"
    contract.write_text(text[:start] + gone + text[text.index("\n", start) :], "utf-8")
    ended = certify(example, example.parent / "out", "--only", "full_refresh_equals_model")
    rule = ended.rules["full_refresh_equals_model"]
    assert (rule["status"], rule["message"][:31]) == ("unverified", "the target cannot be reached: c")
    assert "hidden" not in ended.printed
