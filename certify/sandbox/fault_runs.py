"""Run a source through faults, from one recorded happy path, and hold each run against that path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from certify.model import Location
from certify.replay.cassette import NOTHING, Cassette
from certify.replay.faults import ELSEWHERE, HAPPY_PATH, Fault, Scenario
from certify.replay.matching import Key, names_a_token_call
from certify.replay.played import Exchange
from certify.rules import Blocked, EvidenceLog, HarnessFault, NotApplicable, Unverified
from certify.run import Connected, Run
from certify.sandbox.answers import require_virtual_time
from certify.sandbox.driven import RunsSource
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.observed_run import Observed, innermost, signal_name
from certify.sandbox.searched import Searched
from certify.sandbox.volatile import Volatile, volatile_columns


@dataclass(frozen=True)
class Which:
    """Some of the requests of a happy path, in words that follow "no request …"."""

    words: str
    admits: Callable[[Exchange], bool]


ANY = Which("was sent", lambda _: True)
SAFE = Which("is safe to send again", lambda one: one.is_safe)
WITH_BODY = Which("is answered with a body", lambda one: one.has_body)
ENCRYPTED = Which("goes over TLS", lambda one: one.asked.is_encrypted)
UNSAFE = Which("changes anything", lambda one: not one.is_safe and not names_a_token_call(one.asked))
WITH_JSON = Which("is answered with JSON", lambda one: one.is_json)


#: Seconds by which the second happy path begins later: what tells the time tells another.
_LATER = 61.0


class FaultRuns:
    """Makes each run once, and remembers it: several rules look at the same one."""

    def __init__(
        self,
        source: RunsSource,
        cassette: Cassette,
        root: Path,
        named: Location,
        search: LeakSearch,
        *,
        thorough: bool = False,
        needs: str = "",
    ) -> None:
        self.source = source
        self.cassette = cassette
        self.root = root
        self.named = named
        self.search = search
        self.thorough = thorough
        #: The lines that would have the happy path recorded.
        self.needs = needs
        #: What was found in the runs that were made until now.
        self.searched = Searched(search)
        self._seen: dict[Scenario, Observed] = {}

    def run(self, cassette: Cassette, scenario: Scenario = HAPPY_PATH, **how: Any) -> Run:
        """One run of the source (`how`: see there), which is searched for secrets."""
        run = self.source.run(cassette, scenario, **how)
        is_own = scenario.fault is not None or (cassette is self.cassette and not how)
        told = str(scenario) if is_own else f"a read of {cassette.name}"
        self.searched.add(told, self._beside(scenario, run, run if scenario.fault is None else self.baseline))
        return run

    @cached_property
    def first(self) -> Run:
        """The first run without a fault, however it ended; one that hangs takes long."""
        if self.source.import_error is not None:
            raise Blocked(f"the connector cannot be imported: {self.source.import_error}")
        return self.run(self.cassette)

    @cached_property
    def baseline(self) -> Run:
        """The happy path. Blocked when it fails: then no fault can be told from what fails anyway.

        Unverified where it asks an API for what nobody recorded.
        """
        run = self.first
        if run.missed and self.cassette is NOTHING:
            raise Unverified("there is no recorded happy path", self.needs)
        if run.how != "crashed":
            _require_recorded(run, Scenario())
        if not run.succeeded:
            raise Blocked(f"the happy path fails: {self._beside(Scenario(), run, run).ending}")
        if not run.rows:
            raise Unverified(f"the happy path of {self.cassette.name} gives no row")
        return run

    @property
    def after_token(self) -> Which:
        """The requests that need the token of a call before them."""
        calls = {one.number for one in self.token_calls}
        first = min(calls, default=len(self.baseline.exchanges))
        return Which("follows a call for a token", lambda one: one.number > first and one.number not in calls)

    @property
    def token_calls(self) -> tuple[Exchange, ...]:
        """The requests of the happy path that ask for a token."""
        return tuple(one for one in self.baseline.exchanges if names_a_token_call(one.asked))

    def positions(self, which: Which = ANY) -> tuple[int, ...]:
        """Where faults strike: the first, a middle and the last request, and the call for a token.

        Every one of them, where the runs are thorough. Not applicable where no request is ever sent.
        """
        if not self.baseline.exchanges:
            if self.baseline.connected:
                raise Unverified("the happy path connects to a host, and sends no request over HTTP")
            raise NotApplicable("the happy path asks nothing of a network")
        admitted = [one.number for one in self.baseline.exchanges if which.admits(one)]
        if self.thorough or not admitted:
            return tuple(admitted)
        token = [one.number for one in self.token_calls[:1] if which.admits(one)]
        middle = admitted[(len(admitted) - 1) // 2]
        return tuple(sorted({admitted[0], middle, admitted[-1], *token}))

    def observe(self, fault: Fault, times: int | None, position: int, evidence: EvidenceLog) -> Observed:
        """One run; unverified unless the fault was delivered, errored when a request was not recorded."""
        baseline = self.baseline
        scenario = Scenario(fault, position, times)
        if scenario not in self._seen:
            run = self.run(self.cassette, scenario)
            self._seen[scenario] = self._beside(scenario, run, baseline)
        seen = self._seen[scenario]
        _require_recorded(seen.run, scenario)
        require_virtual_time(seen.run, str(scenario))
        if not seen.run.delivered and not seen.run.unanswered:
            raise Unverified(f"{scenario}: the fault was never delivered")
        evidence.saw("request", str(seen), seen.timeline)
        return seen

    @property
    def connected(self) -> tuple[tuple[Connected, Location], ...]:
        """The hosts and ports that the runs made until now connected to, and the lines that did, in order."""
        runs = [self.first, *(one.run for one in self._seen.values())]
        met = {(one.host, one.port): one for run in reversed(runs) for one in reversed(run.connected)}
        met = dict(reversed(met.items()))
        return tuple(
            (one, innermost(one.places, self.root) or self.named)
            for one in met.values()
            if one.host != ELSEWHERE
        )

    @property
    def seen(self) -> tuple[Observed, ...]:
        """Every run that was made until now, the happy path first."""
        return (self._beside(Scenario(), self.baseline, self.baseline), *self._seen.values())

    @cached_property
    def volatile(self) -> Volatile:
        """What differs between two happy paths, the second of them a little later."""
        later = self.run(self.cassette, later=_LATER)
        if not later.succeeded or later.missed:
            later = self.run(self.cassette)
        return volatile_columns(self.baseline, later)

    def observed(self, run: Run) -> Observed:
        """A run without a fault, beside the happy path."""
        return self._beside(Scenario(), run, self.baseline)

    def _beside(self, scenario: Scenario, run: Run, baseline: Run) -> Observed:
        return Observed(scenario, run, baseline, self.root, self.named, lambda: self.volatile)

    def everywhere(
        self,
        fault: Fault,
        times: int | None,
        evidence: EvidenceLog,
        which: Which = ANY,
    ) -> Iterator[Observed]:
        """One run for each position; not applicable where no request there is such a one."""
        positions = self.positions(which)
        if not positions:
            raise NotApplicable(f"no request of the happy path {which.words}")
        for position in positions:
            yield self.observe(fault, times, position, evidence)

    def on_later_pages(self, fault: Fault, times: int | None, evidence: EvidenceLog) -> Iterator[Observed]:
        """One run for the second page and one for the last; not applicable where there is but one."""
        later = _later_pages(self.baseline.exchanges)
        if not later:
            raise NotApplicable("the happy path is one page")
        for position in later if self.thorough else sorted({later[0], later[-1]}):
            yield self.observe(fault, times, position, evidence)


def _later_pages(exchanges: tuple[Exchange, ...]) -> list[int]:
    """The requests that ask for more: another one to an address that was asked before.

    What is asked of other addresses in between does not matter: several lists may be read beside each other.
    """
    first: dict[tuple[str, str, str], Key] = {}
    return [one.number for one in exchanges if first.setdefault(one.address, one.key) != one.key]


def _require_recorded(run: Run, scenario: Scenario) -> None:
    if not run.is_told_whole:
        raise HarnessFault(f"{scenario}: the run gives a single row, state or message longer than is taken")
    if run.missed:
        raise HarnessFault(f"{scenario}: {run.missed[0].miss}")
    if run.how == "crashed":
        raise HarnessFault(f"{scenario}: the process crashed ({signal_name(run)}){_last_words(run)}")
    if run.how == "lost":
        raise HarnessFault(f"{scenario}: the run took its sandbox with it{_last_words(run)}")


def _last_words(run: Run) -> str:
    return f": {run.output.strip().splitlines()[-1]}" if run.output.strip() else ""
