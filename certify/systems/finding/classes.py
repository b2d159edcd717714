"""Find streams with their keys and cursors in Python source, where they stand there literally."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from certify.model import Location
from certify.repository.source.modules import PythonSource

_NAMES = ("tap_stream_id", "stream", "name", "stream_name")
_KEYS = ("primary_keys", "key_properties", "primary_key")
_CURSORS = ("replication_key", "replication_keys", "cursor_field")
_WANTED = frozenset({*_NAMES, *_KEYS, *_CURSORS})
#: What neither declares a class nor mentions a key tells of no stream, and need not be parsed.
_MENTIONS = re.compile(r"^\s*class \w|" + "|".join(("write_schema", *_KEYS)), re.MULTILINE)
#: A base of a base of a base; more is a circle.
_MAX_BASES = 20
#: A literal with more nodes is a table, and no key.
_MAX_NODES = 200


@dataclass(frozen=True)
class Stream:
    """A stream: its name, the fields that make a row unique, and the one it is read on from."""

    name: str
    keys: tuple[str, ...]
    cursor: str | None
    origin: str


@dataclass(frozen=True)
class _Class:
    """A class, with what its body says of the things that streams have."""

    bases: tuple[str, ...]
    says: Mapping[str, Any]
    place: str


def field_names(value: Any) -> tuple[str, ...]:
    """`id`, `[id]` and `[[id]]` are all a key of one field; what is nested in a row is none."""
    if isinstance(value, str):
        return (value,) if value else ()
    names = [one[0] if isinstance(one, list | tuple) and len(one) == 1 else one for one in _listed(value)]
    return tuple(names) if names and all(isinstance(one, str) and one for one in names) else ()


def streams_in(sources: Iterable[PythonSource], base: str = "Stream") -> Iterator[Stream]:
    """The streams that classes (below one whose name ends in `base`), literals and `write_schema` tell."""
    classes: dict[str, _Class] = {}
    for source in sources:
        syntax = source.syntax if source.mentions(_MENTIONS) else None
        for node in syntax.nodes if syntax else ():
            place = str(Location(source.file, getattr(node, "lineno", 1)))
            if isinstance(node, ast.ClassDef):
                classes.setdefault(node.name, _class(node, place))
            elif isinstance(node, ast.Dict):
                yield from _from_literal(node, place)
            elif isinstance(node, ast.Call):
                yield from _from_call(node, place)
    are_bases = {name for one in classes.values() for name in one.bases}
    for name, one in classes.items():
        yield from _from_class(name, one, classes, base, is_base=name in are_bases)


def literal(node: ast.AST | None) -> Any:
    """The value of a literal; None for what is none, or is too large to be a setting."""
    if node is None or sum(1 for _ in zip(ast.walk(node), range(_MAX_NODES + 1), strict=False)) > _MAX_NODES:
        return None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _class(node: ast.ClassDef, place: str) -> _Class:
    says: dict[str, Any] = {}
    for one in node.body:
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and isinstance(one.targets[0], ast.Name):
            name, value = one.targets[0].id, one.value
        elif isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.value:
            name, value = one.target.id, one.value
        elif isinstance(one, ast.FunctionDef) and isinstance(one.body[-1], ast.Return) and one.body[-1].value:
            name, value = one.name, one.body[-1].value
        else:
            continue
        if name in _WANTED:
            says[name] = literal(value)
    return _Class(tuple(map(last_name, node.bases)), says, place)


def last_name(node: ast.expr) -> str:
    """The last word of a name: `RESTStream` of `sdk.RESTStream`; empty for what is none."""
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _from_class(
    name: str, one: _Class, classes: Mapping[str, _Class], base: str, *, is_base: bool
) -> Iterator[Stream]:
    says, names = _inherited(one, classes)
    own = next((one.says[key] for key in _NAMES if isinstance(one.says.get(key), str)), None)
    is_stream = any(each.endswith(base) for each in names)
    if own is None and (is_base or not is_stream):
        return
    yield from _stream({**says, "name": own or _snake(name)}, one.place)


def _inherited(one: _Class, classes: Mapping[str, _Class]) -> tuple[dict[str, Any], list[str]]:
    """What a class says with what its bases in these modules say, and the names of all its bases."""
    says, waiting = dict(one.says), list(one.bases)
    names: list[str] = []
    while waiting and len(names) < _MAX_BASES:
        name = waiting.pop(0)
        names.append(name)
        if name in classes:
            says = {**classes[name].says, **says}
            waiting += classes[name].bases
    return says, names


def _snake(name: str) -> str:
    """As Airbyte names a stream after its class."""
    spaced = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", spaced).lower()


def _from_literal(node: ast.Dict, place: str) -> Iterator[Stream]:
    says = {
        key.value: literal(value)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value in _WANTED
    }
    if any(key in says for key in _KEYS):
        yield from _stream(says, place)


def _from_call(node: ast.Call, place: str) -> Iterator[Stream]:
    if not last_name(node.func).endswith("write_schema"):
        return
    named = {one.arg: one.value for one in node.keywords}
    values = dict(zip(("stream_name", "schema", "key_properties"), node.args, strict=False)) | named
    says = {key: literal(values.get(key)) for key in ("stream_name", "key_properties")}
    yield from _stream(says, place)


def _stream(says: Mapping[str, Any], place: str) -> Iterator[Stream]:
    name = next((says[key] for key in _NAMES if isinstance(says.get(key), str)), None)
    keys = next((found for key in _KEYS if (found := field_names(says.get(key)))), ())
    cursors = next((found for key in _CURSORS if (found := field_names(says.get(key)))), ())
    if name and (keys or cursors):
        yield Stream(name, keys, cursors[0] if len(cursors) == 1 else None, place)
