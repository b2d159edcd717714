"""The loads that the rules on Singer targets hold against what they were given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from certify.errors import SandboxError
from certify.rules import Blocked, HarnessFault, NotApplicable
from certify.sandbox.observed_load import Load, Point
from certify.sandbox.sink_runs import SinkRuns, sampled, telling
from certify.sandbox.target_loads import TargetLoads
from certify.target.contents import Contents, Row
from certify.target.database import Unreadable
from certify.target.messages import Line, rows_covered

#: Rows between two states, and calls at which a load with states is killed.
_STATES_EVERY, _CALLS = 2, 8
#: How a process ends that refuses what it is given.
_REFUSES = ("exit", "raised")


class TargetRuns:
    """One target and its sample: what it made of messages of all sorts."""

    def __init__(self, loads: TargetLoads, runs: SinkRuns) -> None:
        self._loads = loads
        self.sinks = runs
        self._with_states: dict[str, Load] = {}

    @cached_property
    def strategy(self) -> str:
        """The strategy of loads of which any will do; blocked where none of it works."""
        claimed = self.sinks.claimed
        named = (
            "incremental_merge" if "incremental_merge" in claimed and self.sinks.sample.key else claimed[0]
        )
        self.sinks.before(named)
        return named

    @property
    def stream(self) -> str:
        """The stream that is loaded."""
        return self._loads.stream

    @property
    def rows(self) -> tuple[Row, ...]:
        """Rows to load."""
        return self.sinks.sample.adding

    @property
    def key(self) -> tuple[str, ...]:
        """The key properties of the stream."""
        return self._loads.key_for(self.strategy)

    def require_key(self) -> tuple[str, ...]:
        """The same; not applicable where the stream has none."""
        if not self.key:
            raise NotApplicable(f"a stream that is loaded with {self.strategy} has no key properties")
        return self.key

    def schema(self, rows: Sequence[Row]) -> dict[str, Any]:
        """What a tap says of rows."""
        return self._loads.schema_for(rows)

    def pour(self, lines: Iterable[Line], rows: Sequence[Row] = ()) -> Load:
        """Give it these lines, its target being empty; `rows` are those that they load."""
        strategy = self.strategy
        self._loads.begin_with(self.sinks.empty)
        load = self._loads.pour(lines, strategy, rows=rows)
        if (
            not load.succeeded
            and load.how not in _REFUSES
            and load.how not in ("wall", "crashed", "vanished")
        ):
            raise HarnessFault(f"the sandbox ended a load ({load.how})")
        return load

    def refuses(self, load: Load) -> bool:
        """Whether it ended of itself, and told that it failed."""
        return load.how in _REFUSES

    def table_of(self, stream: str) -> Contents:
        """What is there now of another stream."""
        schema = self._loads.plan.table.rpartition(".")[0]
        try:
            return self._loads.database.read(f"{schema}.{stream}" if schema else stream)
        except Unreadable as error:
            raise SandboxError(f"the target cannot be read after a load: {error}") from error

    def with_states(self, strategy: str) -> Load:
        """The usual load, looked at at each point, with states between its rows; blocked where it fails."""
        if strategy not in self._with_states:
            rows = self.sinks.rows_for(strategy)
            load = self.sinks.load(strategy, rows, looks=1, states_every=_STATES_EVERY)
            if not load.succeeded:
                raise Blocked(f"{strategy}: a load with {_STATES_EVERY} rows a STATE ends with {load.ending}")
            self.sinks.require_points(load)
            self._with_states[strategy] = load
        return self._with_states[strategy]

    def killed_with_states(self, whole: Load) -> Iterator[tuple[Point, Load]]:
        """Loads like this one, killed at each of its lines, and at calls of all sorts."""
        points = [one for one in whole.points if not one.is_call]
        for point in (*points, *sampled(telling(whole.calls), _CALLS)):
            how: dict[str, Any] = {"stop": point, "states_every": _STATES_EVERY}
            load = self.sinks.load(whole.strategy, whole.rows, **how)
            if load.how == "killed" or point.kind == "message":
                yield point, load

    def covered(self, states: Iterable[Any]) -> int:
        """How many rows of a load the states that came out say are loaded."""
        return max((rows_covered(one, self.stream) or 0 for one in states), default=0)

    def is_known(self, state: Any) -> bool:
        """Whether a state is one that was given."""
        return rows_covered(state, self.stream) is not None
