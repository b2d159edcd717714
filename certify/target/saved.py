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
    if database.file is None:
        return SavedTables.of(database)
    files = {database.file}
    if database.locks_its_file:
        files = database.own_files  # what is committed may lie in its journal alone
    else:
        database.read()  # what a killed process left half done is rolled back first
    return SavedFile({file.name: file.read_bytes() for file in files if file.exists()})


@dataclass(frozen=True)
class SavedFile:
    """The bytes of a database's files, by their names: it may lie in another folder by now."""

    content: dict[str, bytes]

    def restore(self, database: Database) -> None:
        """Write the files anew, without the journals of those that they replace."""
        for one in database.own_files:
            one.unlink(missing_ok=True)
        file = database.file
        assert file is not None
        for name, content in self.content.items():
            file.with_name(name).write_bytes(content)


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
