"""Tell whether a contract may say a thing, before it is written into one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from certify.contract.document import Document, KeyPath
from certify.contract.loader import contract_from
from certify.errors import ContractError
from certify.text import one_line

#: What people write is shorter, and there is less of it; the rest would make a contract nobody reads.
_MAX_TEXT = 200
_MAX_ENTRIES = 50
_LEAST = {"contract_version": "1", "connector": "least", "system": "python", "capabilities": {"source": {}}}


def may_say(key: KeyPath, value: Any) -> bool:
    """Whether a contract with this value at this key would load, and can be read by people."""
    if not all(map(_is_plain, key)) or not _is_plain(value):
        return False
    said: dict[str, Any] = dict(_LEAST)
    inner = said
    for name in key[:-1]:
        inner[str(name)] = inner = dict(inner.get(str(name), {}))
    inner[str(key[-1])] = value
    try:
        contract_from(Document("certification.yaml", said, {}, b""), Path("/"))
    except ContractError:
        return False
    return True


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _MAX_TEXT and one_line(value) == value
    if isinstance(value, list | tuple):
        return len(value) <= _MAX_ENTRIES and all(map(_is_plain, value))
    if isinstance(value, dict):
        return len(value) <= _MAX_ENTRIES and all(_is_plain(one) for pair in value.items() for one in pair)
    return isinstance(value, bool | int)
