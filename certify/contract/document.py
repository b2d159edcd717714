"""Read a YAML file into plain values that remember their lines.

The safe tags alone, no duplicate keys, and bounds on size, depth, aliases and nodes, so that a hostile
or mistaken file costs milliseconds. One pass over the parser's events: nothing is built that is not kept.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from certify.errors import ContractError
from certify.text import one_line

#: Scaffolded contracts have 2 KiB; the pure Python parser reads this much in half a second.
MAX_BYTES = 256 * 1024
MAX_DEPTH = 40
MAX_NODES = 20_000
MAX_ALIASES = 100
#: 300 digits. Python refuses to print one of 4,300, and an error message prints what it found.
MAX_INTEGER_BITS = 1000

#: Where a value stands in its document: `("waivers", 0, "rule")`.
KeyPath = tuple[str | int, ...]

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """A YAML document: its value, the line of each key path (from 1), and the bytes it came from."""

    file: str
    value: Any
    lines: dict[KeyPath, int]
    raw: bytes

    def line(self, path: KeyPath) -> int:
        """The line of a key path, or of its nearest ancestor that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_document(path: Path, shown_as: str) -> Document:
    """Read one YAML document; `shown_as` is the name that errors use.

    Raises ContractError for anything but one small, plain, regular YAML file.
    """
    raw = _read_bytes(path, shown_as)
    return parse_document(raw, shown_as)


def parse_document(raw: bytes, shown_as: str) -> Document:
    """Parse bytes that are already in memory; the same errors as `read_document`."""
    if len(raw) > MAX_BYTES:
        raise ContractError(f"{shown_as}: larger than {MAX_BYTES // 1024} KiB; no contract is")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ContractError(f"{shown_as}:{line}: not UTF-8 text (byte 0x{raw[error.start]:02x})") from error
    try:
        readable = _with_pairs_joined(text) if shown_as.endswith(".json") else text
        value, lines = _Composer(readable, shown_as).compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{shown_as}:{mark.line + 1}" if mark else shown_as
        raise ContractError(f"{where}: not YAML: {_plain_words(error, text)}") from error
    except yaml.reader.ReaderError as error:
        line = text[: _first_unprintable(text)].count("\n") + 1
        raise ContractError(f"{shown_as}:{line}: not text: a character YAML does not allow") from error
    except yaml.YAMLError as error:
        raise ContractError(f"{shown_as}: not YAML: {' '.join(str(error).split())}") from error
    return Document(shown_as, value, lines, raw)


#: A character beyond U+FFFF as JSON escapes it; an even number of backslashes before it escape each other.
_SURROGATE_PAIR = re.compile(
    r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)


def _with_pairs_joined(text: str) -> str:
    """JSON is YAML but for this: YAML has no pairs of escapes."""
    return _SURROGATE_PAIR.sub(lambda match: match[1] + str(json.loads(f'"{match[2]}"')), text)


def _first_unprintable(text: str) -> int:
    # libyaml counts in bytes and PyYAML in characters: the position they give cannot be used.
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    return found.start() if found else 0


