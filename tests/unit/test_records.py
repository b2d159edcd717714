"""Where the records of a recording stand, and which column comes from which field."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from certify.replay import Answer, Asked, Cassette, Recorded
from certify.replay.lineage import trace
from certify.replay.records import Records, document_of, find_records, path_of, with_document

PEOPLE = [{"id": 1, "name": "Ada", "at": {"city": "Turin"}}, {"id": 2, "name": "Bo", "at": {"city": "Lund"}}]
ROWS = [{"key": "1", "name": "Ada", "city": "Turin"}, {"key": "2", "name": "Bo", "city": "Lund"}]


def cassette(*documents: Any) -> Cassette:
    return Cassette(
        "full_refresh",
        tuple(
            Recorded(
                Asked("GET", "api.example", "/people", f"page={number}"),
                Answer(200, (), json.dumps(one).encode()),
            )
            for number, one in enumerate(documents)
        ),
    )


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (PEOPLE, ()),
        ({"data": PEOPLE}, ("data",)),
        ({"data": {"items": PEOPLE}, "errors": [{"code": 7}]}, ("data", "items")),
        ({"links": [{"rel": "next"}], "people": PEOPLE}, ("people",)),
    ],
)
def test_records_are_found_by_the_rows_that_came_of_them(document: Any, path: tuple[str, ...]) -> None:
    found = find_records(cassette(document), ROWS, {})
    assert found.paths == (path,)
    assert [records for _, _, records in found.lists()] == [PEOPLE]


@pytest.mark.parametrize("document", [{"data": []}, {"data": [1, 2]}, {"data": {"id": 1}}, "text", None, {}])
def test_where_no_list_holds_the_rows_none_is_found(document: Any) -> None:
    assert find_records(cassette(document), ROWS, {}).paths == ()


def test_a_list_that_gave_no_row_is_not_taken_for_one() -> None:
    document = {"people": PEOPLE, "flags": [{"id": 99, "name": "beta"}]}
    assert find_records(cassette(document), ROWS, {}).paths == (("people",),)


def test_what_the_contract_names_is_taken_as_it_is() -> None:
    found = find_records(cassette({"flags": [], "people": PEOPLE}), ROWS, {"flags": "$.flags[*]"})
    assert found.paths == (("flags",),)


@pytest.mark.parametrize(
    ("said", "path"),
    [("$", ()), ("$[*]", ()), ("$.data[*]", ("data",)), ("$.a['b c'].d-e", ("a", "b c", "d-e"))],
)
def test_a_simple_json_path_is_read(said: str, path: tuple[str, ...]) -> None:
    assert path_of(said) == path


@pytest.mark.parametrize("said", ["data", "$..data", "$.data[0]", "$.data[?(@.x)]", "", "$.data[*].inner"])
def test_any_other_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="is not of the form"):
        path_of(said)


def test_other_records_stand_where_the_recorded_ones_stood() -> None:
    recording = cassette({"data": PEOPLE, "next": 2}, {"data": PEOPLE[:1], "next": None}, {"token": "x"})
    changed = Records(recording, (("data",),)).changed(lambda number, records: [number, len(records)])
    assert [document_of(one.answer) for one in changed.recorded] == [
        {"data": [0, 2], "next": 2},
        {"data": [1, 1], "next": None},
        {"token": "x"},
    ]


def test_an_answer_that_was_packed_is_read_and_comes_back_unpacked() -> None:
    packed = Answer(200, (("content-encoding", "gzip"), ("x", "y")), gzip.compress(b'{"data": []}'))
    assert document_of(packed) == {"data": []}
    assert with_document(packed, {"data": [1]}) == Answer(200, (("x", "y"),), b'{"data": [1]}')


@pytest.mark.parametrize("body", [b"", b"<html>", b"\x1f\x8bnot", b"[" * 100_000])
def test_what_is_no_json_has_no_document(body: bytes) -> None:
    assert document_of(Answer(200, (), body)) is None


def test_a_column_comes_from_the_field_that_holds_all_its_values() -> None:
    lineage = trace(ROWS, PEOPLE, ("key",))
    assert lineage is not None
    assert lineage.fields == (("id",),)
    more = [*PEOPLE, {"id": 3, "name": "Cy", "at": {"city": "Turin"}}]
    assert lineage.lost(more, ROWS) == [more[2]]


def test_without_keys_every_column_that_comes_from_a_field_counts() -> None:
    lineage = trace(ROWS, PEOPLE, ())
    assert lineage is not None
    assert dict(zip(lineage.columns, lineage.fields, strict=True)) == {
        "key": ("id",),
        "name": ("name",),
        "city": ("at", "city"),
    }


def test_of_two_fields_that_hold_the_values_the_one_of_the_same_name_is_meant() -> None:
    records = [{"number": 1, "id": 1}, {"number": 2, "id": 2}]
    lineage = trace([{"id": 1}], records, ("id",))
    assert lineage is not None
    assert lineage.fields == (("id",),)


def test_a_key_that_the_connector_makes_comes_from_nowhere() -> None:
    assert trace([{"key": "a1b2"}], PEOPLE, ("key",)) is None
    assert trace([{"key": "a1b2", "computed": "zz"}], PEOPLE, ()) is None
