"""Which changes of a schema break a configuration that was taken before, and which do not."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from certify.repository.config.alternatives import TooLarge
from certify.repository.config.compatibility import breaking_changes

TEXT = {"type": "string"}
WHOLE = {"type": "integer"}
NUMBER = {"type": "number"}


def fields(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


def told(old: Any, new: Any) -> list[str]:
    return [change.message for change in breaking_changes(old, new)]


CLOSED = {"additionalProperties": False}
OAUTH = fields(kind={"const": "oauth"}, refresh=TEXT)
KEY = fields(kind={"const": "key"}, key=TEXT)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (fields(a=TEXT), fields(b=WHOLE), "`a` is gone: a configuration that sets it is ignored"),
        (fields(a=TEXT), fields(b=TEXT), "`a` is named 'b' now: a configuration that sets it is ignored"),
        (
            fields(page_size=WHOLE) | CLOSED,
            fields(pageSize=WHOLE, other=WHOLE) | CLOSED,
            "`page_size` is named 'pageSize' now: a configuration that sets it is refused",
        ),
        (
            fields(a=fields(b=TEXT)),
            fields(a=fields()),
            "`a.b` is gone: a configuration that sets it is ignored",
        ),
        (
            fields(a=TEXT),
            fields("b", a=TEXT, b=TEXT),
            "a configuration without `b` is refused now: it is required, and has no default",
        ),
        (
            fields(a=TEXT),
            fields("a", a=TEXT),
            "a configuration without `a` is refused now: it is required, and has no default",
        ),
        (
            fields("a", a=TEXT | {"default": "x"}),
            fields("a", a=TEXT),
            None,  # it was required before
        ),
        (
            fields(a=NUMBER),
            fields(a=WHOLE),
            "a configuration whose `a` is a number that is not whole is refused now: "
            "it has to be a whole number",
        ),
        (
            fields(a={"type": ["string", "null"]}),
            fields(a=TEXT),
            "a configuration whose `a` is null is refused now: it has to be a text",
        ),
        (
            fields(a={"anyOf": [TEXT, {"type": "null"}]}),
            fields(a=TEXT),
            "a configuration whose `a` is null is refused now: it has to be a text",
        ),
        (fields(a={}), fields(a=TEXT), "a configuration whose `a` is not a text is refused now"),
        (
            fields(a={"enum": ["fast", "slow"]}),
            fields(a={"enum": ["slow", "safe"]}),
            "a configuration that sets `a: 'fast'` is refused now",
        ),
        (
            fields(a={"const": 1}),
            fields(a={"const": True}),
            "a configuration that sets `a: 1` is refused now",
        ),
        (fields(a={"enum": ["x", 5]}), fields(a=TEXT), "a configuration that sets `a: 5` is refused now"),
        (fields(a=TEXT), fields(a={"const": "x"}), "a configuration must set `a` to 'x' now"),
        (
            fields(a=TEXT | {"default": "y"}),
            fields(a={"enum": ["x", "z"]}),
            "a configuration must set `a` to one of 'x', 'z' now, so one that sets `a: 'y'` is refused",
        ),
        (
            fields(a={"type": "boolean"}),
            fields(a={"const": True}),
            "a configuration that sets `a: false` is refused now",
        ),
        (
            fields(page_size=WHOLE | {"maximum": 1000, "default": 500}),
            fields(page_size=WHOLE | {"maximum": 100}),
            "a configuration that sets `page_size: 500` is refused now: at most 100",
        ),
        (
            fields(a=WHOLE | {"maximum": 1000}),
            fields(a=WHOLE | {"maximum": 999}),
            "a configuration that sets `a: 1000` is refused now: at most 999",
        ),
        (
            fields(a=WHOLE | {"minimum": 1}),
            fields(a=WHOLE | {"exclusiveMinimum": 1}),
            "a configuration that sets `a: 1` is refused now: more than 1",
        ),
        (
            fields(a=NUMBER),
            fields(a=NUMBER | {"minimum": 0.5}),
            "a configuration whose `a` is below 0.5 is refused now: at least 0.5",
        ),
        (
            fields(a=TEXT),
            fields(a=TEXT | {"minLength": 3}),
            "a configuration whose `a` has 2 characters is refused now: at least 3 characters",
        ),
        (
            fields(a=TEXT | {"maxLength": 9}),
            fields(a=TEXT | {"maxLength": 8}),
            "a configuration whose `a` has 9 characters is refused now: at most 8 characters",
        ),
        (
            fields(a={"type": "array", "items": TEXT}),
            fields(a={"type": "array", "items": TEXT, "minItems": 1}),
            "a configuration whose `a` has 0 entries is refused now: at least 1 entries",
        ),
        (
            fields(a={"type": "array", "items": TEXT}),
            fields(a={"type": "array", "items": TEXT, "uniqueItems": True}),
            "a configuration whose `a` has the same entry twice is refused now",
        ),
        (
            fields(a={"type": "array", "items": TEXT}),
            fields(a={"type": "array", "items": WHOLE}),
            "a configuration whose `a[]` is a text is refused now: it has to be a whole number",
        ),
        (
            fields(a={"type": "array"}),
            fields(a={"type": "array", "items": WHOLE}),
            "the entries of `a` were of any kind, and are restricted now",
        ),
        (
            fields(a=WHOLE),
            fields(a=WHOLE | {"multipleOf": 5}),
            "a configuration whose `a` is no multiple of 5 is refused now",
        ),
        (
            fields(a=TEXT),
            fields(a=TEXT | {"pattern": "^x"}),
            "a configuration whose `a` does not match '^x' is refused now",
        ),
        (
            fields(a=TEXT | {"pattern": "^http", "examples": ["http://x"]}),
            fields(a=TEXT | {"pattern": "^https"}),
            "a configuration that sets `a: 'http://x'` is refused now: it does not match '^https'",
        ),
        (
            fields(a=TEXT),
            fields(a=TEXT) | CLOSED,
            "a configuration with settings that the schema does not describe is refused now; "
            "they were let through",
        ),
        (
            fields(a=fields(b=TEXT)),
            fields(a=fields(b=TEXT) | {"additionalProperties": WHOLE}),
            "settings in `a` that the schema does not describe are restricted now",
        ),
        (
            fields(auth={"oneOf": [OAUTH, KEY]}),
            fields(auth={"oneOf": [KEY]}),
            "the alternative 'kind: oauth' of `auth` is gone: a configuration that uses it is refused now",
        ),
        (
            fields(auth={"oneOf": [OAUTH, KEY]}),
            fields(auth={"oneOf": [KEY, OAUTH | {"required": ["refresh"]}]}),
            "a configuration without `auth.refresh` is refused now: it is required, and has no default",
        ),
        (fields(a=TEXT), fields(a=False), "a configuration that sets `a` is refused now"),
        (fields(a=TEXT), False, "every configuration is refused now"),
        (
            {"$ref": "#/$defs/t", "$defs": {"t": fields(inner={"$ref": "#/$defs/t"}, v=TEXT)}},
            {"$ref": "#/$defs/t", "$defs": {"t": fields(inner={"$ref": "#/$defs/t"}, v=WHOLE)}},
            "a configuration whose `v` is a text is refused now: it has to be a whole number",
        ),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#"} | fields(a=NUMBER | {"minimum": 0}),
            {"$schema": "http://json-schema.org/draft-04/schema#"}
            | fields(a=NUMBER | {"minimum": 0, "exclusiveMinimum": True}),
            "a configuration that sets `a: 0` is refused now: more than 0",
        ),
    ],
)
def test_a_breaking_change_is_told_once_in_plain_words(old: Any, new: Any, message: str | None) -> None:
    assert told(old, new) == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (fields(a=TEXT), fields(a=TEXT, b=WHOLE)),
        (fields("a", a=TEXT), fields(a=TEXT)),
        (fields(a=TEXT), fields("b", a=TEXT, b=TEXT | {"default": "x"})),
        (fields(a=TEXT), fields("b", a=TEXT, b={"$ref": "#/$defs/d"}) | {"$defs": {"d": {"default": 1}}}),
        (fields(a=WHOLE), fields(a=NUMBER)),
        (fields(a=TEXT), fields(a={"type": ["string", "null"]})),
        (fields(a=TEXT), fields(a={"anyOf": [TEXT, {"type": "null"}]})),
        (fields(a=TEXT), fields(a={})),
        (fields(a={"enum": ["x"]}), fields(a={"enum": ["y", "x"]})),
        (fields(a={"const": "x"}), fields(a=TEXT)),
        (fields(a={"enum": [1]}), fields(a={"enum": [1.0]})),
        (fields(a={"type": "boolean"}), fields(a={"enum": [True, False]})),
        (fields(a=WHOLE | {"maximum": 10}), fields(a=WHOLE | {"exclusiveMaximum": 11})),
        (fields(a=WHOLE | {"maximum": 10}), fields(a=WHOLE | {"maximum": 11})),
        (fields(a=TEXT | {"minLength": 3}), fields(a=TEXT | {"minLength": 2})),
        (fields(a=TEXT), fields(a=TEXT | {"minLength": 0})),
        (fields(a=WHOLE | {"multipleOf": 10}), fields(a=WHOLE | {"multipleOf": 5})),
        (fields(a=WHOLE), fields(a=WHOLE | {"multipleOf": 1})),
        (fields(a=TEXT | {"pattern": "^x"}), fields(a=TEXT)),
        (fields(a=TEXT), fields(a=TEXT | {"pattern": "^.*$"})),
        (fields(a=TEXT | {"pattern": "^http"}), fields(a=TEXT | {"pattern": "^https?"})),
        (fields(a=TEXT), fields(a=TEXT | {"format": "uri", "title": "A", "default": "x", "writeOnly": True})),
        (fields(a=TEXT) | CLOSED, fields(a=TEXT)),
        (fields(a=TEXT), fields() | {"patternProperties": {"^a": TEXT}}),
        (fields(a=TEXT) | CLOSED, fields() | {"additionalProperties": TEXT}),
        (fields(auth={"oneOf": [OAUTH, KEY]}), fields(auth={"oneOf": [KEY, OAUTH]})),
        (fields(auth={"oneOf": [KEY]}), fields(auth={"oneOf": [KEY | {"title": "x"}, OAUTH]})),
        (fields(auth=KEY), fields(auth={"anyOf": [OAUTH, KEY]})),
        (
            fields(auth={"oneOf": [OAUTH, KEY]}),
            fields(auth={"$ref": "#/$defs/a"}) | {"$defs": {"a": {"oneOf": [OAUTH, KEY]}}},
        ),
        (fields(a=TEXT, b=WHOLE), {"allOf": [fields(a=TEXT), fields(b=WHOLE)]}),
        ({"properties": {"a": TEXT}}, fields(a=TEXT)),
        ({"properties": {"a": {"properties": {"b": TEXT}}}}, fields(a=fields(b=TEXT))),
        (
            {"allOf": [fields(a=WHOLE | {"maximum": 9}), fields(a=NUMBER | {"maximum": 5})]},
            fields(a=WHOLE | {"maximum": 5}),
        ),
        (
            {"allOf": [{"additionalProperties": TEXT}, {"additionalProperties": {"minLength": 2}}]},
            {"type": "object", "additionalProperties": TEXT | {"minLength": 2}},
        ),
        ({"allOf": [fields(a={"enum": [1, 2]}), fields(a={"enum": [2, 3]})]}, fields(a={"const": 2})),
        (True, fields(a=TEXT)),
        (False, fields("a", a=TEXT)),
        (fields(a={"$ref": "https://example.com"}), fields(a=TEXT)),
    ],
)
def test_what_takes_all_that_was_taken_is_no_breaking_change(old: Any, new: Any) -> None:
    assert told(old, new) == []


def test_a_change_has_its_place_in_the_new_schema() -> None:
    (change,) = breaking_changes(
        fields(a={"$ref": "#/$defs/n"}) | {"$defs": {"n": WHOLE}},
        fields(a={"$ref": "#/$defs/n"}) | {"$defs": {"n": WHOLE | {"maximum": 5}}},
    )
    assert change.path == ("$defs", "n", "maximum")


def leaves() -> st.SearchStrategy[dict[str, Any]]:
    whole = st.integers(-3, 3)
    limits = st.fixed_dictionaries(
        {}, optional={"minimum": whole, "maximum": whole, "exclusiveMaximum": whole}
    )
    lengths = st.fixed_dictionaries(
        {}, optional={"minLength": st.integers(0, 2), "maxLength": st.integers(0, 3)}
    )
    return st.one_of(
        limits.map(lambda one: WHOLE | one),
        limits.map(lambda one: NUMBER | one),
        lengths.map(lambda one: TEXT | one),
        st.just({"type": "boolean"}),
        st.just({"type": ["string", "null"]}),
        st.lists(VALUES, min_size=1, max_size=3).map(lambda values: {"enum": values}),
        VALUES.map(lambda value: {"const": value}),
    )


VALUES = st.sampled_from([None, True, False, -3, -1, 0, 1, 2, 3, 0.5, "", "a", "abc", "abcd"])
NAMES = st.sampled_from(["a", "b", "c"])


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that are closed: where they are open, new properties narrow what could be put there."""
    return st.builds(
        lambda properties, required: {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        },
        st.dictionaries(NAMES, inner, max_size=3),
        st.lists(NAMES, unique=True, max_size=2),
    )


