"""Read a declarative manifest of Airbyte: its streams and hosts, with `$ref` and `$parameters` resolved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from certify.repository.source.hosts import is_local, parse_url
from certify.systems.finding.checkout import inside
from certify.systems.finding.classes import Stream, field_names

#: References that lead to references; more is a circle.
_MAX_STEPS = 20
#: Values looked at; the largest published manifests have some ten thousand.
_MAX_VALUES = 50_000


def declared_streams(manifest: dict[str, Any], origin: str) -> Iterator[Stream]:
    """Each DeclarativeStream with its literal keys and cursor; what is filled in at run time is left out."""
    listed = manifest.get("streams")
    for entry in listed if isinstance(listed, list) else ():
        stream = _resolved(manifest, entry)
        name = _told(stream, "name", stream)
        if not isinstance(name, str):
            continue
        keys = field_names(_told(stream, "primary_key", stream))
        sync = _resolved(manifest, stream.get("incremental_sync"))
        cursor = _told(sync, "cursor_field", stream)
        found = field_names(cursor)
        if keys or found:
            yield Stream(name, keys, found[0] if len(found) == 1 else None, origin)


def declared_hosts(manifest: dict[str, Any]) -> list[str]:
    """The hosts of all base URLs, wherever they stand; `*` for what is filled in at run time."""
    found: dict[str, None] = {}
    waiting: list[Any] = [manifest]
    for _ in range(_MAX_VALUES):
        if not waiting:
            break
        value = waiting.pop()
        if isinstance(value, dict):
            said = [value.get(key) for key in ("url_base", "url", "token_refresh_endpoint")]
            for url in [parse_url(one) for one in said if isinstance(one, str)]:
                if url is not None and not is_local(url.host):
                    found[url.host] = None
        waiting.extend(
            value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        )
    return sorted(found)


def _resolved(manifest: dict[str, Any], value: Any) -> dict[str, Any]:
    """A component: what its `$ref` leads to, with its own keys over it."""
    said: dict[str, Any] = {}
    for _ in range(_MAX_STEPS):
        if isinstance(value, str) and value.startswith("#/"):
            value = {"$ref": value}
        if not isinstance(value, dict):
            break
        said = {**value, **said}
        reference = said.pop("$ref", None)
        if not isinstance(reference, str) or not reference.startswith("#/"):
            break
        value = inside(manifest, *reference[2:].split("/"))
    return said


def _told(component: dict[str, Any], key: str, stream: dict[str, Any]) -> Any:
    """What a component says, or its parameters, or the stream's around it; None for a template."""
    value = component.get(key)
    for one in (component, stream):
        value = value if value is not None else inside(one, "$parameters", key)
    if isinstance(value, str) and "{{" in value:
        inner = value.strip("{} ").removeprefix("parameters").strip(".[]'\"")
        value = inside(stream, "$parameters", inner)
        return value if isinstance(value, str) and "{{" not in value else None
    return value
