"""Load rows with a sink in forks that have it already, and look at its target from outside."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from certify.errors import SandboxError
from certify.sandbox.driven import Command, imported_by
from certify.sandbox.inside.typed import to_json
from certify.sandbox.limits import Limits
from certify.sandbox.load_watch import LOOKING_SECONDS, LoadWatch
from certify.sandbox.observed_load import SILENT, Load, Point, Said
from certify.sandbox.told_run import how_ended, raised_by
from certify.sandbox.zygote import Ended, Listens, Zygote
from certify.target.contents import Row
from certify.target.database import TMP, Database, Unreadable
from certify.target.files import SCHEME, Folder
from certify.target.relay import Relay
from certify.target.saved import Place, Saved, save

if TYPE_CHECKING:
    from sqlalchemy import URL

#: A load of a few rows takes milliseconds; what takes this long hangs.
LOAD_LIMITS = Limits(wall_seconds=20.0, resident_bytes=2 * 1024**3)


@dataclass(frozen=True)
class LoadPlan:
    """What loads (`module:make_sink`), where it is found, what it is called with, and where to.

    Of a `command`, `sink` is what its script calls; it is looked up where that is empty.
    """

    sink: str
    path: tuple[str, ...]
    config: Mapping[str, Any]
    url: str
    table: str
    primary_key: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    command: Command | None = None
    #: What the configuration has besides, or otherwise, in loads of a strategy.
    by_strategy: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class Loads:
    """One sink, imported once, that loads as often as it is asked to. Close it at the end.

    Where it may not be forked, it is imported anew for each load, which takes longer.
    Raises SandboxError where the sandbox does not start, TargetError where there is no target; what the
    import raised is `import_error`.
    """

    def __init__(self, zygote: Zygote, plan: LoadPlan, *, in_forks: bool = True) -> None:
        self._zygote = zygote
        self.plan = plan
        self._database: Place | None = None
        self._relay: Relay | None = None
        self._import_first: tuple[str, ...] = ()
        self._open()
        # A fork of a process with threads may wait for a lock that one of them held.
        self._in_forks = in_forks and not self.threads

    def _open(self) -> None:
        """Import the sink, and find the way to its target."""
        if self._relay is not None:
            self._relay.close()
        module = self.plan.sink.partition(":")[0]
        command = self.plan.command
        script = command.script if command and not (self.plan.sink or command.program) else None
        modules = [module] if module else []
        plan = {
            "path": list(self.plan.path),
            "modules": modules,
            "script": script,
            "is_piped": bool(command),
        }
        warmed = self._zygote.warm(plan)
        self.entry = self.plan.sink or str(warmed.told["entry"])
        self.import_error: str | None = warmed.told["error"]
        self.threads: int = warmed.told["threads"]
        folder = self._zygote.private / "target"
        folder.mkdir()
        if self._database is None or TMP in self.plan.url:
            is_folder = self.plan.url.startswith(SCHEME)
            self._database = (Folder if is_folder else Database)(self.plan.url, self.plan.table, folder)
        if self.database.server is not None:
            self._relay = Relay(warmed.listener, self.database.server)
        else:
            warmed.listener.close()
        self._files = self._files_there()

    def _open_anew(self) -> None:
        """Import it once more, in a process of its own, with the target as it is."""
        saved = self.save()
        self._zygote.close()
        self._open()
        saved.restore(self.database)

    @property
    def database(self) -> Place:
        """The target."""
        assert self._database is not None
        return self._database

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop what was loaded and close the way to it; the zygote is its owner's."""
        if self._relay is not None:
            self._relay.close()
            self.database.clear()
        self.database.close()

    @property
    def folder(self) -> Path:
        """What `{tmp}` of the target's URL stands for."""
        return self._zygote.private / "target"

    def save(self) -> Saved:
        """The target as it is now."""
        return save(self.database)

    def _require_own_folder(self) -> None:
        """Behind a link the files of somebody would be read, removed and written."""
        if self.folder.is_symlink():
            raise SandboxError("a run has put a link in the place of the target's folder")

    def begin_with(self, saved: Saved) -> None:
        """Bring the target back to what it was, and remove what loads left beside it."""
        self._require_own_folder()
        for name in self._files_there() - self._files:
            path = self._zygote.private / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        saved.restore(self.database)

    def load(
        self,
        rows: Sequence[Row],
        strategy: str,
        *,
        looks: int = 0,
        stop: Point | None = None,
        fails_after: int | None = None,
        then: Mapping[str, Any] | None = None,
        also: Callable[[], Any] | None = None,
        points: bool = False,
    ) -> Load:
        """One load of these rows into the target as it is.

        `points`: those of the load are told, as they are anyway where there is anything to do at one.
        `looks`: at each point (2: at each second one), the target is read over another connection while the
        load stands still.
        `stop`: at this point the process is killed, or the connection to the database cut. After
        `fails_after` rows, their iterator raises. `then`: `state` (`module:make_state`), `key` and `value` of
        the state that is written once it has returned. `also` is called at each look.
        """
        self._prepare()
        watch = LoadWatch(self.database, looks, stop, also)
        task = self._task(strategy) | {
            "do": "load",
            "primary_key": list(self.plan.primary_key) or None,
            "rows": [to_json(row) for row in rows],
            "tells": points or looks > 0 or stop is not None or then is not None,
            "fails_after": fails_after,
            "then": None if then is None else dict(then),
        }
        return self._told(self._perform(task, watch), watch, tuple(rows), strategy)

    def _prepare(self) -> None:
        """Import it anew where it may not be forked: before anything else, since the target moves then."""
        if not self._in_forks:
            self._open_anew()

    def _perform(self, task: dict[str, Any], watch: LoadWatch, listens: Listens | None = None) -> Ended:
        if self._relay is not None:
            self._relay.begin(watch.passes)
        stop = watch.stop
        task |= {
            "ends_at": stop.number if stop is not None and stop.kind != "message" else None,
            "waits": watch.every > 0 or self._relay is not None,
        }
        seconds = LOAD_LIMITS.wall_seconds + (LOOKING_SECONDS if watch.every else 0.0)
        limits = replace(LOAD_LIMITS, wall_seconds=seconds)
        ended = self._zygote.run(task, limits, watch.hears, listens)
        if ended.why == "lost":
            self._open()
            raise SandboxError(f"{task['strategy']}: a load took its sandbox with it")
        self._import_first = self._import_first or imported_by(ended)
        if self._relay is not None:
            self._relay.end()
        return ended

    @property
    def url(self) -> str:
        """The target's URL as the connector is given it."""
        return self.database.given if self._relay is None else self._relay.url

    @property
    def reached(self) -> URL | None:
        """The same, in its parts; None where it leads to a folder of files."""
        import sqlalchemy

        if isinstance(self.database, Folder):
            return None
        return sqlalchemy.make_url(self.url)

    def _task(self, strategy: str) -> dict[str, Any]:
        return {
            "sink": self.entry,
            "path": list(self.plan.path),
            "import_first": list(self._import_first),
            "config": {**self.plan.config, **self.plan.by_strategy.get(strategy, {})},
            "environment": dict(self.plan.environment),
            "target_url": self.url,
            "port": None if self._relay is None else self._relay.port,
            "table": self.plan.table,
            "strategy": strategy,
        }

    def _told(
        self, ended: Ended, watch: LoadWatch, rows: tuple[Row, ...], strategy: str, said: Said = SILENT
    ) -> Load:
        lasts = [message["ended"] for message in ended.messages if isinstance(message.get("ended"), dict)]
        last = lasts[-1] if lasts else {}
        was_killed = watch.stop is not None and ended.why == "exit" and ended.signal == signal.SIGKILL
        error = last.get("error")
        log = [message["log"] for message in ended.messages if "log" in message]
        self._require_own_folder()
        try:
            after, tables = self.database.read(), self.database.left_over()
        except Unreadable as unreadable:
            raise SandboxError(f"the target cannot be read after a load: {unreadable}") from unreadable
        return Load(
            strategy=strategy,
            rows=rows,
            how="killed" if was_killed else how_ended(ended, last),
            returned=last.get("returned"),
            raised=raised_by(error) if error else None,
            points=tuple(watch.points),
            looks=tuple(watch.looks),
            stop=watch.stop,
            most_taken=watch.most_taken,
            after=after,
            left_over=(*tables, *sorted(self._left_files())),
            output=ended.output.decode("utf-8", "replace"),
            code=last.get("code"),
            said=said,
            log=tuple(str(line) for line in log if line is not None),
            output_is_cut=_is_cut(ended, last) or said.is_cut,
        )

    def _left_files(self) -> set[str]:
        """Files that were not there at the start, but the database's own."""
        own = self.database.own_files
        return {name for name in self._files_there() - self._files if self._zygote.private / name not in own}

    def _files_there(self) -> set[str]:
        private = self._zygote.private
        return {path.relative_to(private).as_posix() for path in private.rglob("*")}


def _is_cut(ended: Ended, last: Mapping[str, Any]) -> bool:
    """Whether a load printed, logged or told more than came here."""
    unsaid = any("unsent" in message or message.get("log", "") is None for message in ended.messages)
    return unsaid or bool(last.get("is_cut")) or ended.output_bytes > len(ended.output)
