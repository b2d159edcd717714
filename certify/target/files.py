"""A folder of files that a target writes, read as the table whose rows they hold: JSON lines, or CSV."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certify.errors import TargetError
from certify.target.contents import NO_TABLE, Contents, Row
from certify.target.database import TMP

#: How a URL of a folder begins.
SCHEME = "file:"
#: Where the text of a line stands that is no object, or only half of one: who reads the file finds it.
_BROKEN = "(no row)"
#: What follows a table's name in the name of a file of one run.
_OF_A_RUN = r"[-_.]\d.*"


class Folder:
    """One target: the files of a table in a folder. Raises TargetError where it is not one of each run."""

    #: There is neither one file nor a server, as there is of a database; nobody locks a folder.
    file = None
    server = None
    is_locked = False

    def __init__(self, url: str, table: str, folder: Path) -> None:
        if TMP not in url:
            raise TargetError("target.url is a folder of somebody's", "target:\n  url: file://{tmp}/out\n")
        self.given = url.replace(TMP, str(folder))
        self.table = table
        self.path = Path("/" + self.given.removeprefix(SCHEME).lstrip("/"))
        self.path.mkdir(parents=True, exist_ok=True)
        self._place = self.path.resolve()

    def look(self) -> Contents:
        """What the files hold at this moment."""
        return self.read()

    def read(self, table: str | None = None) -> Contents:
        """What the files of the table, or of another one, hold."""
        files = list(self._files(table or self.table))
        if not files:
            return NO_TABLE
        rows = [row for file in files for row in _rows(file)]
        columns = list(dict.fromkeys(name for row in rows for name in row))
        return Contents.of(columns, [[row.get(name) for name in columns] for row in rows])

    @property
    def own_files(self) -> set[Path]:
        """Those that hold the table."""
        return set(self._files(self.table))

    @property
    def others(self) -> tuple[str, ...]:
        """Files that are not read as the table's: another name, or a kind that is unknown."""
        return tuple(str(file.relative_to(self.path)) for file in self._every() if file not in self.own_files)

    def left_over(self) -> tuple[str, ...]:
        """No tables: files are seen by whoever keeps the folder."""
        return ()

    def clear(self) -> None:
        """Remove every file, and every link: what is written here next would go where it leads."""
        for path in self._entries():
            if path.is_symlink() or path.is_file():
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is open."""

    def save(self) -> SavedFolder:
        """The files as they are now."""
        return SavedFolder({file: file.read_bytes() for file in self._every()})

    def _files(self, table: str) -> Iterator[Path]:
        name = re.compile(f"{re.escape(table)}({_OF_A_RUN})?")
        for file in self._every():
            if file.suffix in _READERS and name.fullmatch(file.stem):
                yield file

    def _every(self) -> list[Path]:
        return sorted(path for path in self._entries() if path.is_file() and not path.is_symlink())

    def _entries(self) -> list[Path]:
        """All that is in it. Raises TargetError where it is no longer itself: those are somebody's files."""
        if self.path.resolve() != self._place:
            raise TargetError(f"a run has put a link in the place of the target's folder {self.path.name}")
        return list(self.path.rglob("*"))


@dataclass(frozen=True)
class SavedFolder:
    """The files of a folder, with what they held."""

    content: dict[Path, bytes]

    def restore(self, target: Folder) -> None:
        """Write them anew, and no other."""
        target.clear()
        for file, content in self.content.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


def _rows(file: Path) -> Iterator[Row]:
    text = file.read_bytes().decode("utf-8", "replace")
    return _READERS[file.suffix](text)


def _json_lines(text: str) -> Iterator[Row]:
    for line in text.split("\n"):
        if line.strip():
            yield _object(line)


def _object(line: str) -> Row:
    try:
        said: Any = json.loads(line)
    except (ValueError, RecursionError):
        said = None
    return said if isinstance(said, dict) else {_BROKEN: line}


def _table(text: str) -> Iterator[Row]:
    for row in csv.DictReader(text.splitlines(keepends=True)):
        yield {str(name): value or None for name, value in row.items()}


_READERS = {".jsonl": _json_lines, ".ndjson": _json_lines, ".json": _json_lines, ".csv": _table}
