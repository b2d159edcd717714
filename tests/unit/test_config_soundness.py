"""Schemas that are malformed, misspelt, contradict themselves or are hostile; samples held against them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from certify.repository.config.document import ConfigFile, parse_config
from certify.repository.config.drafts import NAMES
from certify.repository.config.soundness import MAX_FINDINGS, examine_schema


def a_file(value: Any, name: str = "config.schema.json") -> ConfigFile:
    return ConfigFile(name, parse_config(json.dumps(value, indent=1).encode(), name))


def found(schema: Any, sample: Any = None, secrets: tuple[str, ...] = ()) -> list[str]:
    """The findings, each with its line."""
    files = a_file(schema), None if sample is None else a_file(sample, "config.json")
    examined = examine_schema(*files, secrets)
    assert examined.seen
    return [f"{one.location}: {one.message}" for one in examined.findings]


def settings(required: Any = (), /, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


TEXT = {"type": "string"}
WHOLE = {"type": "integer"}


def test_a_sound_schema_has_no_finding() -> None:
    schema = settings(("url",), url=TEXT | {"examples": ["x"]}, size=WHOLE | {"default": 5, "minimum": 1})
    assert found(schema, {"url": "x", "size": 1}) == []


@pytest.mark.parametrize(
    "address", [*NAMES, *(f"{name}#" for name in NAMES), "https://json-schema.org/draft-07/schema#"]
)
def test_every_draft_is_known_with_and_without_its_hash(address: str) -> None:
    assert found({"$schema": address, "properties": {"a": TEXT}}) == []


@pytest.mark.parametrize("address", ["http://json-schema.org/draft-7/schema#", "urn:x", 7, ["x"], None])
def test_an_unknown_draft_is_found(address: Any) -> None:
    assert "config.schema.json:2: `$schema` names no draft" in found({"$schema": address})[0]


def test_the_nearest_draft_is_named() -> None:
    (told,) = found({"$schema": "http://json-schema.org/draft-7/schema"})
    assert told.endswith("did you mean 'http://json-schema.org/draft-07/schema'?")


@pytest.mark.parametrize("address", NAMES)
def test_a_type_that_is_none_is_found_in_every_draft_that_names_them(address: str) -> None:
    told = found({"$schema": address, "properties": {"a": {"type": "int"}}})
    if "draft-03" in address:  # where a type may have any name
        assert told == []
    else:
        assert told == [
            "config.schema.json:5: a: `type`: 'int' is no type of JSON Schema; did you mean 'integer'?"
        ]


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (settings(a={"required": True}), "`required`: true is not a list"),
        (settings(a={"minLength": -1}), "`minLength`: -1 is less than 0"),
        (settings(a={"examples": "x"}), "`examples`: 'x' is not a list"),
        (
            settings(a={"items": {"type": ["str"]}}),
            "a[]: `type`: 'str' is no type of JSON Schema; did you mean 'string'?",
        ),
        ({"properties": []}, "`properties`: a list is not an object"),
        ({"$ref": 5}, "`$ref`: 5 is not a text"),
        ({"$schema": NAMES[1], "$ref": 5}, "`$ref`: 5 is not a text"),
        ({"$schema": NAMES[3], "$defs": {"a": {"type": "str"}}}, "$defs.a: `type`: 'str' is no type"),
        (
            {"shared": {"a": {"type": "str"}}, "properties": {"b": {"$ref": "#/shared/a"}}},
            "`type`: 'str' is no type",
        ),
    ],
)
def test_a_malformed_schema_is_found_once(schema: Any, told: str) -> None:
    (finding,) = found(schema)
    assert told in finding


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("#/$defs/Tokn", "`$ref` '#/$defs/Tokn' leads nowhere"),
        ("#/properties/a/5", "leads nowhere"),
        ("#nowhere", "leads nowhere"),
        ("https://example.com/x.json", "leads out of this file, and nothing is fetched"),
        ("file:///etc/passwd", "leads out of this file, and nothing is fetched"),
        ("shared.json#/a", "leads to another file"),
        ("#/title", "leads to what is no schema"),
    ],
)
def test_a_reference_that_leads_nowhere_in_this_file_is_found(reference: str, told: str) -> None:
    (finding,) = found({"title": "t", "properties": {"a": {"$ref": reference}}, "$defs": {"Token": TEXT}})
    assert told in finding
    assert finding.startswith("config.schema.json:5: a: ")


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#"}}},
        {"properties": {"a": {"$ref": "#/$defs/t%20x~1y"}}, "$defs": {"t x/y": TEXT}},
        {"properties": {"a": {"$ref": "#t"}}, "$defs": {"t": TEXT | {"$anchor": "t"}}},
        {"$schema": NAMES[3], "properties": {"a": {"$ref": "#t"}}, "definitions": {"t": {"$id": "#t"}}},
        {
            "$id": "https://example.com/s",
            "properties": {"a": {"$ref": "https://example.com/s#/$defs/t"}},
            "$defs": {"t": {}},
        },
        {"$id": "https://example.com/s", "properties": {"a": {"$ref": "t"}}, "$defs": {"t": {"$id": "t"}}},
        {
            "properties": {"a": {"$id": "https://example.com/a", "items": {"$ref": "#/$defs/t"}}},
            "$defs": {"t": {}},
        },
        {"properties": {"a": {"$ref": "http://json-schema.org/draft-07/schema#"}}},
        {"properties": {"$ref": TEXT, "a": {"properties": {"not": {"$ref": "#/properties/$ref"}}}}},
    ],
)
def test_a_reference_within_the_file_is_followed(schema: Any) -> None:
    assert found(schema) == []


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"$ref": "#/$defs/a"}}},
    ],
)
def test_references_that_go_round_in_a_circle_are_found_and_not_followed(schema: Any) -> None:
    (finding,) = found(schema, {"x": 1})
    assert "comes back to where it began" in finding


def test_an_address_that_is_none_is_found_too() -> None:
    (finding,) = found({"$id": "https://example.com/x", "properties": {"a": {"$ref": "//["}}}, {"a": 1})
    assert "`$ref` '//[' is no address" in finding


def test_a_schema_that_describes_a_tree_is_fine_and_holds_for_all_of_it() -> None:
    tree = {"type": "object", "properties": {"inner": {"$ref": "#"}, "size": WHOLE}}
    assert found(tree, {"inner": {"inner": {"size": 5}}}) == []
    assert found(tree, {"inner": {"inner": {"size": "x"}}}) == [
        "config.json:4: inner.inner.size: 'x' is not a whole number"
    ]


@pytest.mark.parametrize("schema", [settings(a={"pattern": "(a"}), {"patternProperties": {"(a": {}}}])
def test_a_pattern_that_does_not_compile_is_found(schema: Any) -> None:
    (finding,) = found(schema)
    assert "the pattern '(a' does not compile: missing )" in finding


def test_a_required_name_that_is_no_property_is_found_with_the_nearest() -> None:
    assert found(settings(("base_url", "api_tokn"), base_url=TEXT, api_token=TEXT)) == [
        "config.schema.json:13: `required` names 'api_tokn', which is no property; did you mean 'api_token'?"
    ]


@pytest.mark.parametrize(
    "schema",
    [
        settings(a=TEXT, b=TEXT) | {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {"required": ["a"], "allOf": [{"properties": {"a": TEXT}}, {"properties": {"b": TEXT}}]},
        {"required": ["a"], "properties": {"b": TEXT}, "patternProperties": {"^a": TEXT}},
        {"required": ["a"]},
        {
            "required": ["a"],
            "properties": {"b": TEXT},
            "$ref": "#/$defs/x",
            "$defs": {"x": {"properties": {"a": {}}}},
        },
        {
            "allOf": [{"$ref": "#/$defs/x"}],
            "properties": {"b": TEXT},
            "$defs": {"x": {"required": ["a", "b"], "properties": {"a": {}}}},
        },
        settings(a=TEXT) | {"not": {"required": ["old_name"]}},
        settings(a=TEXT) | {"if": {"required": ["x"]}, "then": {"required": ["a"]}},
        settings(("not", "if"), **{"not": TEXT, "if": TEXT}),
        {"$schema": NAMES[0], "properties": {"a": {"required": True}}},
    ],
)
def test_a_required_name_may_be_described_around_beside_or_behind_a_reference(schema: Any) -> None:
    assert found(schema) == []


def test_a_property_named_like_a_keyword_hides_no_typo() -> None:
    (finding,) = found(settings(**{"not": settings(("x",), y=TEXT)}))
    assert "`required` names 'x'" in finding


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (settings(a=WHOLE | {"default": "5"}), "a: the default does not fit: '5' is not a whole number"),
        (settings(a=WHOLE | {"maximum": 4, "default": 5}), "a: the default does not fit: 5 is more than 4"),
        (settings(a=TEXT | {"examples": ["x", 5]}), "a: the example does not fit: 5 is not a text"),
        (
            settings(a=TEXT | {"enum": ["fast", "slow"], "default": "fsat"}),
            "'fsat' is none of 'fast', 'slow'; did you mean 'fast'?",
        ),
        (
            settings(a={"$ref": "#/$defs/n", "default": "x"}) | {"$defs": {"n": WHOLE}},
            "'x' is not a whole number",
        ),
        (
            settings(a=settings(("b",), b=TEXT) | {"default": {}}),
            "a: the default does not fit: 'b' is missing",
        ),
        (
            settings(a={"oneOf": [WHOLE, {"type": "null"}], "default": "x"}),
            "'x' fits none of the alternatives; nearest: 'x' is not a whole number",
        ),
        (
            settings(a={"$ref": "#/shared/n"}) | {"shared": {"n": WHOLE | {"default": "x"}}},
            "the default does not fit",
        ),
        (
            {
                "$schema": NAMES[0],
                "properties": {"a": {"type": [{"minimum": 3, "type": "number"}], "default": 1}},
            },
            "the default does not fit",
        ),
    ],
)
def test_a_default_or_example_that_its_own_schema_refuses_is_found(schema: Any, told: str) -> None:
    (finding,) = found(schema)
    assert told in finding


@pytest.mark.parametrize(
    "schema",
    [
        settings(a=WHOLE | {"maximum": 5, "default": 5}),
        settings(a={"anyOf": [TEXT, {"type": "null"}], "default": None}),
        settings(a=settings(("b",), b=TEXT | {"default": "x"}) | {"default": {}}),
        settings(a=TEXT | {"default": "${HOME}/x", "pattern": "^/"}),
        settings(a=WHOLE | {"default": "${SIZE}"}),
        settings(api_token=TEXT | {"minLength": 50, "examples": ["<token>"]}),
        settings(a=TEXT | {"pattern": "(a+)+$", "default": "a" * 40 + "!"}),
        settings(a=TEXT | {"format": "uri", "default": "not one"}),
    ],
)
def test_what_fits_or_cannot_be_told_is_no_finding(schema: Any) -> None:
    assert found(schema) == []


ORDERS = settings(
    ("url", "api_token"),
    url=TEXT | {"pattern": "^https://"},
    api_token=TEXT | {"writeOnly": True, "pattern": "^[a-f0-9]{40}$"},
    size=WHOLE | {"maximum": 100},
    on={"type": "boolean"},
    hosts={"type": "array", "items": TEXT},
) | {"additionalProperties": False}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"size": 100},
        {"size": "${SIZE}", "on": "${ON:-true}", "url": "${URL}"},
        {"url": "http://${HOST}/x"},
        {"api_token": "put your token here"},
        {"hosts": ["${HOST}", "b"]},
    ],
)
def test_a_sample_may_hold_references_and_placeholders(changes: dict[str, Any]) -> None:
    assert found(ORDERS, {"url": "https://x", "api_token": "${TOKEN}"} | changes) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"size": 101}, "config.json:4: size: 101 is more than 100"),
        ({"size": "100"}, "config.json:4: size: '100' is not a whole number"),
        ({"siez": 5}, "config.json:4: siez: the schema has no 'siez'; did you mean 'size'?"),
        ({"url": "http://x"}, "config.json:2: url: 'http://x' does not match the pattern '^https://'"),
        ({"hosts": "${HOSTS}"}, "config.json:4: hosts: '${HOSTS}' is not a list"),
        ({"hosts": ["a", 5]}, "config.json:6: hosts[1]: 5 is not a text"),
    ],
)
def test_a_sample_that_does_not_fit_is_found_at_its_line(changes: dict[str, Any], told: str) -> None:
    assert found(ORDERS, {"url": "https://x", "api_token": "${TOKEN}"} | changes) == [told]


def test_a_missing_setting_is_found() -> None:
    assert found(ORDERS, {"url": "https://x"}) == ["config.json:1: 'api_token' is missing"]


def test_a_reference_leaves_open_which_alternative_is_meant() -> None:
    kinds = [settings(kind={"const": one}) for one in ("key", "oauth")]
    schema = settings(auth={"oneOf": kinds})
    assert found(schema, {"auth": {"kind": "${KIND}"}}) == []
    assert "fits none of the alternatives" in found(schema, {"auth": {"kind": "none"}})[0]


def test_what_the_contract_calls_secret_may_be_any_text_at_any_depth() -> None:
    strict = TEXT | {"minLength": 40}
    schema = settings(auth=settings(pin=strict), keys={"type": "array", "items": settings(value=strict)})
    sample = {"auth": {"pin": "1"}, "keys": [{"value": "2"}, {"value": "3"}]}
    assert len(found(schema, sample)) == 3
    assert found(schema, sample, ("auth.pin", "keys[].value")) == []


def test_no_secret_is_printed() -> None:
    schema = settings(password=WHOLE, marked=WHOLE | {"writeOnly": True}, api_key={"enum": ["a"]})
    told = found(schema, {"password": "correct horse", "marked": "battery", "api_key": "staple"})
    assert len(told) == 3
    assert not any(word in " ".join(told) for word in ("horse", "battery", "staple"))


def test_a_sample_that_cannot_be_read_is_found() -> None:
    sample = ConfigFile("config.json", fault=examine_schema(a_file([]), None).findings[0])
    assert examine_schema(a_file({}), sample).findings == (sample.fault,)


@pytest.mark.parametrize("schema", [[], 5, None, True, "x"])
def test_what_is_no_object_is_no_schema(schema: Any) -> None:
    (finding,) = found(schema)
    assert "is no schema" in finding


def test_there_are_not_more_findings_than_an_author_reads() -> None:
    schema = settings(**{f"a{n}": {"type": "int", "$ref": "#/x"} for n in range(500)})
    assert len(found(schema)) == MAX_FINDINGS


def multiplying(keyword: str) -> dict[str, Any]:
    steps = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    last = {"type": "object" if keyword == "allOf" else "integer"}  # what keeps validation going
    return {"$ref": "#/$defs/d0", "$defs": steps | {"d40": last}}


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_alternatives_that_multiply_are_found_and_not_followed_to_their_end(keyword: str) -> None:
    begun = time.process_time()
    (finding,) = found(multiplying(keyword), {"x": 1})
    assert "cannot be validated against: more than 50,000 steps" in finding
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "schema",
    [
        {"patternProperties": {"(a+)+$": TEXT}, "additionalProperties": False},
        {"patternProperties": {"^(?<x>a)": TEXT}, "additionalProperties": False},
        {"allOf": [{"patternProperties": {"(a+)+$": {}}}], "unevaluatedProperties": False},
        {"properties": {"a": {"$schema": NAMES[1], "pattern": "(a+)+$"}}},
        {"additionalProperties": TEXT | {"pattern": "(a+)+$"}},
    ],
)
def test_no_catastrophic_pattern_is_run_wherever_it_stands(schema: Any) -> None:
    long = "a" * 45 + "!"
    begun = time.process_time()
    assert found(schema, {long: long, "a": long}) == []
    assert time.process_time() - begun < 5


def test_what_stands_below_a_pattern_that_is_not_run_is_not_validated() -> None:
    assert found({"patternProperties": {"(a+)+$": WHOLE | {"default": "x"}}}) == []


def test_a_sample_with_a_name_that_is_prose_is_not_validated() -> None:
    assert found(settings(a=WHOLE), {"a": "x", "n" * 65: 1}) == []
    assert len(found(settings(a=WHOLE), {"a": "x", "n" * 64: 1})) == 1


def test_a_schema_as_deep_as_documents_may_be_is_checked_or_told_to_be_too_deep() -> None:
    deep: dict[str, Any] = {"type": "int"}
    for _ in range(60):
        deep = {"not": deep}
    (finding,) = found(deep, {"a": 1})
    assert "'int' is no type" in finding or "nested too deeply" in finding


def test_many_dear_patterns_together_are_bounded() -> None:
    dear = {"pattern": "a?" * 14 + "a" * 14 + "x", "default": "a" * 14}
    begun = time.process_time()
    found({"properties": {f"p{n}": dear for n in range(900)}})
    assert time.process_time() - begun < 15


def test_a_large_schema_takes_seconds_at_most() -> None:
    shared = {"allOf": [TEXT] * 2400}
    schema = settings(**{f"p{n}": {"$ref": "#/$defs/b"} for n in range(2400)}) | {"$defs": {"b": shared}}
    begun = time.process_time()
    assert found(schema, {"p1": "x"}) == []
    assert time.process_time() - begun < 20
