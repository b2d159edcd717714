"""What a plug-in may write on standard output: frames, messages, and whatever a hostile one makes up."""

from __future__ import annotations

from contextlib import suppress

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamEnded
from hypothesis import given
from hypothesis import strategies as st

from certify.sandbox.plakar import protobuf
from certify.sandbox.plakar.conversation import Conversation
from certify.sandbox.plakar.frame_tap import FrameTap
from certify.sandbox.plakar.messages import MODE_DIRECTORY, Described, ImportedRecord
from certify.sandbox.plakar.observed import Wish
from certify.sandbox.plakar.protobuf import Fields, MalformedMessage

SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
PING = bytes([0, 0, 8, 6, 0, 0, 0, 0, 0]) + bytes(8)
IMPORTER = Wish("importer", "ferry", {"location": "ferry://harbour"})


@given(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1), st.binary(max_size=300), st.text(max_size=50))
def test_what_is_encoded_is_read_back(field: int, number: int, data: bytes, text: str) -> None:
    message = protobuf.number(field, number) + protobuf.data(field + 1, data) + protobuf.text(field + 2, text)
    fields = Fields(message)
    assert (fields.number(field), fields.data(field + 1), fields.text(field + 2)) == (number, data, text)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_message_or_are_refused_as_none(data: bytes) -> None:
    for read in (Fields, ImportedRecord.of, lambda one: Described.of("storage", one)):
        with suppress(MalformedMessage):
            read(data)


@pytest.mark.parametrize("size", [-1, 0, 2**40])
def test_a_size_has_a_sign(size: int) -> None:
    info = protobuf.number(2, size % 2**64)
    assert ImportedRecord.of(protobuf.data(8, info)).size == size


@pytest.mark.parametrize(
    ("written", "frames", "stray"),
    [
        (SETTINGS + PING, SETTINGS + PING, b""),
        (b"Starting up\n" + SETTINGS, SETTINGS, b"Starting up\n"),
        (b"\n" + SETTINGS + b"ready\n" + PING, SETTINGS + PING, b"\nready\n"),
        (PING + SETTINGS, SETTINGS, PING),
        (SETTINGS + b"Usage: plugin [flags]\n", SETTINGS, b"Usage: plugin [flags]\n"),
        (SETTINGS[:5], b"", b""),
    ],
    ids=["frames", "text first", "text between", "no settings first", "text last", "half a frame"],
)
@pytest.mark.parametrize("piece", [1000, 12])
def test_frames_are_told_from_text(written: bytes, frames: bytes, stray: bytes, piece: int) -> None:
    tap = FrameTap()
    if piece == 1000:
        assert tap.feed(written) == frames
        assert tap.stray == stray
    else:
        for at in range(0, len(written), piece):
            tap.feed(written[at : at + piece])
        assert bool(tap.stray) == bool(stray)


@given(st.lists(st.binary(max_size=200), max_size=10))
def test_the_tap_keeps_little_of_what_belongs_to_no_frame(pieces: list[bytes]) -> None:
    tap = FrameTap()
    given_bytes = sum(map(len, pieces))
    whole = sum(len(tap.feed(piece)) for piece in pieces)
    assert whole + tap.stray_bytes + len(tap.left) == given_bytes


@given(
    st.lists(
        st.binary(max_size=60)
        | st.builds(
            lambda kind, flags, stream, payload: (
                len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload
            ),
            st.sampled_from([0, 1, 3, 4, 6, 7, 8, 9]),
            st.integers(0, 255),
            st.sampled_from([0, 1, 3, 2**31 - 1]),
            st.binary(max_size=40),
        ),
        max_size=12,
    )
)
def test_whatever_a_hostile_plug_in_writes_ends_in_words(pieces: list[bytes]) -> None:
    conversation = Conversation(IMPORTER)
    for piece in (SETTINGS, *pieces):
        conversation.feed(piece)
    assert conversation.is_over == bool(conversation.broken or conversation.answers)
    assert conversation.broken.isprintable()


