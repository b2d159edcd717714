"""What a catalog no longer has of what an earlier one promised: tables were made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from certify import Interview, Unverified
from certify.repository.config.history import SNAPSHOT_VERSION
from certify.repository.project.catalog_snapshot import CatalogSnapshot
from certify.repository.project.releases import Release
from certify.repository.project.versions import parse_version
from certify_suites.catalogs import listed, metadata_of, name_of

#: Parts of a schema looked at; the largest real ones have some thousand.
_MOST_PARTS = 10_000
_CHOICES = ("anyOf", "oneOf", "allOf")
#: What a destination chooses a column's type by, beside its type.
_FORMATS = ("format", "airbyte_type")
Catalog = Mapping[str, Any]
Path = tuple[str, ...]


@dataclass
class _Column:
    """What a schema says of one place: its types (none: any), its formats; unknown behind a reference."""

    kinds: set[str] = field(default_factory=set)
    formats: set[str] = field(default_factory=set)
    is_any: bool = False
    is_unknown: bool = False


def promised(snapshot: CatalogSnapshot, interview: Interview) -> tuple[Catalog, Release | None]:
    """The catalog of a snapshot, which is what a discovery printed, and the release it is of, where told."""
    said = interview.protocol.said(snapshot.content)
    catalog = interview.protocol.catalog(said)
    if catalog is None:
        raise Unverified(f"{snapshot.source} holds no catalog, as a discovery prints it")
    # The author may have written beside it which release it is of.
    told = parse_version(str(said.messages[-1].get(SNAPSHOT_VERSION, "")))
    return catalog, snapshot.release or (Release(snapshot.source, told) if told else None)


def breaking_changes(before: Catalog, now: Catalog, system: str) -> Iterator[tuple[str, str]]:
    """What is gone or narrower, and what was there."""
    found = {name_of(stream, system): stream for stream in now["streams"]}
    for stream in before["streams"]:
        name = name_of(stream, system)
        if name is not None and name not in found:
            yield f"stream {name} is gone", f"a stream {name}"
        elif name is not None:
            for said, expected in _of_stream(stream, found[name], system):
                yield f"stream {name}: {said}", expected


def _of_stream(before: Catalog, now: Catalog, system: str) -> Iterator[tuple[str, str]]:
    key = "json_schema" if system == "airbyte" else "schema"
    yield from _of_columns(_columns(before.get(key)), _columns(now.get(key)))
    keys_of = _keys_of_airbyte if system == "airbyte" else _keys_of_singer
    earlier, later = keys_of(before), keys_of(now)
    for what, names in earlier.items():
        if what == "primary key" and names and names != later[what]:
            yield f"its primary key is {_all(later[what])}", f"{_all(names)}, as before"
        elif what != "primary key" and names - later[what]:
            yield f"its {what} is no longer {_all(names - later[what])}", f"{_all(names)}, as before"


def _keys_of_airbyte(stream: Catalog) -> dict[str, set[str]]:
    cursor = ".".join(map(str, listed(stream.get("default_cursor_field"))))
    return {
        "primary key": {
            ".".join(map(str, listed(path))) for path in listed(stream.get("source_defined_primary_key"))
        },
        "cursor field": {cursor} if cursor else set(),
        "sync mode": set(map(str, listed(stream.get("supported_sync_modes")))),
    }


def _keys_of_singer(stream: Catalog) -> dict[str, set[str]]:
    whole = metadata_of(stream).get((), {})
    keys = listed(whole.get("table-key-properties")) or listed(stream.get("key_properties"))
    forced = whole.get("replication-key") or stream.get("replication_key")
    cursors = listed(whole.get("valid-replication-keys")) or ([forced] if forced else [])
    return {"primary key": set(map(str, keys)), "cursor field": set(map(str, cursors))}


def _of_columns(before: dict[Path, _Column], now: dict[Path, _Column]) -> Iterator[tuple[str, str]]:
    lost: set[Path] = set()
    unknown = {path for path, column in now.items() if column.is_unknown}
    for path, column in before.items():
        if any(path[:end] in unknown for end in range(len(path) + 1)):
            continue
        if path not in now:
            if path[:-1] not in lost:
                yield f"property {_dotted(path)} is gone", f"a property {_dotted(path)}"
            lost.add(path)
        elif not column.is_unknown:
            yield from _narrower(_dotted(path), column, now[path])


def _narrower(name: str, before: _Column, now: _Column) -> Iterator[tuple[str, str]]:
    if now.is_any or not now.kinds:
        return
    wide = now.kinds | ({"integer"} if "number" in now.kinds else set())
    if before.is_any or before.kinds - wide:
        was = "of any type" if before.is_any else _all(before.kinds)
        yield f"{name} is {_all(now.kinds)}", f"{was}, as before, or more"
    elif before.formats and before.formats != now.formats:
        yield f"the format of {name} is {_all(now.formats)}", f"{_all(before.formats)}, as before"


def _columns(schema: Any) -> dict[Path, _Column]:
    """The places in a schema: its properties, `[]` for the entries of a list, alternatives taken together."""
    found: dict[Path, _Column] = {}
    ahead: list[tuple[Path, Any]] = [((), schema)]
    for _ in range(_MOST_PARTS):
        if not ahead:
            break
        path, part = ahead.pop(0)
        column = found.setdefault(path, _Column())
        if isinstance(part, dict):
            _take(column, part)
            choices = [one for key in _CHOICES for one in listed(part.get(key))]
            ahead += [(path, one) for one in choices]
            properties = part.get("properties")
            if isinstance(properties, dict):
                ahead += [((*path, str(name)), one) for name, one in properties.items()]
            if isinstance(part.get("items"), dict):
                ahead.append(((*path, "[]"), part["items"]))
    return found


def _take(column: _Column, part: Mapping[str, Any]) -> None:
    kinds = part.get("type")
    column.kinds |= {kinds} if isinstance(kinds, str) else set(map(str, listed(kinds)))
    column.formats |= {str(part[key]) for key in _FORMATS if part.get(key)}
    column.is_unknown |= "$ref" in part
    # `enum` says more than any type; what it says is not compared.
    says_more = ("type", "properties", "enum", "const", "$ref", *_CHOICES)
    column.is_any |= not any(key in part for key in says_more)


def _dotted(path: Path) -> str:
    return ".".join(path).replace(".[]", "[]") or "the record"


def _all(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
