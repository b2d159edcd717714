"""Read a compiled assembly without .NET (ECMA-335, II.22 and II.24). Needs the extra `appseconnect`."""

from __future__ import annotations

import logging
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from certify.errors import ContractError

#: Adapters have some 100 KiB; a larger file takes the parser seconds.
MAX_BYTES = 2 * 1024 * 1024
_MAX_STRINGS = 50_000


@dataclass(frozen=True)
class Assembly:
    """What an assembly's tables say."""

    file: str
    name: str
    version: str
    #: Version by the name of a referenced assembly.
    references: dict[str, str]
    #: The interfaces that a type implements, by the type's name without its namespace.
    interfaces: dict[str, tuple[str, ...]]
    #: Members of other assemblies that are used: `System.DateTime.Now`.
    members: tuple[str, ...]
    strings: tuple[str, ...]


def parse_assembly(content: bytes, file: str) -> Assembly:
    """Parse one. Raises ContractError for what is none, ImportError without the extra."""
    import dnfile
    import pefile

    for library in ("dnfile", "pefile"):  # they would print what they stumble over
        logging.getLogger(library).setLevel(logging.CRITICAL + 1)
    if len(content) > MAX_BYTES:
        raise ContractError(f"{file}: more than {MAX_BYTES // 1024 // 1024} MiB are not read")
    try:
        net: Any = dnfile.dnPE(data=content).net  # type: ignore[no-untyped-call]  # annotated in part
        tables = net.mdtables
        own = tables.Assembly.rows[0]
        return Assembly(
            file=file,
            name=str(own.Name),
            version=_version(own),
            references={str(one.Name): _version(one) for one in _rows(tables.AssemblyRef)},
            interfaces=_interfaces(tables),
            members=tuple(dict.fromkeys(_members(tables))),
            strings=tuple(_strings(net.user_strings)),
        )
    # What dnfile meets in a truncated or hostile file it passes on as it is.
    except (pefile.PEFormatError, AttributeError, LookupError, TypeError, ValueError, struct.error) as error:
        raise ContractError(f"{file}: is no .NET assembly, or a damaged one") from error
    except (OverflowError, MemoryError, RecursionError) as error:
        raise ContractError(f"{file}: is no .NET assembly, or a damaged one") from error


def _rows(table: Any) -> list[Any]:
    return list(table.rows) if table is not None else []


def _version(row: Any) -> str:
    return f"{row.MajorVersion}.{row.MinorVersion}.{row.BuildNumber}.{row.RevisionNumber}"


def _interfaces(tables: Any) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for row in _rows(tables.InterfaceImpl):
        implementing, implemented = row.Class.row, row.Interface.row
        name = getattr(implemented, "TypeName", None)
        if name is not None:
            found.setdefault(str(implementing.TypeName), []).append(str(name))
    return {name: tuple(interfaces) for name, interfaces in found.items()}


def _members(tables: Any) -> Iterator[str]:
    for row in _rows(tables.MemberRef):
        owner: Any = row.Class.row if row.Class is not None else None
        if getattr(owner, "TypeName", None) is not None:
            member = str(row.Name).removeprefix("get_").removeprefix("set_")
            yield f"{owner.TypeNamespace}.{owner.TypeName}.{member}"


def _strings(heap: Any) -> Iterator[str]:
    """The literals in the heap of user strings, one after the other (II.24.2.4)."""
    offset = 1
    for _ in range(_MAX_STRINGS if heap is not None else 0):
        item = heap.get(offset)
        if item is None or item.raw_size <= 0:
            return
        if item.value:
            yield str(item.value)
        offset += item.raw_size
