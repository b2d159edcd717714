"""A client of gRPC as a value that takes bytes and gives bytes: no socket, no thread, no clock.

Sources: RFC 9113 (h2 speaks it), https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
    WindowUpdated,
)
from h2.exceptions import H2Error, StreamClosedError

from certify.sandbox.plakar.observed import Over
from certify.text import one_line

#: Plug-ins send content in pieces of 1 MiB; gRPC's own limit is 4.
_MAX_MESSAGE = 8 * 1024 * 1024
_PREFIX = 5
#: gRPC's UNKNOWN, for a call that ended without a status.
_NO_STATUS = 2


class BrokenWire(Exception):
    """What came is no gRPC; the message says how."""


@dataclass(frozen=True)
class Ready:
    """The server's settings have come."""


@dataclass(frozen=True)
class Message:
    """One message of a call."""

    stream: int
    data: bytes


Event = Ready | Message | Over


class GrpcClient:
    """Opens calls, and tells what comes of them."""

    def __init__(self) -> None:
        self._http = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._http.initiate_connection()
        self._incoming: dict[int, bytearray] = {}
        self._outgoing: dict[int, bytearray] = {}
        self._closing: set[int] = set()
        self._trailers: dict[int, dict[str, str]] = {}

    def call(self, path: str) -> int:
        """Begin a call; returns its stream."""
        stream = self._http.get_next_available_stream_id()
        headers = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", "localhost"),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", "certify"),
        ]
        self._http.send_headers(stream, headers)
        self._incoming[stream], self._outgoing[stream] = bytearray(), bytearray()
        return stream

    def send(self, stream: int, message: bytes) -> None:
        """One message of a call; nothing where that is over, which is told by then, or will be."""
        if stream in self._outgoing:
            self._outgoing[stream] += bytes(1) + len(message).to_bytes(4) + message
            self._flush()

    def finish(self, stream: int) -> None:
        """Say that no message will follow."""
        if stream in self._outgoing:
            self._closing.add(stream)
            self._flush()

    def cancel(self, stream: int) -> None:
        """Give a call up; nothing more is told of it."""
        if self._incoming.pop(stream, None) is not None:
            with contextlib.suppress(StreamClosedError):
                self._http.reset_stream(stream, ErrorCodes.CANCEL)
            self._forget(stream)

    def to_send(self) -> bytes:
        """What is to be sent now."""
        return bytes(self._http.data_to_send())

    def feed(self, frames: bytes) -> list[Event]:
        """What whole frames mean. Raises BrokenWire."""
        try:
            received = self._http.receive_data(frames)
            return [event for one in received for event in self._events(one)]
        except H2Error as error:
            raise BrokenWire(f"breaks HTTP/2: {one_line(str(error), 200)}") from error

    def _events(self, event: Any) -> Iterable[Event]:
        if isinstance(event, RemoteSettingsChanged):
            return [Ready()]
        if isinstance(event, ConnectionTerminated) and event.error_code:
            words = (event.additional_data or b"").decode("utf-8", "replace")
            raise BrokenWire(f"gives the connection up ({event.error_code}: {one_line(words, 200)})")
        if isinstance(event, WindowUpdated):
            self._flush()
        if isinstance(event, DataReceived):
            self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        if getattr(event, "stream_id", None) in self._incoming:
            return list(self._of_call(event, event.stream_id))
        return ()

    def _of_call(self, event: Any, stream: int) -> Iterator[Event]:
        if isinstance(event, DataReceived):
            yield from self._messages(stream, event.data)
        elif isinstance(event, ResponseReceived | TrailersReceived):
            self._trailers.setdefault(stream, {}).update(_named(event.headers))
        elif isinstance(event, StreamReset):
            yield self._over(stream, Over(stream, _NO_STATUS, f"the call was reset ({event.error_code})"))
        elif isinstance(event, StreamEnded):
            yield self._over(stream, self._status(stream))

    def _messages(self, stream: int, data: bytes) -> Iterator[Message]:
        waiting = self._incoming[stream]
        waiting += data
        while len(waiting) >= _PREFIX:
            length = int.from_bytes(waiting[1:_PREFIX])
            if waiting[0]:
                raise BrokenWire("sends a compressed message, which nobody asked for")
            if length > _MAX_MESSAGE:
                raise BrokenWire(f"sends a message of {length:,} bytes")
            if len(waiting) < _PREFIX + length:
                return
            yield Message(stream, bytes(waiting[_PREFIX : _PREFIX + length]))
            del waiting[: _PREFIX + length]

    def _status(self, stream: int) -> Over:
        told = self._trailers.get(stream, {})
        if told.get(":status") != "200" or not told.get("content-type", "").startswith("application/grpc"):
            said = f"HTTP status {told.get(':status')}, content type {told.get('content-type')}"
            raise BrokenWire(f"answers with no gRPC: {one_line(said, 200)}")
        status = told.get("grpc-status", "")
        if not (status.isascii() and status.isdecimal() and len(status) < 4):
            raise BrokenWire("ends a call without a status")
        if self._incoming[stream]:
            raise BrokenWire("ends a call within a message")
        return Over(stream, int(status), unquote(told.get("grpc-message", ""), errors="replace"))

    def _over(self, stream: int, over: Over) -> Over:
        del self._incoming[stream]
        self._forget(stream)
        return over

    def _forget(self, stream: int) -> None:
        self._outgoing.pop(stream, None)
        self._trailers.pop(stream, None)
        self._closing.discard(stream)

    def _flush(self) -> None:
        """Send as much as the server's windows let through."""
        for stream in list(self._outgoing):
            try:
                self._flush_call(stream)
            except StreamClosedError:  # the server has ended it, and nobody reads what is left
                del self._outgoing[stream]
                self._closing.discard(stream)

    def _flush_call(self, stream: int) -> None:
        waiting = self._outgoing[stream]
        while waiting and (room := self._room(stream)):
            self._http.send_data(stream, bytes(waiting[:room]))
            del waiting[:room]
        if not waiting and stream in self._closing:
            self._http.end_stream(stream)
            del self._outgoing[stream]
            self._closing.discard(stream)

    def _room(self, stream: int) -> int:
        """Bytes that may be sent of a call now; a window is negative where the server made it smaller."""
        window = self._http.local_flow_control_window(stream)
        return max(0, min(window, self._http.max_outbound_frame_size))


def _named(headers: Any) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in headers or ()}


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
