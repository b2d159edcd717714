"""Find names that a schema requires and describes nowhere, and references that go round in a circle."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from certify.contract.document import KeyPath
from certify.repository.config.parts import IN_PLACE, SchemaTree, children, references, ways

#: `{"not": {"required": ["x"]}}` forbids x, and `if` asks whether it is there: neither has to describe it.
_ASKS_ONLY = frozenset({"if", "not"})
#: Schemas looked at while alternatives and references are gathered; a large real schema takes thousands.
_MAX_WORK = 200_000


@dataclass(frozen=True)
class UnknownName:
    """A required name without a property: where it stands, and the names there are."""

    path: KeyPath
    name: str
    known: tuple[str, ...]


def circles(tree: SchemaTree) -> Iterator[KeyPath]:
    """Schemas that come back to themselves before they come to a property or an item."""
    done: set[KeyPath] = set()
    for part in tree.parts:
        on_the_way: set[KeyPath] = set()
        waiting = [(part.path, False)]
        while waiting:
            path, is_left = waiting.pop()
            if is_left:
                on_the_way.discard(path)
                done.add(path)
            elif path in on_the_way:
                yield path
            elif path not in done:
                on_the_way.add(path)
                waiting.append((path, True))
                waiting.extend((step, False) for step in in_place(tree, path))


def unknown_names(tree: SchemaTree) -> Iterator[UnknownName]:
    """Names in `required` that no schema for the same value describes."""
    known = _names_known(tree)
    for part in tree.parts:
        required = part.schema.get("required")
        names = known[part.path]
        if not isinstance(required, list) or not names or None in names or _asks_only(part.path):
            continue
        for index, name in enumerate(required):
            if isinstance(name, str) and name not in names:
                described = tuple(one for one in names if one is not None)
                yield UnknownName((*part.path, "required", index), name, described)


def in_place(tree: SchemaTree, path: KeyPath) -> Iterator[KeyPath]:
    """The schemas that a part applies to the same value: its alternatives, and what it refers to."""
    schema = tree.get(path)
    if not isinstance(schema, dict):
        return
    for way, _ in children(schema):
        if way[0] in IN_PLACE:
            yield path + way
    for _, reference in references(schema):
        target = tree.resolve(reference, path)
        if isinstance(target, tuple):
            yield target


def _names_known(tree: SchemaTree) -> dict[KeyPath, dict[str | None, None]]:
    """By part, the properties described for the same value, there or around it; None stands for any."""
    known: dict[KeyPath, dict[str | None, None]] = defaultdict(dict)
    work = 0
    for part in tree.parts:
        if _is_in_place(part.path):
            continue
        group = same_value(tree, part.path)
        names = {name: None for path in group for name in _described(tree, path)}
        work += len(group) * (1 + len(names))
        if work > _MAX_WORK:
            return defaultdict(dict)
        for path in group:
            known[path].update(names)
    return known


def same_value(tree: SchemaTree, path: KeyPath, limit: int = _MAX_WORK) -> list[KeyPath]:
    """A schema and all those that it applies to the same value, through alternatives and references."""
    found = {path: None}
    waiting = [path]
    while waiting and len(found) < limit:
        for step in in_place(tree, waiting.pop()):
            if step not in found:
                found[step] = None
                waiting.append(step)
    return list(found)


def _described(tree: SchemaTree, path: KeyPath) -> Iterator[str | None]:
    schema = tree.get(path)
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    yield from properties if isinstance(properties, dict) else ()
    leads_away = any(not isinstance(tree.resolve(one, path), tuple) for _, one in references(schema))
    if schema.get("patternProperties") or leads_away:
        yield None


def _is_in_place(path: KeyPath) -> bool:
    """Whether a part speaks of the same value as the one around it."""
    *_, last = ((), *ways(path))
    return bool(last) and last[0] in IN_PLACE


def _asks_only(path: KeyPath) -> bool:
    return any(way[0] in _ASKS_ONLY for way in ways(path))
