"""The DuckDB file: staging tables of this connection alone, and one transaction that brings them over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
from target_gauge_archive.stream import Stream

#: Columns of the archive's own: the version that a row came with, and its place in the run.
VERSION, PLACE = "_sdc_table_version", "_sdc_sequence"
_OWN = {VERSION: "BIGINT", PLACE: "BIGINT"}


class Archive:
    """Tables by stream."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._streams: dict[str, Stream] = {}
        self._columns: dict[str, dict[str, str]] = {}
        self._versions: dict[str, int] = {}
        self._place = 0

    def prepare(self, stream: Stream) -> None:
        """Make room for the rows of a schema beside those of the one before."""
        self._streams[stream.name] = stream
        known = self._columns.setdefault(stream.name, {})
        if not known:
            self._connection.execute(f"CREATE TEMP TABLE {_staged(stream)} ({_declared(_OWN)})")
        _add(self._connection, _staged(stream), stream.types, known)
        known.update(stream.types)

    def stage(self, stream: Stream, row: Mapping[str, Any], version: int | None) -> None:
        """Lay a row beside the others of its stream, where nobody else sees it."""
        self._place += 1
        names = [*row, VERSION, PLACE]
        marks = ", ".join("?" for _ in names)
        self._connection.execute(
            f"INSERT INTO {_staged(stream)} ({_listed(names)}) VALUES ({marks})",
            [*row.values(), version, self._place],
        )

    def activate(self, stream: Stream, version: int) -> None:
        """Of this stream only rows of this version are to stay."""
        self._versions[stream.name] = version

    def publish(self) -> None:
        """Bring all that is staged to the tables, in one transaction."""
        self._connection.execute("BEGIN TRANSACTION")
        try:
            for stream in self._streams.values():
                self._bring(stream)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _bring(self, stream: Stream) -> None:
        table, columns = _table(stream), self._columns[stream.name]
        self._connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({_declared(_OWN)})")
        described = self._connection.execute(f"DESCRIBE {table}").fetchall()
        _add(self._connection, table, columns, {row[0]: row[1] for row in described})
        names = _listed([*columns, VERSION, PLACE])
        rows = f"SELECT {names} FROM {_staged(stream)}"
        if stream.key:
            key = _listed(stream.key)
            rows += f" WHERE {PLACE} IN (SELECT max({PLACE}) FROM {_staged(stream)} GROUP BY {key})"
            keys = f"SELECT {key} FROM {_staged(stream)}"
            self._connection.execute(f"DELETE FROM {table} WHERE ({key}) IN ({keys})")
        self._connection.execute(f"INSERT INTO {table} ({names}) {rows}")
        version = self._versions.get(stream.name)
        if version is not None:
            self._connection.execute(f"DELETE FROM {table} WHERE {VERSION} IS DISTINCT FROM ?", [version])


def _add(connection: Any, table: str, types: Mapping[str, str], there: Mapping[str, str]) -> None:
    for name, kind in types.items():
        if name not in there:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {_name(name)} {kind}")


def _declared(types: Mapping[str, str]) -> str:
    return ", ".join(f"{_name(name)} {kind}" for name, kind in types.items())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(_name, names))


def _table(stream: Stream) -> str:
    return f"main.{_name(stream.name)}"


def _staged(stream: Stream) -> str:
    return _name(f"staged {stream.name}")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
