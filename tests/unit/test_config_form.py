"""A form and a schema that agree, and each way in which they do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from certify.repository import Repository
from certify.repository.config.document import ConfigFile, parse_config
from certify.repository.config.form import TYPES, examine_form
from certify.repository.config.places import find_form, find_schema

SCHEMA = {
    "type": "object",
    "required": ["url", "api_token"],
    "properties": {
        "url": {"type": "string"},
        "api_token": {"type": "string", "writeOnly": True},
        "size": {"type": "integer", "default": 5},
    },
}
FORM: list[dict[str, Any]] = [
    {"key": "url", "type": "string", "required": True},
    {"key": "api_token", "type": "password", "required": True, "secret": True},
    {"key": "size", "type": "integer"},
]


def found(form: Any, schema: Any = SCHEMA) -> list[str]:
    form_file = ConfigFile(
        "form.yaml", parse_config(yaml.safe_dump(form, sort_keys=False).encode(), "form.yaml")
    )
    schema_file = ConfigFile("s.json", parse_config(json.dumps(schema, indent=1).encode(), "s.json"))
    examined = examine_form(form_file, schema_file)
    assert examined.seen
    return [f"{one.location}: {one.message}" for one in examined.findings]


def changed(index: int, **changes: Any) -> list[dict[str, Any]]:
    return [field | changes if index == at else field for at, field in enumerate(FORM)]


def test_a_form_that_agrees_has_no_finding() -> None:
    assert found(FORM) == []


@pytest.mark.parametrize(
    ("form", "told"),
    [
        (FORM[:2], "form.yaml:1: size has no field in form.yaml, and s.json:15 describes it"),
        (
            [*FORM, {"key": "sise", "type": "integer"}],
            "form.yaml:10: sise: the schema has no such setting; did you mean 'size'?",
        ),
        (changed(2, type="number"), "form.yaml:9: size: type 'number' here, integer in s.json:15"),
        (changed(2, type="boolean"), "form.yaml:9: size: type 'boolean' here, integer in s.json:15"),
        (
            changed(2, type="intger"),
            "form.yaml:9: size: 'intger' is no type of a field; did you mean 'integer'?",
        ),
        (changed(0, required=False), "form.yaml:3: url: not required here, required in s.json:8"),
        (changed(0, secret=True), "form.yaml:4: url: secret here, not marked as secret in s.json:8"),
        (
            changed(1, type="text", secret=False),
            "form.yaml:7: api_token: not marked as secret here, secret in s.json:11",
        ),
        ([*FORM, {"key": "url"}], "form.yaml:10: url has a field already, in form.yaml:1"),
        ([*FORM, {"name": "x"}], "form.yaml:10: a field without a `key`"),
        ([*FORM, "size"], "form.yaml:10: a field without a `key`"),
        ({"url": {"type": "string"}}, "form.yaml:1: the form is an object"),
        (None, "form.yaml:1: the form is null"),
    ],
)
def test_a_difference_names_both_places(form: Any, told: str) -> None:
    assert found(form) == [told]


def test_what_is_not_required_in_the_schema_is_not_in_the_form() -> None:
    schema = SCHEMA | {"required": ["api_token"]}
    assert found(FORM, schema) == ["form.yaml:3: url: required here, not required in s.json:7"]


@pytest.mark.parametrize("is_required", [True, False])
def test_what_has_a_default_may_be_required_in_one_of_the_two(is_required: bool) -> None:
    assert found(changed(2, required=is_required), SCHEMA | {"required": ["url", "api_token", "size"]}) == []
    assert found(changed(2, required=is_required)) == []


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_a_field_gives_what_its_schema_takes(kind: str) -> None:
    for taken in TYPES[kind]:
        schema = {"properties": {"a": {"type": [taken, "null"], "format": "password"}}}
        assert found([{"key": "a", "type": kind, "secret": True}], schema) == []


@pytest.mark.parametrize("kind", ["oauth_button", "", None])
def test_a_type_that_nobody_knows_is_not_judged(kind: str | None) -> None:
    assert found(changed(2, type=kind)) == []


@pytest.mark.parametrize(
    "properties",
    [
        {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
        {"a": {"$ref": "#/$defs/t"}},
        {"a": {}},
        {"a": {"type": "string"}, "b": {"type": "string", "airbyte_hidden": True}},
    ],
)
def test_a_type_may_stand_behind_a_reference_and_what_is_hidden_has_no_field(properties: Any) -> None:
    assert (
        found([{"key": "a", "type": "text"}], {"properties": properties, "$defs": {"t": {"type": "string"}}})
        == []
    )


def test_an_object_has_a_field_itself_or_for_all_that_is_in_it() -> None:
    auth = {
        "type": "object",
        "required": ["user"],
        "properties": {"user": {"type": "string"}, "pin": {"type": "string"}},
    }
    schema = {"properties": {"auth": auth}}
    user, pin = {"key": "auth.user", "required": True}, {"key": "auth.pin"}
    assert found([{"key": "auth", "type": "object"}], schema) == []
    assert found([user, pin], schema) == []
    assert found([user], schema) == [
        "form.yaml:1: auth.pin has no field in form.yaml, and s.json:12 describes it"
    ]


def test_what_is_required_in_one_alternative_alone_is_not_judged() -> None:
    schema = {"properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
    assert found([{"key": "a"}], schema) == []


MANIFEST = """\
name: acme
config_schema:
  properties:
    url: {type: string}
