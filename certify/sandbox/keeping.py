"""Drive a state back end: programs of operations, each process a fork that has the connector already."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from certify.model import Location
from certify.rules import Blocked, HarnessFault
from certify.run import Places
from certify.sandbox.limits import Limits
from certify.sandbox.observed_run import innermost
from certify.sandbox.operations import AFTER, NOTHING, Kept, Make, Odd, Operation, Read, Write
from certify.sandbox.told_run import places_of, raised_by
from certify.sandbox.zygote import Ended, Zygote
from certify.target.database import TMP, Database
from certify.target.relay import Relay

#: A few reads and writes take milliseconds; what takes this long hangs.
_LIMITS = Limits(wall_seconds=20.0, resident_bytes=2 * 1024**3)
#: A table that nobody has: states lie in tables of the back end's own.
_NO_TABLE = "certify_no_table"


@dataclass(frozen=True)
class KeepPlan:
    """The factory (`module:make_state`), what it is called with, and where its module is found.

    In `url`, `{tmp}` stands for a folder that each store has to itself.
    """

    state: str
    path: tuple[str, ...]
    config: Mapping[str, Any]
    environment: Mapping[str, str]
    url: str
    #: The contract says no `target.url`, and `url` is what is usual.
    url_is_assumed: bool = False


class Keeping:
    """A state back end that was imported once, and is then driven in forks."""

    def __init__(
        self, zygote: Zygote, plan: KeepPlan, root: Path, named: Location, *, in_forks: bool = True
    ) -> None:
        self._zygote = zygote
        self.plan = plan
        self.root = root
        self.named = named
        #: Where its methods are written, as far as that is told.
        self._lines: dict[str, Places] = {}
        zygote.start()
        self.server = _server(plan.url, zygote.private)
        self._relay: Relay | None = None
        self._warm()
        # A fork of a process with threads may wait for a lock that one of them held.
        self._in_forks = in_forks and not self.threads

    def _warm(self) -> None:
        """Import the back end, and open the way to its server."""
        if self._relay is not None:
            self._relay.close()
        module = self.plan.state.partition(":")[0]
        warmed = self._zygote.warm({"path": list(self.plan.path), "modules": [module]})
        self.import_error: str | None = warmed.told["error"]
        self.threads: int = warmed.told["threads"]
        if self.server is not None and self.server.server is not None:
            self._relay = Relay(warmed.listener, self.server.server)
        else:
            warmed.listener.close()

    def before_process(self, folder: Path) -> Path:
        """Where it may not be forked, import it anew: the store's folder then lies elsewhere."""
        if self._in_forks:
            return folder
        with tempfile.TemporaryDirectory() as kept:
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            self._zygote.close()
            self._warm()
            return Path(shutil.copytree(kept, self._zygote.private / folder.name))

    def close(self) -> None:
        """Close the way to a server; the zygote is its owner's."""
        if self._relay is not None:
            self._relay.close()
        if self.server is not None:
            self.server.close()

    def store(self, copied: Path | None = None) -> Store:
        """A fresh place for states, or a copy of one. Blocked where the connector cannot be imported."""
        self.require()
        folder = Path(tempfile.mkdtemp(prefix="state-", dir=self._zygote.private))
        if copied is not None:
            shutil.copytree(copied, folder, dirs_exist_ok=True)
        return Store(self, folder, is_copy=copied is not None)

    def require(self) -> None:
        """Blocked where the connector cannot be imported."""
        if self.import_error is not None:
            raise Blocked(f"the connector cannot be imported: {self.import_error}")

    def url(self, folder: Path) -> str:
        """The URL as the connector is given it."""
        return self.plan.url.replace(TMP, str(folder)) if self._relay is None else self._relay.url

    def perform(self, url: str, process: Sequence[Operation]) -> list[Kept]:
        """Some operations in one process."""
        task = {
            "do": "keep",
            "state": self.plan.state,
            "config": dict(self.plan.config),
            "environment": dict(self.plan.environment),
            "url": url,
            "port": None if self._relay is None else self._relay.port,
            "program": [_told(one, through_relay=self._relay is not None) for one in process],
        }
        cut = _cut_at(process) if self._relay is not None else None
        sent = self._watch(cut)
        ended = self._zygote.run(task, _LIMITS)
        done = self._done(ended, process)
        if self._relay is not None:
            self._relay.end()
            done = [_as_messages(one, cut, len(sent)) for one in done]
        if len(done) < len(process) and ended.why == "wall":
            return [*done, Kept(process[len(done)], hangs=True)]
        if len(done) < len(process) and not (done and done[-1].killed):
            raise HarnessFault(f"{process[len(done)]} did not come to its end ({_how(ended)})")
        return done

    def _watch(self, cut: int | None) -> list[int]:
        """The messages that go to the server, as they are sent; the one to be cut at goes nowhere."""
        sent: list[int] = []

        def passes(number: int) -> bool:
            sent.append(number)
            return number != cut

        if self._relay is not None:
            self._relay.begin(passes)
        return sent

    def _done(self, ended: Ended, process: Sequence[Operation]) -> list[Kept]:
        done: list[Kept] = []
        for message in ended.messages:
            if "fault" in message:
                raise HarnessFault(f"the state could not be driven: {str(message['fault'])[-500:]}")
            if "killed" in message:
                places = places_of(message["places"])
                done.append(Kept(process[len(done)], killed=f"killed {message['killed']}", places=places))
            elif message.get("did") == len(done) < len(process):
                done.append(self._kept(process[len(done)], message))
        return done

    def _kept(self, operation: Operation, message: Mapping[str, Any]) -> Kept:
        if "raised" in message:
            return Kept(operation, raised=raised_by(message["raised"]))
        gave = message["gave"]
        if isinstance(operation, Make):
            self._lines |= {name: places_of([line]) for name, line in gave.items() if line}
            return Kept(operation)
        if isinstance(operation, Write):
            return Kept(operation, calls=int(gave))
        return Kept(operation, _value(gave))

    def location(self, kept: Kept) -> Location:
        """The line of the connector to look at: where it raised, or else the method that was called."""
        method = "read_state" if isinstance(kept.operation, Read) else "write_state"
        for places in (kept.raised.places if kept.raised else kept.places, self._lines.get(method, ())):
            found = innermost(places, self.root)
            if found is not None:
                return found
        return self.named


