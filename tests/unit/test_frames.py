"""What goes between certify and its sandbox: whole messages, in whatever pieces they come."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.sandbox.inside.frames import MAX_FRAME, Unpacker, pack

unhurried = settings(deadline=None)

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
messages = st.dictionaries(st.text(max_size=5), _VALUES, max_size=3)


def framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


@unhurried
@given(st.lists(messages, max_size=4), st.data())
def test_messages_arrive_whole_however_they_are_cut(sent: list[dict[str, Any]], data: st.DataObject) -> None:
    stream = b"".join(pack(message) for message in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    unpacker = Unpacker()
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [message for piece in pieces for message in unpacker.feed(piece)] == sent


@unhurried
@given(st.lists(st.binary(max_size=50), max_size=5))
def test_any_bytes_are_messages_or_refused(pieces: list[bytes]) -> None:
    unpacker = Unpacker()
    try:
        for piece in pieces:
            for message in unpacker.feed(piece):
                assert isinstance(message, dict)
    except ValueError:
        pass


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"5", b"null", b'"text"', b"\xff", b"NaN", b"{} {}"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the words are those of json
        Unpacker().feed(framed(body))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000])
def test_what_is_nested_without_end_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the words are those of json
        Unpacker().feed(framed(body))


def test_a_message_longer_than_any_of_ours_is_refused_before_it_has_come() -> None:
    with pytest.raises(ValueError, match="a frame of 16777217 bytes"):
        Unpacker().feed(struct.pack(">I", MAX_FRAME + 1))
    assert Unpacker().feed(struct.pack(">I", MAX_FRAME)) == []


def test_a_message_is_plain_ascii() -> None:
    packed = pack({"é": "\ud800\n"})
    assert packed[4:].isascii()
    assert json.loads(packed[4:]) == {"é": "\ud800\n"}
