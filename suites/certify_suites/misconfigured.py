"""Configurations that a specification refuses, each wrong in one place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from certify import Answer, Unverified
from certify.examples import fixed_settings, texts
from certify.sandbox.row_schema import RowSchema
from certify.text import cut

#: Fields that are tried, and values that Hypothesis chooses for any of them; a run takes some 100 ms.
_FIELDS, _CHOSEN = 60, 6
#: Tried in this order for a field: the first one that its part of the specification refuses.
_OTHER_KINDS: tuple[Any, ...] = ([], 7, "certify", True, None, {})
_MOST_HOPS = 20
#: A field that no specification names.
UNKNOWN = "certify_unknown_field"


@dataclass(frozen=True)
class Misconfigured:
    """A configuration, what is wrong with it, and the names of which a message tells one."""

    words: str
    names: tuple[str, ...]
    config: Mapping[str, Any]


class Specification:
    """The JSON Schema of a configuration, and one that it admits. Raises Unverified where it is no schema."""

    def __init__(self, schema: Mapping[str, Any], config: Mapping[str, Any]) -> None:
        self._schema = schema = _judgeable(schema)
        self._config = config
        try:
            self._validator = RowSchema(json.dumps(schema))
        except ValueError as error:
            raise Unverified(f"the specification is no JSON Schema: {str(error).splitlines()[0]}") from error
        for mismatch in self._validator.mismatches(config):
            said = f"{mismatch.path}: {mismatch.expected}"
            raise Unverified(f"the sample configuration is not as the specification says: {said}")

    def refuses(self, config: Any) -> bool:
        """Whether this is not admitted."""
        return any(True for _ in self._validator.mismatches(config))

    def wrong(self) -> Iterator[Misconfigured]:
        """Without each field that is required, and with a value of another kind in each field."""
        yield from self._without(self._schema, self._config, ())
        for path, names in self._fields():
            for value in _OTHER_KINDS:
                config = _with(self._config, path, value)
                if self.refuses(config):
                    yield Misconfigured(f"{_dotted(path)} is {_shown(value)}", names, config)
                    break

    def chosen(self) -> Iterator[Misconfigured]:
        """With values in its fields that Hypothesis chooses."""
        fields = self._fields()
        if not fields:
            return
        from hypothesis import Phase, assume, given
        from hypothesis import strategies as st

        values = st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts("aä\0 /", 8),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.just("a"), inner, max_size=1),
            max_leaves=3,
        )
        found: list[Misconfigured] = []

        @fixed_settings(_CHOSEN, Phase.generate)
        @given(st.sampled_from(fields), values)
        def choose(field: tuple[tuple[str, ...], tuple[str, ...]], value: Any) -> None:
            path, names = field
            config = _with(self._config, path, value)
            assume(self.refuses(config))
            found.append(Misconfigured(f"{_dotted(path)} is {_shown(value)}", names, config))

        choose()
        yield from found

    @property
    def extended(self) -> Misconfigured:
        """With a field that it does not name; most specifications admit that."""
        return Misconfigured(f"{UNKNOWN} is there", (UNKNOWN,), {**self._config, UNKNOWN: "certify"})

    def _without(self, part: Any, value: Any, path: tuple[str, ...]) -> Iterator[Misconfigured]:
        for name, inner, names in self._properties(part, value, path):
            here = (*path, name)
            if name in value and name in _required(self._resolved(part, value)):
                config = _with(self._config, here, _GONE)
                if self.refuses(config):
                    yield Misconfigured(f"{_dotted(here)} is missing", names, config)
            if isinstance(value.get(name), dict):
                yield from self._without(inner, value[name], here)

    def _fields(self) -> Sequence[tuple[tuple[str, ...], tuple[str, ...]]]:
        return list(self._fields_of(self._schema, self._config, ()))[:_FIELDS]

    def _fields_of(
        self, part: Any, value: Any, path: tuple[str, ...]
    ) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        for name, inner, names in self._properties(part, value, path):
            yield (*path, name), names
            if isinstance(value.get(name), dict):
                yield from self._fields_of(inner, value[name], (*path, name))

    def _properties(
        self, part: Any, value: Any, path: tuple[str, ...]
    ) -> Iterator[tuple[str, Any, tuple[str, ...]]]:
        """The fields of an object, what each is to be, and the names by which a message may tell it."""
        properties = self._resolved(part, value).get("properties")
        for name, inner in properties.items() if isinstance(properties, dict) else ():
            title = inner.get("title") if isinstance(inner, dict) else None
            yield name, inner, (*path, name, *([title] if isinstance(title, str) and title else ()))

    def _resolved(self, part: Any, value: Any) -> Mapping[str, Any]:
        """The part itself: where a reference leads, and of alternatives the one that admits the value."""
        for _ in range(_MOST_HOPS):
            if not isinstance(part, dict):
                return {}
            if isinstance(part.get("$ref"), str):
                part = self._at(part["$ref"])
            elif "properties" not in part and (others := part.get("oneOf") or part.get("anyOf")):
                part = next((one for one in others if self._admits(one, value)), {})
            else:
                return part
        return {}

    def _at(self, reference: str) -> Any:
        found: Any = self._schema
        for key in reference.removeprefix("#").split("/")[1:]:
            found = found.get(key.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        return found

    def _admits(self, part: Any, value: Any) -> bool:
        whole = {key: self._schema[key] for key in ("$defs", "definitions") if key in self._schema}
        try:
            return isinstance(part, dict) and not list(RowSchema(json.dumps(whole | part)).mismatches(value))
        except ValueError:
            return False


def _judgeable(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema without the properties that are none: Meltano's SDK tells one, stream_maps."""
    properties = schema.get("properties")
    if _is_schema(schema) or not isinstance(properties, dict):
        return schema
    return {**schema, "properties": {name: one for name, one in properties.items() if _is_schema(one)}}


