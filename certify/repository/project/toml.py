"""Read a TOML file into plain values that remember their lines, so that a finding can point at one."""

from __future__ import annotations

import bisect
import contextlib
import re
import tomllib
from typing import Any

from certify.contract.bounded_toml import HostileToml, parse_bounded
from certify.contract.document import Document, KeyPath

_AT = re.compile(r"\s*\(at line (\d+), column \d+\)$")
_BLANK = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
#: Multi-line strings may end with one or two quotes of their own before the closing three.
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})' r"|'''.*?'''(?:'{0,2})" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class NotToml(ValueError):
    """Text that is no TOML: the line where that shows, and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


def parse_toml(text: str, shown_as: str) -> Document:
    """Parse TOML; `shown_as` is the name that locations use. Raises NotToml, or HostileToml."""
    try:
        value = parse_bounded(text)
    except HostileToml:
        raise
    except (RecursionError, MemoryError) as error:
        raise NotToml(1, "nested too deep") from error
    except ValueError as error:
        found = _AT.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise NotToml(line, _AT.sub("", str(error))) from error
    return Document(shown_as, value, _lines(text), text.encode("utf-8", "replace"))


def _lines(text: str) -> dict[KeyPath, int]:
    """The line of each key, table and list item.

    `tomllib` accepted the text, so this reads it without checking. Should the two ever disagree, what was
    found until then is kept: a finding then points at the table instead of the key.
    """
    scanner = _Scanner(text)
    with contextlib.suppress(_LostError, RecursionError, MemoryError):
        scanner.scan()
    return scanner.lines


class _LostError(Exception):
    """The scanner met what it does not know."""


class _Scanner:
    """Walks over statements and values, noting where each begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {(): 1}
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._tables_in: dict[KeyPath, int] = {}  # arrays of tables: how many there are already

    def scan(self) -> None:
        table: KeyPath = ()
        self._pass(_BETWEEN)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._pass(_BETWEEN)

    def _pass(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise _LostError
        self.at = match.end()
        return match[0]

    def _expect(self, mark: str) -> None:
        if not self.text.startswith(mark, self.at):
            raise _LostError
        self.at += len(mark)

    def _note(self, path: KeyPath) -> None:
        self.lines.setdefault(path, bisect.bisect_right(self._starts, self.at))

    def _header(self) -> KeyPath:
        start = self.at
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        keys = self._keys()
        self._expect("]]" if is_array else "]")
        end, self.at = self.at, start
        if is_array:
            whole = (*self._resolved(keys[:-1]), keys[-1])
            self._note(whole)
            self._tables_in[whole] = self._tables_in.get(whole, -1) + 1
        path = self._resolved(keys)
        for length in range(1, len(path) + 1):
            self._note(path[:length])
        self.at = end
        return path

    def _resolved(self, keys: KeyPath) -> KeyPath:
        """A header below an array of tables speaks of the last table in it."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._tables_in:
                path = (*path, self._tables_in[path])
        return path

    def _keys(self) -> KeyPath:
        keys: list[str | int] = []
        while True:
            self._pass(_BLANK)
            if self.text[self.at : self.at + 1] in ('"', "'"):
                keys.append(_unquoted(self._pass(_STRING)))
            else:
                keys.append(self._pass(_BARE_KEY))
            self._pass(_BLANK)
            if self.text[self.at : self.at + 1] != ".":
                return tuple(keys)
            self.at += 1

    def _pair(self, table: KeyPath) -> None:
        start = self.at
        keys = self._keys()
        end, self.at = self.at, start
        for length in range(1, len(keys) + 1):
            self._note((*table, *keys[:length]))
        self.at = end
        self._expect("=")
        self._pass(_BLANK)
        self._value((*table, *keys))

    def _value(self, path: KeyPath) -> None:
        self._note(path)
        mark = self.text[self.at : self.at + 1]
        if mark == "[":
            self._items(path)
        elif mark == "{":
            self._inline_table(path)
        elif mark in ('"', "'"):
            self._pass(_STRING)
        else:
            self._pass(_SCALAR)

    def _items(self, path: KeyPath) -> None:
        self._expect("[")
        index = 0
        self._pass(_BETWEEN)
        while not self.text.startswith("]", self.at):
            self._value((*path, index))
            index += 1
            self._next()
        self._expect("]")

    def _inline_table(self, path: KeyPath) -> None:
        self._expect("{")
        self._pass(_BETWEEN)
        while not self.text.startswith("}", self.at):
            self._pair(path)
            self._next()
        self._expect("}")

    def _next(self) -> None:
        self._pass(_BETWEEN)
        if self.text.startswith(",", self.at):
            self.at += 1
            self._pass(_BETWEEN)


def _unquoted(key: str) -> str:
    value: Any = tomllib.loads(f"key = {key}")["key"]
    return str(value)
