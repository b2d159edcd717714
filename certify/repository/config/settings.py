"""List the settings that a configuration may have, by the names that configurations use: `auth.token`."""

from __future__ import annotations

from collections import deque

from certify.contract.document import KeyPath
from certify.repository.config.parts import SchemaTree
from certify.repository.config.required import same_value

#: A schema that refers to itself has settings without end.
_MAX_DEPTH = 8
_MAX_SETTINGS = 2_000
_MAX_ALTERNATIVES = 50


def settings(tree: SchemaTree) -> dict[str, list[KeyPath]]:
    """The places of the schema that describe each setting, by its dotted name; entries by their list's."""
    found: dict[str, list[KeyPath]] = {}
    count = 0
    waiting: deque[tuple[tuple[str, ...], KeyPath]] = deque([((), ())])
    while waiting and count < _MAX_SETTINGS:
        words, top = waiting.popleft()
        for path in same_value(tree, top, _MAX_ALTERNATIVES):
            schema = tree.get(path)
            if not isinstance(schema, dict):
                continue
            items = schema.get("items")
            if isinstance(items, dict):
                waiting.append((words, (*path, "items")))
                count += 1
            properties = schema.get("properties")
            for name in properties if isinstance(properties, dict) and len(words) < _MAX_DEPTH else ():
                place = (*path, "properties", name)
                found.setdefault(".".join((*words, name)), []).append(place)
                waiting.append(((*words, name), place))
                count += 1
    return found
