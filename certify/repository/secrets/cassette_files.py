"""Find the recorded traffic in a repository, and read it piece by piece: headers, URIs, bodies."""

from __future__ import annotations

import base64
import binascii
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import yaml

from certify.repository.tree import Repository

#: A larger recording is not read: parsed, it takes up to seven times as much memory.
MAX_CASSETTE_BYTES = 32 * 1024 * 1024
#: Read in two seconds. Recordings have few events and long texts; what has more is read by lines,
_MAX_EVENTS = 1_000_000
#: and so is what is nested deeper: each level takes the parser longer than the one before.
_MAX_DEPTH = 200
#: So many of them.
_MAX_LINES = 1_000_000
#: What a compressed body may unfold to.
_MAX_UNPACKED = 8 * 1024 * 1024
_HEAD = 64 * 1024

#: The folder that CONTRACT.md names, and the usual places of vcrpy, pytest-recording and betamax.
_USUAL = re.compile(r"(?:.*/)?(?:cassettes?|vcr_cassettes|fixtures|recordings)/.*\.(?:ya?ml|json)")
_INTERACTIONS = re.compile(rb"^\s*[\"{]{0,2}\s*\"?(?:http_)?interactions\"?\s*:", re.MULTILINE)
_LOADER: Any = getattr(yaml, "CSafeLoader", None)


class Kind(Enum):
    """What a piece of a recording is."""

    REQUEST_HEADER = "a request header"
    RESPONSE_HEADER = "a response header"
    URI = "the address of a request"
    REQUEST_BODY = "the body of a request"
    RESPONSE_BODY = "the body of a response"


class TooManyLines(Exception):
    """A recording is read to its middle: it has more lines than are read."""


@dataclass(frozen=True)
class Piece:
    """One text of a recording; `name` is a header's, `line` where it begins.

    `is_literal`: it stands in the file as it is, line by line, not folded, no break as an escape.
    `is_cut`: it goes on, and was too large to be unpacked in whole.
    """

    kind: Kind
    name: str
    text: str = field(repr=False)
    line: int
    is_literal: bool = False
    is_cut: bool = False

    def line_at(self, position: int) -> int:
        """The line of the file on which this character of the text stands, or the text begins."""
        return self.line + (self.text.count("\n", 0, position) if self.is_literal else 0)


@dataclass(frozen=True)
class Cassettes:
    """The files that hold recorded traffic."""

    files: tuple[str, ...] = ()


def find_cassettes(repository: Repository, named: str | None) -> Cassettes:
    """The recordings: all in the place that the contract names, and those in the usual places."""
    found = []
    for file in repository.files("*.yaml", "*.yml", "*.json"):
        in_named = named is not None and (file == named or file.startswith(f"{named.rstrip('/')}/"))
        if in_named or (_USUAL.fullmatch(file) and _INTERACTIONS.search(repository.beginning(file, _HEAD))):
            found.append(file)
    return Cassettes(tuple(found))


def read_pieces(data: bytes) -> Iterator[Piece]:
    """The pieces of a recording; by lines from where it is no YAML, or there is too much of it.

    Raises TooManyLines at the end of what is read, where there is more.
    """
    reached = 1
    try:
        for count, (path, event) in enumerate(_scalars(_as_yaml(data))):
            reached = _line(event)
            if count > _MAX_EVENTS:
                break
            piece = _piece(path, event)
            if piece is not None:
                yield piece
        else:
            return
    except (yaml.YAMLError, UnicodeDecodeError):
        pass
    yield from _by_lines(data, reached)


#: Half a character: JSON writes those beyond the first 65,536 as two, of which YAML knows neither.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


def _as_yaml(data: bytes) -> bytes:
    """The same as YAML: JSON is, but for characters that do not matter here."""
    return _SURROGATE.sub(rb"\\ufffd", data) if data[:100].lstrip().startswith((b"{", b"[")) else data


