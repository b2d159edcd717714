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
from certify.rules import Blocked, HarnessFault, NotApplicable, Undecided, Unverified
from certify.run import Run
from certify.sandbox.answers import Answer, Asks
from certify.sandbox.driven import DrivePlan
from certify.sandbox.fault_runs import FaultRuns, in_real_time
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.observed_run import Observed, innermost
from certify.sandbox.protocols import COMMANDS

#: Seconds by which a second discovery begins later: what tells the time tells another.
_LATER = 61.0
#: What argparse and click exit with when they do not know an argument.
_USAGE_ERROR = 2
_NEEDS_CHECK = """\
replay:
  cassettes: certification/cassettes   # check.yaml, what a check asks for; or full_refresh.yaml
"""


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
        cassettes: Mapping[str, Cassette],
        named: Location,
        root: Path,
        search: LeakSearch,
        runs: Callable[[], FaultRuns],
    ) -> None:
        assert source.plan.command is not None
        self._command = source.plan.command
        self._source = source
        self._cassettes = cassettes
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
        answer = self._ask(Asks(self.protocol.discover), self._with_catalog)
        if answer.run.code == _USAGE_ERROR:
            raise NotApplicable(f"{answer.asked}: it knows no such argument")
        return _as_recorded(answer)

    @cached_property
    def later_discovery(self) -> Answer:
        """The same a minute later, in another process."""
        _ = self.discovery
        return self._heard(
            self._source.ask_anew(Asks(self.protocol.discover), self._with_catalog, later=_LATER)
        )

    @property
    def _with_catalog(self) -> Cassette:
        return self._recorded("discover", "full_refresh")

    @property
    def has_check(self) -> bool:
        """Whether its system has a question for whether it can connect."""
        return self.protocol.check(_SOME_FILE) is not None

    @cached_property
    def check(self) -> Answer:
        """Whether it can connect; not applicable where its system has no such question."""
        if not self.has_check:
            raise NotApplicable("commands of this system have no check")
        return _as_recorded(self._probe(self.config))

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
        run = self._source.run(NOTHING, scenario)
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
        cassette = NOTHING if scenario.everywhere else self._recorded("check", "full_refresh")
        return self._ask(Asks(self._probing, config), cassette, scenario)

    def _probing(self, config: Path) -> list[str]:
        return self.protocol.check(config) or self.protocol.read(config, None, None)

    def _recorded(self, *names: str) -> Cassette:
        """The first of these that there is."""
        return next((self._cassettes[name] for name in names if name in self._cassettes), NOTHING)

    def _ask(self, asked: Asks, cassette: Cassette = NOTHING, scenario: Scenario = HAPPY_PATH) -> Answer:
        """Blocked where it cannot be imported."""
        if self._source.import_error is not None:
            raise Blocked(f"the connector cannot be imported: {self._source.import_error}")
        return self._heard(self._source.ask(asked, cassette, scenario))

    def _heard(self, answer: Answer) -> Answer:
        self.answers.append(answer)
        if answer.run.how in ("crashed", "lost"):
            raise HarnessFault(f"{answer.asked}: {answer.ending}")
        if answer.run.waits_in_real_time:
            raise Unverified(f"{answer.asked}: {in_real_time(answer.run)}")
        return answer


def _as_recorded(answer: Answer) -> Answer:
    """Unverified where it asks for what is not recorded."""
    if answer.run.missed:
        said = f"{answer.asked} asks for what is not recorded: {answer.run.missed[0].miss}"
        raise Unverified(said, _NEEDS_CHECK)
    return answer


def _everywhere(fault: Fault) -> Scenario:
    return Scenario(fault, times=None, everywhere=True)


_SOME_FILE = Path("config.json")