def _read_bytes(path: Path, shown_as: str) -> bytes:
    try:
        # A FIFO would wait for a writer for ever, a device might never end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ContractError(f"{shown_as}: cannot be read: {error.strerror}") from error
    try:
        # Looked at before it is wrapped: a folder can be opened, but is no file object.
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise ContractError(f"{shown_as}: not a regular file")
        if facts.st_size > MAX_BYTES:
            raise ContractError(
                f"{shown_as}: {facts.st_size:,} bytes; a contract is at most {MAX_BYTES // 1024} KiB"
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ContractError(f"{shown_as}: cannot be read: {error.strerror}") from error
    finally:
        os.close(descriptor)


def _plain_words(error: yaml.MarkedYAMLError, text: str) -> str:
    problem = " ".join((error.problem or "cannot be parsed").split())
    if "'\\t'" in problem or "\\t" in repr(problem) or _has_tab_at(error, text):
        return "a tab character; YAML is indented with spaces"
    return problem


def _has_tab_at(error: yaml.MarkedYAMLError, text: str) -> bool:
    mark = error.problem_mark
    if mark is None:
        return False
    lines = text.splitlines()
    return mark.line < len(lines) and lines[mark.line][: mark.column + 1].lstrip(" ").startswith("\t")


class _Composer:
    """Builds values from parser events, noting lines and counting what it builds."""

    def __init__(self, text: str, shown_as: str) -> None:
        self.shown_as = shown_as
        self.events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        # Scalars are resolved and built by PyYAML's own safe rules, one at a time.
        self.scalars = yaml.SafeLoader("")
        self.lines: dict[KeyPath, int] = {}
        self.anchors: dict[str, Any] = {}
        self.nodes = 0
        self.aliases = 0
        #: Characters that aliases repeat: an error message may have to print them all.
        self.repeated = 0

    def compose(self) -> tuple[Any, dict[KeyPath, int]]:
        next(self.events)  # stream start
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            raise ContractError(f"{self.shown_as}: empty; a contract begins with contract_version: '1'")
        value = self._node(next(self.events), ())
        next(self.events)  # document end
        extra = next(self.events)
        if not isinstance(extra, yaml.StreamEndEvent):
            raise self._error(extra, "a second document begins here; a contract is one document")
        return value, self.lines

    def _error(self, event: Any, message: str) -> ContractError:
        return ContractError(f"{self.shown_as}:{event.start_mark.line + 1}: {one_line(message, 300)}")

    def _node(self, event: Any, path: KeyPath) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self._error(event, _TOO_MANY_VALUES)
        if len(path) > MAX_DEPTH:
            raise self._error(event, _TOO_DEEP)
        self.lines.setdefault(path, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path)
        anchor = event.anchor
        if anchor is not None:
            self.anchors.pop(anchor, None)  # an alias inside its own anchor would be a loop
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._only_core_tag(event, "tag:yaml.org,2002:seq")
            value = self._sequence(path)
        else:
            self._only_core_tag(event, "tag:yaml.org,2002:map")
            value = self._mapping(path)
        if anchor is not None:
            self.anchors[anchor] = value
        return value

    def _alias(self, event: yaml.AliasEvent, path: KeyPath) -> Any:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise self._error(event, f"more than {MAX_ALIASES} aliases")
        if event.anchor not in self.anchors:
            raise self._error(event, f"alias *{event.anchor} has no anchor before it")
        value = self.anchors[event.anchor]
        size = _size_of(value)
        self.nodes += size.values
        self.repeated += size.characters
        if self.nodes > MAX_NODES:
            raise self._error(event, _TOO_MANY_VALUES)
        if len(path) + size.levels > MAX_DEPTH:
            raise self._error(event, _TOO_DEEP)
        if self.repeated > MAX_BYTES:
            raise self._error(event, f"aliases repeat more than {MAX_BYTES // 1024} KiB of text")
        return value

    def _only_core_tag(self, event: Any, core: str) -> None:
        if event.tag not in (None, "!", core):
            raise self._error(event, f"the tag {event.tag!r} is not allowed; plain YAML only")

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        tag = event.tag
        if tag in (None, "!"):
            tag = str(self.scalars.resolve(yaml.ScalarNode, event.value, event.implicit))  # type: ignore[no-untyped-call]  # stubs lack it
        elif not tag.startswith("tag:yaml.org,2002:") or tag.partition("2002:")[2] not in _CORE_SCALARS:
            raise self._error(event, f"the tag {tag!r} is not allowed; plain YAML only")
        if tag in _LEFT_AS_TEXT:
            return event.value
        if _SURROGATE.search(event.value):
            raise self._error(event, "an escape that stands for no character")
        node = yaml.ScalarNode(tag, event.value)
        try:
            value = self.scalars.construct_object(node)
        except (ValueError, OverflowError, LookupError) as error:  # LookupError: `!!bool maybe`
            kind = tag.rpartition(":")[2]
            raise self._error(event, f"{event.value[:40]!r} is no {kind}") from error
        if isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
            raise self._error(event, "a whole number of more than 300 digits")
        return value

    def _sequence(self, path: KeyPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            values.append(self._node(event, (*path, len(values))))
        return values

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: list[tuple[Any, Any]] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event)
            if key == "<<" and event.implicit[0]:
                merged.append((event, self._node(next(self.events), (*path, key))))
                continue
            if key in values:
                first = self.lines[(*path, key)]
                raise self._error(event, f"duplicate key {key!r}; it already stands in line {first}")
            self.lines[(*path, key)] = event.start_mark.line + 1
            values[key] = self._node(next(self.events), (*path, key))
        for merge, source in merged:
            for one in source if isinstance(source, list) else [source]:
                if not isinstance(one, dict):
                    raise self._error(merge, "a merge key (<<) takes a mapping")
                values = one | values
        return values

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "a key must be a plain word")
        self._only_core_tag(event, "tag:yaml.org,2002:str")
        return str(event.value)


#: YAML's "\\ud83d" makes half a character, which no file can hold.
_SURROGATE = re.compile("[\ud800-\udfff]")
_CORE_SCALARS = frozenset({"str", "int", "float", "bool", "null"})
#: A date stays text, whoever wants a date says so in its schema; `<<` and `=` mean something as keys alone.
_LEFT_AS_TEXT = frozenset(f"tag:yaml.org,2002:{name}" for name in ("timestamp", "merge", "value"))
_TOO_MANY_VALUES = f"more than {MAX_NODES:,} values, aliases counted; no contract has"
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


@dataclass
class _Size:
    """What an alias repeats: values, levels of nesting, characters."""

    values: int = 0
    levels: int = 0
    characters: int = 0


def _size_of(value: Any) -> _Size:
    """Measured without recursion; no anchor holds more than MAX_NODES values."""
    size = _Size()
    waiting = [(value, 0)]
    while waiting:
        one, level = waiting.pop()
        size.values += 1
        size.levels = max(size.levels, level)
        if isinstance(one, dict):
            size.characters += sum(map(len, one))
            waiting.extend((inner, level + 1) for inner in one.values())
        elif isinstance(one, list):
            waiting.extend((inner, level + 1) for inner in one)
        elif isinstance(one, str):
            size.characters += len(one)
    return size
