"""Turn streams, however they were told, into what a contract says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from certify.systems.finding.checkout import inside, texts
from certify.systems.finding.classes import Stream, field_names
from certify.systems.finding.fact import Fact

#: More are not written into a contract that people read; they can add them.
_MAX_STREAMS = 100


def facts(streams: Iterable[Stream]) -> Iterator[Fact]:
    """The keys and cursors of each, and whether anything is read on from a cursor."""
    origin = "no stream has a cursor"
    strategies = ["full_refresh"]
    for one, _ in zip(streams, range(_MAX_STREAMS), strict=False):
        if one.keys:
            yield Fact(("subject", "primary_keys", one.name), list(one.keys), one.origin)
        if one.cursor:
            yield Fact(("subject", "cursor_fields", one.name), one.cursor, one.origin)
            origin, strategies = f"{one.origin} has a cursor", ["full_refresh", "incremental_append"]
    yield Fact(("capabilities", "source", "strategies"), strategies, origin)


def of_catalog(catalog: Any, origin: str) -> Iterator[Stream]:
    """The streams of a Singer catalog, or of an Airbyte one (configured or not)."""
    listed = inside(catalog, "streams")
    for entry in listed if isinstance(listed, list) else ():
        stream = entry["stream"] if isinstance(inside(entry, "stream"), dict) else entry
        metadata = _whole(inside(stream, "metadata"))
        told = {**metadata, **(stream if isinstance(stream, dict) else {})}
        wanted = ("primary_key", "key_properties", "source_defined_primary_key", "table-key-properties")
        keys = next(
            (found for key in wanted if (found := field_names(inside(entry, key) or told.get(key)))), ()
        )
        reads = ("replication_key", "valid-replication-keys", "cursor_field", "default_cursor_field")
        cursors = next(
            (found for key in reads if (found := field_names(inside(entry, key) or told.get(key)))), ()
        )
        names = texts([told.get(key) for key in ("tap_stream_id", "stream", "name")])
        if names and (keys or cursors):
            yield Stream(names[0], keys, cursors[0] if len(cursors) == 1 else None, origin)


def _whole(metadata: Any) -> dict[str, Any]:
    """What a Singer catalog's metadata says of a whole stream."""
    for one in metadata if isinstance(metadata, list) else ():
        said = inside(one, "metadata")
        if inside(one, "breadcrumb") == [] and isinstance(said, dict):
            return said
    return {}