def lists(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda items, extra: {"type": "array", "items": items} | extra,
        inner,
        st.fixed_dictionaries({}, optional={"minItems": st.integers(0, 2), "maxItems": st.integers(0, 2)}),
    )


def alternatives(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(inner, min_size=1, max_size=3).map(lambda several: {"anyOf": several})


SCHEMAS = st.recursive(
    leaves(), lambda inner: st.one_of(objects(inner), lists(inner), alternatives(inner)), max_leaves=6
)
CONFIGS = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


@given(SCHEMAS, SCHEMAS, st.lists(CONFIGS, min_size=10, max_size=10))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_where_nothing_is_told_nothing_that_was_taken_is_refused(
    old: dict[str, Any], new: dict[str, Any], configs: list[Any]
) -> None:
    if breaking_changes(old, new):
        return
    before, now = Draft202012Validator(old), Draft202012Validator(new)
    for config in configs:
        assert now.is_valid(config) or not before.is_valid(config)


@given(SCHEMAS)
@settings(deadline=None)
def test_a_schema_is_compatible_with_itself_however_it_is_written(schema: dict[str, Any]) -> None:
    assert told(schema, {"$ref": "#/$defs/all", "$defs": {"all": schema}}) == []
    assert told({"allOf": [schema]}, schema) == []
    assert told(schema, {"anyOf": [{"type": "null"}, schema]}) == []
    assert told(schema, copy.deepcopy(schema) | {"title": "Title", "description": "words"}) == []


LOOSER = [
    lambda one: {key: value for key, value in one.items() if key != "required"},
    lambda one: {
        key: value for key, value in one.items() if key not in ("minimum", "maximum", "exclusiveMaximum")
    },
    lambda one: one | {"enum": [*one["enum"], "something new"]} if "enum" in one else one,
    lambda one: one | {"properties": one["properties"] | {"new": TEXT}} if "properties" in one else one,
    lambda one: {"anyOf": [one, {"type": "array"}]},
    lambda one: {},
]


@given(SCHEMAS, st.sampled_from(LOOSER))
@settings(deadline=None)
def test_a_looser_schema_breaks_nothing(schema: dict[str, Any], loosened: Any) -> None:
    assert told(fields(x=schema), fields(x=loosened(schema))) == []


@given(objects(leaves()), NAMES)
@settings(deadline=None)
def test_a_property_that_goes_is_always_told(schema: dict[str, Any], name: str) -> None:
    kept = {key: value for key, value in schema["properties"].items() if key != name}
    changes = breaking_changes(schema, schema | {"properties": kept, "required": []})
    assert [change.name for change in changes] == ([name] if name in schema["properties"] else [])


def multiplying(keyword: str) -> dict[str, Any]:
    steps = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    return {"$ref": "#/$defs/d0", "$defs": steps | {"d40": WHOLE}}


WIDE = {f"d{n}": fields(**{f"x{m}": {"$ref": f"#/$defs/d{n + 1}"} for m in range(20)}) for n in range(20)}


@pytest.mark.parametrize(
    "schema",
    [multiplying("anyOf"), multiplying("allOf"), {"$ref": "#/$defs/d0", "$defs": WIDE | {"d20": WHOLE}}],
)
def test_a_schema_without_end_is_given_up(schema: dict[str, Any]) -> None:
    begun = time.process_time()
    with pytest.raises(TooLarge):
        breaking_changes(schema, schema | {"title": "x"})
    assert time.process_time() - begun < 20


def test_a_value_with_very_many_alternatives_is_not_compared() -> None:
    old = fields(a={"anyOf": [{"const": n} for n in range(100)]}, b=TEXT)
    new = fields(a={"anyOf": [{"const": n} for n in range(99)]}, b=WHOLE)
    assert [change.name for change in breaking_changes(old, new)] == ["b"]
