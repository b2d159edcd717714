"""Bring a target back to what it was: SQLite and DuckDB by their file, servers by their tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from certify.target.contents import Row
from certify.target.database import Database, schema_and_name
from certify.target.files import Folder

if TYPE_CHECKING:
    from sqlalchemy import MetaData

#: A target as certify sees it: a database, or a folder of files.
Place = Database | Folder


class Saved(Protocol):
    """A target as it was at one moment."""

    def restore(self, database: Any, /) -> None:
        """Bring the target, the same one, back to it."""
        ...


def save(database: Place) -> Saved:
    """The target as it is now."""
    if isinstance(database, Folder):
        return database.save()
    if database.file is not None:
        there = database.file.exists()
        database.read()  # what a killed process left half done is rolled back first
        return SavedFile(database.file.read_bytes() if there else None)
    return SavedTables.of(database)


@dataclass(frozen=True)
class SavedFile:
    """The bytes of a database's file; None where there was none."""

    content: bytes | None

    def restore(self, database: Database) -> None:
        """Write the file anew, without the journals of the one that it replaces."""
        file = database.file
        assert file is not None
        for one in database.own_files:
            one.unlink(missing_ok=True)
        if self.content is not None:
            file.write_bytes(self.content)


@dataclass(frozen=True)
class SavedTables:
    """The tables of a server that were not there at the start, with their rows."""

    tables: MetaData
    rows: dict[str, list[Row]]

    @classmethod
    def of(cls, database: Database) -> SavedTables:
        """Reflect what there is now."""
        import sqlalchemy

        tables = sqlalchemy.MetaData()
        with database.changes() as connection:
            schema, named = schema_and_name(database.table)
            tables.reflect(connection, schema=schema, only=lambda name, _: name == named)
            rows = {
                name: [dict(row) for row in connection.execute(table.select()).mappings()]
                for name, table in tables.tables.items()
            }
        return cls(tables, rows)

    def restore(self, database: Database) -> None:
        """Drop the target and what was left beside it, and create the target anew."""
        database.clear()
        with database.changes() as connection:
            self.tables.create_all(connection)
            for name, table in self.tables.tables.items():
                if self.rows[name]:
                    connection.execute(table.insert(), self.rows[name])
