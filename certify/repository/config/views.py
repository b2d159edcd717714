"""Read one schema object into a plain list of what it asks of a value."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from certify.contract.document import KeyPath

#: Keywords that bound a number or a count from below, and from above; the kind of value they speak of.
LOWER = {"minimum": "number", "minLength": "string", "minItems": "array", "minProperties": "object"}
UPPER = {"maximum": "number", "maxLength": "string", "maxItems": "array", "maxProperties": "object"}
#: What a schema without a type speaks of, by its keywords.
_HINTS = {
    **dict.fromkeys(("additionalProperties", "patternProperties", "properties", "required"), "object"),
    **dict.fromkeys(("items", "prefixItems", "uniqueItems"), "array"),
    **dict.fromkeys(("format", "pattern"), "string"),
    **LOWER,
    **UPPER,
}

#: Places of schemas in one tree, all of which a value has to meet.
Places = tuple[KeyPath, ...]


@dataclass(frozen=True)
class Bound:
    """A limit, and whether it is itself outside."""

    value: float
    is_open: bool = False


@dataclass(frozen=True)
class View:
    """One alternative of a schema. None means: not asked."""

    types: frozenset[str] | None = None
    hints: frozenset[str] = frozenset()
    values: tuple[Any, ...] | None = None
    lower: dict[str, Bound] = field(default_factory=dict)
    upper: dict[str, Bound] = field(default_factory=dict)
    multiples: frozenset[float] = frozenset()
    patterns: frozenset[str] = frozenset()
    is_unique: bool = False
    properties: dict[str, Places] = field(default_factory=dict)
    named_by_pattern: tuple[str, ...] = ()
    required: frozenset[str] = frozenset()
    #: What other properties have to meet; False: there are none.
    others: Places | bool | None = None
    items: Places | None = None
    #: Defaults and examples.
    samples: tuple[Any, ...] = ()
    has_default: bool = False
    #: What tells this alternative from its siblings.
    label: str = ""
    #: Where each keyword stands.
    places: dict[str, KeyPath] = field(default_factory=dict)
    #: Whether it asks something that cannot be told: a reference that leads nowhere, or back.
    is_unknown: bool = False

    @property
    def kinds(self) -> frozenset[str] | None:
        """The types of values it takes, as far as it says so; None: any."""
        return self.types if self.types is not None else (self.hints or None)


def view_of(schema: dict[str, Any], path: KeyPath) -> View:
    """What the schema itself asks, without what it applies."""
    named = schema.get("type")
    kinds = frozenset(one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str))
    # In draft 3 a type can be a schema; `any` has always been left out since.
    is_any = not kinds or "any" in kinds or (isinstance(named, list) and len(kinds) < len(named))
    properties = schema.get("properties")
    patterns = schema.get("patternProperties")
    pattern = schema.get("pattern")
    items = schema.get("items")
    required = schema.get("required")
    default = (schema["default"],) if "default" in schema else ()
    return View(
        types=None if is_any else kinds,
        hints=frozenset(_HINTS[key] for key in schema if key in _HINTS),
        values=_values(schema),
        lower=_bounds(schema, LOWER, "exclusiveMinimum"),
        upper=_bounds(schema, UPPER, "exclusiveMaximum"),
        multiples=frozenset(
            schema[key]
            for key in ("multipleOf", "divisibleBy")
            if _is_number(schema.get(key)) and schema[key] > 0
        ),
        patterns=frozenset([pattern] if isinstance(pattern, str) else []),
        is_unique=schema.get("uniqueItems") is True,
        properties={
            name: ((*path, "properties", name),)
            for name in (properties if isinstance(properties, dict) else ())
        },
        named_by_pattern=tuple(patterns) if isinstance(patterns, dict) else (),
        required=frozenset(one for one in entries_of(required) if isinstance(one, str)),
        others=_others(schema, path),
        items=((*path, "items"),) if isinstance(items, dict | bool) else None,
        samples=(*default, *entries_of(schema.get("examples"))),
        has_default="default" in schema,
        places={key: (*path, key) for key in schema} | {"": path},
    )


def _values(schema: dict[str, Any]) -> tuple[Any, ...] | None:
    if "const" in schema:
        return (schema["const"],)
    return tuple(schema["enum"]) if isinstance(schema.get("enum"), list) else None


def _others(schema: dict[str, Any], path: KeyPath) -> Places | bool | None:
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        asked = schema.get(keyword)
        if asked is False:
            return False
        if isinstance(asked, dict) and asked:
            return ((*path, keyword),)
    return None


def _bounds(schema: dict[str, Any], keywords: dict[str, str], exclusive: str) -> dict[str, Bound]:
    """The limits by keyword; draft 4 says by a flag that a limit is outside, later ones by a number."""
    found = {key: Bound(schema[key]) for key in keywords if _is_number(schema.get(key))}
    outside = schema.get(exclusive)
    inside = next(key for key in keywords if keywords[key] == "number")
    if outside is True and inside in found:
        found[inside] = Bound(found[inside].value, is_open=True)
    elif isinstance(outside, int | float) and outside is not False:
        limit = Bound(outside, is_open=True)
        found[inside] = tightest(inside, found[inside], limit) if inside in found else limit
    return found


def tightest(keyword: str, one: Bound, other: Bound) -> Bound:
    """The limit that leaves less."""
    sign = 1 if keyword in LOWER else -1
    return max(one, other, key=lambda bound: (sign * bound.value, bound.is_open))


def canonical(value: Any) -> str:
    """The same text for what is the same in JSON: 1 and 1.0, but not true."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def entries_of(value: Any) -> list[Any]:
    """The entries of what is a list; none of what is not."""
    return value if isinstance(value, list) else []