def _is_schema(schema: Any) -> bool:
    try:
        RowSchema(json.dumps(schema))
    except ValueError:
        return False
    return True


def unclear(answer: Answer, wrong: Misconfigured, *, has_check: bool) -> tuple[str, str] | None:
    """What is not clear about how a configuration was refused, and what shows it; None where all is clear."""
    run = answer.run
    told = _told(answer, has_check)
    if answer.is_endless:
        return "it does not end", answer.ending
    if run.exchanges or run.unanswered:
        asked = run.exchanges[0].asked if run.exchanges else run.unanswered[0].host
        return "the API is asked before the configuration is looked at", str(asked)
    if is_content(answer, has_check=has_check):
        return "it is accepted", answer.ending
    if not told.strip():
        return "it is refused without a word", answer.ending
    if "Traceback (most recent call last)" in told:
        return "it ends in a traceback", _last_line(told)
    if not any(name in told for name in wrong.names):
        return "what is said does not name it", _last_line(told)
    return None


def is_content(answer: Answer, *, has_check: bool) -> bool:
    """Whether the configuration was found right."""
    if not has_check:
        return answer.run.succeeded
    statuses = [one["connectionStatus"]["status"] for one in answer.said.of_type("CONNECTION_STATUS")]
    return "SUCCEEDED" in statuses


def _told(answer: Answer, has_check: bool) -> str:
    """What the user of the platform gets to read."""
    if not has_check:
        return "\n".join([answer.run.output, *(line.text for line in answer.run.log)])
    statuses = [one["connectionStatus"] for one in answer.said.of_type("CONNECTION_STATUS")]
    messages = [str(one.get("message") or "") for one in statuses]
    return "\n".join([*messages, *(one.message for one in answer.said.failures)])


def _required(part: Mapping[str, Any]) -> Sequence[str]:
    required = part.get("required")
    return [one for one in required if isinstance(one, str)] if isinstance(required, list) else []


class _Gone:
    """Stands for no value."""


_GONE = _Gone()


def _with(config: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    """The configuration with another value at a path, or without one."""
    changed = copy.deepcopy(dict(config))
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    if value is _GONE:
        inner.pop(path[-1], None)
    else:
        inner[path[-1]] = value
    return changed


def _dotted(path: Sequence[str]) -> str:
    return ".".join(path)


def _shown(value: Any) -> str:
    return cut(json.dumps(value, ensure_ascii=False), 40)


def _last_line(text: str) -> str:
    return cut(text.strip().splitlines()[-1].strip(), 160)
