"""What is wrong with a catalog is told with the stream, and what is right is not."""

from __future__ import annotations

from typing import Any

import pytest

from certify_suites.catalogs import amiss, told_otherwise

SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "at": {"type": ["null", "string"]}, "tags": {"type": "array"}},
}


def of_airbyte(**changed: Any) -> dict[str, Any]:
    stream = {
        "name": "levels",
        "json_schema": SCHEMA,
        "supported_sync_modes": ["full_refresh", "incremental"],
        "source_defined_primary_key": [["id"]],
        "default_cursor_field": ["at"],
    }
    return {"streams": [stream | changed]}


def of_singer(**changed: Any) -> dict[str, Any]:
    metadata = [
        {"breadcrumb": [], "metadata": {"table-key-properties": ["id"], "valid-replication-keys": ["at"]}},
        {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}},
    ]
    stream = {"tap_stream_id": "levels", "stream": "levels", "schema": SCHEMA, "metadata": metadata}
    return {"streams": [stream | changed]}


def test_a_sound_catalog_has_nothing_amiss() -> None:
    assert list(amiss(of_airbyte(), "airbyte")) == []
    assert list(amiss(of_singer(), "singer")) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": None}, "a stream has no name"),
        ({"json_schema": None}, "it has no schema"),
        ({"json_schema": {"type": "objekt"}}, "its schema is none"),
        ({"json_schema": SCHEMA | {"allOf": [{}]}}, "its schema uses allOf"),
        ({"json_schema": SCHEMA | {"additionalProperties": False}}, "its schema forbids further properties"),
        ({"supported_sync_modes": []}, "its supported_sync_modes are []"),
        ({"supported_sync_modes": ["cdc"]}, 'its supported_sync_modes are ["cdc"]'),
        ({"source_defined_primary_key": [["uuid"]]}, "its primary key uuid is not in its schema"),
        ({"source_defined_primary_key": [["tags"]]}, "its primary key tags is an array"),
        ({"default_cursor_field": ["at", "time"]}, "its cursor field at.time is not in its schema"),
    ],
)
def test_what_is_wrong_with_a_stream_of_airbyte_is_told(changed: dict[str, Any], said: str) -> None:
    assert any(said in one for one, _ in amiss(of_airbyte(**changed), "airbyte"))


@pytest.mark.parametrize("name", ["allOf", "not", "$ref"])
def test_a_property_may_be_named_as_a_keyword_is(name: str) -> None:
    schema = SCHEMA | {"properties": {**SCHEMA["properties"], name: {"type": "string"}}}  # type: ignore[dict-item]
    assert list(amiss(of_airbyte(json_schema=schema), "airbyte")) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"tap_stream_id": ""}, "a stream has no name"),
        ({"schema": 7}, "it has no schema"),
        ({"metadata": [], "key_properties": ["uuid"]}, "its key property uuid is not in its schema"),
        (
            {"metadata": [{"breadcrumb": ["properties", "level"], "metadata": {}}]},
            "its metadata speaks of properties.level",
        ),
        (
            {"metadata": [{"breadcrumb": [], "metadata": {"inclusion": "sometimes"}}]},
            'it has inclusion "sometimes"',
        ),
    ],
)
def test_what_is_wrong_with_a_stream_of_singer_is_told(changed: dict[str, Any], said: str) -> None:
    assert any(said in one for one, _ in amiss(of_singer(**changed), "singer"))


def test_two_streams_have_two_names() -> None:
    streams = of_airbyte()["streams"]
    assert any("2 streams are named levels" in said for said, _ in amiss({"streams": streams * 2}, "airbyte"))
    apart = [streams[0] | {"namespace": one} for one in ("a", "b")]
    assert list(amiss({"streams": apart}, "airbyte")) == []
    assert [said for said, _ in amiss({"streams": []}, "airbyte")] == ["the catalog has no stream"]


@pytest.mark.parametrize("hostile", [[], 7, "x", None, {"a": []}, [[[]]], {"metadata": {}}])
@pytest.mark.parametrize("system", ["airbyte", "singer"])
def test_whatever_stands_in_a_stream_is_looked_at(hostile: Any, system: str) -> None:
    stream = of_airbyte()["streams"][0] | of_singer()["streams"][0]
    for name in stream:
        list(amiss({"streams": [stream | {name: hostile}]}, system))


def test_the_streams_that_differ_are_named() -> None:
    one = {"streams": [{"name": "a"}, {"name": "b"}]}
    assert told_otherwise(one, {"streams": [{"name": "b", "x": 1}, {"name": "c"}]}) == ["a", "b", "c"]
    assert told_otherwise(one, {"streams": one["streams"][::-1]}) == []
