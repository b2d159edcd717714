"""One run in a scenario, beside the happy path: what was asked, what was waited for, how it ended."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from certify.model import Location, Timeline
from certify.replay.faults import Scenario
from certify.replay.played import HANDSHAKE, Exchange
from certify.run import Places, Rows, Run
from certify.sandbox.timelines import timeline_of
from certify.sandbox.volatile import Volatile, steady


@dataclass(frozen=True)
class Observed:
    """One run in a scenario, beside the happy path of the same cassette."""

    scenario: Scenario
    run: Run
    baseline: Run
    root: Path
    #: What is pointed at where no line of the connector is known.
    named: Location
    #: Finds what differs from run to run anyway, and is not compared; it takes another run.
    volatile: Callable[[], Volatile] = steady

    @property
    def what(self) -> str:
        """The fault, and how often it stood."""
        return f"{self.scenario.fault}, {self.scenario.often}"

    @property
    def asked(self) -> str:
        """The request that met it: method, host and path."""
        if self.victims:
            asked = self.victims[0].asked
            return f"connecting to {asked.host}" if asked.method == HANDSHAKE else str(asked)
        return f"connecting to {self.run.unanswered[0].host}" if self.run.unanswered else "no request"

    @property
    def same_rows(self) -> bool:
        """Whether it succeeded with the rows of the happy path, each as often as there."""
        return self.run.succeeded and (
            self.run.gives_rows_of(self.baseline) or self.rows.are_those_of(self.expected_rows)
        )

    @property
    def rows(self) -> Rows:
        """Its rows, as far as they are compared."""
        return self.volatile().masked(self.run.rows)

    @property
    def expected_rows(self) -> Rows:
        """Those of the happy path."""
        return self.volatile().masked(self.baseline.rows)

    @property
    def attempts(self) -> int:
        """How often the request that met the fault was on the wire."""
        return len(self.moments)

    @property
    def moments(self) -> tuple[float, ...]:
        """Virtual seconds at which it was."""
        return tuple(one.at for one in self.victims or self.run.unanswered)

    @cached_property
    def victims(self) -> tuple[Exchange, ...]:
        """The exchanges of that request, from the first that met the fault."""
        delivered = self.run.delivered
        if not delivered:
            return ()
        same = [one for one in self.run.exchanges[delivered[0].number :] if one.key == delivered[0].key]
        return tuple(same)

    @property
    def gaps(self) -> tuple[float, ...]:
        """Virtual seconds between one attempt and the next."""
        return tuple(after - before for before, after in itertools.pairwise(self.moments))

    @property
    def location(self) -> Location:
        """The line of the connector to look at: where its error was raised, else where it asked."""
        return self._innermost(self.run.raised.places if self.run.raised else ()) or self.asked_at

    @property
    def asked_at(self) -> Location:
        """Where the request that met the fault was sent from."""
        first = self.victims[0].number if self.victims else 0
        asked_from = [one.places for one in self.run.unanswered] or self.run.asked_from
        return self._innermost(asked_from[first] if first < len(asked_from) else ()) or self.named

    @property
    def waited_at(self) -> Location:
        """Where it waited first after the fault, if it did."""
        since = min(self.moments, default=0.0)
        waits = [self._innermost(wait.places) for wait in self.run.waits if wait.at >= since]
        return next(filter(None, waits), None) or self.asked_at

    def _innermost(self, places: Places) -> Location | None:
        return innermost(places, self.root)

    @property
    def ending(self) -> str:
        """How the run ended, in words."""
        run = self.run
        if run.raised is not None and run.how == "raised":
            first = run.raised.message.splitlines()[0] if run.raised.message else "no message"
            return f"{run.raised.type.rpartition('.')[2]}: {first[:160]}"
        rows = f"{len(run.rows)} of {len(self.baseline.rows)} rows"
        words = {
            "finished": f"success with {rows}",
            "exit": f"exit code {run.code}",
            "vanished": f"the end of its process, without a word (exit code {run.code})",
            "limit": f"no end: it still waits after {run.virtual_seconds:.0f} s",
            "wall": f"no end: it was stopped after {run.seconds:.0f} s of real time",
            "requests": f"no end: it was stopped after {len(run.exchanges)} requests",
            "crashed": f"a crash of its process ({signal_name(run)})",
            "memory": "no end: it was stopped because of the memory that it took",
            "output": "no end: it was stopped because of all that it printed",
            "processes": "no end: it was stopped because of all the processes that it started",
        }
        return words.get(run.how, f"ended by the sandbox ({run.how})")

    @property
    def timeline(self) -> Timeline:
        """What happened, moment by moment."""
        return timeline_of(self.run, str(self.scenario), self.ending)

    def __str__(self) -> str:
        waited = f", waited {self.run.virtual_seconds:.4g} s" if self.run.virtual_seconds else ""
        sent = sum(one.asked.method != HANDSHAKE for one in self.run.exchanges)
        requests = {0: "no request", 1: "1 request"}.get(sent, f"{sent} requests")
        return f"{self.scenario}: {requests}{waited}: {self.ending}"


def innermost(places: Places, root: Path) -> Location | None:
    """The last of these lines that lies in the repository."""
    for file, line in reversed(places):
        path = Path(file)
        if path.is_relative_to(root):
            return Location(path.relative_to(root).as_posix(), line)
    return None


def signal_name(run: Run) -> str:
    """The signal that ended it."""
    try:
        return signal.Signals(-(run.code or 0)).name
    except ValueError:
        return "without a signal"
