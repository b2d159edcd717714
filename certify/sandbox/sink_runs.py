"""The loads that the rules on sinks hold against each other, each made once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from certify.model import Location
from certify.rules import Blocked, HarnessFault, NotApplicable, Unverified
from certify.sandbox.loads import Loads
from certify.sandbox.observed_load import Load, Point
from certify.sandbox.observed_run import innermost
from certify.target.contents import NO_TABLE, Contents, Row
from certify.target.messages import said_by
from certify.target.model import MODELS
from certify.target.sample import Sample, TooFew
from certify.target.saved import Saved
from certify.text import cut

#: Calls at which a load is killed: of the first strategy, and of each other one; and rows of the others.
_MANY_CALLS, _FEW_CALLS, _FEW_ROWS = 16, 3, 2
#: Rows of a batch where the contract declares none, rows of the longest load, and rows from look to look.
_USUAL_BATCH, _MOST_LONG, _LONG_LOOKS = 1_000, 5_001, 20
_NEEDS_SLICES = """\
target:
  replace_by: order_date   # the column whose values are the slices that `replace` replaces
"""

_NEEDS_CONFIG = """\
target:
  config:
    replace: {your_setting: value}   # what has the target replace slices
"""
_NEEDS_FILES = """\
# read are orders.jsonl, orders-20261121T060000.jsonl, also .ndjson, .json and .csv:
target:
  url: file://{tmp}/out
  table: your_stream
