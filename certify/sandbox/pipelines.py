"""Run a pipeline as a platform does: load the rows, and write the state once the load has returned."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from certify.model import Location
from certify.rules import Blocked, HarnessFault, Unverified
from certify.sandbox.keeping import Keeping
from certify.sandbox.loads import Loads
from certify.sandbox.observed_load import Load, Point
from certify.sandbox.operations import NOTHING, Kept, Read, Write
from certify.sandbox.sink_runs import sampled, telling
from certify.target.contents import Contents, Row
from certify.target.sample import Sample
from certify.target.saved import Saved

#: States by key, as far as there are any.
States = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Moment:
    """What the target and the states were, to whoever looked from outside; None where one could not look."""

    when: str
    target: Contents | None
    states: States | None


@dataclass(frozen=True)
class Pipeline:
    """One run of a pipeline: what was there before it, at its points, and after it.

    `value` is the state that is written under the first of the keys once the load has returned.
    """

    what: str
    load: Load
    value: Mapping[str, Any]
    before: Moment
    during: tuple[Moment, ...]
    after: Moment

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        return self.load.ending

    @property
    def returned(self) -> bool:
        """Whether `load_rows` did, so that the state was to be written."""
        return any(point.kind == "returned" for point in self.load.points)

    def is_ahead(self, moment: Moment) -> bool:
        """Whether a state was another one while the target was still what it had been."""
        can_tell = moment.states is not None and moment.target is not None
        return can_tell and moment.states != self.before.states and moment.target == self.before.target


@dataclass(frozen=True)
class Failure:
    """A way for a run to fail: at a point where it is killed, or in what the source gives."""

    words: str
    stop: Point | None = None
    fails_after: int | None = None
    breaks_key: bool = False


#: None: the run comes to its end.
WHOLE = Failure("nothing fails")
#: Rows before which a load is killed, and calls at which it is.
_FEW_ROWS, _MOST_CALLS = 3, 12


def failures(load: Load, key: Sequence[str]) -> list[Failure]:
    """The ways in which a load like this one can fail."""
    count = len(load.rows)
    broken_off = [
        Failure(f"the source breaks off after {taken} of {count} rows", fails_after=taken)
        for taken in sorted({0, count // 2, count - 1})
    ]
    refused = [Failure("the last row has no key", breaks_key=True)] if key else []
    kills = [Failure(f"the process is killed {one}", one) for one in _killing_points(load)]
    return [*broken_off, *refused, *kills]


def _killing_points(load: Load) -> list[Point]:
    """Before some rows, at calls of all sorts, and on both sides of the write of the state."""
    rows = [one for one in load.points if one.is_between_rows]
    moments = [one for one in load.points if one.kind in ("returned", "written")]
    calls = [one for one in load.calls if one not in moments]
    return [*sampled(rows, _FEW_ROWS), *sampled(telling(calls), _MOST_CALLS), *moments]


class Pipelines:
    """A sink and a state back end on one database, with rows that lie in the target before a load."""

    def __init__(
        self,
        loads: Loads,
        keeping: Keeping,
        sample: Sample,
        empty: Saved,
        keys: Sequence[str],
        strategy: str,
    ) -> None:
        self.loads = loads
        self.keeping = keeping
        self.sample = sample
        self.keys = tuple(keys)
        self.strategy = strategy
        self._start = empty
        self._loaded: Saved | None = None
        self._known: dict[str, States | None] = {}
        self._runs = 0

    def begin(self) -> None:
        """Bring rows into the target, and their state. Blocked where not even that works."""
        if self._loaded is None:
            self.loads.begin_with(self._start)
            first = self.run(self.sample.before, "the first load")
            if not first.load.succeeded:
                self._refuse(first)
            self._loaded = self.loads.save()
        self.loads.begin_with(self._loaded)

    def _refuse(self, first: Pipeline) -> None:
        if first.returned:
            raise Blocked(f"the state cannot be written after a load: {first.ending}; see state_round_trips")
        raise Unverified(f"the sink refuses {self.sample.origin}: {first.ending}", _NEEDS_ROWS)

    def run(
        self,
        rows: Sequence[Row],
        what: str,
        *,
        looks: bool = False,
        stop: Point | None = None,
        fails_after: int | None = None,
    ) -> Pipeline:
        """One run, on what is there."""
        self._runs += 1
        value = {"updated_at": f"2026-02-01T00:00:{self._runs % 60:02}Z", "run": self._runs}
        before = self.look("before it")
        load = self.loads.load(
            rows,
            self.strategy,
            looks=looks,
            stop=stop,
            fails_after=fails_after,
            then={"state": self.keeping.plan.state, "key": self.keys[0], "value": value},
            also=self._states if looks else None,
        )
        if load.how not in ("finished", "raised", "killed"):
            raise HarnessFault(f"{what}: {load.ending}")
        during = tuple(Moment(str(look.point), look.seen, look.also) for look in load.looks)
        return Pipeline(what, load, value, before, during, self.look("after it", load.after))

    def fail(self, rows: Sequence[Row], failure: Failure) -> Pipeline:
        """One run, on what is there, that fails."""
        if failure.breaks_key:
            rows = [*rows[:-1], rows[-1] | dict.fromkeys(self.sample.key)]
        return self.run(rows, failure.words, stop=failure.stop, fails_after=failure.fails_after)

    def look(self, when: str, target: Contents | None = None) -> Moment:
        """What is there now."""
        seen = self.loads.database.read() if target is None else target
        return Moment(when, seen, self._states())

    def _states(self) -> States | None:
        """What another process would read now, from a copy of the files where the database is one."""
        if self.loads.database.server is not None:
            return self._read()
        digest = self._digest()
        if digest not in self._known:
            self._known[digest] = self._read()
        return self._known[digest]

    def _read(self) -> States | None:
        with self.keeping.store(copied=self.loads.folder) as store:
            done = [one for one in store.run(map(Read, self.keys)) if isinstance(one.operation, Read)]
        return tuple((key, _value(one)) for key, one in zip(self.keys, done, strict=True))

    def _digest(self) -> str:
        """Of every file in the target's folder: where none has changed, no state has."""
        digest = hashlib.blake2b()
        for path in sorted(self.loads.folder.rglob("*")):
            digest.update(f"{path.name}\0".encode("utf-8", "surrogateescape"))
            if path.is_file():
                digest.update(path.read_bytes())
        return digest.hexdigest()

    @property
    def location(self) -> Location:
        """Where `write_state` stands, or the contract says how it is made."""
        return self.keeping.location(Kept(Write(self.keys[0], {})))


_NEEDS_ROWS = """\
subject:
  primary_keys: {your_stream: [id]}
target:
  rows: certification/rows.json   # some rows that the sink takes: a list of objects, or one a line
"""


def _value(kept: Kept) -> Any:
    """What was read; an error is nothing, too, where nothing was written."""
    return NOTHING if kept.raised is not None else kept.value
