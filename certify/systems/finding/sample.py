"""Make a sample configuration from a schema: defaults and examples of its authors, stand-ins for the rest.

A secret is a reference to a variable of the environment: certify puts a canary there, `certify record` its
value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from certify.contract.document import KeyPath
from certify.repository.config.parts import SchemaTree
from certify.repository.config.patterns import matches
from certify.repository.config.required import same_value
from certify.repository.config.secret_marks import is_marked
from certify.repository.config.secret_names import names_a_secret
from certify.repository.secrets.randomness import looks_drawn
from certify.repository.words import words_of
from certify.systems.finding.fact import ConfigSchema, Sample

_MAX_DEPTH = 6
_MAX_ALTERNATIVES = 20
_MAX_SETTINGS = 100
_MAX_TEXT = 500
#: Stand-ins for texts of a form, by JSON Schema's `format`.
_FORMS = {
    "date": "2024-01-01",
    "date-time": "2024-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "sample@example.com",
    "hostname": "api.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://api.example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
#: Settings that hold a time or an address, by a word of their names.
_WORDS = {
    "date": "2024-01-01T00:00:00Z",
    "since": "2024-01-01T00:00:00Z",
    "url": "https://api.example.com",
    "uri": "https://api.example.com",
    "email": "sample@example.com",
}
#: What a name ends with that counts something, whatever it speaks of before: `email_chunk_size`.
_COUNTS = frozenset({"size", "count", "limit", "timeout", "retries", "seconds", "days"})
_A_COUNT = "100"
_TRIED = (
    "sample",
    *_FORMS.values(),
    "SAMPLE",
    "1",
    "12345678",
    "a",
    "2024-01-01 00:00:00",
    "2024-01-01T00:00:00",
)


def sample_from(schema: ConfigSchema, prefix: str, given: dict[str, Any], address: str = "") -> Sample:
    """A configuration that the schema asks for; `given` are values of a sample that is there.

    Variables are named after `prefix`. `address` stands where a base URL is asked for and none is given.
    """
    making = _Making(SchemaTree(schema.value), _variable(prefix), address)
    config = making.object((), (), given)
    config |= {name: making.given((name,), value) for name, value in given.items() if name not in config}
    return Sample(config, schema.origin, tuple(making.invented), tuple(making.variables))


def is_secret(schema: SchemaTree, path: KeyPath) -> bool:
    """Whether a property is marked as a secret, or named as one."""
    marked = any(is_marked(schema.get(one)) for one in same_value(schema, path, _MAX_ALTERNATIVES))
    return marked or names_a_secret(str(path[-1]))


def _variable(words: str) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").upper()
    return f"_{name}" if name[:1].isdigit() else name


@dataclass
class _Making:
    tree: SchemaTree
    prefix: str
    address: str
    invented: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)

    def object(self, path: KeyPath, names: tuple[str, ...], given: Any) -> dict[str, Any]:
        """The required properties of an object, and those that are given."""
        properties, required = self._described(path)
        given = given if isinstance(given, dict) else {}
        # What tells the alternatives of a choice apart is constant, and seldom said to be required.
        told = {name for name, one in properties.items() if "const" in _mapping(self.tree.get(one))}
        wanted = [name for name in properties if name in required or name in given or name in told]
        return {
            name: self._value(properties[name], (*names, name), given.get(name))
            for name in wanted[:_MAX_SETTINGS]
        }

    def given(self, names: tuple[str, ...], value: Any) -> Any:
        """A value of a sample that is there, without what is a secret by its name or its looks."""
        if isinstance(value, dict):
            return {name: self.given((*names, name), one) for name, one in value.items()}
        if isinstance(value, str) and value and (names_a_secret(names[-1]) or looks_drawn(value)):
            return self._reference(names)
        return value

    def _described(self, path: KeyPath) -> tuple[dict[str, KeyPath], set[str]]:
        """The properties of an object, with the first of its alternatives where it has some."""
        properties: dict[str, KeyPath] = {}
        required: set[str] = set()
        for one in self._chosen(path):
            schema = self.tree.get(one)
            named, needed = schema.get("properties"), schema.get("required")
            for name in named if isinstance(named, dict) else ():
                if _is_writable(name):
                    properties.setdefault(name, (*one, "properties", name))
            required |= (
                {name for name in needed if isinstance(name, str)} if isinstance(needed, list) else set()
            )
        return properties, required

    def _chosen(self, path: KeyPath) -> list[KeyPath]:
        """The schemas for a value: all that hold together, and the first of each choice."""
        kept = []
        for one in same_value(self.tree, path, _MAX_ALTERNATIVES):
            is_other = any(
                word in ("anyOf", "oneOf") and index != 0
                for word, index in zip(one[len(path) :], one[len(path) + 1 :], strict=False)
            )
            asks_only = not {"not", "if", "then", "else"}.isdisjoint(map(str, one[len(path) :]))
            if isinstance(self.tree.get(one), dict) and not is_other and not asks_only:
                kept.append(one)
        return kept

    def _value(self, path: KeyPath, names: tuple[str, ...], given: Any) -> Any:
        schemas = [self.tree.get(one) for one in self._chosen(path)]
        kind = next((found for one in schemas if (found := _kind(one))), "")
        is_text = kind in ("", "string")
        if is_text and is_secret(self.tree, path):
            return self._reference(names)
        if kind == "object" and len(names) < _MAX_DEPTH:
            return self.object(path, names, given)
        if given is not None:
            return self.given(names, given)
        for schema in schemas:
            for value in _suggested(schema):
                if _is_writable(value) and not (isinstance(value, str) and looks_drawn(value)):
                    return value
        self.invented.append(".".join(names))
        return self._invented(path, kind, names)

    def _invented(self, path: KeyPath, kind: str, names: tuple[str, ...]) -> Any:
        chosen = {one: self.tree.get(one) for one in self._chosen(path)}
        if kind == "array":
            is_asked = any(_is_number(one.get("minItems")) and one["minItems"] > 0 for one in chosen.values())
            items = next(
                ((*at, "items") for at, one in chosen.items() if isinstance(one.get("items"), dict)), None
            )
            return (
                [self._value(items, (*names, "0"), None)]
                if items and is_asked and len(names) < _MAX_DEPTH
                else []
            )
        if kind in ("integer", "number"):
            lower = next((one["minimum"] for one in chosen.values() if _is_number(one.get("minimum"))), 1)
            return lower if kind == "number" or isinstance(lower, int) else int(lower) + 1
        if kind in ("boolean", "null", "object"):
            return {"boolean": False, "null": None, "object": {}}[kind]
        return self._text(list(chosen.values()), names[-1])

    def _text(self, schemas: list[dict[str, Any]], name: str) -> str:
        words = words_of(name)
        patterns = [one["pattern"] for one in schemas if isinstance(one.get("pattern"), str)]
        guesses = [_FORMS[one["format"]] for one in schemas if str(one.get("format")) in _FORMS]
        guesses += [_A_COUNT] if words and words[-1] in _COUNTS else [_WORDS[w] for w in words if w in _WORDS]
        if not {"url", "uri", "endpoint", "host"}.isdisjoint(words) and self.address:
            guesses.insert(0, self.address.removeprefix("https://") if "host" in words else self.address)
        for guess in (*guesses, *_TRIED):
            if all(matches(pattern, guess) is True for pattern in patterns):
                return guess
        return (guesses or ["sample"])[0]

    def _reference(self, names: tuple[str, ...]) -> str:
        name = "_".join(filter(None, (self.prefix, _variable("_".join(names)).lstrip("_"))))
        self.variables.append(name if not name[:1].isdigit() else f"_{name}")
        return "${" + self.variables[-1] + "}"


def _kind(schema: dict[str, Any]) -> str:
    """The type that a schema names; of several, the first that is not null."""
    named = schema.get("type")
    kinds = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    found = next((one for one in kinds if isinstance(one, str) and one != "null"), "")
    return found or ("object" if isinstance(schema.get("properties"), dict) else "")


def _suggested(schema: dict[str, Any]) -> list[Any]:
    """What authors gave: a default, a constant, an example, the first of a few."""
    single = [schema[key] for key in ("const", "default", "example") if schema.get(key) is not None]
    lists = [schema[key] for key in ("examples", "enum") if isinstance(schema.get(key), list)]
    return single + [one[0] for one in lists if one and one[0] is not None]


def _is_writable(value: Any) -> bool:
    """Whether it is a small value that JSON has: a literal in source may be anything."""
    try:
        return len(json.dumps(value, allow_nan=False, ensure_ascii=False).encode()) <= _MAX_TEXT
    except (TypeError, ValueError, RecursionError):
        return False


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
