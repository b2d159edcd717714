"""Run a source in a fork that has it already, on the wire and the virtual clock."""

from __future__ import annotations

import datetime
import json
import mmap
import struct
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from certify.replay.cassette import NOTHING, Cassette
from certify.replay.faults import HAPPY_PATH, How, Scenario
from certify.replay.matching import CassetteIndex, Key
from certify.replay.played import Aim, Played
from certify.replay.synthetic import Synthetic, SyntheticIndex
from certify.replay.wire import Wire
from certify.run import Run
from certify.sandbox.audit import RowAudit
from certify.sandbox.canaries import replaced
from certify.sandbox.inside.clock import PAGE
from certify.sandbox.limits import Limits
from certify.sandbox.pace import PaceMeter
from certify.sandbox.told_run import LONGEST, observed
from certify.sandbox.zygote import Ended, Hears, Zygote

#: Bytes of memory that no run of a recorded connector needs.
_RESIDENT = 2 * 1024**3
_OFFSET = struct.Struct("<d")
#: More connections than any run opens.
_EVERY = 1_000_000
#: Where a cassette has no dates.
_SOME_MOMENT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Command:
    """A connector that is a command, and what its contract adds to the arguments of its system.

    A console script, unless `program` is the absolute path of an executable of any other kind.
    """

    system: str
    script: str
    arguments: tuple[str, ...] = ()
    program: str = ""


@dataclass(frozen=True)
class DrivePlan:
    """What is run: the factory (`module:make_source`), where it is found, and what it is called with.

    Of a `command`, `source` is what its script calls; it is looked up where that is empty. `discovery` is
    what its discovery asks for.
    """

    source: str
    path: tuple[str, ...]
    modules: tuple[str, ...]
    config: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    canaries: tuple[str, ...] = ()
    #: Texts to look for in rows that are told as digests.
    needles: tuple[str, ...] = ()
    #: Virtual seconds that a run may wait in all.
    budget: float = 600.0
    command: Command | None = None
    discovery: Cassette = NOTHING


#: In a sample configuration: the path of a PEM file with a client certificate and its key.
CLIENT_CERTIFICATE = "{client_certificate}"
#: The requests of the happy path of a cassette, a stream and a state.
Paths = dict[tuple[str, str | None, str], tuple[Key, ...]]


class RunsSource(Protocol):
    """Whatever runs a source in scenarios."""

    plan: DrivePlan

    @property
    def discovered(self) -> Container[Key]:
        """The requests that came before the first read, to find out what there is to read."""
        ...

    @property
    def import_error(self) -> str | None:
        """What the import raised, if it did."""
        ...

    def run(
        self,
        cassette: Cassette,
        scenario: Scenario = HAPPY_PATH,
        *,
        state: Any = None,
        audit: RowAudit | None = None,
        later: float = 0.0,
        meter: PaceMeter | None = None,
    ) -> Run:
        """One run of it, in one scenario."""
        ...


class FreshSource:
    """One connector, imported anew for each of its runs: slower, and safe where a fork is not."""

    @property
    def discovered(self) -> Container[Key]:
        """Nothing: what a factory makes knows its streams by itself."""
        return ()

    def __init__(self, interpreter: Path | None, plan: DrivePlan, drive: Drive | None = None) -> None:
        self.plan = plan
        self._interpreter = interpreter
        self._drive = drive or DrivenSource
        self._paths: Paths = {}

    @cached_property
    def import_error(self) -> str | None:
        """What the import raised, if it did."""
        with Zygote(self._interpreter) as zygote, self._drive(zygote, self.plan, self._paths) as source:
            return source.import_error

    def run(
        self,
        cassette: Cassette,
        scenario: Scenario = HAPPY_PATH,
        *,
        state: Any = None,
        audit: RowAudit | None = None,
        later: float = 0.0,
        meter: PaceMeter | None = None,
    ) -> Run:
        """One run of it, in one scenario."""
        with Zygote(self._interpreter) as zygote, self._drive(zygote, self.plan, self._paths) as source:
            return source.run(cassette, scenario, state=state, audit=audit, later=later, meter=meter)


