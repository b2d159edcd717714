"""One connection to the wire: read requests, send answers, or break them as a fault says.

It speaks to whoever connects, in whatever way: straight HTTP, a proxy's absolute addresses, CONNECT, and TLS
from the first byte.
Sources: RFC 9110, RFC 9112; SO_LINGER in socket(7).
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from certify.replay.authority import ASKED_FOR, Authority
from certify.replay.cassette import Answer, Asked, bare_host
from certify.replay.faults import How
from certify.replay.played import Exchange
from certify.replay.wire_form import on_the_wire

#: A request of this size is no connector's.
_MAX_HEAD, _MAX_BODY = 256 * 1024, 256 * 1024 * 1024
_PIECE = 256 * 1024
_TLS_HANDSHAKE = b"\x16"
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Plays(Protocol):
    """What a conversation needs of the run that it belongs to."""

    @property
    def certificate(self) -> How:
        """Which certificate the server shows; ANSWER is one to be trusted."""
        ...

    def shook_hands(self, host: str) -> None:
        """That certificate was shown to a client that asked for this host."""
        ...

    def begin(self, asked: Asked) -> Exchange | None:
        """Note a request and choose its answer; None when there is to be none."""
        ...

    def delivered(self, exchange: Exchange) -> None:
        """The answer is out."""
        ...

    def undelivered(self, exchange: Exchange) -> None:
        """It is not."""
        ...


class Conversation:
    """One connection, until either side has had enough.

    While it waits for the other side, `waits_for` says for what; nothing is left to do here, then, unless
    that has come.
    """

    def __init__(self, connection: socket.socket, authority: Authority, run: Plays) -> None:
        connection.setblocking(False)
        self._stream = connection
        self._authority = authority
        self._run = run
        self._read = io.BufferedReader(_Incoming(self))
        self._tunnel = ""
        self._is_encrypted = False
        self._is_old = False
        self._lock = threading.Lock()
        self._waits_for = 0

    @property
    def is_still(self) -> bool:
        """Whether it waits for the other side, and what it waits for has not come."""
        with self._lock:
            return bool(self._waits_for) and not is_ready(self._stream, self._waits_for, 0)

    def hang_up(self) -> None:
        """End it, from another thread."""
        with contextlib.suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)

    def hold(self) -> None:
        """Until the end."""
        try:
            if self.begins_with(_TLS_HANDSHAKE):
                self._encrypt("")
            while self._exchange():
                pass
        except _NoHttp:
            with contextlib.suppress(OSError):
                self.send(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        except OSError:
            pass  # it hung up

    def close(self) -> None:
        """Nothing more will be said."""
        with self._lock, contextlib.suppress(OSError):
            self._waits_for = 0
            self._stream.close()

    def begins_with(self, byte: bytes) -> bool:
        """Whether this is the first byte that comes."""
        try:
            return self._peek() == byte
        except OSError:
            return False

    def _exchange(self) -> bool:
        """One request and its answer; whether the connection goes on."""
        asked = self._next()
        exchange = self._run.begin(asked) if asked is not None else None
        if exchange is None or exchange.sent is None:
            return False
        try:
            goes_on = self._answer(exchange, exchange.sent)
        except OSError:
            self._run.undelivered(exchange)
            raise
        return goes_on

    # --- bytes ------------------------------------------------------------------------------------

    def _patiently(self, operation: Callable[..., Any], *arguments: Any, ready: int = select.POLLIN) -> Any:
        while True:
            try:
                return operation(*arguments)
            except ssl.SSLWantWriteError:
                self._await(select.POLLOUT)
            except (BlockingIOError, ssl.SSLWantReadError):
                self._await(ready)

    def _await(self, event: int) -> None:
        self._waits_for = event
        is_ready(self._stream, event, None)
        with self._lock:
            self._waits_for = 0

    def receive(self, size: int) -> bytes:
        """Some bytes, at the end none."""
        return bytes(self._patiently(self._stream.recv, size))

    def send(self, data: bytes) -> None:
        """All of it."""
        view = memoryview(data)
        while view:
            view = view[self._patiently(self._stream.send, view[:_PIECE], ready=select.POLLOUT) :]

    def _peek(self) -> bytes:
        return bytes(self._patiently(self._stream.recv, 1, socket.MSG_PEEK))

    def _encrypt(self, host: str) -> None:
        context = self._authority.context(host, self._run.certificate)
        with self._lock:
            encrypted = context.wrap_socket(self._stream, server_side=True, do_handshake_on_connect=False)
            self._stream = encrypted
        self._is_encrypted = True
        try:
            self._patiently(encrypted.do_handshake)
        finally:
            self._run.shook_hands(host or getattr(encrypted, ASKED_FOR, ""))

    # --- requests ---------------------------------------------------------------------------------

    def _next(self) -> Asked | None:
        """Read one request; None at the end. What follows a CONNECT is spoken inside it."""
        while True:
            method, target = self._request_line()
            if not method:
                return None
            headers = self._headers()
            if method != "CONNECT":
                break
            self.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._tunnel = target
            if self.begins_with(_TLS_HANDSHAKE):
                self._encrypt(target.rpartition(":")[0])
        body = self._body(headers)
        try:
            parts = urlsplit(target)
        except ValueError as error:
            raise _NoHttp from error
        host = parts.netloc.rpartition("@")[2] or headers.get("host") or self._tunnel
        place = (bare_host(host), parts.path or "/", parts.query)
        return Asked(method, *place, headers, body, self._is_encrypted)

    def _request_line(self) -> tuple[str, str]:
        line = self._line()
        if line in (b"\r\n", b"\n"):  # robustness, RFC 9112, 2.2
            line = self._line()
        if not line:
            return "", ""
        words = line.decode("latin-1").split()
        if len(words) != 3 or not words[2].startswith("HTTP/1.") or not _METHOD.fullmatch(words[0]):
            raise _NoHttp
        self._is_old = words[2] == "HTTP/1.0"
        return words[0].upper(), words[1]

    def _line(self) -> bytes:
        line = self._read.readline(_MAX_HEAD)
        if line and not line.endswith(b"\n"):
            raise _NoHttp if len(line) >= _MAX_HEAD else ConnectionError
        return line

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        size = 0
        while (line := self._line()) not in (b"\r\n", b"\n"):
            size += len(line)
            if size > _MAX_HEAD:
                raise _NoHttp
            if not line:
                raise ConnectionError
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return headers

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower().endswith("chunked"):
            return self._chunks()
        length = headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit() and int(length[:20]) <= _MAX_BODY):
            raise _NoHttp
        return self._exactly(int(length))

    def _chunks(self) -> bytes:
        pieces: list[bytes] = []
        left = _MAX_BODY
        while True:
            size = self._line().split(b";")[0].strip()
            if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size) or int(size, 16) > left:
                raise _NoHttp
            if not int(size, 16):
                self._headers()  # its trailers
                return b"".join(pieces)
            pieces.append(self._exactly(int(size, 16)))
            left -= len(pieces[-1])
            self._line()

    def _exactly(self, size: int) -> bytes:
        data = self._read.read(size)
        if len(data) < size:
            raise ConnectionError("cut off within a body")
        return data

    # --- answers ----------------------------------------------------------------------------------

    def _answer(self, exchange: Exchange, answer: Answer) -> bool:
        """Send an answer, or break it; whether the connection goes on."""
        how = exchange.fault.how if exchange.fault else How.ANSWER
        if how is How.RESET:
            self._reset(exchange)
            return False
        if how is How.HANG:
            self._run.delivered(exchange)
            self._await(select.POLLIN)
            return False
        data, goes_on = on_the_wire(exchange.asked, answer, how)
        self.send(data)
        if how is How.RESET_MID_BODY:
            self._reset(exchange)
            return False
        self._run.delivered(exchange)
        return goes_on and self._may_go_on(exchange.asked)

    def _may_go_on(self, asked: Asked) -> bool:
        """Whether the client may want more; one that is old reads to the end unless it says so."""
        wishes = asked.headers.get("connection", "").lower()
        return "close" not in wishes and (not self._is_old or "keep-alive" in wishes)

    def _reset(self, exchange: Exchange) -> None:
        """Linger for no time and close the last descriptor: that sends RST."""
        # Before: the client may end the run while this thread still waits for its turn.
        self._run.delivered(exchange)
        self._stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with self._lock:
            os.close(self._stream.detach())


class _NoHttp(Exception):
    """What came is no request."""


class _Incoming(io.RawIOBase):
    """The bytes of a connection, however it is encrypted by now."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._conversation.receive(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def is_ready(stream: socket.socket, event: int, seconds: float | None) -> bool:
    """Whether an event is there, or the connection is at its end."""
    descriptor = stream.fileno()
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(None if seconds is None else seconds * 1000))
