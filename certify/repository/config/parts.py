"""Go over a JSON Schema: every subschema with its place, and what each `$ref` leads to within the file.

Nothing here follows references while it walks, so a schema that refers to itself costs what its text is long.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from jsonschema import Draft3Validator, Draft4Validator

from certify.contract.document import KeyPath
from certify.repository.config.drafts import draft_of, is_published
from certify.text import one_line

#: Keywords that hold one schema, of draft 3 to 2020-12.
ONE = frozenset(
    {
        *(
            "additionalItems",
            "additionalProperties",
            "contains",
            "contentSchema",
            "else",
            "extends",
            "if",
            "items",
        ),
        *("not", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
    }
)
#: Keywords that hold a list of schemas.
LIST = frozenset({"allOf", "anyOf", "disallow", "extends", "items", "oneOf", "prefixItems", "type"})
#: Keywords that hold schemas by name.
NAMED = frozenset(
    {"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"}
)
#: Keywords whose schemas speak of the same value as the one they stand in.
IN_PLACE = frozenset({"allOf", "anyOf", "dependentSchemas", "else", "extends", "if", "not", "oneOf", "then"})


@dataclass(frozen=True)
class Part:
    """A subschema that is an object, and the way to it from the schema's top."""

    path: KeyPath
    schema: dict[str, Any]


def parts(schema: Any, path: KeyPath = ()) -> Iterator[Part]:
    """The schema and every subschema in it, parents first."""
    waiting = [(path, schema)]
    while waiting:
        path, schema = waiting.pop()
        if isinstance(schema, dict):
            yield Part(path, schema)
            waiting.extend(reversed([(path + way, inner) for way, inner in children(schema)]))


def children(schema: dict[str, Any]) -> Iterator[tuple[KeyPath, Any]]:
    """The schemas directly inside one, each with the keys that lead to it."""
    for keyword, value in schema.items():
        if keyword in ONE and isinstance(value, dict | bool):
            yield (keyword,), value
        elif keyword in LIST and isinstance(value, list):
            yield from (
                ((keyword, index), one) for index, one in enumerate(value) if isinstance(one, dict | bool)
            )
        elif keyword in NAMED and isinstance(value, dict):
            yield from (((keyword, name), one) for name, one in value.items() if isinstance(one, dict | bool))


@dataclass(frozen=True)
class Broken:
    """A reference that leads to nothing in this file, and why."""

    reason: str
    expected: str


