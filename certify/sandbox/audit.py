"""Look at every row of a run as it comes, and keep what the rules need of it: a million take 24 MB."""

from __future__ import annotations

import hashlib
import itertools
import json
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from certify.run import Row, Rows, digest_of
from certify.sandbox.cells import comes_after, plain
from certify.sandbox.row_schema import Mismatch, RowSchema

#: Rows kept as they are, and mismatches told one by one.
_KEPT, _TOLD = 10_000, 20


@dataclass(frozen=True)
class Checkpoint:
    """A state that a run emitted: its JSON, and how many rows came before it.

    `cursors` are the highest values of each stream's cursor among those.
    """

    state: str
    rows: int
    cursors: Mapping[str, Any]

    @property
    def value(self) -> Any:
        """The state itself."""
        return json.loads(self.state)


@dataclass(frozen=True)
class Trouble:
    """Something about one row, counted from 1 in its run."""

    stream: str
    row: int
    said: str


@dataclass
class StreamAudit:
    """What was seen of one stream's rows."""

    rows: int = 0
    keys: array[int] = field(default_factory=lambda: array("Q"))
    numbers: array[int] = field(default_factory=lambda: array("Q"))
    without_key: list[Trouble] = field(default_factory=list)
    without_cursor: list[Trouble] = field(default_factory=list)
    highest: Any = None
    mismatches: list[Mismatch] = field(default_factory=list)
    mismatched: int = 0

    def repeated(self) -> Iterator[tuple[int, int]]:
        """The numbers of two rows that have the same key."""
        order = sorted(range(len(self.keys)), key=self.keys.__getitem__)
        for before, after in itertools.pairwise(order):
            if self.keys[before] == self.keys[after]:
                yield self.numbers[before], self.numbers[after]


class RowAudit:
    """Hears a run's messages: rows are looked at and let go, all else stays."""

    def __init__(
        self,
        primary_keys: Mapping[str, tuple[str, ...]] | None = None,
        cursor_fields: Mapping[str, str] | None = None,
    ) -> None:
        self.primary_keys = dict(primary_keys or {})
        self.cursor_fields = dict(cursor_fields or {})
        self.streams: defaultdict[str, StreamAudit] = defaultdict(StreamAudit)
        self.checkpoints: list[Checkpoint] = []
        self.schemas: dict[str, str] = {}
        self.schema_error: str | None = None
        self._validators: dict[str, RowSchema] = {}
        self._kept: list[Row] = []
        self._digests = bytearray()
        self._count = 0

    @property
    def rows(self) -> Rows:
        """The rows; all but the first some thousand as digests."""
        return Rows(tuple(self._kept), bytes(self._digests))

    def hears(self, message: dict[str, Any]) -> bytes | None:
        """Take in one message; None leaves it to be kept."""
        if "rows" in message:
            for stream, row in message["rows"]:
                self._row(str(stream), str(row))
            return b""
        if "schema" in message:
            self.schemas[str(message["stream"])] = str(message["schema"])
        elif "schema_error" in message:
            self.schema_error = str(message["schema_error"])
        elif "state" in message:
            highest = {name: one.highest for name, one in self.streams.items()}
            self.checkpoints.append(Checkpoint(str(message["state"]), self._count, highest))
        return None

    def name_of(self, stream: str) -> str:
        """The stream's name; rows that name none are those of the only one that the contract names."""
        named = list(dict.fromkeys([*self.primary_keys, *self.cursor_fields]))
        return named[0] if not stream and len(named) == 1 else stream

    def schema_of(self, stream: str) -> str | None:
        """The JSON Schema of a stream's rows, as text."""
        name = self.name_of(stream)
        return next((self.schemas[one] for one in (stream, name, "") if one in self.schemas), None)

    def _row(self, stream: str, text: str) -> None:
        self._count += 1
        if self._count <= _KEPT:
            self._kept.append((stream, text))
        else:
            self._digests += digest_of((stream, text))
        name = self.name_of(stream)
        seen = self.streams[name]
        seen.rows += 1
        try:
            row = json.loads(text)
        except ValueError:
            row = text
        if isinstance(row, dict):
            self._key(name, row, seen)
            self._cursor(name, row, seen)
        self._schema(stream, row, seen)

    def _key(self, name: str, row: dict[str, Any], seen: StreamAudit) -> None:
        columns = self.primary_keys.get(name, ())
        if not columns:
            return
        absent = [column for column in columns if row.get(column) is None]
        if absent:
            if len(seen.without_key) < _TOLD:
                seen.without_key.append(Trouble(name, self._count, absent[0]))
            return
        told = json.dumps([row[column] for column in columns]).encode()
        seen.keys.append(int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big"))
        seen.numbers.append(self._count)

    def _cursor(self, name: str, row: dict[str, Any], seen: StreamAudit) -> None:
        column = self.cursor_fields.get(name)
        if column is None:
            return
        value = row.get(column)
        if value is None:
            if len(seen.without_cursor) < _TOLD:
                seen.without_cursor.append(Trouble(name, self._count, column))
        elif seen.highest is None or comes_after(value, seen.highest):
            seen.highest = value

    def _schema(self, stream: str, row: Any, seen: StreamAudit) -> None:
        text = self.schema_of(stream)
        if text is None:
            return
        if text not in self._validators:
            self._validators[text] = RowSchema(text)
        for found in self._validators[text].mismatches(plain(row)):
            seen.mismatched += 1
            if len(seen.mismatches) < _TOLD:
                seen.mismatches.append(found.in_row(self._count))
