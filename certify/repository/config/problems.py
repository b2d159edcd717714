"""Say in a few words what a validation error means, without printing a secret."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from jsonschema import ValidationError

from certify.contract.document import KeyPath
from certify.repository.config.secret_marks import is_marked
from certify.repository.config.secret_names import names_a_secret
from certify.text import one_line

_KINDS = {
    "any": "anything",
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "a text",
}
#: How errors of these keywords read; `{0}` is what was found, `{1}` what the keyword asks for.
_WORDS = {
    "const": "{0} is not {1}",
    "divisibleBy": "{0} is no multiple of {1}",
    "exclusiveMaximum": "{0} is not less than {1}",
    "exclusiveMinimum": "{0} is not more than {1}",
    "maxItems": "{0} has more than {1} entries",
    "maxLength": "{0} has more than {1} characters",
    "maxProperties": "{0} has more than {1} keys",
    "maximum": "{0} is more than {1}",
    "minItems": "{0} has fewer than {1} entries",
    "minLength": "{0} has fewer than {1} characters",
    "minProperties": "{0} has fewer than {1} keys",
    "minimum": "{0} is less than {1}",
    "multipleOf": "{0} is no multiple of {1}",
    "not": "{0} is what `not` excludes",
    "pattern": "{0} does not match the pattern {1}",
    "uniqueItems": "{0} has the same entry twice",
}


@dataclass(frozen=True)
class Problem:
    """What does not fit, and where in the instance."""

    path: KeyPath
    message: str


def problem_of(error: ValidationError) -> Problem:
    """A validation error as place and words."""
    return Problem(tuple(error.absolute_path), one_line(_told(error), 300))


def closest(error: ValidationError) -> ValidationError:
    """What is wrong with the alternative that fits best: of the right type, of the kind that is named.

    jsonschema's own best_match stumbles over types that are schemas, as draft 3 has them.
    """
    while error.context:
        by_branch: dict[Any, list[ValidationError]] = {}
        for one in error.context:
            branch_of = next(iter(one.relative_schema_path), None)
            by_branch.setdefault(branch_of, []).append(one)
        branch = min(by_branch.values(), key=_misfit)
        error = max(branch, key=lambda one: len(one.relative_path))
    return error


def _misfit(errors: list[ValidationError]) -> tuple[bool, bool, int, int]:
    """Worse first: another type, another of the named kinds, wrong from the outside, wrong in more ways."""
    other_type = any(one.validator == "type" and not one.relative_path for one in errors)
    other_kind = any(one.validator in ("const", "enum") for one in errors)
    return other_type, other_kind, -max(len(one.relative_path) for one in errors), len(errors)


def kinds(types: Any) -> str:
    """Types of JSON Schema in plain words: `a text or null`."""
    names = types if isinstance(types, list) else [types]
    return " or ".join(_KINDS.get(one, str(one)) if isinstance(one, str) else "a schema" for one in names)


def shown(value: Any) -> str:
    """A value short enough for a message; objects and lists by kind alone."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else one_line(repr(value), 80)


def dotted(path: Iterable[str | int]) -> str:
    """`auth.scopes[0]`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return one_line(text.removeprefix("."), 120)


def nearest(word: object, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` where something known is close, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1) if isinstance(word, str) else []
    return f"; did you mean {close[0]!r}?" if close else ""


def _told(error: ValidationError) -> str:
    asked: Any = error.validator_value
    schema: Any = error.schema
    names = [key for key in error.absolute_path if isinstance(key, str)]
    is_secret = is_marked(schema) or any(map(names_a_secret, names))
    found = "a value" if is_secret else shown(error.instance)
    keyword = str(error.validator)
    if keyword == "additionalProperties":
        name = str(error.path[-1])
        return f"the schema has no {name!r}{nearest(name, schema.get('properties', {}))}"
    if keyword == "required":
        return error.message
    if keyword == "type":
        return f"{found} is not {kinds(asked)}"
    if keyword == "enum":
        return f"{found} is none of {_listed(asked)}{nearest(error.instance, filter(_is_text, asked))}"
    if keyword in ("anyOf", "oneOf"):
        return _alternatives(error, found)
    words = _WORDS.get(keyword)
    return words.format(found, shown(asked)) if words else f"{found} is refused by `{keyword}`"


def _alternatives(error: ValidationError, found: str) -> str:
    if not error.context:
        return f"{found} fits more than one of the alternatives"
    best = closest(error)
    if best.validator in ("anyOf", "oneOf"):
        return f"{found} fits none of the alternatives"
    where = dotted(tuple(best.absolute_path)[len(error.absolute_path) :])
    return f"{found} fits none of the alternatives; nearest: {where}{': ' if where else ''}{_told(best)}"


def _listed(values: Any) -> str:
    return one_line(", ".join(shown(one) for one in values), 120)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
