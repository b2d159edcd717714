"""Let a class with Planasonix's four methods be driven as a source or as a sink."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

#: The only key of what is no row, but tells how far a read has come.
CHECKPOINT = "checkpoint"
#: Stands in the configuration where a sink's database is to stand.
TARGET = "{target_url}"
#: What discovery calls a field's type, in JSON Schema; what is not here is left open.
_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
    "array": {"type": "array"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
}


class Source:
    """Reads every object that `list()` names, one after the other; a state has a checkpoint for each."""

    def __init__(self, connector: Any, stream: str | None, state: Mapping[str, Any] | None) -> None:
        self.connector = connector
        self._stream = stream
        self._state = dict(state or {})

    def check(self) -> Any:
        """Whether it can connect: `test()`."""
        return self.connector.test()

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of each object, from its fields."""
        return {name: _schema(one) for name, one in self._objects()}

    def read(self) -> Iterator[dict[str, Any]]:
        """Rows and states, as messages."""
        for name, _ in self._objects():
            rows: Iterable[Any] = self.connector.read(name, self._state.get(name))
            for row in rows:
                if isinstance(row, dict) and row.keys() == {CHECKPOINT}:
                    self._state[name] = row[CHECKPOINT]
                    yield {"type": "STATE", "value": dict(self._state)}
                else:
                    yield {"type": "RECORD", "stream": name, "record": row}

    def _objects(self) -> list[tuple[str, Any]]:
        named = [(str(_inside(one, "name")), one) for one in self.connector.list()]
        return [pair for pair in named if self._stream in (None, pair[0])]


class Sink:
    """Writes into one object; what `write` does not ask for by name it is not given."""

    def __init__(self, connector: Any, table: str, options: dict[str, Any]) -> None:
        self.connector = connector
        self._table = table
        self._options = options

    def load_rows(self, rows: Iterable[Any]) -> Any:
        """Write them."""
        from inspect import signature  # the connector is imported before it

        asked = signature(self.connector.write).parameters
        given = {name: value for name, value in self._options.items() if name in asked}
        return self.connector.write(self._table, rows, **given)


def as_source(make: Callable[[dict[str, Any]], Any]) -> Callable[..., Source]:
    """The factory of a source from a connector's class."""

    def factory(config: dict[str, Any], *, stream: Any = None, state: Any = None) -> Source:
        return Source(make(config), stream, state)

    return factory


def as_sink(make: Callable[[dict[str, Any]], Any]) -> Callable[..., Sink]:
    """The factory of a sink from a connector's class."""

    def factory(
        config: dict[str, Any], *, target_url: str, table: str, strategy: str, primary_key: Any
    ) -> Sink:
        options = {"mode": strategy, "primary_key": primary_key}
        return Sink(make(_with_target(config, target_url)), table, options)

    return factory


def _with_target(value: Any, url: str) -> Any:
    if isinstance(value, dict):
        return {key: _with_target(one, url) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_target(one, url) for one in value]
    return value.replace(TARGET, url) if isinstance(value, str) else value


def _schema(described: Any) -> dict[str, Any]:
    fields = list(_inside(described, "fields"))
    return {
        "type": "object",
        "properties": {str(_inside(one, "name")): _kind(one) for one in fields},
        "required": [str(_inside(one, "name")) for one in fields if one.get("required")],
    }


def _kind(field: Any) -> dict[str, Any]:
    kind = _TYPES.get(str(_inside(field, "type")), {})
    nullable = field.get("nullable", not field.get("required"))
    return {**kind, "type": [kind["type"], "null"]} if kind and nullable else kind


def _inside(described: Any, key: str) -> Any:
    """What stands under a key of what `list()` gives; a name alone is an object without fields."""
    if isinstance(described, str):
        return described if key == "name" else ()
    return described[key]
