"""What the messages of Singer and of Airbyte mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from certify.sandbox.catalogs import everything_configured, everything_selected, is_catalog
from certify.sandbox.dialects import Airbyte, Singer
from certify.sandbox.spoken import Dialect, Spoken


@dataclass
class At:
    """A clock that shows one moment."""

    offset: float = 7.0
    budget: float = 600.0


def told(dialect: Dialect, *messages: Any) -> list[dict[str, Any]]:
    reader = Spoken(dialect, At())
    text = b"".join(json.dumps(one).encode() + b"\n" for one in messages)
    return [*reader.feed(text), *reader.end()]


def levels(number: int) -> dict[str, Any]:
    return {"type": "RECORD", "stream": "levels", "record": {"id": number}}


def test_a_tap_is_told_as_a_source_is() -> None:
    schema = {"type": "SCHEMA", "stream": "levels", "schema": {"type": "object"}, "key_properties": ["id"]}
    messages = told(
        Singer(),
        schema,
        levels(1),
        schema,
        levels(2),
        {"type": "STATE", "value": {"page": 2}},
        {"type": "ACTIVATE_VERSION", "stream": "levels", "version": 7},
        levels(3),
    )
    assert messages == [
        {"schema": '{"type": "object"}', "stream": "levels"},
        {"rows": [["levels", '{"id": 1}'], ["levels", '{"id": 2}']]},
        {"state": '{"page": 2}', "at": 7.0, "rows_before": 2},
        {"rows": [["levels", '{"id": 3}']]},
    ]


def test_a_schema_that_changes_is_told_again() -> None:
    schemas = [{"type": kind} for kind in ("object", "object", "array", "object")]
    whole = {"type": "SCHEMA", "stream": "levels", "key_properties": []}
    messages = told(Singer(), *(whole | {"schema": one} for one in schemas))
    assert [json.loads(one["schema"])["type"] for one in messages] == ["object", "array", "object"]


def record(stream: str, number: int) -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": stream, "data": {"id": number}, "emitted_at": 1}}


def state(stream: str, page: int, count: int = 1) -> dict[str, Any]:
    described = {"stream_descriptor": {"name": stream}, "stream_state": {"page": page}}
    return {
        "type": "STATE",
        "state": {"type": "STREAM", "stream": described, "sourceStats": {"recordCount": count}},
    }


def trace(kind: str, **content: Any) -> dict[str, Any]:
    return {"type": "TRACE", "trace": {"type": kind.upper(), "emitted_at": 1, kind: content}}


def status(of: str) -> dict[str, Any]:
    return trace("stream_status", stream_descriptor={"name": "a"}, status=of)


def test_a_state_of_one_stream_is_told_with_the_latest_of_the_others() -> None:
    messages = told(Airbyte(), record("a", 1), state("a", 1), record("b", 2), state("b", 1), state("a", 2, 0))
    states = [json.loads(one["state"]) for one in messages if "state" in one]
    pages = [[one["stream"]["stream_state"]["page"] for one in told] for told in states]
    assert pages == [[1], [1, 1], [2, 1]]
    assert states[0] == [{"type": "STREAM", "stream": state("a", 1)["state"]["stream"]}]
    assert [one["rows_before"] for one in messages if "state" in one] == [1, 2, 2]


def test_the_schemas_of_a_source_stand_in_its_catalog() -> None:
    stream = {"name": "levels", "namespace": "rhein", "json_schema": {"type": "object"}}
    dialect = Airbyte(everything_configured({"streams": [stream]}))
    row = {"stream": "levels", "namespace": "rhein", "data": {"id": 1}, "emitted_at": 1}
    assert told(dialect, {"type": "RECORD", "record": row}) == [
        {"schema": '{"type": "object"}', "stream": "rhein.levels"},
        {"rows": [["rhein.levels", '{"id": 1}']]},
    ]


@pytest.mark.parametrize(("zone", "has_format"), [("with", True), ("without", False)])
def test_a_time_without_a_zone_has_no_format_of_json_schema(zone: str, has_format: bool) -> None:
    at = {"type": "string", "format": "date-time", "airbyte_type": f"timestamp_{zone}_timezone"}
    stream = {"name": "levels", "json_schema": {"anyOf": [{"properties": {"at": at}}]}}
    (message,) = told(Airbyte(everything_configured({"streams": [stream]})))
    assert ("format" in json.loads(message["schema"])["anyOf"][0]["properties"]["at"]) is has_format


def test_log_and_errors_are_told_as_log() -> None:
    error = {"message": "no such key", "internal_message": "401", "failure_type": "config_error"}
    messages = told(
        Airbyte(),
        {"type": "LOG", "log": {"level": "WARN", "message": "slow"}},
        {"type": "LOG", "log": {"level": "DEBUG", "message": "nobody keeps this"}},
        {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1, "error": error}},
        {"type": "TRACE", "trace": {"type": "ESTIMATE", "emitted_at": 1, "estimate": {}}},
    )
    assert [one["failure"] for one in messages if "failure" in one] == [["config_error", "no such key"]]
    assert [(one["level"], one["log"], one["at"]) for one in messages if "log" in one] == [
        ("WARNING", "slow", 7.0),
        ("ERROR", "no such key", 7.0),
        ("ERROR", "401", 7.0),
    ]


def test_a_catalog_that_was_discovered_is_kept() -> None:
    dialect = Airbyte()
    catalog = {"type": "CATALOG", "catalog": {"streams": []}}
    assert told(dialect, catalog) == []
    assert dialect.answers == [catalog]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"type": "ROW"}, "is no message of Airbyte"),
        ({"type": {}}, "is no message of Airbyte"),
        ({"type": "RECORD", "record": [1]}, "is a RECORD without a record"),
        ({"type": "RECORD", "record": {"stream": "a"}}, "is a RECORD without a stream, or without data"),
        ({"type": "CONNECTION_STATUS"}, "is a CONNECTION_STATUS without a connectionStatus"),
        ({"type": "STATE", "state": {"type": "STREAM"}}, "is a STATE of a stream without one"),
        ({"type": "TRACE", "trace": {"type": "STREAM_STATUS"}}, "is a TRACE without what its type says"),
        (trace("error", failure_type="config_error"), "is an error without a message"),
        (
            trace("error", message="no", failure_type="user_error"),
            "is an error of a type that is unknown: user_error",
        ),
        ({"type": "RECORD", "record": {"stream": "a", "data": {}}}, "is a RECORD without emitted_at"),
        (state("a", 1), "is a STATE of a that counts 1 records where there are 0"),
    ],
)
def test_what_airbyte_does_not_know_is_amiss(message: dict[str, Any], why: str) -> None:
    assert [one["misspoken"][2:] for one in told(Airbyte(), message) if "misspoken" in one] == [[why, True]]


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([status("STARTED"), status("RUNNING"), record("a", 1), status("COMPLETE")], []),
        ([status("STARTED"), record("a", 1), status("INCOMPLETE")], []),
        ([record("a", 1)], []),
        ([status("RUNNING")], ["tells a to be RUNNING after nothing"]),
        ([status("STARTED"), status("STARTED")], ["tells a to be STARTED after STARTED"]),
        ([record("a", 1), status("STARTED")], ["tells a to be STARTED after records of it"]),
        (
            [status("STARTED"), status("COMPLETE"), record("a", 1)],
            ["is a RECORD of a after it was told to be COMPLETE"],
        ),
        ([status("DONE")], ["is a status that Airbyte does not know: DONE"]),
    ],
)
def test_what_a_stream_is_told_to_be_has_an_order(messages: list[Any], why: list[str]) -> None:
    assert [one["misspoken"][2] for one in told(Airbyte(), *messages) if "misspoken" in one] == why


def test_a_record_is_of_a_stream_of_the_catalog() -> None:
    dialect = Airbyte(everything_configured({"streams": [{"name": "a", "json_schema": {}}]}))
    amiss = [one["misspoken"] for one in told(dialect, record("a", 1), record("b", 1)) if "misspoken" in one]
    assert [(one[0], one[2]) for one in amiss] == [(2, "is a RECORD of b, which the catalog does not have")]


def test_a_record_comes_after_its_schema() -> None:
    messages = told(Singer(), levels(1))
    assert messages[0]["misspoken"][2] == "is a RECORD of levels before its SCHEMA"
    assert messages[1] == {"rows": [["levels", '{"id": 1}']]}


def test_all_that_can_be_read_is_selected() -> None:
    fields = {"id": "automatic", "name": "available", "blob": "unsupported"}
    metadata = [
        {"breadcrumb": ["properties", name], "metadata": {"inclusion": kind}} for name, kind in fields.items()
    ]
    found: dict[str, Any] = {"streams": [{"stream": "levels", "metadata": metadata}, {"stream": "rivers"}]}
    chosen = everything_selected(found)
    assert [one["selected"] for one in chosen["streams"]] == [True, True]
    selected = {
        tuple(one["breadcrumb"])
        for one in chosen["streams"][0]["metadata"]
        if one["metadata"].get("selected")
    }
    assert selected == {(), ("properties", "id"), ("properties", "name")}
    assert "selected" not in found["streams"][0]


@pytest.mark.parametrize(
    ("modes", "mode"),
    [
        (["full_refresh", "incremental"], "incremental"),
        (["full_refresh"], "full_refresh"),
        (None, "full_refresh"),
    ],
)
def test_a_stream_is_read_incrementally_where_it_can_be(modes: list[str] | None, mode: str) -> None:
    stream: dict[str, Any] = {"name": "levels", "json_schema": {}, "default_cursor_field": ["at"]}
    stream |= {"supported_sync_modes": modes} if modes else {}
    (configured,) = everything_configured({"streams": [stream]})["streams"]
    assert (configured["sync_mode"], configured["cursor_field"]) == (mode, ["at"])


@pytest.mark.parametrize("value", [None, [], {}, {"streams": None}, {"streams": ["levels"]}])
def test_what_has_no_streams_is_no_catalog(value: Any) -> None:
    assert not is_catalog(value)
