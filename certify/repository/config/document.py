"""Read a configuration schema, form or sample: its value, and the line of every part of it.

JSON is read as JSON. YAML would do for most of it, and has lines; but YAML 1.1 takes `1e5` for text, and
refuses tabs and characters that JSON writes as two escapes, all of which authors do write. What Python's
reader lets pass is refused here: keys that stand twice, NaN, and what is too large to be a configuration.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from certify.contract.document import MAX_BYTES, MAX_NODES, Document, KeyPath, parse_document
from certify.errors import ContractError
from certify.model import Finding, Location
from certify.repository.tree import MAX_TEXT_BYTES, Repository
from certify.text import one_line

#: Real schemas have up to 20 levels of keys; jsonschema needs about 12 of Python's frames for two of them.
MAX_DEPTH = 64
#: As in YAML: Python refuses to print a number of 4,300 digits, and a message prints what it found.
_MAX_DIGITS = 300


@dataclass(frozen=True)
class ConfigFile:
    """A configuration file, or a part of one (`path`): its value, or why it cannot be read."""

    file: str
    document: Document | None = None
    path: KeyPath = ()
    fault: Finding | None = None

    @property
    def value(self) -> Any:
        """The part's value; None where it cannot be read."""
        value: Any = self.document.value if self.document else None
        for key in self.path if self.document else ():
            value = value[key]
        return value

    def at(self, path: KeyPath = ()) -> Location:
        """Where a value stands, counted from the part's own top."""
        return Location(self.file, self.document.line((*self.path, *path)) if self.document else 1)


@dataclass(frozen=True)
class Examined:
    """What an examination saw, in sentences, and what it found wrong."""

    seen: tuple[str, ...]
    findings: tuple[Finding, ...] = ()


def read_config(repository: Repository, name: str) -> ConfigFile:
    """Read a JSON or YAML file of the repository; what is wrong with it becomes its fault."""
    try:
        content = repository.content(name)
    except OSError:  # a folder
        content = None
    if content is None:
        limit = f"a regular file of at most {MAX_TEXT_BYTES // 1024 // 1024} MiB inside the repository"
        return ConfigFile(name, fault=Finding("cannot be read", Location(name), f"{limit}, in JSON or YAML"))
    try:
        return ConfigFile(name, parse_config(content, name))
    except ContractError as error:
        return ConfigFile(name, fault=_fault(name, str(error)))


def parse_config(content: bytes, name: str) -> Document:
    """Parse bytes: JSON where the name says so, else YAML.

    Raises ContractError, its message beginning with `NAME:LINE: `.
    """
    if len(content) > MAX_BYTES:
        raise ContractError(
            f"{name}:1: {len(content):,} bytes; more than {MAX_BYTES // 1024} KiB are not read"
        )
    if not name.endswith(".json"):
        return _finite(parse_document(content, name))
    text, line = _decoded(content)
    if line:
        raise ContractError(f"{name}:{line}: not UTF-8 text")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ContractError(f"{name}:{error.lineno}: not JSON: {error.msg}") from error
    except RecursionError as error:
        raise ContractError(f"{name}:1: nested deeper than {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise ContractError(f"{name}:1: a whole number of thousands of digits") from error
    return Document(name, value, _Lines(text, name).found(), content)


def _finite(document: Document) -> Document:
    """The same document; YAML has numbers that JSON has not."""
    waiting: list[tuple[KeyPath, Any]] = [((), document.value)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, float) and not math.isfinite(value):
            raise ContractError(f"{document.file}:{document.line(path)}: {value} is no number that JSON has")
        if isinstance(value, dict | list):
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            waiting.extend(((*path, key), one) for key, one in inner)
    return document


def _decoded(content: bytes) -> tuple[str, int]:
    """The text, and 0 or the line of the first byte that is none."""
    try:
        return content.decode("utf-8-sig"), 0
    except UnicodeDecodeError as error:
        return "", content[: error.start].count(b"\n") + 1


def _fault(name: str, message: str) -> Finding:
    where = re.fullmatch(r"(?::(?P<line>\d+))?: (?P<said>.*)", message.removeprefix(name), re.DOTALL)
    said = where["said"] if where else message
    # The YAML reader speaks of contracts, since it reads those first of all.
    said = re.split(r"; (?:no contract|a contract)\b", said)[0]
    kind = "JSON" if name.endswith(".json") else "YAML"
    place = Location(name, int(where["line"]) if where and where["line"] else 1)
    return Finding(one_line(said, 300), place, f"one {kind} document, each key of an object once")


#: Strings, brackets and separators, then any other run of characters: numbers and bare words.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass
class _Open:
    """An object or a list whose end is still to come, and the key that comes next."""

    path: KeyPath
    is_list: bool
    key: str | int | None


class _Lines:
    """Goes over the tokens of a text that is valid JSON, without recursion."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._lines: dict[KeyPath, int] = {}
        self._open: list[_Open] = []

    def found(self) -> dict[KeyPath, int]:
        """The line of each value; of an object's members, the line of the key."""
        for token, line in self._tokens():
            self._take(token, line)
        return self._lines

    def _tokens(self) -> Iterator[tuple[str, int]]:
        line, counted = 1, 0
        for match in _TOKEN.finditer(self._text):
            line += self._text.count("\n", counted, match.start())
            counted = match.start()
            yield match[0], line

    def _take(self, token: str, line: int) -> None:
        top = self._open[-1] if self._open else None
        if token in "}]":
            self._open.pop()
        elif token == "," and top is not None:
            top.key = top.key + 1 if isinstance(top.key, int) else None
        elif token == ":":
            return
        elif top is not None and top.key is None:
            self._take_key(top, token, line)
        else:
            self._take_value(top, token, line)

    def _take_key(self, top: _Open, token: str, line: int) -> None:
        top.key = self._string(token, line)
        path = (*top.path, top.key)
        if path in self._lines:
            raise self._error(
                line, f"duplicate key {top.key!r}; it already stands in line {self._lines[path]}"
            )
        self._lines[path] = line

    def _take_value(self, top: _Open | None, token: str, line: int) -> None:
        path = () if top is None or top.key is None else (*top.path, top.key)
        self._lines.setdefault(path, line)
        if len(self._lines) > MAX_NODES:
            raise self._error(line, f"more than {MAX_NODES:,} values")
        if token in "{[":
            if len(path) >= MAX_DEPTH:
                raise self._error(line, f"nested deeper than {MAX_DEPTH} levels")
            self._open.append(_Open(path, token == "[", 0 if token == "[" else None))
        elif token.startswith('"'):
            self._string(token, line)
        elif token not in ("true", "false", "null"):
            self._number(token, line)

    def _string(self, token: str, line: int) -> str:
        text: str = json.loads(token)
        if _SURROGATE.search(text):
            raise self._error(line, "an escape that stands for no character")
        return text

    def _number(self, token: str, line: int) -> None:
        if len(token) > _MAX_DIGITS:
            raise self._error(line, f"a number of more than {_MAX_DIGITS} digits")
        if not math.isfinite(float(token)):
            raise self._error(line, f"{token} is no number that JSON has")

    def _error(self, line: int, message: str) -> ContractError:
        return ContractError(f"{self._name}:{line}: {one_line(message, 300)}")
