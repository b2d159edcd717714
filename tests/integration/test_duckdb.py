"""Singer targets that load into DuckDB, whose file nobody else can open while they do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from certify.target.contents import NO_TABLE
from certify.target.database import Database, Unreadable
from certify.target.saved import save
from tests.acceptance.connectors import Certified, certify, copy_of

duckdb = pytest.importorskip("duckdb")
pytest.importorskip("duckdb_engine")

ARCHIVE = Path(__file__).with_name("duckdb_target") / "archive.py"
NOT_CLAIMED = ("append_only_appends", "full_refresh_equals_model", "replace_keeps_the_rest")
CONTRACT = "certification/certification.yaml"
OPENS = 'duckdb.connect(asked.config["path"])'
#: What a column is declared as.
TYPES = """
        self.types = {
            name: _type(kind) for name, kind in schema.get("properties", {}).items()
        }
"""
TYPE = '''

def _type(schema: Any) -> str:
    """The type of a column; moments and what is nested are kept as texts."""
    kinds = schema.get("type", ())
    named = {"integer": "HUGEINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
    return next((kind for name, kind in named.items() if name in kinds), "VARCHAR")
'''
#: Brings each row to its table as it comes, whatever key that has.
_STAGED = "            [*row.values(), version, self._place],\n        )\n"
_BRINGS = "        self.publish()\n        self._connection.execute(f'DELETE FROM {_staged(stream)}')\n"
AT_ONCE = ((_STAGED, _STAGED + _BRINGS), ("WHERE ({key}) IN", "WHERE false AND ({key}) IN"))
#: Opens the file for one row at a time, and lets go of it in between.
ROW_BY_ROW = """
import argparse, json, sys
import duckdb

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    path = json.load(open(parser.parse_args().config))["path"]
    for line in sys.stdin:
        message = json.loads(line)
        if message["type"] == "RECORD":
            with duckdb.connect(path) as database:
                database.execute("CREATE TABLE IF NOT EXISTS readings (number INT, gauge TEXT)")
                row = message["record"]
                database.execute("INSERT INTO readings VALUES (?, ?)", [row["number"], row["gauge"]])
"""
#: Commits rows, and holds the file.
WRITES = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE SCHEMA reports; CREATE TABLE reports.orders AS SELECT 1 AS id")
connection.execute("CREATE VIEW reports.view AS SELECT 2 AS id; CREATE TABLE later (id INT)")
connection.execute("BEGIN; INSERT INTO reports.orders VALUES (2)")
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The target of `fixtures/`, which stages and merges, with DuckDB in the place of SQLite."""
    laid = copy_of("singer_target", tmp_path)
    package = laid / "src" / "target_gauge_archive"
    shutil.copy(ARCHIVE, package)
    change(package / "command.py", "import sqlite3\n", "import duckdb\n")
    change(package / "command.py", 'sqlite3.connect(asked.config["path"], isolation_level=None)', OPENS)
    change(package / "command.py", "sqlite3.Error", "duckdb.Error")
    change(package / "stream.py", "        self._validator = ", f"{TYPES}        self._validator = ")
    change(package / "stream.py", "\n\ndef _kept", f"{TYPE}\n\ndef _kept")
    change(laid / CONTRACT, "[incremental_merge, incremental_append, full_refresh]", "[incremental_merge]")
    change(laid / CONTRACT, "sqlite:///{tmp}/archive.db", "duckdb:///{tmp}/archive.db\n  batch_rows: 20")
    return laid


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def certified(target: Path, *only: str) -> Certified:
    named = [word for one in only or ("sink", "targets") for word in ("--only", one)]
    return certify(target, target.parent / "out", *named)


def test_a_target_that_stages_and_merges_passes_every_rule(target: Path) -> None:
    ended = certified(target)
    not_passed = {name: status for name, status in ended.statuses.items() if status != "passed"}
    assert (ended.exit_code, not_passed) == (0, dict.fromkeys(NOT_CLAIMED, "not_applicable")), ended.printed
    looked = ended.rules["partial_load_is_never_visible"]["evidence"][0]["summary"]
    assert "looked at at 34 of 34 points, 33 times in a copy of the locked file" in looked
    killed = ended.rules["killed_load_leaves_target_unchanged"]["evidence"][0]["summary"]
    assert killed == (
        "incremental_merge: killed at 8 rows, 3 lines that are no row and 14 calls, and repeated"
    )


@pytest.mark.nightly
def test_of_what_is_committed_early_in_a_locked_file_it_is_left_open_who_sees_it(target: Path) -> None:
    for old, new in AT_ONCE:
        change(target / "src" / "target_gauge_archive" / "archive.py", old, new)
    ended = certified(
        target, "partial_load_is_never_visible", "merge_is_idempotent", "killed_load_leaves_target_unchanged"
    )
    assert ended.statuses == {
        "partial_load_is_never_visible": "unverified",
        "merge_is_idempotent": "failed",
        "killed_load_leaves_target_unchanged": "failed",
    }
    killed = ended.rules["killed_load_leaves_target_unchanged"]["findings"][0]["message"]
    assert "killed before row 2 of 8" in killed
    seen = ended.rules["partial_load_is_never_visible"]["message"]
    assert "the locked file holds 6 rows, where nobody else can open it" in seen


def test_a_target_that_lets_go_of_its_file_between_two_rows_shows_half_a_load(target: Path) -> None:
    (target / "src" / "target_gauge_archive" / "command.py").write_text(ROW_BY_ROW, encoding="utf-8")
    ended = certified(target, "partial_load_is_never_visible")
    seen = ended.rules["partial_load_is_never_visible"]["findings"][0]["message"]
    assert "before row 2 of 8, others see 6 rows" in seen


def test_a_file_is_looked_at_while_it_is_locked_and_left_as_it_is(tmp_path: Path) -> None:
    target = Database("duckdb:///{tmp}/my-target.db", "reports.orders", tmp_path)
    assert (target.read(), list(tmp_path.iterdir()), target.is_locked) == (NO_TABLE, [], False)
    writes = subprocess.Popen(
        [sys.executable, "-c", WRITES, tmp_path / "my-target.db"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert writes.stdout is not None
    writes.stdout.readline()
    assert (target.look().as_rows, target.is_locked) == ([{"id": 1}], True)
    assert target.left_over() == ("later", "reports.view")
    writes.kill()
    writes.communicate()
    saved = save(target)
    assert target.is_locked is False
    for file in target.own_files:
        file.unlink(missing_ok=True)
    assert target.read() == NO_TABLE
    saved.restore(target)
    assert target.read().as_rows == [{"id": 1}]
    target.close()


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    target = Database("duckdb:///{tmp}/target.db", "orders", tmp_path)
    os.mkfifo(tmp_path / "target.db")
    with pytest.raises(Unreadable, match=r"target\.db is no file"):
        target.look()
    target.close()
