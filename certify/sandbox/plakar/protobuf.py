"""The wire format of protocol buffers, as much as Plakar's messages need.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}
#: A message of Plakar's has a dozen fields; extended attributes may be a few hundred.
_MAX_FIELDS = 10_000
_LONGEST_VARINT = 10


class MalformedMessage(ValueError):
    """Bytes that are no message of the expected form."""


class Fields:
    """The fields of a message by their numbers; of several values of one the last counts."""

    def __init__(self, data: bytes) -> None:
        self._values: dict[int, list[int | bytes]] = {}
        position = 0
        for _ in range(_MAX_FIELDS):
            if position == len(data):
                return
            key, position = _varint(data, position)
            value, position = _value(data, position, key & 7)
            self._values.setdefault(key >> 3, []).append(value)
        raise MalformedMessage(f"more than {_MAX_FIELDS:,} fields")

    def number(self, field: int) -> int:
        """A whole number that is not negative, or a truth as 0 or 1; 0 where it is absent."""
        value = self._last(field)
        if isinstance(value, bytes):
            raise MalformedMessage(f"field {field} is no number")
        return value or 0

    def signed(self, field: int) -> int:
        """A whole number of 64 bits, of which the highest is its sign."""
        value = self.number(field)
        return value - 2**64 if value >= 2**63 else value

    def data(self, field: int) -> bytes:
        """Bytes, or a message within; empty where it is absent."""
        value = self._last(field)
        if isinstance(value, int):
            raise MalformedMessage(f"field {field} is a number, where bytes belong")
        return value or b""

    def text(self, field: int) -> str:
        """A text; empty where it is absent."""
        try:
            return self.data(field).decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedMessage(f"field {field} is no UTF-8 text") from error

    def has(self, field: int) -> bool:
        """Whether it is there, be it empty."""
        return field in self._values

    def _last(self, field: int) -> int | bytes | None:
        return self._values.get(field, [None])[-1]


def _value(data: bytes, position: int, kind: int) -> tuple[int | bytes, int]:
    if kind == _VARINT:
        return _varint(data, position)
    if kind == _BYTES:
        length, position = _varint(data, position)
    elif kind in _WIDTHS:
        length = _WIDTHS[kind]
    else:
        raise MalformedMessage(f"a field of the unknown kind {kind}")
    end = position + length
    if end > len(data):
        raise MalformedMessage("a field is longer than its message")
    return data[position:end], end


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for index, byte in enumerate(data[position : position + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value & (2**64 - 1), position + index + 1
    raise MalformedMessage("a number that does not end")


def number(field: int, value: int) -> bytes:
    """A field with a whole number that is not negative; nothing for 0, which is what absence means."""
    return _encoded(field << 3 | _VARINT) + _encoded(value) if value else b""


def data(field: int, value: bytes) -> bytes:
    """A field with bytes or a message, be they empty."""
    return _encoded(field << 3 | _BYTES) + _encoded(len(value)) + value


def text(field: int, value: str) -> bytes:
    """A field with a text; nothing for the empty one."""
    return data(field, value.encode("utf-8", "surrogatepass")) if value else b""


def mapping(field: int, values: Mapping[str, str] | Iterable[tuple[str, str]]) -> bytes:
    """A field that maps texts to texts."""
    pairs = values.items() if isinstance(values, Mapping) else values
    return b"".join(data(field, text(1, key) + text(2, value)) for key, value in pairs)


def _encoded(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])