@dataclass
class _Container:
    """A mapping or a sequence that is being read; a mapping's key is read before its value."""

    is_mapping: bool
    key: str = ""
    has_key: bool = False


def _scalars(data: bytes) -> Iterator[tuple[tuple[str, ...], yaml.ScalarEvent]]:
    """Every value of a YAML (or JSON) document, and the keys that lead to it."""
    if _LOADER is None:
        raise yaml.YAMLError("libyaml is not there, and without it a recording takes minutes")
    inside: list[_Container] = []
    for event in yaml.parse(data, Loader=_LOADER):
        match event:
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                inside.append(_Container(isinstance(event, yaml.MappingStartEvent)))
                if len(inside) > _MAX_DEPTH:
                    raise yaml.YAMLError("it is nested too deeply")
                continue
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                inside.pop()
            case yaml.ScalarEvent() if inside and inside[-1].is_mapping and not inside[-1].has_key:
                inside[-1].key, inside[-1].has_key = event.value[:200], True
                continue
            case yaml.ScalarEvent():
                yield tuple(one.key for one in inside if one.key), event
        if inside:
            inside[-1].has_key = False


def _line(event: yaml.ScalarEvent) -> int:
    """Where its text begins: below the `|` of a block."""
    start = event.start_mark.line if event.start_mark else 0
    return int(start) + (2 if event.style in ("|", ">") else 1)


def _piece(path: tuple[str, ...], event: yaml.ScalarEvent) -> Piece | None:
    value, line, is_literal = event.value, _line(event), event.style == "|"
    if not value or not path:
        return None
    request = "request" in path
    if "headers" in path[:-1]:
        name = path[path.index("headers") + 1]
        return Piece(Kind.REQUEST_HEADER if request else Kind.RESPONSE_HEADER, name, value, line)
    if path[-1] in ("uri", "url"):
        return Piece(Kind.URI, "", value, line)
    if path[-1] in ("body", "string", "base64_string", "content", "text"):
        kind = Kind.REQUEST_BODY if request else Kind.RESPONSE_BODY
        packed = (event.tag or "").endswith("binary") or path[-1] == "base64_string"
        return _unpacked(kind, value, line) if packed else Piece(kind, "", value, line, is_literal)
    return None


def _unpacked(kind: Kind, text: str, line: int) -> Piece:
    """A body that is recorded as base64, and perhaps compressed."""
    is_cut = False
    try:
        data = base64.b64decode(text)
    except (binascii.Error, ValueError):
        return Piece(kind, "", text, line)
    if data.startswith((b"\x1f\x8b", b"\x78\x9c")):
        unpacker = zlib.decompressobj(47)
        try:
            data = unpacker.decompress(data, _MAX_UNPACKED)
        except zlib.error:
            return Piece(kind, "", text, line)
        is_cut = bool(unpacker.unconsumed_tail)
    return Piece(kind, "", data.decode("utf-8", "replace"), line, is_cut=is_cut)


_LINE_KEY = re.compile(r"\s*(?:-\s+)?[\"']?([A-Za-z][\w-]{1,60})[\"']?\s*:\s?(.*)")


def _by_lines(data: bytes, start: int) -> Iterator[Piece]:
    """The lines from one on, each as what the keys before it say that it is."""
    request, name = True, ""
    for number, raw in enumerate(io.BytesIO(data), start=1):
        if number < start:
            continue
        if number > start + _MAX_LINES:
            raise TooManyLines
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        found = _LINE_KEY.match(line)
        key, value = (found[1], found[2]) if found else ("", line.strip().removeprefix("- "))
        if key in ("request", "response"):
            request = key == "request"
        if key in ("uri", "url"):
            yield Piece(Kind.URI, "", value, number)
            continue
        name = key or name
        header = Kind.REQUEST_HEADER if request else Kind.RESPONSE_HEADER
        yield Piece(header, name, value.strip("[]'\" "), number)
        yield Piece(Kind.REQUEST_BODY if request else Kind.RESPONSE_BODY, "", line, number)
