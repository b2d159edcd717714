"""Let whole HTTP/2 frames through, and tell at once of bytes that belong to none.

A library for HTTP/2 takes `Starting…` for the head of a frame of five megabytes, and waits for them.
Source: RFC 9113, sections 4.1 and 6.
"""

from __future__ import annotations

_HEAD = 9
#: What a peer may send as long as nobody allows it more (SETTINGS_MAX_FRAME_SIZE).
_MAX_FRAME = 16_384
_DATA, _HEADERS, _PRIORITY, _RESET, _SETTINGS, _PUSH, _PING, _GOAWAY, _WINDOW, _CONTINUATION = range(10)
#: Frames that speak of a stream, and those that speak of the connection; WINDOW_UPDATE does both.
_OF_STREAM = frozenset({_DATA, _HEADERS, _PRIORITY, _RESET, _CONTINUATION})
_OF_CONNECTION = frozenset({_SETTINGS, _PING, _GOAWAY})
#: The lengths of frames that have one length alone.
_LENGTHS = {_PRIORITY: 5, _RESET: 4, _PING: 8, _WINDOW: 4}
#: What is kept of bytes that belong to no frame.
_KEPT = 4_096
#: After so many no frame is looked for.
MAX_STRAY = 65_536


class FrameTap:
    """Takes what a plug-in writes on its standard output; the first frame must be SETTINGS."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._has_begun = False
        self._stray = bytearray()
        self.stray_bytes = 0

    @property
    def stray(self) -> bytes:
        """The beginning of what belonged to no frame, what may yet become one left out."""
        return bytes(self._stray)

    @property
    def left(self) -> bytes:
        """The beginning of a frame that did not end."""
        return bytes(self._waiting[:_KEPT])

    def feed(self, data: bytes) -> bytes:
        """The frames that these bytes complete; what stands between frames is taken out."""
        self._waiting += data
        whole = bytearray()
        position = 0
        while position < len(self._waiting):
            head = bytes(self._waiting[position : position + _HEAD])
            if not self._may_begin(head):
                found = self._next_frame(position + 1)
                self._put_aside(position, found)
                position = found
                continue
            end = position + _HEAD + int.from_bytes(head[:3])
            if len(head) < _HEAD or end > len(self._waiting):
                break
            whole += self._waiting[position:end]
            self._has_begun = True
            position = end
        del self._waiting[:position]
        return bytes(whole)

    def _next_frame(self, start: int) -> int:
        """Where a whole head of a frame stands behind other bytes; the end where there is none."""
        for position in range(start, len(self._waiting) - _HEAD + 1):
            if self._may_begin(bytes(self._waiting[position : position + _HEAD])):
                return position
        return len(self._waiting)

    def _put_aside(self, start: int, end: int) -> None:
        self.stray_bytes += end - start
        self._stray += self._waiting[start : min(end, start + _KEPT - len(self._stray))]

    def _may_begin(self, head: bytes) -> bool:
        """Whether a frame may begin with these bytes, of which some may still be missing."""
        length = int.from_bytes(head[:3]) if len(head) >= 3 else head[0] << 16
        if length > _MAX_FRAME:
            return False
        if len(head) < 4:
            return True
        kind = head[3]
        wanted = _LENGTHS.get(kind, length)
        if (
            kind > _CONTINUATION
            or kind == _PUSH
            or length != wanted
            or (not self._has_begun and kind != _SETTINGS)
        ):
            return False
        if kind == _SETTINGS and length % 6:
            return False
        if len(head) < _HEAD:
            return True
        stream = int.from_bytes(head[5:9])
        of_stream = stream % 2 == 1 and stream < 2**31  # even ones are a server's own, and there are none
        if kind in _OF_CONNECTION:
            return stream == 0
        return of_stream or (kind not in _OF_STREAM and stream == 0)
