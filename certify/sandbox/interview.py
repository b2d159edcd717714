"""Ask a command what it is, what it has and whether it can connect, each once, in words its platform uses."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from certify.model import Location
from certify.replay import faults
from certify.replay.cassette import NOTHING, Cassette
from certify.replay.faults import HAPPY_PATH, Fault, Scenario
from certify.replay.recordings import Recordings
from certify.rules import Blocked, HarnessFault, NotApplicable, Undecided
from certify.run import Run
from certify.sandbox.answers import (
    Answer,
    Asks,
    require_accepted,
    require_heard,
    require_recorded,
    require_virtual_time,
)
from certify.sandbox.commands import Discovery
from certify.sandbox.driven import DrivePlan
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.observed_run import Observed, innermost
from certify.sandbox.protocols import COMMANDS

#: Seconds by which a second discovery begins later: what tells the time tells another.
_LATER = 61.0


class AnswersQuestions(Protocol):
    """Whatever runs a command."""

    plan: DrivePlan

    @property
    def import_error(self) -> str | None:
        """What the import raised, if it did."""
        ...

    def ask(self, asked: Asks, cassette: Cassette = NOTHING, scenario: Scenario = HAPPY_PATH) -> Answer:
        """One question that is no read."""
        ...

    def discover(self) -> Discovery:
        """What there is to read, asked for once."""
        ...

    def ask_anew(self, asked: Asks, cassette: Cassette, later: float) -> Answer:
        """The same in a process of its own, `later` seconds after the recording."""
        ...

    def run(self, cassette: Cassette, scenario: Scenario = HAPPY_PATH) -> Run:
        """One read."""
        ...


class Interview:
    """Asks each question once, and remembers what came of it: several rules look at the same answer."""

    def __init__(
        self,
        source: AnswersQuestions,
        recordings: Recordings,
        named: Location,
        root: Path,
        search: LeakSearch,
        runs: Callable[[], FaultRuns],
    ) -> None:
        assert source.plan.command is not None
        self._command = source.plan.command
        self._source = source
        self._recordings = recordings
        self.named = named
        self._root = root
        self.search = search
        self._runs = runs
        self.protocol = COMMANDS[self._command.system]
        self.config = source.plan.config
        self.answers: list[Answer] = []

    @cached_property
    def spec(self) -> Answer:
        """What its configuration is. Not applicable where it does not know the question."""
        script = self._command.script
        if not self.protocol.tells_own_spec(script):
            raise NotApplicable(f"{script} tells no connector's specification: that stands in its manifest")
        answer = self._ask(Asks(lambda _: self.protocol.spec()))
        run = answer.run
        if not self.has_check and (not run.succeeded or run.exchanges or run.unanswered):
            raise NotApplicable(f"{answer.asked}: it knows no such argument")
        return answer

    @cached_property
    def discovery(self) -> Answer:
        """What there is to read."""
        self._require_import()
        found = self._source.discover()
        answer = self._heard(found.answer)
        if found.is_unknown:
            raise NotApplicable(f"{answer.asked}: it knows no such argument")
        return require_accepted(require_recorded(answer), self.config)

    @cached_property
    def later_discovery(self) -> Answer:
        """The same a minute later, in another process."""
        _ = self.discovery
        asks, cassette = Asks(self.protocol.discover), self._source.plan.discovery
        return require_recorded(self._heard(self._source.ask_anew(asks, cassette, later=_LATER)))

    @property
    def has_check(self) -> bool:
        """Whether its system has a question for whether it can connect."""
        return self.protocol.check(_SOME_FILE) is not None

    @cached_property
    def check(self) -> Answer:
        """Whether it can connect; not applicable where its system has no such question."""
        if not self.has_check:
            raise NotApplicable("commands of this system have no check")
        return require_recorded(self._probe(self.config))

    @property
    def reads(self) -> FaultRuns:
        """The runs of its reads. Raises what stands in the way of them."""
        return self._runs()

    def refused(self, config: Mapping[str, Any]) -> Answer:
        """The least that looks at a configuration, and asks the API for something: a check, else a read."""
        return self._probe(config)

    def met_by(self, fault: Fault) -> Answer:
        """The same with the sample configuration, where each request meets a fault, every time."""
        return self._probe(self.config, _everywhere(fault))

    def failing_read(self, fault: Fault) -> Observed:
        """A read where each request meets a fault, every time."""
        scenario = _everywhere(fault)
        self._require_import()
        run = self._source.run(self._recordings.first("full_refresh"), scenario)
        if run.how in ("crashed", "lost"):
            raise HarnessFault(f"{scenario}: the read ended by the sandbox ({run.how})")
        require_virtual_time(run, str(scenario))
        return Observed(scenario, run, run, self._root, self.named)

    def place_of(self, answer: Answer) -> Location:
        """The line of the connector that raised what ended it; else where the command is named."""
        places = answer.run.raised.places if answer.run.raised else ()
        return innermost(places, self._root) or self.named

    def ask_everything(self) -> list[Answer]:
        """Every question that its system has, also where what is answered cannot be judged."""
        for question in ("spec", "discovery", "check"):
            with contextlib.suppress(Undecided):
                getattr(self, question)
        self.met_by(faults.refusal(401))
        self.met_by(faults.refusal(500))
        for name in self.config:
            self.refused({**self.config, name: [self.config[name]]})
        return self.answers

    def _probe(self, config: Mapping[str, Any], scenario: Scenario = HAPPY_PATH) -> Answer:
        cassette = NOTHING if scenario.everywhere else self._recordings.first("check", "full_refresh")
        return self._ask(Asks(self._probing, config), cassette, scenario)

    def _probing(self, config: Path) -> list[str]:
        return self.protocol.check(config) or self.protocol.read(config, None, None)

    def _ask(self, asked: Asks, cassette: Cassette = NOTHING, scenario: Scenario = HAPPY_PATH) -> Answer:
        self._require_import()
        return self._heard(self._source.ask(asked, cassette, scenario))

    def _heard(self, answer: Answer) -> Answer:
        self.answers.append(answer)
        return require_heard(answer)

    def _require_import(self) -> None:
        if self._source.import_error is not None:
            raise Blocked(f"the connector cannot be imported: {self._source.import_error}")


def _everywhere(fault: Fault) -> Scenario:
    return Scenario(fault, times=None, everywhere=True)


_SOME_FILE = Path("config.json")
