"""The target's database as certify sees it: over a connection of its own, by its SQLAlchemy URL."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from certify.errors import TargetError
from certify.target.contents import NO_TABLE, Contents
from certify.target.locking import copied, is_locked, taken

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

#: Stands in the contract's URL for a folder of each run.
TMP = "{tmp}"
#: Seconds that a look waits for a lock: whoever holds it waits for the look.
_LOOK_SECONDS = 0.1
#: Seconds that everything else waits for one: what was killed lets go of it soon.
_PATIENT_SECONDS = 5.0
#: Rows that are read: a sample has a dozen, and a load in batches some thousand.
_MOST_ROWS = 50_000
#: What a database keeps beside its file while it is in use, and after its user was killed.
_JOURNALS = {
    "sqlite": ("-journal", "-wal", "-shm"),
    "duckdb": (".wal", ".wal.checkpoint", ".wal.recovery"),
}
#: The driver where the URL names none, and the extra of certify that installs it.
_DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_EXTRAS = {"postgresql": "postgresql", "postgres": "postgresql", "duckdb": "duckdb"}


_Opened = TypeVar("_Opened")


class Unreadable(Exception):
    """The target could not be read at this moment: it is locked, or its server is gone."""


class Database:
    """One target: its table, what else lies in it, and how it is brought back to what it was.

    What was there at the start belongs to somebody else and is left alone. Raises TargetError where the
    driver is not installed, the server not there, or the table not ours.
    """

    def __init__(self, url: str, table: str, folder: Path) -> None:
        import sqlalchemy

        self.given = url.replace(TMP, str(folder))
        self.table = table
        #: What its locked file held at the last look, and what was read there.
        self._looked: tuple[dict[str, bytes], Contents] | None = None
        try:
            self.url = sqlalchemy.make_url(self.given)
            self._hasty = self._connects(_LOOK_SECONDS)
            self._patient = self._connects(_PATIENT_SECONDS)
        except (sqlalchemy.exc.ArgumentError, ImportError) as error:
            raise TargetError(_refusal(url, error), _needs(url)) from error
        try:
            self._others = self._names()
            found = self.read()
        except Unreadable as error:
            raise TargetError(f"the target cannot be reached: {error}") from error
        if found != NO_TABLE:
            raise TargetError(
                f"the target has a table {table} already, and certify loads into one of its own",
                "target:\n  table: certify_sample\n",
            )

    def _connects(self, seconds: float) -> Engine:
        """Connections that wait so long for a lock; those to a file are opened anew, since it is replaced."""
        import sqlalchemy

        url = self.url.set(drivername=_DRIVERS.get(self.url.drivername, self.url.drivername))
        waits: dict[str, Any] = {}
        if url.get_backend_name() == "sqlite":
            waits = {"timeout": seconds}
        elif url.get_backend_name() == "postgresql":
            # A prepared statement fails once the table is another one.
            more = {"prepare_threshold": None} if url.drivername.endswith("+psycopg") else {}
            waits = {"options": f"-c lock_timeout={seconds * 1000:.0f}", "connect_timeout": 5} | more
        pool = sqlalchemy.pool.QueuePool if self.server is not None else sqlalchemy.pool.NullPool
        return sqlalchemy.create_engine(url, poolclass=pool, connect_args=waits)

    @property
    def file(self) -> Path | None:
        """The database's file, where it is one."""
        name = self.url.database if self.server is None else None
        return Path(name) if name and name != ":memory:" else None

    @property
    def own_files(self) -> set[Path]:
        """The file and its journals."""
        file, journals = self.file, _JOURNALS.get(self.url.get_backend_name(), ())
        return {file.with_name(file.name + ending) for ending in ("", *journals)} if file else set()

    @property
    def locks_its_file(self) -> bool:
        """Whether who has the file open keeps every other process from opening it, as DuckDB does."""
        return self.file is not None and self.url.get_backend_name() == "duckdb"

    @property
    def is_locked(self) -> bool:
        """Whether no other process could read it at this moment."""
        return self.locks_its_file and is_locked(self.file)

    @property
    def others(self) -> tuple[str, ...]:
        """No files: what a database is made of is its own affair."""
        return ()

    @property
    def server(self) -> URL | None:
        """The URL of a database that is reached over the network."""
        return self.url if self.url.host or self.url.query.get("host") else None

    def look(self) -> Contents:
        """What is committed in the table now: what others see, unless it is locked. Raises Unreadable."""
        if not self.locks_its_file:
            return self._contents(self._hasty, self.table)
        with _told(lambda: contextlib.nullcontext(taken(self.own_files))) as held:
            if self._looked is None or self._looked[0] != held:  # to open a copy takes 30 ms
                self._looked = held, self._contents(self._hasty, self.table)
        return self._looked[1]

    def read(self, table: str | None = None) -> Contents:
        """What the table, or another one, holds once nobody writes to it. Raises Unreadable."""
        return self._contents(self._patient, table or self.table)

    def _contents(self, engine: Engine, table: str) -> Contents:
        import sqlalchemy

        schema, name = schema_and_name(table)

        try:
            with _told(self._reading(engine)) as connection:
                quote = connection.dialect.identifier_preparer.quote
                quoted = ".".join(quote(one) for one in (schema, name) if one)
                read = connection.exec_driver_sql(f"SELECT * FROM {quoted}")
                rows = read.fetchmany(_MOST_ROWS + 1)
                if len(rows) > _MOST_ROWS:
                    raise Unreadable(f"it holds more than {_MOST_ROWS} rows")
                return Contents.of(tuple(read.keys()), rows)
        except Unreadable:
            with _told(self._reading(engine)) as connection:
                if sqlalchemy.inspect(connection).has_table(name, schema=schema):
                    raise
            return NO_TABLE

    def _reading(self, engine: Engine) -> Callable[[], AbstractContextManager[Connection]]:
        """Opens connections on which each statement sees what is committed when it begins."""
        if self.locks_its_file:
            return lambda: copied(engine, taken(self.own_files))
        is_kept = self.server is not None  # one to a file is opened anew each time
        return engine.execution_options(isolation_level="AUTOCOMMIT").connect if is_kept else engine.connect

    @property
    def strangers(self) -> tuple[str, ...]:
        """The tables and views that were there at the start."""
        return tuple(sorted(self._others))

    def left_over(self) -> tuple[str, ...]:
        """The tables and views beside the target that were not there at the start. Raises Unreadable."""
        return tuple(sorted(self._names() - self._others - {self.table, self._short_name()}))

    def _short_name(self) -> str:
        """The table's name as `_names` has it, where its schema is the one that need not be named."""
        schema, name = schema_and_name(self.table)
        if schema is None:
            return name
        with _told(self._reading(self._patient)) as connection:
            import sqlalchemy

            usual = sqlalchemy.inspect(connection).default_schema_name
        return name if schema == usual else self.table

    def _names(self) -> set[str]:
        with _told(self._reading(self._patient)) as connection:
            import sqlalchemy

            inspector = sqlalchemy.inspect(connection)
            usual = inspector.default_schema_name
            schemas = {_plain(one) for one in inspector.get_schema_names() if not _is_systems(one)}
            return {
                name if schema == usual else f"{schema}.{name}"
                for schema in schemas
                for name in (*inspector.get_table_names(schema), *inspector.get_view_names(schema))
            }

    def clear(self) -> None:
        """Drop the target, and whatever else was not there at the start. Raises Unreadable."""
        with self.changes() as connection:
            import sqlalchemy

            views = set(sqlalchemy.inspect(connection).get_view_names())
            for name in self._names() - self._others:
                quoted = ".".join(map(connection.dialect.identifier_preparer.quote, name.split(".")))
                kind = "VIEW" if name in views else "TABLE"
                connection.exec_driver_sql(f"DROP {kind} IF EXISTS {quoted} CASCADE")

    def close(self) -> None:
        """Close every connection."""
        self._hasty.dispose()
        self._patient.dispose()

    def changes(self) -> AbstractContextManager[Connection]:
        """A transaction of our own, committed at its end. Raises Unreadable."""
        return _told(self._patient.begin)


