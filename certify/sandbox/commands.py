"""Run a connector that is a command, in forks that have imported it: a Singer tap, an Airbyte source."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from certify.replay.cassette import NOTHING, Cassette
from certify.replay.faults import HAPPY_PATH, Scenario
from certify.replay.matching import Key
from certify.replay.played import Played
from certify.rules import Blocked, Unverified
from certify.run import Run
from certify.sandbox.answers import Answer, Asks, require_accepted, require_heard, require_recorded
from certify.sandbox.audit import RowAudit
from certify.sandbox.driven import Drive, DrivenSource, DrivePlan, FreshSource, Paths, start_of
from certify.sandbox.inside.teller import WHOLE_ROWS, Teller
from certify.sandbox.limits import Limits
from certify.sandbox.pace import PaceMeter
from certify.sandbox.protocols import COMMANDS
from certify.sandbox.spoken import Document, Spoken
from certify.sandbox.spoken_pace import Counter
from certify.sandbox.told_run import observed
from certify.sandbox.zygote import Ended, Hears, Zygote

#: Other than that of every other process.
_OTHER_CHANCE = 7
#: What argparse and click exit with when they do not know an argument.
_USAGE_ERROR = 2
_NEEDS_BATCHES = """\
# in the configuration that subject.config names: JSON lines, in a folder below the one that it runs in
"batch_config": {"encoding": {"format": "jsonl", "compression": "gzip"}, "storage": {"root": "file://batches"}}
"""


@dataclass(frozen=True)
class _Moment:
    """The virtual clock of a run, as this side knows it."""

    now: Callable[[], float]
    budget: float

    @property
    def offset(self) -> float:
        return self.now()


@dataclass(frozen=True)
class Discovery:
    """What a command answered, and the catalog that is read by: every stream of what it told, if any."""

    answer: Answer
    catalog: Mapping[str, Any] | None

    @property
    def is_unknown(self) -> bool:
        """Whether it knows no such argument."""
        return self.answer.run.code == _USAGE_ERROR


#: By the names of commands.
Discovered = dict[str, Discovery]


class DrivenCommand(DrivenSource):
    """A console script, imported once, that runs as often as it is asked to, with all streams selected.

    One that knows no `--discover` (a usage error, or no catalog) is run without one.
    """

    def __init__(
        self, zygote: Zygote, plan: DrivePlan, paths: Paths | None = None, found: Discovered | None = None
    ) -> None:
        assert plan.command is not None
        self._command = plan.command
        self._protocol = COMMANDS[plan.command.system]
        self._found: Discovered = {} if found is None else found
        self._began = time.monotonic()
        #: Why records of the last read are not known.
        self._unread = ""
        super().__init__(zygote, plan, paths)

    def run(
        self,
        cassette: Cassette,
        scenario: Scenario = HAPPY_PATH,
        *,
        stream: str | None = None,
        state: Any = None,
        check: bool = False,
        audit: RowAudit | None = None,
        later: float = 0.0,
        meter: PaceMeter | None = None,
    ) -> Run:
        """One read of all its streams, in one scenario.

        Unverified where its discovery asks for what is not recorded; blocked where that fails.
        """
        if stream is not None or check:
            raise Unverified("a command is read whole")
        self._require_discovered()
        run = super().run(cassette, scenario, state=state, audit=audit, later=later, meter=meter)
        if self._unread:
            raise Unverified(self._unread, _NEEDS_BATCHES)
        return run

    def _rewind(self) -> None:
        super()._rewind()
        self._began = time.monotonic()

    def _now(self) -> float:
        """The clock of a run; that of a program is the real one: it waits itself, and nobody turns it."""
        return time.monotonic() - self._began if self._command.program else super()._now()

    def ask(
        self, asked: Asks, cassette: Cassette = NOTHING, scenario: Scenario = HAPPY_PATH, later: float = 0.0
    ) -> Answer:
        """One question that is no read. Where nothing is recorded, a fault meets every request."""
        start = start_of(cassette) + later
        played = Played(
            self._index(cassette), scenario, start=start, max_requests=cassette.most_requests, aim=None
        )
        self._rewind()
        self._wire.play(played, lambda: self._zygote.kill_task("requests"))
        return self._answer(asked, start, cassette.most_seconds)

    def _answer(self, asked: Asks, start: float, seconds: float) -> Answer:
        """What comes of a question, with what is on the wire."""
        hears = Document()
        config = self._write("config", self.plan.config if asked.config is None else asked.config)
        arguments = asked.arguments(config)
        task = self._asked(start, arguments)
        ended = self._zygote.run(task, Limits(wall_seconds=seconds), None, hears)
        run = observed(ended, self._wire.finish(), self._now())
        said = self._protocol.said(hears.text)
        run = replace(run, misspoken=said.misspoken, failures=said.failures)
        words = map(_shown, self._protocol.typed(self._command.arguments, arguments))
        return Answer(
            " ".join([self._command.script, *words]),
            run,
            said,
            hears.text.decode("utf-8", "replace"),
            hears.is_cut,
        )

    def ask_anew(self, asked: Asks, cassette: Cassette, later: float) -> Answer:
        """The same in a process of its own, in which chance and the order of sets are others."""
        return _ask_anew(self._zygote.interpreter, self.plan, asked, cassette, later)

    def discover(self) -> Discovery:
        """What there is to read, asked for once."""
        found = self._found.get(self._command.script)
        if found is None:
            found = self._take_up(self.ask(Asks(self._protocol.discover), self.plan.discovery))
        return found

    def _take_up(self, answer: Answer) -> Discovery:
        catalog = self._protocol.catalog(answer.said)
        chosen = None if catalog is None else self._protocol.choose(catalog)
        found = self._found[self._command.script] = Discovery(answer, chosen)
        return found

    def _require_discovered(self) -> None:
        found = self.discover()
        run = require_recorded(require_heard(found.answer)).run
        if not found.is_unknown:
            require_accepted(found.answer, self.plan.config)
        if not run.succeeded and not found.is_unknown:
            words = run.raised.message if run.raised else run.output
            raise Blocked(f"the discovery fails ({run.how}): {words.strip()[-300:]}")

    @property
    def discovered(self) -> Container[Key]:
        """What its discovery asked for."""
        return _asked_by(self._found)

    @property
    def _catalog(self) -> Mapping[str, Any] | None:
        found = self._found.get(self._command.script)
        return found.catalog if found else None

    @property
    def _moment(self) -> _Moment:
        return _Moment(self._now, self.plan.budget)

    def _task(self, start: float, stream: str | None, state: Any, check: bool) -> dict[str, Any]:
        """The files are written anew each time: a command may have written into them."""
        catalog = self._write("catalog", self._catalog) if self._catalog is not None else None
        given = self._write("state", state) if state is not None else None
        return self._asked(
            start, self._protocol.read(self._write("config", self.plan.config), catalog, given)
        )

    def _asked(self, start: float, arguments: list[str]) -> dict[str, Any]:
        return super()._task(start, None, None, False) | {
            "do": "command",
            "script": self._command.script,
            "program": self._command.program,
            "arguments": self._protocol.typed(self._command.arguments, arguments),
            "speaks_log": self._protocol.speaks_log,
            "chance": self._zygote.hash_seed,
            "config": {},
            "measured": None,
        }

    def _write(self, name: str, value: Any) -> Path:
        return self._zygote.write(f"{name}.json", json.dumps(value).encode())

    def _perform(self, task: dict[str, Any], limits: Limits, hears: Hears | None) -> Ended:
        whole = math.inf if task["audited"] else WHOLE_ROWS
        dialect = self._protocol.dialect(self._catalog, self._zygote.private)
        makes = partial(Counter, task["measured"]) if task["measured"] else Teller
        spoken = Spoken(dialect, self._moment, self.plan.needles, whole, makes)
        ended = self._zygote.run(task, limits, hears, spoken)
        self._unread = dialect.unread
        return ended


class FreshCommand(FreshSource):
    """The same, imported anew for each of its runs."""

    def __init__(self, interpreter: Path | None, plan: DrivePlan) -> None:
        self._found: Discovered = {}
        super().__init__(interpreter, plan, partial(DrivenCommand, found=self._found))

    @property
    def discovered(self) -> Container[Key]:
        """What its discovery asked for."""
        return _asked_by(self._found)

    def ask(
        self, asked: Asks, cassette: Cassette = NOTHING, scenario: Scenario = HAPPY_PATH, later: float = 0.0
    ) -> Answer:
        """One question that is no read."""
        with Zygote(self._interpreter) as zygote, DrivenCommand(zygote, self.plan, None, self._found) as one:
            return one.ask(asked, cassette, scenario, later)

    def discover(self) -> Discovery:
        """What there is to read, asked for once."""
        with Zygote(self._interpreter) as zygote, DrivenCommand(zygote, self.plan, None, self._found) as one:
            return one.discover()

    def ask_anew(self, asked: Asks, cassette: Cassette, later: float) -> Answer:
        """The same with other chances, and another order of sets."""
        return _ask_anew(self._interpreter, self.plan, asked, cassette, later)


def _asked_by(found: Discovered) -> Container[Key]:
    return frozenset(one.key for found_by in found.values() for one in found_by.answer.run.exchanges)


def _ask_anew(
    interpreter: Path | None, plan: DrivePlan, asked: Asks, cassette: Cassette, later: float
) -> Answer:
    with Zygote(interpreter, hash_seed=_OTHER_CHANCE) as zygote, DrivenCommand(zygote, plan) as command:
        return command.ask(asked, cassette, later=later)


def _shown(argument: str) -> str:
    """An argument as somebody would type it: files by their names."""
    return Path(argument).name if argument.startswith("/") else argument


def drive_of(plan: DrivePlan) -> Drive:
    """What runs this plan: as a command where it is one, whose discovery then is asked for once."""
    return partial(DrivenCommand, found={}) if plan.command is not None else DrivenSource
