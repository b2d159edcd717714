"""Configurations are wrong in one place each, and are really refused."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from certify.rules import Unverified
from certify_suites.misconfigured import UNKNOWN, Specification

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["token", "account"],
    "definitions": {
        "account": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    },
    "properties": {
        "token": {"type": "string", "title": "API token"},
        "account": {"$ref": "#/definitions/account"},
        "auth": {
            "oneOf": [
                {
                    "properties": {"kind": {"const": "key"}, "key": {"type": "string"}},
                    "required": ["kind", "key"],
                },
                {"properties": {"kind": {"const": "none"}}, "required": ["kind"]},
            ]
        },
        "anything": {},
    },
}
CONFIG: dict[str, Any] = {"token": "t", "account": {"id": "7"}, "auth": {"kind": "key", "key": "k"}}


def words(schema: Any, config: Any = CONFIG) -> list[str]:
    return [one.words for one in Specification(schema, config).wrong()]


def test_each_required_field_is_left_out_and_each_field_is_of_another_kind() -> None:
    assert words(SCHEMA) == [
        "token is missing",
        "account is missing",
        "account.id is missing",
        "auth.kind is missing",
        "auth.key is missing",
        "token is []",
        "account is []",
        "account.id is []",
        "auth is []",
        "auth.kind is []",
        "auth.key is []",
    ]


def test_what_is_tried_is_refused_and_the_sample_is_not() -> None:
    specification = Specification(SCHEMA, CONFIG)
    tried = [*specification.wrong(), *specification.chosen()]
    assert all(specification.refuses(one.config) for one in tried)
    assert not specification.refuses(CONFIG)
    assert len(tried) > 10


def test_a_field_is_told_by_its_name_or_its_title() -> None:
    names = {one.words: one.names for one in Specification(SCHEMA, CONFIG).wrong()}
    assert names["token is missing"] == ("token", "API token")
    assert names["account.id is missing"] == ("account", "id")


def test_a_field_that_nobody_knows_is_refused_where_the_specification_says_so() -> None:
    assert not Specification(SCHEMA, CONFIG).refuses({**CONFIG, UNKNOWN: "x"})
    closed = Specification(SCHEMA | {"additionalProperties": False}, CONFIG)
    assert closed.refuses(closed.extended.config)


def test_a_specification_that_admits_all_has_nothing_to_try() -> None:
    assert words({}) == []
    assert words({"properties": {"token": True}}) == []


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "objekt"}, "is no JSON Schema"),
        ({"required": ["user"]}, "the sample configuration is not as the specification says"),
    ],
)
def test_what_cannot_be_held_against_is_unverified(schema: Any, said: str) -> None:
    with pytest.raises(Unverified, match=said):
        Specification(schema, CONFIG)


@pytest.mark.parametrize("part", [{"$ref": "#/properties/token"}, {"$ref": "#/nowhere"}, {"oneOf": []}])
def test_references_in_circles_or_to_nowhere_end(part: Any) -> None:
    schema = {"properties": {"token": part}}
    with contextlib.suppress(Unverified):
        words(schema)


def test_a_property_whose_schema_is_none_is_left_out() -> None:
    told = {"type": "object", "properties": {"token": {"type": "string"}, "maps": {"anyOf": ["null"]}}}
    assert words(told, {"token": "t", "maps": {}}) == ["token is []"]
    with pytest.raises(Unverified, match="no JSON Schema"):
        Specification(told | {"required": "token"}, {})