form:
  - {key: url, type: string}
"""


def test_a_manifest_holds_schema_and_form(tmp_path: Path) -> None:
    (tmp_path / "connector.yaml").write_text(MANIFEST)
    repository = Repository(tmp_path)
    schema = find_schema(repository, ["."])
    assert schema is not None
    assert str(schema.at(("properties", "url"))) == "connector.yaml:4"
    form = find_form(repository, schema)
    assert form is not None
    assert str(form.at((0,))) == "connector.yaml:6"
    assert examine_form(form, schema).findings == ()


def test_a_manifest_names_the_schema(tmp_path: Path) -> None:
    (tmp_path / "connector.yaml").write_text("config_schema: schemas/c.json\n")
    found_before = find_schema(Repository(tmp_path), ["."])
    assert found_before is not None
    assert found_before.fault is not None
    assert str(found_before.fault.location) == "connector.yaml:1"
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "c.json").write_text("{}")
    found_now = find_schema(Repository(tmp_path), ["."])
    assert found_now == ConfigFile("schemas/c.json", parse_config(b"{}", "schemas/c.json"))


@pytest.mark.parametrize(
    ("name", "content", "is_found"),
    [
        ("config.schema.json", "{}", True),
        ("config_schema.json", "{}", True),
        ("source.config.schema.json", "{}", True),
        ("spec.json", '{"connectionSpecification": {}}', True),
        ("spec.yaml", "connectionSpecification: {}", True),
        ("manifest.yaml", "spec: {connection_specification: {}}", True),
        ("spec.json", '{"openapi": "3.1.0"}', False),
        ("spec.json", "not json", False),
        ("config.schema.json", "not json", True),
        ("schema.json", "{}", False),
        ("config.json", "{}", False),
    ],
)
def test_a_schema_is_found_by_its_name_and_content(
    name: str, content: str, is_found: bool, tmp_path: Path
) -> None:
    package = tmp_path / "src" / "demo"
    package.mkdir(parents=True)
    (package / name).write_text(content)
    schema = find_schema(Repository(tmp_path), ["src/demo", "."])
    assert (schema is not None) is is_found
    assert schema is None or schema.file == f"src/demo/{name}"


def test_a_form_lies_beside_its_schema_as_a_list_or_under_fields(tmp_path: Path) -> None:
    (tmp_path / "config.schema.json").write_text('{"properties": {"a": {"type": "string"}}}')
    schema = find_schema(Repository(tmp_path), ["."])
    assert schema is not None
    assert find_form(Repository(tmp_path), schema) is None
    for name, content in {
        "form.json": '[{"key": "a"}]',
        "form.yml": "fields: [{key: a}]",
        "form.yaml": "title: x\nform: [{key: a}]",
    }.items():
        (tmp_path / name).write_text(content)
        form = find_form(Repository(tmp_path), schema)
        assert form is not None
        assert form.file == name
        assert examine_form(form, schema).findings == ()


def test_a_form_that_cannot_be_read_is_found(tmp_path: Path) -> None:
    (tmp_path / "config.schema.json").write_text("{}")
    (tmp_path / "form.yaml").write_text("a: 1\na: 2\n")
    schema = find_schema(Repository(tmp_path), ["."])
    assert schema is not None
    form = find_form(Repository(tmp_path), schema)
    assert form is not None
    assert str(examine_form(form, schema).findings[0].location) == "form.yaml:2"
