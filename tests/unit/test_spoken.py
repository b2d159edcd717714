"""What a command says is read line by line: whatever it says, in little memory."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import dataclass
from typing import Any

import pytest

from certify.sandbox.dialects import Singer
from certify.sandbox.inside.teller import WHOLE_ROWS, Teller
from certify.sandbox.spoken import LONGEST_LINE, Document, Lines, Spoken, parse

ROW = b'{"type": "RECORD", "stream": "levels", "record": {"id": 1}}\n'


@dataclass
class Still:
    """A clock that stands still."""

    offset: float = 0.0
    budget: float = 600.0


class Reading(Singer):
    """Singer's messages, where the stream's schema came already."""

    def begin(self, tells: Teller) -> None:
        self._schemas["levels"] = b""


def spoken(needles: tuple[str, ...] = (), whole: float = WHOLE_ROWS) -> Spoken:
    return Spoken(Reading(), Still(), needles, whole)


def said(text: bytes, needles: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    reader = spoken(needles)
    return [*reader.feed(text), *reader.end()]


def misspoken(text: bytes) -> list[list[Any]]:
    return [one["misspoken"] for one in said(text) if "misspoken" in one]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_lines_are_the_same_in_whatever_pieces_they_come(size: int) -> None:
    text = b"one\n\ntwo\r\nthree"
    lines = Lines()
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    found = [line for piece in pieces for line, _ in lines.feed(piece)]
    found += [line for line, _ in lines.end()]
    assert found == [b"one", b"", b"two\r", b"three"]


def test_what_ends_with_a_newline_has_nothing_after_it() -> None:
    lines = Lines()
    assert [line for line, _ in lines.feed(b"one\n")] == [b"one"]
    assert list(lines.end()) == []


@pytest.mark.parametrize(("length", "whole"), [(9, True), (10, True), (11, False)])
def test_a_line_that_is_too_long_is_cut_and_the_next_one_is_not(length: int, whole: bool) -> None:
    lines = Lines(longest=10)
    assert list(lines.feed(b"x" * length + b"\nnext\n")) == [(b"x" * min(length, 10), whole), (b"next", True)]


def test_a_line_without_end_takes_no_more_memory_than_the_longest_one() -> None:
    reader, piece = spoken(), b"x" * 65536
    tracemalloc.start()
    try:
        for _ in range(4 * LONGEST_LINE // len(piece)):
            assert reader.feed(piece) == []
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken < 1.2 * LONGEST_LINE
    assert reader.feed(b"\n")[0]["misspoken"] == [1, "x" * 200, f"is longer than {LONGEST_LINE} bytes", False]
    assert [*reader.feed(ROW), *reader.end()] == [{"rows": [["levels", '{"id": 1}']]}]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"INFO reading stations", "is no JSON"),
        (b"", "is no JSON"),
        (b"[1]", "is no JSON object"),
        (b"null", "is no JSON object"),
        (b"\xff\xfe{}", "is not UTF-8"),
        ('{"type": "STATE"}'.encode("utf-16"), "is not UTF-8"),
        (b'\xef\xbb\xbf{"type": "STATE", "value": 1}', "is no JSON"),
        (b'{"type": "RECORD", "stream": "levels", "record": {"id": NaN}}', "NaN is no number"),
        (b'{"type": "STATE", "value": -Infinity}', "-Infinity is no number"),
        (b'{"type": "STATE", "value": ' + b"1" * 5000 + b"}", "is no JSON"),
        (b"[" * 200_000, "is nested without end"),
        (b'{"a":' * 200_000, "is nested without end"),
        (b'{"type": "STATE"}', "is a STATE without a value"),
        (b'{"type": "RECORD", "record": {}}', "is a RECORD without a stream"),
        (b'{"type": "RECORD", "stream": "levels", "record": []}', "is a RECORD without a record"),
        (b'{"type": "SCHEMA", "stream": "levels"}', "is a SCHEMA without a schema"),
        (b'{"type": "SHOUT"}', "is no message of Singer"),
        (b'{"type": ["RECORD"]}', "is no message of Singer"),
        (b"{}", "is no message of Singer"),
    ],
)
def test_a_line_that_is_no_message_is_kept_with_its_number_and_why(line: bytes, why: str) -> None:
    found = misspoken(ROW + line + b"\n" + ROW)
    assert len(found) == 1
    assert found[0][0] == 2
    assert why in found[0][2]
    assert len(found[0][1]) <= 200


@pytest.mark.parametrize("depth", range(100, 3000, 100))
def test_a_row_of_any_depth_is_a_row_or_is_nested_without_end(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    found = said(b'{"type": "RECORD", "stream": "levels", "record": {"id": ' + nested + b"}}\n")
    assert len(found) == 1
    assert "rows" in found[0] or found[0]["misspoken"][2] == "is nested without end"


def test_of_lines_that_are_no_messages_the_first_twenty_are_kept() -> None:
    found = misspoken(b"noise\n" * 30)
    assert [number for number, *_ in found] == list(range(1, 21))


def test_what_is_no_json_is_kept_apart_from_what_is_amiss() -> None:
    found = misspoken(b"{}\n" * 30 + b"noise\n" * 30)
    assert [(number, is_json) for number, _, _, is_json in found] == [
        *((number, True) for number in range(1, 21)),
        *((number, False) for number in range(31, 51)),
    ]


def test_secrets_are_looked_for_in_every_line_that_is_no_message() -> None:
    found = said(b"noise\n" * 30 + b"x" * 1000 + b"NEEDLE\n", ("NEEDLE",))
    assert {"holds": "NEEDLE", "kind": "line", "name": ""} in found


def test_the_text_after_the_last_newline_counts() -> None:
    assert said(ROW.rstrip()) == [{"rows": [["levels", '{"id": 1}']]}]


def test_a_million_small_lines_are_not_kept() -> None:
    reader = spoken()
    assert sum(len(reader.feed(b"{}\n" * 1000)) for _ in range(980)) == 20
    tracemalloc.start()  # which takes ten times as long
    try:
        assert sum(len(reader.feed(b"{}\n" * 1000)) for _ in range(20)) == 0
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken < 10_000


def test_later_rows_are_told_as_digests() -> None:
    reader = spoken(whole=2)
    messages = [*reader.feed(ROW * 5), *reader.end()]
    assert [len(one.get("rows", ())) for one in messages if "rows" in one] == [2]
    assert sum(len(one["digests"]) for one in messages if "digests" in one) == 3 * 16


def test_a_document_is_taken_whole_or_not_at_all() -> None:
    document = Document(longest=10)
    document.feed(b"01234")
    document.feed(b"56789")
    assert document.text == b"0123456789"
    document.feed(b"0" * 100)
    assert document.text == b""


def test_json_is_read_as_the_standard_has_it() -> None:
    assert parse(json.dumps({"name": "Köln"}, ensure_ascii=False).encode()) == {"name": "Köln"}
    with pytest.raises(ValueError, match="NaN is no number"):
        parse(b"NaN")
