"""Turn an answer into bytes on the wire, whole or damaged as a fault says.

Sources: RFC 9110, RFC 9112, RFC 1952.
"""

from __future__ import annotations

import gzip
import http
import re
import struct
import zlib
from dataclasses import replace

from certify.replay.cassette import Answer, Asked
from certify.replay.faults import How

_REASONS = {status.value: status.phrase for status in http.HTTPStatus}
_GZIPPED = (How.BAD_GZIP, How.BAD_GZIP_CHECKSUM, How.CUT_GZIP)
_DIGIT = re.compile(rb"[0-9]")


def on_the_wire(asked: Asked, answer: Answer, how: How) -> tuple[bytes, bool]:
    """The bytes of an answer, and whether the connection can go on after them."""
    if how in _GZIPPED:
        answer = _gzipped(answer, how)
    if asked.method == "HEAD" or answer.status in (204, 304) or 100 <= answer.status < 200:
        length = () if answer.status == 204 else (("content-length", str(len(answer.body))),)
        return _head(answer, *length), True
    half = answer.body[: len(answer.body) // 2]
    length = (("content-length", str(len(answer.body))),)
    if how is How.CUT_CHUNKS:
        chunk = b"%x\r\n%b\r\n" % (len(half), half) if half else b""
        return _head(answer, ("transfer-encoding", "chunked")) + chunk, False
    if how is How.CUT_AT_CLOSE:
        return _head(answer, ("connection", "close")) + half, False
    if how in (How.SHORT_LENGTH, How.RESET_MID_BODY):
        return _head(answer, *length) + half, False
    return _head(answer, *length) + answer.body, True


def _gzipped(answer: Answer, how: How) -> Answer:
    body = answer.body
    if how is not How.BAD_GZIP:
        plain = _plain(answer)
        damaged = _damaged(plain) if how is How.BAD_GZIP_CHECKSUM else plain
        packed = bytearray(gzip.compress(damaged, mtime=0))
        packed[-8:-4] = struct.pack("<I", zlib.crc32(plain))
        body = bytes(packed[:-8]) if how is How.CUT_GZIP else bytes(packed)
    elif answer.header("content-encoding") == "gzip":
        body = b"\0" + body[1:]
    headers = [pair for pair in answer.headers if pair[0] != "content-encoding"]
    return replace(answer, body=body, headers=(*headers, ("content-encoding", "gzip")))


def _damaged(plain: bytes) -> bytes:
    """The same but for its first digit: it still parses, and only the checksum tells that it is another."""
    return _DIGIT.sub(lambda digit: b"8" if digit[0] == b"9" else b"%d" % (int(digit[0]) + 1), plain, count=1)


def _plain(answer: Answer) -> bytes:
    if answer.header("content-encoding") != "gzip":
        return answer.body
    try:
        return gzip.decompress(answer.body)
    except (OSError, EOFError, zlib.error):  # recorded so
        return answer.body


def _head(answer: Answer, *added: tuple[str, str]) -> bytes:
    reason = answer.reason or _REASONS.get(answer.status, "Status")
    lines = [f"HTTP/1.1 {answer.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in (*answer.headers, *added)]
    return ("\r\n".join(re.sub(r"[\r\n]", "", line) for line in lines) + "\r\n\r\n").encode(
        "latin-1", "replace"
    )
