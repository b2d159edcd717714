"""Read the YAML of a cassette in one pass over libyaml's events, bounded in depth.

PyYAML's loaders make nodes of the events and values of the nodes: of 65 MB that takes as long again as the
events do. What a recorder writes is plain enough to need no nodes. Whatever is not (aliases, merges, tags of
Python's) goes through vcrpy's own reader.
"""

from __future__ import annotations

from typing import Any

import yaml

#: Levels within levels; a recording has six, and PyYAML's C code ends the process at some ten thousand.
DEEPEST = 200
#: Longer ones are seldom the same twice.
_REMEMBERED = 64
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BINARY = "tag:yaml.org,2002:binary"
#: `<<` and `=`, which mean something where they are keys.
_SPECIAL = frozenset({"tag:yaml.org,2002:merge", "tag:yaml.org,2002:value"})


class _NotPlain(Exception):
    """Something that takes more than one pass."""


def deserialize(text: str) -> Any:
    """The document in `text`; raises what PyYAML does, and ValueError where it is nested without end."""
    try:
        return _Builder(text).document()
    except _NotPlain:
        from vcr.serializers import yamlserializer

        _require_shallow(text)
        return yamlserializer.deserialize(text)


class _Builder:
    """Makes values of events."""

    def __init__(self, text: str) -> None:
        self._loader = _LOADER(text)
        self._next = self._loader.get_event
        self._plain: dict[str, Any] = {}

    def document(self) -> Any:
        """The only document there is."""
        self._require(yaml.StreamStartEvent, yaml.DocumentStartEvent)
        value = self._node(self._next(), 1)
        self._require(yaml.DocumentEndEvent, yaml.StreamEndEvent)
        return value

    def _require(self, *expected: type[yaml.Event]) -> None:
        for kind in expected:
            if not isinstance(self._next(), kind):
                raise _NotPlain

    def _node(self, event: Any, depth: int) -> Any:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            return self._scalar(event)
        if kind is yaml.AliasEvent or event.anchor or event.tag:
            raise _NotPlain
        if depth > DEEPEST:
            raise _too_deep()
        if kind is yaml.SequenceStartEvent:
            return self._sequence(depth + 1)
        return self._mapping(depth + 1)

    def _sequence(self, depth: int) -> list[Any]:
        found = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            found.append(self._node(event, depth))
        return found

    def _mapping(self, depth: int) -> dict[Any, Any]:
        found = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            if type(event) is not yaml.ScalarEvent:
                raise _NotPlain
            key = self._scalar(event)
            found[key] = self._node(self._next(), depth)
        return found

    def _scalar(self, event: Any) -> Any:
        if event.anchor:
            raise _NotPlain
        if event.tag:
            return self._tagged(event)
        if not event.implicit[0]:
            return event.value
        known = self._plain.get(event.value, self)
        return known if known is not self else self._resolved(event.value)

    def _tagged(self, event: Any) -> Any:
        if event.tag != _BINARY:
            raise _NotPlain
        return self._loader.construct_object(yaml.ScalarNode(_BINARY, event.value))

    def _resolved(self, text: str) -> Any:
        """A number, a date, nothing or a text: it may be any of them when it stands without quotes."""
        tag = self._loader.resolve(yaml.ScalarNode, text, (True, False))
        if tag in _SPECIAL:
            raise _NotPlain
        value = self._loader.construct_object(yaml.ScalarNode(tag, text))
        if len(text) <= _REMEMBERED:
            self._plain[text] = value
        return value


def _require_shallow(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise _too_deep()
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _too_deep() -> ValueError:
    return ValueError(f"more than {DEEPEST} levels within each other")
