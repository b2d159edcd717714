"""Go over the texts of a body that was recorded, and change them where they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

#: Strings, brackets and separators of JSON, then any other run of characters: numbers and bare words.
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')

#: What becomes of a text, by its name and itself.
Change = Callable[[str, str], str]


def text_of(body: bytes) -> str:
    """A body as text; `surrogateescape` makes it a body again."""
    return body.decode("utf-8", "surrogateescape")


def in_fields(text: str, change: Change, may_be_form: bool = True) -> str:
    """Give every text of a JSON document, or every field of a form, to `change`."""
    if text.lstrip()[:1] in ("{", "["):
        return in_json(text, change)
    if may_be_form and re.fullmatch(r"[\w.-]+=[^\s<>]*", text):
        pairs = [part.partition("=") for part in text.split("&")]
        return "&".join(
            f"{name}{equals}{change(name, value) if value else value}" for name, equals, value in pairs
        )
    return text


def in_json(text: str, change: Change) -> str:
    """Give every text of a JSON document to `change`, with its name; all else stays, to the last blank."""
    made: list[str] = []
    position = 0
    for name, start, end in _json_values(text):
        try:
            before = json.loads(text[start:end])
        except ValueError:
            continue
        after = change(name, before)
        if after != before:
            made += [text[position:start], json.dumps(after, ensure_ascii=False)]
            position = end
    return "".join([*made, text[position:]])


def _json_values(text: str) -> Iterator[tuple[str, int, int]]:
    """Where the texts of a document stand, each with the key it stands under, if need be of its list."""
    names: list[str | None] = []
    pending: tuple[str, int, int] | None = None
    for token in _JSON_TOKEN.finditer(text):
        word = token[0]
        if word == ":" and pending is not None and names:
            names[-1] = _key(pending[0])
            pending = None
            continue
        if pending is not None:
            yield (names[-1] or "" if names else ""), pending[1], pending[2]
            pending = None
        if word in ("{", "["):
            names.append(names[-1] if names and word == "[" else None)
        elif word in ("}", "]"):
            if names:
                names.pop()
        elif word.startswith('"'):
            pending = (word, *token.span())
    if pending is not None:
        yield "", pending[1], pending[2]


def _key(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token


def json_texts(value: Any, path: str = "$") -> Iterator[tuple[str, str]]:
    """Every text, number and key of a document, with its place: `$.data[1].note`."""
    waiting = [(path, value)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            yield from ((f"a key of {path}", key) for key in value)
            waiting += [(f"{path}.{key}", one) for key, one in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [(f"{path}[{number}]", one) for number, one in reversed(list(enumerate(value)))]
        elif value is not None and not isinstance(value, bool):
            yield path, str(value)