class Store:
    """One place where states are kept: what one process leaves there, the next one finds. Close it."""

    def __init__(self, keeping: Keeping, folder: Path, *, is_copy: bool) -> None:
        self._keeping = keeping
        self._folder = folder
        self._is_copy = is_copy

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._keeping.server is not None and not self._is_copy:
            self._keeping.server.clear()

    def run(self, program: Iterable[Operation]) -> list[Kept]:
        """What each operation gave, up to one that hangs; with each `Make(anew=True)` begins a process."""
        done: list[Kept] = []
        for process in _processes(program):
            if done and done[-1].hangs:
                break
            self._folder = self._keeping.before_process(self._folder)
            done += self._keeping.perform(self._keeping.url(self._folder), process)
        return done


def _server(url: str, folder: Path) -> Database | None:
    """The database that a URL names, where it is one over the network. Raises TargetError."""
    if TMP in url or "://" not in url:
        return None
    database = Database(url, _NO_TABLE, folder)
    return database if database.server is not None else None


def _processes(program: Iterable[Operation]) -> Iterable[list[Operation]]:
    process: list[Operation] = [Make()]
    for one in program:
        if isinstance(one, Make) and one.anew:
            yield process
            process = [one]
        else:
            process.append(one)
    yield process


def _cut_at(process: Sequence[Operation]) -> int | None:
    """The message at which the connection of a process is cut."""
    kills = [one.kill for one in process if isinstance(one, Write)]
    return next((kill for kill in kills if kill not in (None, AFTER)), None)


def _as_messages(kept: Kept, cut: int | None, sent: int) -> Kept:
    """A write through the relay: its calls are the messages of its process, and it is cut off at one."""
    if not isinstance(kept.operation, Write) or kept.killed:
        return kept
    if cut is None or sent <= cut:
        return replace(kept, calls=sent)
    return replace(kept, calls=sent, killed=f"cut off at message {cut + 1} to the database")


def _told(operation: Operation, *, through_relay: bool) -> list[Any]:
    match operation:
        case Make():
            return ["make"]
        case Read(key):
            return ["read", key]
        case Write(key, value, kill):
            return ["write", key, value, AFTER if kill == AFTER else None if through_relay else kill]


def _value(gave: Mapping[str, Any]) -> Any:
    """What was read; None is what a back end says where it has nothing."""
    if "json" not in gave:
        return Odd(str(gave.get("shown")))
    value = json.loads(gave["json"])
    return NOTHING if value is None else value


def _how(ended: Ended) -> str:
    if ended.why == "exit":
        return f"signal {ended.signal}" if ended.signal else f"exit code {ended.code}"
    return ended.why