class Peer:
    """A server of gRPC on h2, that answers the calls it is given answers for."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self.http = H2Connection(H2Configuration(client_side=False))
        self.http.initiate_connection()
        self.answers = answers
        self.paths: dict[int, str] = {}

    def speak(self, conversation: Conversation) -> None:
        for _ in range(40):
            conversation.feed(self.http.data_to_send())
            asked = conversation.to_send()
            if not asked:
                return
            for event in self.http.receive_data(asked):
                if isinstance(event, RequestReceived):
                    headers = dict(event.headers)
                    self.paths[event.stream_id] = headers[b":path"].decode()
                    self.begin(event.stream_id)
                elif isinstance(event, DataReceived):
                    self.http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, StreamEnded):
                    self.answer(event.stream_id)

    def begin(self, stream: int) -> None:
        """A call has begun, and nothing is sent in it yet."""

    def answer(self, stream: int) -> None:
        head = [(":status", "200"), ("content-type", "application/grpc")]
        answer = self.answers.get(self.paths[stream].rpartition("/")[2])
        if answer is None:
            told = [("grpc-status", "2"), ("grpc-message", "no%20such%20host%E2%80%AE")]
            self.http.send_headers(stream, [*head, *told], end_stream=True)
            return
        self.http.send_headers(stream, head)
        self.http.send_data(stream, b"\0" + len(answer).to_bytes(4) + answer)
        self.http.send_headers(stream, [("grpc-status", "0")], end_stream=True)


def test_an_exporter_is_asked_init_ping_and_close_by_its_own_service() -> None:
    peer = Peer({"Init": protobuf.text(1, "here") + protobuf.number(4, 1), "Ping": b"", "Close": b""})
    conversation = Conversation(Wish("exporter", "ferry", {}))
    peer.speak(conversation)
    assert list(peer.paths.values()) == [
        f"/plakar.exporter.Exporter/{one}" for one in ("Init", "Ping", "Close")
    ]
    assert conversation.is_over
    assert conversation.described == Described("here", "", "", 1)


def test_the_flags_of_a_storage_stand_in_another_field() -> None:
    peer = Peer({"Init": protobuf.number(4, 1) + protobuf.number(5, 2), "Ping": b"", "Close": b""})
    conversation = Conversation(Wish("storage", "ferry", {}))
    peer.speak(conversation)
    assert conversation.described is not None
    assert conversation.described.flags == 2


class Hasty(Peer):
    """Ends an import by itself after two folders, and waits for no acknowledgement."""

    def __init__(self, status: str, *, resets: bool) -> None:
        super().__init__({"Init": protobuf.text(1, "here"), "Ping": b"", "Open": b"", "Close": b""})
        self.status, self.resets = status, resets

    def begin(self, stream: int) -> None:
        if not self.paths[stream].endswith("/Import"):
            return
        self.http.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        for name in ("/one", "/two"):
            record = protobuf.text(2, name) + protobuf.data(8, protobuf.number(3, MODE_DIRECTORY))
            message = protobuf.data(1, record)
            self.http.send_data(stream, b"\0" + len(message).to_bytes(4) + message)
        self.http.send_headers(stream, [("grpc-status", self.status)], end_stream=True)
        if self.resets:
            self.http.reset_stream(stream, ErrorCodes.NO_ERROR)

    def answer(self, stream: int) -> None:
        if not self.paths[stream].endswith("/Import"):
            super().answer(stream)


@pytest.mark.parametrize("status", ["0", "2"])
@pytest.mark.parametrize("resets", [False, True])
def test_an_import_that_ends_before_it_is_acknowledged_breaks_nothing(status: str, resets: bool) -> None:
    conversation = Conversation(IMPORTER)
    Hasty(status, resets=resets).speak(conversation)
    assert (conversation.broken, conversation.answers["Import"].status) == ("", int(status))
    assert ([one.path for one in conversation.records], conversation.doing) == (["/one", "/two"], "Close")


def test_a_refusal_is_told_in_its_words_and_nothing_more_is_asked() -> None:
    conversation = Conversation(IMPORTER)
    peer = Peer({})
    peer.speak(conversation)
    assert conversation.answers["Init"].said == "UNKNOWN: no such host\\u202e"
    assert (conversation.is_over, list(conversation.answers)) == (True, ["Init"])
