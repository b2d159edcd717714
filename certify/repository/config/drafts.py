"""The drafts of JSON Schema, by the address that a schema's `$schema` names."""

from __future__ import annotations

from typing import Any

from jsonschema import (
    Draft3Validator,
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
)
from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]  # jsonschema's own data

_SITE = "json-schema.org/"
_BY_NAME: dict[str, Any] = {
    "draft-03/schema": Draft3Validator,
    "draft-04/schema": Draft4Validator,
    "draft-06/schema": Draft6Validator,
    "draft-07/schema": Draft7Validator,
    "draft/2019-09/schema": Draft201909Validator,
    "draft/2020-12/schema": Draft202012Validator,
}
#: The metaschemas and their vocabularies. With it, jsonschema fetches nothing; without, it would.
METASCHEMAS: Any = REGISTRY
#: What a schema is read as that names no draft.
LATEST: Any = Draft202012Validator

NAMES = tuple(f"http{'s' if '/20' in name else ''}://{_SITE}{name}" for name in _BY_NAME)


def is_checked(draft: Any, keyword: str) -> bool:
    """Whether a draft's metaschema goes into the schemas under a keyword; `prefixItems` is new in 2020."""
    return keyword in draft.META_SCHEMA["properties"] or any(
        keyword in REGISTRY.contents(address).get("properties", {}) for address in _vocabularies(draft)
    )


def _vocabularies(draft: Any) -> list[str]:
    base = draft.META_SCHEMA.get("$id", "").removesuffix("schema")
    return [f"{base}{one['$ref']}" for one in draft.META_SCHEMA.get("allOf", ())]


def draft_of(schema: Any) -> Any:
    """The validator of the draft that a schema names, the latest where it names none, None where unknown.

    `http` and `https` are the same, and so are an address with and without `#` at its end: the standard
    means one of each, real schemas have them all, and every reader that matters takes them.
    """
    if not isinstance(schema, dict) or "$schema" not in schema:
        return LATEST
    return by_address(schema["$schema"])


def by_address(address: Any) -> Any:
    """The validator of a draft by its address, or None."""
    name = _after_site(address)
    return None if name is None else _BY_NAME.get(name)


def is_published(address: str) -> bool:
    """Whether this is a metaschema, or one of its vocabularies: all of them come with jsonschema."""
    name = _after_site(address)
    return name is not None and (
        name in _BY_NAME or name.startswith(("draft/2019-09/meta/", "draft/2020-12/meta/"))
    )


def _after_site(address: Any) -> str | None:
    if not isinstance(address, str):
        return None
    scheme, _, rest = address.partition("://")
    if scheme not in ("http", "https") or not rest.startswith(_SITE):
        return None
    return rest.removeprefix(_SITE).removesuffix("#")
