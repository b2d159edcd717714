"""Load rows with a Singer target: a console script that is given messages and tells states."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from certify.sandbox.load_watch import LoadWatch
from certify.sandbox.loads import LoadPlan, Loads
from certify.sandbox.observed_load import Load, Point, Said
from certify.sandbox.spoken import Lines, parse
from certify.sandbox.zygote import Ended, Zygote
from certify.target.contents import Row
from certify.target.files import Folder
from certify.target.messages import Line, load_lines, schema_of
from certify.target.placeholders import filled, places

#: Version of the first load of all: taps take the milliseconds of the clock.
_FIRST_VERSION = 1_767_225_600_000
#: Half a message: what a tap leaves that is killed while it writes.
_BROKEN_OFF = '{"type": "RECORD", "stream": "'
#: The file of its configuration.
_CONFIG = "config.json"
#: States and other lines that are kept, and how much of the latter.
_MOST_STATES, _MOST_STRAYS, _LONGEST = 10_000, 20, 200
#: Characters of a state; those that are given have some fifty.
_LONGEST_STATE = 10_000


class TargetLoads(Loads):
    """One target, imported once, that loads as often as it is asked to.

    `sample` are rows that its stream's schema is made of. Raises TargetError where its configuration asks for
    a place that there is not.
    """

    def __init__(
        self, zygote: Zygote, plan: LoadPlan, sample: Sequence[Row] = (), *, in_forks: bool = True
    ) -> None:
        assert plan.command is not None
        self._command = plan.command
        self._sample = sample
        self._versions = 0
        super().__init__(zygote, plan, in_forks=in_forks)

    def _open(self) -> None:
        super()._open()
        self._files = self._files | {_CONFIG}
        for strategy in ("", *self.plan.by_strategy):
            self._config_for(strategy)  # what asks for a place that there is not is told before any load

    @property
    def stream(self) -> str:
        """The stream that is loaded: its table's name, without that of a schema."""
        return self.plan.table.rpartition(".")[2]

    @cached_property
    def _known(self) -> dict[str, Any]:
        return dict(schema_of(self._sample, self.plan.primary_key)["properties"])

    def key_for(self, strategy: str) -> tuple[str, ...]:
        """The key properties of a stream that is loaded with a strategy: what is appended has none."""
        return () if strategy == "incremental_append" else self.plan.primary_key

    def schema_for(self, rows: Sequence[Row]) -> dict[str, Any]:
        """What a tap says of these rows: columns of the sample are what they were, others what they hold."""
        found = schema_of(rows, self.plan.primary_key)["properties"]
        return {"type": "object", "properties": {name: self._known.get(name, found[name]) for name in found}}

    def load(
        self,
        rows: Sequence[Row],
        strategy: str,
        *,
        looks: int = 0,
        stop: Point | None = None,
        fails_after: int | None = None,
        then: Mapping[str, Any] | None = None,
        also: Callable[[], Any] | None = None,
        points: bool = False,
        states_every: int = 0,
    ) -> Load:
        """One load of these rows into the target as it is, with a STATE after each `states_every`."""
        if strategy == "full_refresh":
            self._versions += 1
        lines = load_lines(
            rows,
            self.stream,
            self.key_for(strategy),
            self.schema_for(rows),
            version=_FIRST_VERSION + self._versions if strategy == "full_refresh" else None,
            states_every=states_every,
        )
        if fails_after is not None:
            lines = [*_up_to(lines, fails_after), Line("line", "broken", _BROKEN_OFF)]
        return self.pour(lines, strategy, rows=rows, looks=looks, stop=stop, points=points)

    def pour(
        self,
        lines: Iterable[Line],
        strategy: str,
        *,
        rows: Sequence[Row] = (),
        looks: int = 0,
        stop: Point | None = None,
        points: bool = False,
    ) -> Load:
        """Give it these lines; `rows` are those that they load. Each look tells the states until then."""
        self._prepare()
        speech = _Speech()
        watch = LoadWatch(self.database, looks, stop, lambda: tuple(speech.states))
        task = self._task(strategy) | {
            "do": "pour",
            "script": self._command.script,
            "program": self._command.program,
            "arguments": [*self._command.arguments, "--config", str(self._config_for(strategy))],
            "lines": [[one.kind, one.name, one.text] for one in lines],
            "tells": points or looks > 0 or stop is not None,
        }
        ended = _of_itself(self._perform(task, watch, speech))
        return self._told(ended, watch, tuple(rows), strategy, speech.said)

    def _config_for(self, strategy: str) -> Path:
        """A file of its configuration, which leads to our target."""
        config = {**self.plan.config, **self.plan.by_strategy.get(strategy, {})}
        database = self.database
        folder = database.path if isinstance(database, Folder) else self.folder
        there = places(self.reached, self.url, self.plan.table, folder)
        return self._zygote.write(_CONFIG, json.dumps(filled(config, there)).encode())


def _of_itself(ended: Ended) -> Ended:
    """What `os._exit` ends has no last word: its exit code tells how it ended."""
    if ended.why != "exit" or ended.code is None or any("ended" in one for one in ended.messages):
        return ended
    last = {"how": "exit" if ended.code else "finished", "error": None, "code": ended.code}
    return replace(ended, messages=(*ended.messages, {"ended": last}))


def _up_to(lines: Iterable[Line], rows: int) -> list[Line]:
    """The lines before the row that comes after so many."""
    kept, count = [], 0
    for one in lines:
        count += one.kind == "row"
        if count > rows:
            break
        kept.append(one)
    return kept


class _Speech:
    """Takes a target's output line by line: a line is the value of a STATE that it was given."""

    def __init__(self) -> None:
        self.states: list[Any] = []
        self._strays: list[tuple[int, str, str]] = []
        self._lines = Lines()
        self._number = 0
        self._is_cut = False

    @property
    def said(self) -> Said:
        """All of it."""
        return Said(tuple(self.states), tuple(self._strays), self._is_cut)

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Take the lines that these bytes complete."""
        for line, whole in self._lines.feed(data):
            self._take(line, whole)
        return []

    def end(self) -> list[dict[str, Any]]:
        """Take what stands after the last newline."""
        for line, whole in self._lines.end():
            self._take(line, whole)
        return []

    def _take(self, line: bytes, whole: bool) -> None:
        self._number += 1
        try:
            value = parse(line) if whole and len(line) <= _LONGEST_STATE else None
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) and value.get("type") is None:
            if len(self.states) < _MOST_STATES:
                self.states.append(value)
            else:
                self._is_cut = True
            return
        self._is_cut |= len(line) > _LONGEST or not whole or len(self._strays) >= _MOST_STRAYS
        if len(self._strays) < _MOST_STRAYS:
            why = "is no JSON object" if not isinstance(value, dict) else f"is a message, {value['type']!r}"
            self._strays.append((self._number, line[:_LONGEST].decode("utf-8", "replace"), why[:_LONGEST]))
