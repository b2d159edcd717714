"""Validate configurations against a schema that nobody trusts: no fetching, no long match, no endless work.

jsonschema does the validating. What is changed about it: references are resolved within the file; a pattern
is run only where it ends soon; every keyword costs a step of a budget; and an environment reference such as
`${NAME}` stands for whatever value the platform will put there, as does any text in the place of a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from jsonschema import ValidationError
from jsonschema.exceptions import UnknownType
from jsonschema.validators import extend
from referencing.exceptions import Unresolvable

from certify.contract.document import KeyPath
from certify.repository.config.drafts import LATEST, METASCHEMAS, draft_of
from certify.repository.config.parts import SchemaTree
from certify.repository.config.patterns import MAX_STEPS, can_run, matches, steps
from certify.repository.config.problems import Problem, problem_of
from certify.repository.config.secret_marks import is_marked

#: Keywords evaluated for one schema. A real configuration takes hundreds; the budget lasts about a second.
MAX_WORK = 50_000
#: Steps of all patterns together, as one match may take `MAX_STEPS`.
_MAX_MATCHING = 4 * MAX_STEPS
#: Names of settings are shorter; `patternProperties` is tried on them.
_MAX_NAME = 64
#: What is told of one instance at most.
_MAX_PROBLEMS = 20

_REFERENCE = re.compile(r"\$\{[A-Za-z_]\w*(?::?[-=?+][^{}]*)?\}")
_SCALARS = frozenset({"string", "number", "integer", "boolean", "null", "any"})
#: What a text with an environment reference in it cannot be held against before the reference is replaced.
_OF_TEXT = frozenset({"const", "contentEncoding", "enum", "format", "maxLength", "minLength", "pattern"})
#: What may turn on the value of a reference somewhere inside.
_ON_CONDITION = frozenset(
    {"const", "contains", "dependencies", "disallow", "enum", "if", "not", "uniqueItems"}
)
#: What goes on to other schemas, which then judge the value.
_PASSES_ON = frozenset({"$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "extends", "oneOf"})


class TooMuchWork(Exception):
    """Validating takes more steps than any real configuration needs."""


@dataclass
class _Budget:
    work: int = MAX_WORK
    matching: float = _MAX_MATCHING
    #: Patterns that were not run, since that could take long.
    not_run: set[str] = field(default_factory=set)


class SchemaValidator:
    """Validates instances against a schema that is valid itself, or against parts of it."""

    def __init__(self, tree: SchemaTree) -> None:
        self._tree = tree
        self._budget = _Budget()
        draft = draft_of(tree.schema) or LATEST
        keywords = {name: self._bounded(name, function) for name, function in draft.VALIDATORS.items()}
        keywords["required"] = self._bounded("required", _required)
        keywords["additionalProperties"] = self._bounded("additionalProperties", _additional_properties)
        keywords["pattern"] = self._bounded("pattern", self._pattern)
        keywords["oneOf"] = self._bounded("oneOf", _one_of(draft.VALIDATORS))
        for name in set(keywords) - set(draft.VALIDATORS):
            del keywords[name]  # draft 3 has neither `required` in lists nor `oneOf`
        bounded: Any = extend(draft, keywords)  # type: ignore[no-untyped-call]  # stubs lack it
        self._runnable = _runnable(tree)
        self._whole = bounded(self._runnable, registry=METASCHEMAS)

    @property
    def not_run(self) -> tuple[str, ...]:
        """Patterns that were left out, since running them could take long."""
        return tuple(sorted(self._budget.not_run))

    def problems(self, instance: Any, path: KeyPath = ()) -> list[Problem]:
        """What keeps an instance from fitting the part of the schema at `path`.

        Raises TooMuchWork when that cannot be told in bounded work.
        """
        if _has_long_name(instance):
            return []
        found: list[Problem] = []
        try:
            part = _at(self._runnable, path)
        except KeyError:
            return []  # below patterns that are not run
        try:
            for error in self._whole.evolve(schema=part).iter_errors(instance):
                found.append(problem_of(error))
                if len(found) == _MAX_PROBLEMS:
                    break
        except RecursionError as error:
            raise TooMuchWork("references go round without coming to an end") from error
        except (Unresolvable, UnknownType, ValueError):
            # A reference that leads nowhere, and an `$id` that is no address, are told by those who look at
            # them. In draft 3 a type may have any name.
            return []
        return found

    def _bounded(self, name: str, function: Callable[..., Any]) -> Callable[..., Iterator[ValidationError]]:
        def keyword(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
            self._budget.work -= 1
            if self._budget.work < 0:
                raise TooMuchWork(f"more than {MAX_WORK:,} steps: alternatives or references multiply")
            is_placeholder = name in _OF_TEXT and isinstance(instance, str) and is_marked(schema)
            if not is_placeholder and not _stands_open(name, value, instance):
                yield from function(validator, value, instance, schema) or ()

        return keyword

    def _pattern(self, validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if not isinstance(instance, str):
            return
        if can_run(pattern, len(instance)) and self._budget.matching > 0:
            self._budget.matching -= steps(pattern, len(instance))
            if matches(pattern, instance) is False:
                yield ValidationError("does not match")
        else:
            self._budget.not_run.add(pattern)


def mentions_reference(value: Any) -> bool:
    """Whether an environment reference stands anywhere in a value."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and "${" in one and _REFERENCE.search(one):
            return True
        waiting.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
    return False


def _stands_open(keyword: str, value: Any, instance: Any) -> bool:
    """Whether a keyword cannot be judged, since the value is not known before references are replaced."""
    if isinstance(instance, str):
        if _REFERENCE.fullmatch(instance):
            if keyword == "type":
                allowed = value if isinstance(value, list) else [value]
                return not all(isinstance(one, str) and one not in _SCALARS for one in allowed)
            return keyword not in _PASSES_ON
        return keyword in _OF_TEXT | _ON_CONDITION and mentions_reference(instance)
    return keyword in _ON_CONDITION and mentions_reference(instance)


def _one_of(keywords: dict[str, Callable[..., Any]]) -> Callable[..., Any]:
    """`oneOf`, but where references stand for values, several alternatives may fit for now."""

    def one_of(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        name = "anyOf" if mentions_reference(instance) else "oneOf"
        return keywords[name](validator, value, instance, schema)

    return one_of


def _required(validator: Any, required: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """`required`, but a property that has a default need not be given: platforms fill it in."""
    if not validator.is_type(instance, "object") or not isinstance(required, list):
        return
    properties = schema.get("properties", {})
    for name in required:
        described = properties.get(name)
        if name not in instance and not (isinstance(described, dict) and "default" in described):
            yield ValidationError(f"{name!r} is missing")


def _additional_properties(
    validator: Any, allowed: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """`additionalProperties`, with one error a key, at that key."""
    if not validator.is_type(instance, "object"):
        return
    patterns = schema.get("patternProperties", {})
    for name, value in instance.items():
        if name in schema.get("properties", {}) or any(re.search(pattern, name) for pattern in patterns):
            continue
        if isinstance(allowed, dict):
            yield from validator.descend(value, allowed, path=name)
        elif allowed is False:
            yield ValidationError("unknown", path=[name])


def _has_long_name(instance: Any) -> bool:
    waiting = [instance]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if any(len(name) > _MAX_NAME for name in one):
                return True
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    return False


def _runnable(tree: SchemaTree) -> Any:
    """A copy without what would take jsonschema out of its bounds.

    A `$schema` inside switches to a validator that is not ours. Names are matched by jsonschema itself, so
    patterns for names stay only where they end soon, and what depends on them goes with them.
    """
    copy = _copied(tree.schema)
    parts = [_at(copy, part.path) for part in tree.parts]
    unsafe = [part for part in parts if not all(can_run(name, _MAX_NAME) for name in _patterns(part))]
    for part in parts:
        part.pop("$schema", None)
        if unsafe:
            part.pop("unevaluatedProperties", None)
    for part in unsafe:
        part.pop("patternProperties", None)
        part.pop("additionalProperties", None)
    return copy


def _patterns(part: dict[str, Any]) -> list[str]:
    named = part.get("patternProperties")
    return list(named) if isinstance(named, dict) else []


def _copied(value: Any) -> Any:
    """A copy in which nothing is shared; as deep as documents may be."""
    if isinstance(value, dict):
        return {key: _copied(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_copied(one) for one in value]
    return value


def _at(value: Any, path: KeyPath) -> Any:
    for key in path:
        value = value[key]
    return value
