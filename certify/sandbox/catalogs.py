"""Choose all streams of what a command discovered, in the form in which it is given back to it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

#: Fields of these kinds can be read. The specification has `unsupported` beside them.
_READABLE = ("automatic", "available")


def everything_selected(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """A Singer catalog with every stream selected, and of each stream all that can be read."""
    chosen = copy.deepcopy(dict(catalog))
    for stream in chosen["streams"]:
        metadata = stream.get("metadata")
        stream["metadata"] = metadata = metadata if isinstance(metadata, list) else []
        stream["selected"] = True  # taps from before there was metadata look here
        if not any(_is_of_stream(one) for one in metadata):
            metadata.insert(0, {"breadcrumb": [], "metadata": {}})
        for one in metadata:
            said = one.setdefault("metadata", {}) if isinstance(one, dict) else {}
            if _is_of_stream(one) or said.get("inclusion") in _READABLE:
                said["selected"] = True
    return chosen


def _is_of_stream(entry: Any) -> bool:
    return isinstance(entry, dict) and not entry.get("breadcrumb")


def everything_configured(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """An Airbyte catalog with every stream configured: incremental where it can be, and appended."""
    return {"streams": [_configured(stream) for stream in catalog["streams"]]}


def _configured(stream: Mapping[str, Any]) -> dict[str, Any]:
    modes = stream.get("supported_sync_modes") or ["full_refresh"]
    return {
        "stream": dict(stream),
        "sync_mode": "incremental" if "incremental" in modes else modes[0],
        "destination_sync_mode": "append",
        "cursor_field": stream.get("default_cursor_field") or [],
        "primary_key": stream.get("source_defined_primary_key") or [],
    }


def is_catalog(value: Any) -> bool:
    """Whether it has streams, as catalogs of either system have."""
    streams = value.get("streams") if isinstance(value, dict) else None
    return isinstance(streams, list) and all(isinstance(one, dict) for one in streams)
