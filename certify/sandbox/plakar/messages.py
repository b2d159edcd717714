"""The messages that Plakar and a plug-in exchange, by the numbers of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from certify.sandbox.plakar.protobuf import Fields, data, mapping, number, text

#: The services by the type of connector.
SERVICES = {"importer": "importer.Importer", "exporter": "plakar.exporter.Exporter", "storage": "store.Store"}
#: Go's file modes (io/fs.FileMode): types and what else is no permission. Unix's own types are other bits.
MODE_DIRECTORY, MODE_SYMLINK = 1 << 31, 1 << 27
_OTHER_TYPES = 1 << 26 | 1 << 25 | 1 << 24 | 1 << 21 | 1 << 19
_MODE_BITS = MODE_DIRECTORY | MODE_SYMLINK | _OTHER_TYPES | 1 << 30 | 1 << 29 | 1 << 28
_KNOWN_MODES = _MODE_BITS | 1 << 23 | 1 << 22 | 1 << 20 | 0o777


def init_request(kind: str, protocol: str, config: Mapping[str, str]) -> bytes:
    """What a connector is made from; a storage is told no options."""
    if kind == "storage":
        return text(1, protocol) + mapping(2, config)
    options = text(1, "localhost") + text(2, "linux") + text(3, "amd64") + text(4, "/") + number(5, 4)
    return data(1, options) + text(2, protocol) + mapping(3, config)


@dataclass(frozen=True)
class Described:
    """What a connector says of itself in answer to Init."""

    origin: str
    type: str
    root: str
    flags: int

    @classmethod
    def of(cls, kind: str, answer: bytes) -> Described:
        """Raises MalformedMessage."""
        fields = Fields(answer)
        flags = fields.number(5 if kind == "storage" else 4)
        return cls(fields.text(1), fields.text(2), fields.text(3), flags)


@dataclass(frozen=True)
class ImportedRecord:
    """One record of an import: a file, a folder, or what else a source has; `size` in bytes."""

    path: str
    has_reader: bool
    error: str
    is_attribute: bool
    attribute: str
    target: str
    has_info: bool
    name: str
    size: int
    mode: int
    #: The record's own bytes, which name it in requests.
    raw: bytes = field(repr=False)

    @classmethod
    def of(cls, message: bytes) -> ImportedRecord:
        """Raises MalformedMessage."""
        fields = Fields(message)
        info = Fields(fields.data(8))
        return cls(
            path=fields.text(2),
            has_reader=bool(fields.number(1)),
            error=fields.text(3),
            is_attribute=bool(fields.number(4)),
            attribute=fields.text(5),
            target=fields.text(7),
            has_info=fields.has(8),
            name=info.text(1),
            size=info.signed(2),
            mode=info.number(3) & 0xFFFFFFFF,
            raw=message,
        )

    @property
    def is_directory(self) -> bool:
        """Whether it is a folder."""
        return bool(self.mode & MODE_DIRECTORY)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file, whose bytes are backed up."""
        types = MODE_DIRECTORY | MODE_SYMLINK | _OTHER_TYPES
        return self.has_info and not self.is_attribute and not self.error and not self.mode & types

    @property
    def unknown_mode(self) -> int:
        """Bits of its mode that Go's file modes have no meaning for."""
        return self.mode & ~_KNOWN_MODES


def open_request(record: ImportedRecord) -> bytes:
    """Asks for the bytes of a record."""
    return data(1, record.raw)


def acknowledged(record: ImportedRecord) -> bytes:
    """Tells that a record is stored."""
    return data(1, data(1, record.raw))
