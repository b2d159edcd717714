"""Flatten a schema into its alternatives.

References, `allOf`, `anyOf` and `oneOf` are gone afterwards, so that two releases of a schema can be compared
however they are written: a definition moved into `$defs`, a model generated anew. `not`, `if` and their kind
are left out on both sides: what they change cannot be told without a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from certify.contract.document import KeyPath
from certify.repository.config.parts import SchemaTree, references
from certify.repository.config.views import Bound, Places, View, canonical, entries_of, tightest, view_of

#: A schema that takes more is no configuration's: nothing is compared then.
MAX_WORK = 20_000
#: A value with more alternatives is not compared.
_MAX_VIEWS = 64


class TooLarge(Exception):
    """A schema whose alternatives cannot be listed."""


class Flattener:
    """Lists the alternatives of places in one schema."""

    def __init__(self, tree: SchemaTree) -> None:
        self.tree = tree
        self._work = 0

    def views(self, places: Places) -> list[View]:
        """The alternatives of a value that has to meet all these schemas; none: no value can.

        Raises TooLarge.
        """
        found = [View()]
        for place in places:
            found = _product(found, self._of(place, ()))
        return found

    def _of(self, path: KeyPath, trail: tuple[KeyPath, ...]) -> list[View]:
        self._work += 1
        if self._work > MAX_WORK:
            raise TooLarge(f"more than {MAX_WORK:,} steps to list what the schema asks")
        schema = self.tree.get(path)
        if schema is False:
            return []
        if not isinstance(schema, dict):
            return [View()]
        if path in trail:
            return [View(is_unknown=True)]
        trail = (*trail, path)
        found = [view_of(schema, path)]
        for _, reference in references(schema):
            target = self.tree.resolve(reference, path)
            found = _product(
                found, self._of(target, trail) if isinstance(target, tuple) else [View(is_unknown=True)]
            )
        for keyword in ("allOf", "extends"):
            for place in _entries(schema, path, keyword):
                found = _product(found, self._of(place, trail))
        for keyword in ("oneOf", "anyOf"):
            places = _entries(schema, path, keyword)
            if places:
                found = _product(found, [one for place in places for one in self._alternative(place, trail)])
        return found

    def _alternative(self, place: KeyPath, trail: tuple[KeyPath, ...]) -> Iterable[View]:
        for view in self._of(place, trail):
            yield replace(view, label=_label(self.tree, place, view))


def _entries(schema: dict[str, Any], path: KeyPath, keyword: str) -> list[KeyPath]:
    entries = schema.get(keyword)
    return [(*path, keyword, index) for index in range(len(entries))] if isinstance(entries, list) else []


def _label(tree: SchemaTree, place: KeyPath, view: View) -> str:
    """What a configuration that uses an alternative says or means: its constant, else its title or type."""
    for name, places in view.properties.items():
        for where in places:
            schema = tree.get(where)
            if isinstance(schema, dict) and ("const" in schema or len(entries_of(schema.get("enum"))) == 1):
                return f"{name}: {schema.get('const', (entries_of(schema.get('enum')) or [None])[0])}"
    schema = tree.get(place)
    title = schema.get("title") if isinstance(schema, dict) else None
    return title if isinstance(title, str) else ""


def _product(one: Sequence[View], other: Sequence[View]) -> list[View]:
    if len(one) * len(other) > _MAX_VIEWS:
        return [View(is_unknown=True)]
    return [_both(first, second) for first in one for second in other]


def _both(one: View, other: View) -> View:
    """What has to meet both."""
    return View(
        types=_common_types(one.types, other.types),
        hints=one.hints | other.hints,
        values=_common_values(one.values, other.values),
        lower=_tighter(one.lower, other.lower),
        upper=_tighter(one.upper, other.upper),
        multiples=one.multiples | other.multiples,
        patterns=one.patterns | other.patterns,
        is_unique=one.is_unique or other.is_unique,
        properties={
            name: tuple(dict.fromkeys((*one.properties.get(name, ()), *other.properties.get(name, ()))))
            for name in {**one.properties, **other.properties}
        },
        named_by_pattern=(*one.named_by_pattern, *other.named_by_pattern),
        required=one.required | other.required,
        others=_common_others(one.others, other.others),
        items=tuple(dict.fromkeys((*(one.items or ()), *(other.items or ())))) or None,
        samples=(*one.samples, *other.samples),
        has_default=one.has_default or other.has_default,
        label=one.label or other.label,
        places=other.places | one.places,
        is_unknown=one.is_unknown or other.is_unknown,
    )


def _common_types(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return one if other is None else other
    numbers = (
        {"integer"}
        if "integer" in one | other and {"number", "integer"} & one and {"number", "integer"} & other
        else set()
    )
    return (one & other) | numbers


def _common_values(one: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    if one is None or other is None:
        return one if other is None else other
    allowed = set(map(canonical, other))
    return tuple(value for value in one if canonical(value) in allowed)


def _common_others(one: Places | bool | None, other: Places | bool | None) -> Places | bool | None:
    if one is False or other is False:
        return False
    if isinstance(one, tuple) and isinstance(other, tuple):
        return tuple(dict.fromkeys((*one, *other)))
    return one if isinstance(one, tuple) else other


def _tighter(one: dict[str, Bound], other: dict[str, Bound]) -> dict[str, Bound]:
    merged = {**other, **one}
    return {
        key: tightest(key, one[key], other[key]) if key in one and key in other else bound
        for key, bound in merged.items()
    }