@contextlib.contextmanager
def _told(opens: Callable[[], AbstractContextManager[_Opened]]) -> Iterator[_Opened]:
    """A connection, whose errors are ours."""
    import sqlalchemy

    try:
        with opens() as connection:
            yield connection
    except (sqlalchemy.exc.SQLAlchemyError, OSError) as error:
        raise Unreadable(str(getattr(error, "orig", error)).partition("\n")[0]) from error


def _refusal(url: str, error: Exception) -> str:
    """Why a URL cannot be used; a URL may hold a password, so no message quotes it."""
    scheme = url.partition(":")[0]
    if isinstance(error, ImportError):
        return f"there is no driver for {scheme} here ({error})"
    return f"target.url is no SQLAlchemy URL; it begins with {scheme[:40]!r}"


def _needs(url: str) -> str:
    extra = _EXTRAS.get(url.partition(":")[0].partition("+")[0])
    return f"python -m pip install 'certify[{extra}]'" if extra else ""


def schema_and_name(table: str) -> tuple[str | None, str]:
    """`reports.orders` as the database's schema, and the table in it."""
    schema, _, name = table.rpartition(".")
    return schema or None, name


def _plain(schema: str) -> str:
    """The schema without the name of its file, which DuckDB puts before it, quoted where that has signs."""
    return schema.rpartition(".")[2].strip('"')


def _is_systems(schema: str) -> bool:
    name = _plain(schema)
    return name == "information_schema" or name.startswith("pg_")