class SchemaTree:
    """A schema with its parts, and the names that references may use."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.parts: list[Part] = []
        self._id = "id" if draft_of(schema) in (Draft3Validator, Draft4Validator) else "$id"
        #: The parts that have an address of their own; the top has one, be it empty.
        self._bases: dict[KeyPath, str] = {(): ""}
        self._by_address: dict[str, KeyPath] = {"": ()}
        self._anchors: dict[tuple[KeyPath, str], KeyPath] = {}
        #: The top, and the places that only a reference makes a schema.
        self.roots: list[KeyPath] = []
        self._seen: set[KeyPath] = set()
        self._walk(schema, ())
        # A reference may lead to where no keyword does: `#/shared/token`. What stands there is a part too.
        for part in self.parts:
            for target in self._targets(part):
                if target not in self._seen:
                    self._walk(self.get(target), target)

    def get(self, path: KeyPath) -> Any:
        """The value at a path."""
        value = self.schema
        for key in path:
            value = value[key]
        return value

    def resolve(self, reference: str, path: KeyPath) -> KeyPath | Broken | None:
        """Where a reference in the part at `path` leads; None for a metaschema, which needs no fetching."""
        base = self._resource(path)
        if reference.startswith("#"):
            found = self._fragment(reference[1:], base)
            # Authors count from the top of the file, also below an `$id` that makes a new top.
            return self._fragment(reference[1:], ()) if isinstance(found, Broken) and base else found
        try:
            address, fragment = urldefrag(urljoin(self._bases[base], reference))
        except ValueError:
            return Broken("is no address", "`#/…`, a place in this file")
        if address in self._by_address:
            return self._fragment(fragment, self._by_address[address])
        if is_published(address):
            return None
        where = (
            "leads out of this file, and nothing is fetched" if "://" in address else "leads to another file"
        )
        return Broken(where, "the definition itself, in this file's `$defs`")

    def _targets(self, part: Part) -> Iterator[KeyPath]:
        for _, reference in references(part.schema):
            target = self.resolve(reference, part.path)
            if isinstance(target, tuple):
                yield target

    def _walk(self, schema: Any, path: KeyPath) -> None:
        self._seen.add(path)
        self.roots.append(path)
        found = [part for part in parts(schema, path) if part.path not in self._seen or part.path == path]
        for part in found:
            self._note_names(part)
        self.parts.extend(found)
        self._seen.update(part.path for part in found)

    def _note_names(self, part: Part) -> None:
        name = part.schema.get(self._id)
        if isinstance(name, str):
            self._note_address(part.path, name.removesuffix("#"))
        for keyword in ("$anchor", "$dynamicAnchor"):
            anchor = part.schema.get(keyword)
            if isinstance(anchor, str):
                self._anchors[self._resource(part.path), anchor] = part.path

    def _note_address(self, path: KeyPath, name: str) -> None:
        before, is_anchor, anchor = name.partition("#")
        if is_anchor:
            if not before:
                self._anchors[self._resource(path), anchor] = path
            return
        try:
            address = urljoin(self._bases[self._resource(path[:-1])], name)
        except ValueError:
            return
        self._bases[path] = address
        self._by_address.setdefault(address, path)

    def _resource(self, path: KeyPath) -> KeyPath:
        """The nearest part around a path that has an address of its own."""
        while path not in self._bases:
            path = path[:-1]
        return path

    def _fragment(self, fragment: str, resource: KeyPath) -> KeyPath | Broken:
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            anchor = self._anchors.get((resource, fragment))
            return Broken("leads nowhere", f"an `$anchor` {fragment!r}") if anchor is None else anchor
        path, value = resource, self.get(resource)
        for word in fragment.split("/")[1:]:
            key = _key(word.replace("~1", "/").replace("~0", "~"), value)
            if key is None:
                return Broken("leads nowhere", _nearest_key(word, value))
            path, value = (*path, key), value[key]
        return path


def references(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The keywords of a part that refer to another, with what they say."""
    for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
        reference = schema.get(keyword)
        if isinstance(reference, str):
            yield keyword, reference


def _key(word: str, value: Any) -> str | int | None:
    if isinstance(value, dict):
        return word if word in value else None
    if isinstance(value, list) and word.isdecimal() and len(word) < 7 and int(word) < len(value):
        return int(word)
    return None


def _nearest_key(word: str, value: Any) -> str:
    known = list(value) if isinstance(value, dict) else []
    close = difflib.get_close_matches(word, known, n=1)
    return f"{close[0]!r}, which is the nearest name there" if close else "a place that exists in this file"


def ways(path: KeyPath) -> Iterator[KeyPath]:
    """A path keyword by keyword, each with the name or the index that belongs to it.

    A property may be named `not` or `items`: what a key means is told by the one before it.
    """
    keys = list(path)
    while keys:
        takes_two = len(keys) > 1 and (keys[0] in NAMED or (keys[0] in LIST and isinstance(keys[1], int)))
        yield tuple(keys[: 1 + takes_two])
        del keys[: 1 + takes_two]


def property_name(path: KeyPath) -> str:
    """The property that a place in a schema speaks of, as a configuration names it: `auth.scopes[]`."""
    words: list[str] = []
    for way in ways(path):
        if way[0] in ("properties", "patternProperties"):
            words.append(f".{way[-1]}")
        elif way[0] in ("$defs", "definitions"):
            words = [".".join(map(str, way))]
        elif way[0] in ("items", "prefixItems", "additionalItems", "contains", "unevaluatedItems"):
            words.append("[]")
        elif way[0] == "additionalProperties":
            words.append(".*")
    return one_line("".join(words).removeprefix("."), 120)
