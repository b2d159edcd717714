"""Framed JSON over a socket: four bytes of length, then UTF-8. Never pickle."""

from __future__ import annotations

import json
import socket
import struct
import threading
from typing import Any

_LENGTH = struct.Struct(">I")

#: No message of ours comes near; a longer one is not ours.
MAX_FRAME = 16 * 1024 * 1024


def pack(message: dict[str, Any]) -> bytes:
    """One message as bytes."""
    body = json.dumps(message, ensure_ascii=True).encode("ascii")
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Turns a stream of bytes, in whatever pieces it comes, back into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages completed by these bytes. Raises ValueError for what is no frame of ours."""
        self._buffer += data
        messages = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > MAX_FRAME:
                raise ValueError(f"a frame of {length} bytes")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                break
            try:
                message = json.loads(bytes(self._buffer[_LENGTH.size : end]))
            except RecursionError as error:
                raise ValueError("a frame nested without end") from error
            del self._buffer[:end]
            if not isinstance(message, dict):
                raise ValueError("a frame that is no object")
            messages.append(message)
        return messages


class FrameWriter:
    """Sends messages on a socket; after the other end is gone, or the descriptor, says nothing more."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._open = True
        self._lock = threading.Lock()
        self._asking = threading.Lock()

    def send(self, **message: Any) -> None:
        """Send one message, if anyone still listens."""
        self._send(message)

    def ask(self, **message: Any) -> bytes:
        """Send one message and wait for the byte that answers it; none when nobody listens any more."""
        with self._asking:
            self._send(message)
            try:
                return self._channel.recv(1) if self._open else b""
            except OSError:
                return b""

    def _send(self, message: dict[str, Any]) -> None:
        if not self._open:
            return
        frame = pack(message)
        if len(frame) > MAX_FRAME:  # the other side would take it, and all that follows, for nonsense
            frame = pack({"unsent": len(frame)})
        try:
            with self._lock:
                self._channel.sendall(frame)
        except OSError:
            self._open = False
