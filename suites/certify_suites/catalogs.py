"""What is wrong with a catalog that a command discovered."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from certify.sandbox.row_schema import RowSchema
from certify.text import cut

_SYNC_MODES = ("full_refresh", "incremental")
_INCLUSIONS = ("automatic", "available", "unsupported")
#: What Airbyte's destinations make no columns of.
_NOT_UNDERSTOOD = ("$ref", "allOf", "not")
_MOST_PARTS = 10_000


def amiss(catalog: Mapping[str, Any], system: str) -> Iterator[tuple[str, str]]:
    """What is wrong, and what was expected."""
    streams = catalog["streams"]
    if not streams:
        yield "the catalog has no stream", "a stream for whatever can be read"
    names = [name_of(stream, system) for stream in streams]
    for name, count in Counter(names).items():
        if name is None:
            yield "a stream has no name", "a name for each stream"
        elif count > 1:
            yield f"{count} streams are named {name}", "one stream of a name"
    of_stream = _of_airbyte if system == "airbyte" else _of_singer
    for name, stream in zip(names, streams, strict=True):
        for said, expected in of_stream(stream):
            yield f"stream {name}: {said}", expected


def told_otherwise(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """The names of the streams that one of two catalogs does not tell as the other does."""
    one, other = (
        {str(stream.get("tap_stream_id") or stream.get("name")): stream for stream in catalog["streams"]}
        for catalog in (first, second)
    )
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def name_of(stream: Mapping[str, Any], system: str) -> str | None:
    """The name by which its platform knows a stream; None where it has none."""
    keys = ("namespace", "name") if system == "airbyte" else ("tap_stream_id",)
    parts = [stream[key] for key in keys if isinstance(stream.get(key), str) and stream[key]]
    return ".".join(parts) if isinstance(stream.get(keys[-1]), str) and parts else None


def _of_airbyte(stream: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    schema = stream.get("json_schema")
    yield from _schema(schema)
    for keyword in sorted({key for part in _parts(schema) for key in part if key in _NOT_UNDERSTOOD}):
        yield f"its schema uses {keyword}", "a schema without it, which a destination makes columns of"
    if any(part.get("additionalProperties") is False for part in _parts(schema)):
        yield (
            "its schema forbids further properties",
            "additionalProperties that is true or absent: a new field is no error",
        )
    modes = stream.get("supported_sync_modes")
    if not isinstance(modes, list) or not modes or any(mode not in _SYNC_MODES for mode in modes):
        yield f"its supported_sync_modes are {_shown(modes)}", f"one or more of {', '.join(_SYNC_MODES)}"
    for path in listed(stream.get("source_defined_primary_key")):
        yield from _column(schema, listed(path), "primary key")
    if cursor := listed(stream.get("default_cursor_field")):
        yield from _column(schema, cursor, "cursor field")


def _of_singer(stream: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    schema = stream.get("schema")
    yield from _schema(schema)
    said = metadata_of(stream)
    whole = said.get((), {})
    for name in listed(whole.get("table-key-properties")) or listed(stream.get("key_properties")):
        yield from _column(schema, [name], "key property")
    for name in listed(whole.get("valid-replication-keys")):
        yield from _column(schema, [name], "replication key")
    for breadcrumb, metadata in said.items():
        if breadcrumb and not _leads(schema, breadcrumb):
            yield (
                f"its metadata speaks of {'.'.join(breadcrumb)}, which its schema does not have",
                "a breadcrumb into the schema",
            )
        inclusion = metadata.get("inclusion")
        if inclusion is not None and inclusion not in _INCLUSIONS:
            yield (
                f"{'.'.join(breadcrumb) or 'it'} has inclusion {_shown(inclusion)}",
                f"one of {', '.join(_INCLUSIONS)}",
            )


def _schema(schema: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(schema, dict):
        yield "it has no schema", "a JSON Schema of its records"
        return
    try:
        RowSchema(json.dumps(schema))
    except ValueError as error:
        yield f"its schema is none: {cut(str(error).splitlines()[0], 160)}", "a valid JSON Schema"


def metadata_of(stream: Mapping[str, Any]) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """What a Singer catalog says of a stream, by breadcrumb; the stream as a whole has an empty one."""
    entries = [one for one in listed(stream.get("metadata")) if isinstance(one, dict)]
    return {
        tuple(map(str, listed(one.get("breadcrumb")))): one["metadata"]
        for one in entries
        if isinstance(one.get("metadata"), dict)
    }


def listed(value: Any) -> list[Any]:
    """The entries of a list; none of what is no list."""
    return value if isinstance(value, list) else []


def _column(schema: Any, path: Sequence[Any], what: str) -> Iterator[tuple[str, str]]:
    """A key or a cursor is a column of the schema, and one value."""
    named = ".".join(map(str, path))
    found = schema
    for name in map(str, path):
        properties = found.get("properties") if isinstance(found, dict) else None
        if not isinstance(properties, dict) or name not in properties:
            yield f"its {what} {named} is not in its schema", "a property of the schema"
            return
        found = properties[name]
    kinds = found.get("type") if isinstance(found, dict) else None
    many = {"object", "array"} & set([kinds] if isinstance(kinds, str) else kinds or ())
    if many:
        yield f"its {what} {named} is an {min(many)}", "a single value"


def _leads(schema: Any, breadcrumb: Sequence[str]) -> bool:
    for key in breadcrumb:
        if isinstance(schema, dict) and key in schema:
            schema = schema[key]
        else:
            return False
    return True


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """The schemas within a schema; names of properties are no keywords."""
    ahead, seen = [schema], 0
    while ahead and seen < _MOST_PARTS:
        part = ahead.pop()
        seen += 1
        if not isinstance(part, dict):
            continue
        yield part
        for key, value in part.items():
            if key in ("properties", "patternProperties", "$defs", "definitions") and isinstance(value, dict):
                ahead += value.values()
            elif key in ("items", "additionalProperties", "not", "if", "then", "else"):
                ahead += value if isinstance(value, list) else [value]
            elif key in ("anyOf", "oneOf", "allOf") and isinstance(value, list):
                ahead += value


def _shown(value: Any) -> str:
    return cut(json.dumps(value, ensure_ascii=False, default=str), 60)