class DrivenSource:
    """One connector, imported once, that runs as often as it is asked to. Close it at the end.

    Raises SandboxError where the sandbox does not start; what the import raised is `import_error`.
    """

    @property
    def discovered(self) -> Container[Key]:
        """Nothing: what a factory makes knows its streams by itself."""
        return ()

    def __init__(self, zygote: Zygote, plan: DrivePlan, paths: Paths | None = None) -> None:
        self._zygote = zygote
        self.plan = plan
        zygote.start()
        self._page_file = zygote.write("clock", bytes(PAGE))
        self._last = 0.0
        with self._page_file.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), PAGE)
        command = plan.command
        script = command.script if command and not (plan.source or command.program) else None
        warmed = zygote.warm({"path": list(plan.path), "modules": list(plan.modules), "script": script})
        self._source = plan.source or str(warmed.told["entry"])
        self.import_error: str | None = warmed.told["error"]
        self.threads: int = warmed.told["threads"]
        #: What holds the calendar of its runs.
        self.calendar = str(warmed.told["calendar"])
        self._port: int = warmed.told["port"]
        self._indexes: dict[str, CassetteIndex] = {}
        self._paths: Paths = {} if paths is None else paths
        self._import_first: tuple[str, ...] = ()
        self._wire = Wire(warmed.listener, self._now)
        self._authority = zygote.write("authority.pem", self._wire.certificate)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the wire down; the zygote is its owner's."""
        self._wire.close()

    def _now(self) -> float:
        """The clock as the connector's side says it is; it may say anything, and is believed what can be."""
        said = float(_OFFSET.unpack_from(self._page)[0])
        if 0.0 <= said < LONGEST:
            self._last = said
        return self._last

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
        """One run of it, in one scenario; `check`: of its `check()`, which gives no rows.

        `audit` looks at every row as it comes; `meter` is told what the run took, and its rows are let go.
        `later` seconds after it was recorded the run begins.

        Of one that made its happy path before, the fault hits the request that had the scenario's position
        there, in whatever order requests are sent beside each other now.
        """
        self._rewind()
        start = start_of(cassette) + later
        path = (cassette.name, stream, repr(state))
        task = self._task(start, stream, state, check) | {
            "unanswered": _unanswered(scenario),
            "unanswered_host": _host(self._paths.get(path, ()), scenario.position),
            "needles": list(self.plan.needles),
            "audited": audit is not None,
            "measured": meter.plan if meter is not None else None,
        }
        played = Played(
            self._index(cassette),
            scenario,
            start=start,
            max_requests=cassette.most_requests,
            aim=_aim(self._paths.get(path, ()), scenario.position),
        )
        self._wire.play(played, lambda: self._zygote.kill_task("requests"))
        limits = Limits(wall_seconds=cassette.most_seconds, resident_bytes=_RESIDENT)
        listener = audit or meter
        ended = self._perform(task, limits, listener.hears if listener is not None else None)
        self._import_first = self._import_first or imported_by(ended)
        run = observed(ended, self._wire.finish(), self._now())
        if audit is not None:
            run = replace(run, rows=audit.rows)
        if scenario.fault is None:
            self._paths[path] = tuple(one.key for one in run.exchanges)
        return run

    def _perform(self, task: dict[str, Any], limits: Limits, hears: Hears | None) -> Ended:
        return self._zygote.run(task, limits, hears)

    def _with_client_certificate(self, config: Mapping[str, Any]) -> Any:
        """The configuration with the path of a client certificate where it asks for one."""
        if CLIENT_CERTIFICATE not in json.dumps(dict(config), ensure_ascii=False, default=str):
            return dict(config)
        file = self._zygote.write("client.pem", self._wire.client_certificate)
        return replaced(dict(config), CLIENT_CERTIFICATE, str(file))

    def _rewind(self) -> None:
        _OFFSET.pack_into(self._page, 0, 0.0)
        self._last = 0.0

    def _task(self, start: float, stream: str | None, state: Any, check: bool) -> dict[str, Any]:
        return {
            "do": "drive",
            "source": self._source,
            "path": list(self.plan.path),
            "import_first": list(self._import_first),
            "config": self._with_client_certificate(self.plan.config),
            "environment": dict(self.plan.environment),
            "stream": stream,
            "state": state,
            "check": check,
            "live": False,
            "start": start,
            "page": str(self._page_file),
            "budget": self.plan.budget,
            "port": self._port,
            "authority": str(self._authority),
        }

    def _index(self, cassette: Cassette) -> CassetteIndex:
        """Made once: it takes as long as the cassette is."""
        known = self._indexes.get(cassette.name)
        if known is None or known.cassette is not cassette:
            known = self._indexes[cassette.name] = _indexed(cassette, self.plan.canaries)
        return known


#: Makes what runs a plan in a zygote.
Drive = Callable[[Zygote, DrivePlan, Paths | None], DrivenSource]


def start_of(cassette: Cassette) -> float:
    """The POSIX time at which a run of it begins: that of its recording."""
    return (cassette.moment or _SOME_MOMENT).timestamp()


def _indexed(cassette: Cassette, canaries: tuple[str, ...]) -> CassetteIndex:
    if isinstance(cassette, Synthetic):
        return SyntheticIndex(cassette, canaries)
    return CassetteIndex(cassette, canaries)


def _unanswered(scenario: Scenario) -> int:
    """How many connections are never accepted."""
    if scenario.fault is None or scenario.fault.how is not How.NO_CONNECTION:
        return 0
    return _EVERY if scenario.times is None else scenario.times


def _host(path: tuple[Key, ...], position: int) -> str | None:
    """The host that the request at a position of the happy path went to; None when that is not known."""
    return path[position][1].partition(":")[0] if position < len(path) else None


def imported_by(ended: Ended) -> tuple[str, ...]:
    """What a run imported for itself, as far as it told."""
    told = [message["imported"] for message in ended.messages if "imported" in message]
    return tuple(str(name) for name in told[-1]) if told else ()


def _aim(path: tuple[Key, ...], position: int) -> Aim | None:
    """The request at a position of the happy path; None when that is not known."""
    return Aim(path[position], path[:position].count(path[position])) if position < len(path) else None