"""


@dataclass(frozen=True)
class Before:
    """The target before the loads of a strategy: some rows, loaded with the same one."""

    saved: Saved
    contents: Contents
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Killed:
    """A load that was killed, or cut off, at a point, and the same load repeated after it."""

    point: Point
    load: Load
    repeated: Load
    #: What the load leaves where nobody kills it.
    whole: Contents


class SinkRuns:
    """One sink and its sample: what it did in each load."""

    def __init__(
        self,
        loads: Loads,
        sample: Sample,
        strategies: Sequence[str],
        root: Path,
        named: Location,
        batch_rows: int | None = None,
    ) -> None:
        self._loads = loads
        self.sample = sample
        #: Those that the contract claims and certify has a model of, in the contract's order.
        self.strategies = tuple(name for name in strategies if name in MODELS)
        self._root = root
        self._named = named
        self._before: dict[str, Before] = {}
        self._watched: dict[str, Load] = {}
        self._long: dict[str, Load] = {}
        self._long_rows = min(2 * (batch_rows or _USUAL_BATCH) + 1, _MOST_LONG)

    @cached_property
    def empty(self) -> Saved:
        """The target before anything was loaded."""
        return self._loads.save()

    @property
    def claimed(self) -> tuple[str, ...]:
        """The strategies to look at; not applicable where there is none."""
        if not self.strategies:
            raise NotApplicable(f"the contract claims none of {', '.join(MODELS)} for the sink")
        for one in self.strategies:
            self._require_words(one)
        return self.strategies

    def require(self, strategy: str) -> None:
        """Not applicable where the contract does not claim this strategy."""
        if strategy not in self.strategies:
            raise NotApplicable(f"the contract does not claim {strategy} for the sink")
        self._require_words(strategy)

    def _require_words(self, strategy: str) -> None:
        """Unverified where a target cannot be asked for a strategy: no message of Singer says `replace`."""
        if self.takes_messages and strategy == "replace" and strategy not in self._loads.plan.by_strategy:
            raise Unverified("no message of Singer asks a target to replace slices", _NEEDS_CONFIG)

    @property
    def takes_messages(self) -> bool:
        """Whether it is a command that is given messages."""
        return self._loads.plan.command is not None

    def sayable(self, values: Sequence[Any]) -> list[Any]:
        """Those of the values that the sink can be given: messages are JSON, and carry no bytes."""
        return list(said_by(values)) if self.takes_messages else list(values)

    def adds_again(self, strategy: str) -> bool:
        """Whether a load that is repeated is loaded twice by design.

        No message tells a target that rows without a key are those of a load before.
        """
        return self.takes_messages and strategy == "incremental_append"

    def require_slices(self) -> None:
        """Unverified where it is not known what `replace` replaces."""
        if self.sample.replace_by is None:
            raise Unverified("what replace replaces is not declared", _NEEDS_SLICES)
        if not self.sample.slices:
            reason = f"{self.sample.origin} have no two values of {self.sample.replace_by}"
            raise Unverified(reason, "target:\n  rows: certification/rows.json\n")

    def before(self, strategy: str) -> Before:
        """The target before a load; made by loading into an empty one."""
        if strategy not in self._before:
            self._loads.begin_with(self.empty)
            rows = self.sample.before
            load = self._loads.load(rows, strategy)
            self._require_loaded(load)
            self._require_read(load)
            self._before[strategy] = Before(self._loads.save(), load.after, rows)
        return self._before[strategy]

    def _require_loaded(self, load: Load) -> None:
        if load.succeeded:
            return
        reason = f"{load.strategy}: loading {len(load.rows)} of {self.sample.origin} ends with {load.ending}"
        if load.raised is None and load.how != "exit":
            raise HarnessFault(f"{reason}: {load.output.strip()[-300:]}")
        if self.sample.is_declared:
            raise Blocked(reason)
        raise Unverified(reason, "target:\n  rows: certification/rows.json   # rows that the sink takes\n")

    def _require_read(self, load: Load) -> None:
        """Unverified where a load leaves files in the target's folder, and none that is read as its table."""
        others = self._loads.database.others
        if load.after == NO_TABLE and others:
            table = self._loads.plan.table
            said = f"a load leaves {cut(others[0], 80)}, which is no file of {table} that is read"
            raise Unverified(said, _NEEDS_FILES)

    def rows_for(self, strategy: str) -> tuple[Row, ...]:
        """The rows of the strategy's usual load: new ones, and two that have the key of one that is there."""
        if strategy == "incremental_append" or (strategy == "replace" and not self.sample.slices):
            return self.sample.adding
        return self.sample.changing

    def expected(self, strategy: str, rows: Sequence[Row]) -> list[Row]:
        """What the target must hold after these rows."""
        return MODELS[strategy](self.sample, self.before(strategy).rows, rows)

    def load(self, strategy: str, rows: Sequence[Row], **how: Any) -> Load:
        """One load into the target as it was before."""
        self._loads.begin_with(self.before(strategy).saved)
        return self._loads.load(rows, strategy, **how)

    def load_anew(self, strategy: str, rows: Sequence[Row], **how: Any) -> Load:
        """One load into an empty target."""
        self._loads.begin_with(self.empty)
        return self._loads.load(rows, strategy, **how)

    def load_again(self, strategy: str, rows: Sequence[Row], **how: Any) -> Load:
        """One more load, into the target as the last one left it."""
        return self._loads.load(rows, strategy, **how)

    def watched(self, strategy: str) -> Load:
        """The usual load, looked at at each of its points; blocked where it fails, or leaves no trace."""
        if strategy not in self._watched:
            load = self.load(strategy, self.rows_for(strategy), looks=True)
            if not load.succeeded:
                raise Blocked(f"{strategy}: a load of {len(load.rows)} rows ends with {load.ending}")
            if load.after == self.before(strategy).contents:
                raise Blocked(f"{strategy}: a load of {len(load.rows)} rows changes nothing in the target")
            self.require_points(load)
            self._watched[strategy] = load
        return self._watched[strategy]

    def require_points(self, load: Load) -> None:
        """Unverified where a target could be looked at nowhere."""
        if self.takes_messages and not load.points:
            raise Unverified("the target reads past Python's sys.stdin, and no call to a database is seen")

    def watched_long(self, strategy: str) -> Load | None:
        """A load of more rows than two batches, looked at some times; None where there are no such rows.

        Blocked where it fails.
        """
        if strategy not in self._long:
            try:
                rows = self.sample.many(self._long_rows)
            except TooFew:
                return None
            load = self.load(strategy, rows, looks=max(1, len(rows) // _LONG_LOOKS))
            if not load.succeeded:
                raise Blocked(f"{strategy}: a load of {len(load.rows)} rows ends with {load.ending}")
            self._long[strategy] = load
        return self._long[strategy]

    def of_rows(self, contents: Contents) -> Contents:
        """The columns that the sample's rows have: a sink may add when it loaded what."""
        return contents.only({name for row in self.sample.rows for name in row})

    def killing_points(self, strategy: str) -> tuple[Point, ...]:
        """Where loads are killed: before each row and at calls of all sorts; later strategies at fewer."""
        load = self.watched(strategy)
        rows = [point for point in load.points if point.is_between_rows]
        is_first = strategy == self.claimed[0]
        if not is_first:
            rows = sampled(rows, _FEW_ROWS)
        lines = [point for point in load.points if point.kind == "line"]
        return (*rows, *lines, *sampled(telling(load.calls), _MANY_CALLS if is_first else _FEW_CALLS))

    def killed(self, whole: Load, point: Point) -> Killed:
        """A load like this one, killed at a point of it, and repeated."""
        load = self.load(whole.strategy, whole.rows, stop=point)
        again = self.load_again(whole.strategy, whole.rows)
        return Killed(point, load, again, self.of_rows(whole.after))

    def killed_late(self, whole: Load) -> list[Killed]:
        """A long load, killed before its last row, and before one between two batches."""
        rows = [point for point in whole.points if point.is_between_rows]
        return [self.killed(whole, point) for point in sampled(rows, _FEW_ROWS)]

    def place_of(self, load: Load | None = None) -> Location:
        """The line of the connector that raised, else the sink's module, else where the contract names it."""
        raised = innermost(load.raised.places, self._root) if load and load.raised else None
        return raised or self._named


def telling(calls: Sequence[Point]) -> list[Point]:
    """Of calls that do the same, the first and the last; messages to a server all look alike."""
    first = {one.words: one for one in reversed(calls)}
    last = {one.words: one for one in calls}
    ends = {*first.values(), *last.values()}
    return [one for one in calls if one.kind == "message" or one in ends]


def sampled(points: Sequence[Point], most: int) -> list[Point]:
    """So many of them, evenly, with the last, which is near the commit."""
    if len(points) <= most:
        return list(points)
    step = len(points) / most
    return [points[min(len(points) - 1, round((place + 1) * step) - 1)] for place in range(most)]
