"""Read a YAML file into plain values that remember their lines.

The safe tags alone, no duplicate keys, and bounds on size, depth, aliases and nodes, so that a hostile
or mistaken file costs milliseconds. One pass over the parser's events: nothing is built that is not kept.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from certify.errors import ContractError

#: Scaffolded contracts have 2 KiB; the pure Python parser reads this much in half a second.
MAX_BYTES = 256 * 1024
MAX_DEPTH = 40
MAX_NODES = 20_000
MAX_ALIASES = 100

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
        value, lines = _Composer(text, shown_as).compose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{shown_as}:{mark.line + 1}" if mark else shown_as
        raise ContractError(f"{where}: not YAML: {_plain_words(error, text)}") from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise ContractError(f"{shown_as}:{line}: not text: a character YAML does not allow") from error
    except yaml.YAMLError as error:
        raise ContractError(f"{shown_as}: not YAML: {' '.join(str(error).split())}") from error
    return Document(shown_as, value, lines, raw)


def _read_bytes(path: Path, shown_as: str) -> bytes:
    try:
        # A FIFO would wait for a writer for ever, a device might never end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ContractError(f"{shown_as}: cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise ContractError(f"{shown_as}: not a regular file")
        if facts.st_size > MAX_BYTES:
            raise ContractError(
                f"{shown_as}: {facts.st_size:,} bytes; a contract is at most {MAX_BYTES // 1024} KiB"
            )
        return file.read(MAX_BYTES + 1)


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
        return ContractError(f"{self.shown_as}:{event.start_mark.line + 1}: {message}")

    def _node(self, event: Any, path: KeyPath) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self._error(event, f"more than {MAX_NODES:,} values, aliases counted; no contract has")
        if len(path) > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels")
        self.lines.setdefault(path, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
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
            self.anchors[anchor] = (value, self.nodes)
        return value

    def _alias(self, event: yaml.AliasEvent) -> Any:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise self._error(event, f"more than {MAX_ALIASES} aliases")
        if event.anchor not in self.anchors:
            raise self._error(event, f"alias *{event.anchor} has no anchor before it")
        value, _ = self.anchors[event.anchor]
        self.nodes += _size(value, MAX_NODES - self.nodes)
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
        if tag in ("tag:yaml.org,2002:merge", "tag:yaml.org,2002:timestamp"):
            return event.value  # a date stays text; whoever wants a date says so in its schema
        node = yaml.ScalarNode(tag, event.value)
        try:
            return self.scalars.construct_object(node)
        except (ValueError, OverflowError) as error:
            raise self._error(event, f"{event.value[:40]!r} is not a value: {error}") from error

    def _sequence(self, path: KeyPath) -> list[Any]:
        values: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            values.append(self._node(event, (*path, len(values))))
        return values

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: list[Any] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event)
            if key == "<<" and event.implicit[0]:
                merged.append(self._node(next(self.events), (*path, key)))
                continue
            if key in values:
                first = self.lines[(*path, key)]
                raise self._error(event, f"duplicate key {key!r}; it already stands in line {first}")
            self.lines[(*path, key)] = event.start_mark.line + 1
            values[key] = self._node(next(self.events), (*path, key))
        for source in merged:
            for one in source if isinstance(source, list) else [source]:
                if not isinstance(one, dict):
                    raise self._error(event, "a merge key (<<) takes a mapping")
                values = one | values
        return values

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "a key must be a plain word")
        return str(event.value)


_CORE_SCALARS = frozenset({"str", "int", "float", "bool", "null"})


def _size(value: Any, limit: int) -> int:
    """How many values an alias repeats, counted no further than `limit`."""
    count = 0
    waiting = [value]
    while waiting and count <= limit:
        one = waiting.pop()
        count += 1
        if isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return count
