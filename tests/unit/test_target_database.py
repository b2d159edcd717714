"""A table is found with its schema and without."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from certify.target.contents import NO_TABLE
from certify.target.database import Database


@pytest.mark.parametrize("table", ["orders", "main.orders"])
def test_a_table_may_be_named_with_its_schema(table: str, tmp_path: Path) -> None:
    target = Database("sqlite:///{tmp}/target.db", table, tmp_path)
    assert target.read() == NO_TABLE
    with sqlite3.connect(tmp_path / "target.db") as connection:
        connection.execute("CREATE TABLE orders AS SELECT 1 AS id")
        connection.execute("CREATE TABLE orders_staged (id)")
    connection.close()
    assert target.look().as_rows == [{"id": 1}]
    assert str(target.read("main.orders_staged")) == "0 rows"
    assert target.left_over() == ("orders_staged",)
    target.close()
