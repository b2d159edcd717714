"""Load rows with a sink in forks that have it already, and look at its target from outside."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from certify.errors import SandboxError
from certify.run import Raised
from certify.sandbox.driven import imported_by
from certify.sandbox.inside.typed import to_json
from certify.sandbox.limits import Limits
from certify.sandbox.told_run import how_ended, raised_by
from certify.sandbox.zygote import Ended, Zygote
from certify.target.contents import Contents, Row
from certify.target.database import Database, Unreadable
from certify.target.relay import Relay
from certify.target.saved import JOURNALS, Saved, save

#: A load of a few rows takes milliseconds; what takes this long hangs.
LOAD_LIMITS = Limits(wall_seconds=20.0, resident_bytes=2 * 1024**3)
#: Points that are kept, and looks that are taken, of one load.
_MOST_POINTS, _MOST_LOOKS = 50_000, 1_000
#: Kinds of points that there is one of.
_MOMENTS = {
    "end": "after the last row",
    "returned": "after load_rows returned",
    "written": "after write_state returned",
}


@dataclass(frozen=True)
class LoadPlan:
    """What loads (`module:make_sink`), where it is found, what it is called with, and where to."""

    sink: str
    path: tuple[str, ...]
    config: Mapping[str, Any]
    url: str
    table: str
    primary_key: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Point:
    """A moment of a load. `kind` is `row`, `end` (after the last row), `call`, `statement` or `message`.

    Where a state is written after it, also `returned` and `written`.

    `number` counts the process's own points, or the relay's messages, from 0; `place` those of its kind,
    from 1.
    """

    kind: str
    number: int
    place: int
    words: str = ""

    @property
    def is_between_rows(self) -> bool:
        """Whether the sink was about to take a row, or to be told that there is no more."""
        return self.kind in ("row", "end")

    def __str__(self) -> str:
        if self.kind == "row":
            return f"before row {self.place}"
        if self.kind in _MOMENTS:
            return _MOMENTS[self.kind]
        if self.kind == "message":
            return f"at message {self.place} to the database"
        return f"at database call {self.place} ({self.words})"


@dataclass(frozen=True)
class Look:
    """What another connection saw of the target at a point; None where it could not read.

    `also` is what whoever asked for the looks saw beside it.
    """

    point: Point
    seen: Contents | None
    also: Any = None


@dataclass(frozen=True)
class Load:
    """What was observed of one load.

    `how` it ended: `finished`, `raised`, `killed` (by us, at `stop`), or what the sandbox ended it for. `cut`
    tells that the connection was cut at `stop`. `most_taken` is the largest number of rows that were taken
    between two calls to the database, `after` what the target held then, `left_over` the tables, views and
    files beside it.
    """

    strategy: str
    rows: tuple[Row, ...]
    how: str
    returned: Any
    raised: Raised | None
    points: tuple[Point, ...]
    looks: tuple[Look, ...]
    stop: Point | None
    most_taken: int
    after: Contents
    left_over: tuple[str, ...]
    output: str

    @property
    def succeeded(self) -> bool:
        """Whether its platform would take it for loaded."""
        return self.how == "finished"

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        if self.raised is not None:
            first = self.raised.message.partition("\n")[0] or "no message"
            return f"{self.raised.type.rpartition('.')[2]}: {first[:160]}"
        words = {"finished": "success", "killed": "its end by SIGKILL", "wall": "no end within 20 s"}
        return words.get(self.how, f"an end by the sandbox ({self.how})")

    @property
    def calls(self) -> tuple[Point, ...]:
        """The points at which the database was spoken to."""
        return tuple(one for one in self.points if not one.is_between_rows)


class Loads:
    """One sink, imported once, that loads as often as it is asked to. Close it at the end.

    Raises SandboxError where the sandbox does not start, TargetError where there is no target; what the
    import raised is `import_error`.
    """

    def __init__(self, zygote: Zygote, plan: LoadPlan) -> None:
        self._zygote = zygote
        self.plan = plan
        module = plan.sink.partition(":")[0]
        warmed = zygote.warm({"path": list(plan.path), "modules": [module]})
        self.import_error: str | None = warmed.told["error"]
        self.threads: int = warmed.told["threads"]
        self._folder = zygote.private / "target"
        self._folder.mkdir()
        self.database = Database(plan.url, plan.table, self._folder)
        self._relay: Relay | None = None
        if self.database.server is not None:
            self._relay = Relay(warmed.listener, self.database.server)
        else:
            warmed.listener.close()
        self._files = self._files_there()
        self._import_first: tuple[str, ...] = ()

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

    @property
    def folder(self) -> Path:
        """What `{tmp}` of the target's URL stands for."""
        return self._folder

    def save(self) -> Saved:
        """The target as it is now."""
        return save(self.database)

    def begin_with(self, saved: Saved) -> None:
        """Bring the target back to what it was, and remove what loads left beside it."""
        for name in self._files_there() - self._files:
            path = self._zygote.private / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        saved.restore()

    def load(
        self,
        rows: Sequence[Row],
        strategy: str,
        *,
        looks: bool = False,
        stop: Point | None = None,
        fails_after: int | None = None,
        then: Mapping[str, Any] | None = None,
        also: Callable[[], Any] | None = None,
    ) -> Load:
        """One load of these rows into the target as it is.

        `looks`: at each point, the target is read over another connection while the load stands still.
        `stop`: at this point the process is killed, or the connection to the database cut. After
        `fails_after` rows, their iterator raises. `then`: `state` (`module:make_state`), `key` and `value` of
        the state that is written once it has returned. `also` is called at each look.
        """
        watch = _Watch(self.database, looks, stop, also)
        if self._relay is not None:
            self._relay.begin(watch.passes)
        task = self._task(rows, strategy) | {
            "ends_at": stop.number if stop is not None and stop.kind != "message" else None,
            "waits": looks or self._relay is not None,
            "fails_after": fails_after,
            "then": None if then is None else dict(then),
        }
        ended = self._zygote.run(task, LOAD_LIMITS, watch.hears)
        self._import_first = self._import_first or imported_by(ended)
        if self._relay is not None:
            self._relay.end()
        return self._told(ended, watch, tuple(rows), strategy, stop)

    def _task(self, rows: Sequence[Row], strategy: str) -> dict[str, Any]:
        return {
            "do": "load",
            "sink": self.plan.sink,
            "path": list(self.plan.path),
            "import_first": list(self._import_first),
            "config": dict(self.plan.config),
            "environment": dict(self.plan.environment),
            "target_url": self.database.given if self._relay is None else self._relay.url,
            "port": None if self._relay is None else self._relay.port,
            "table": self.plan.table,
            "primary_key": list(self.plan.primary_key) or None,
            "strategy": strategy,
            "rows": [to_json(row) for row in rows],
        }

    def _told(
        self, ended: Ended, watch: _Watch, rows: tuple[Row, ...], strategy: str, stop: Point | None
    ) -> Load:
        lasts = [message["ended"] for message in ended.messages if isinstance(message.get("ended"), dict)]
        last = lasts[-1] if lasts else {}
        was_killed = stop is not None and ended.why == "exit" and ended.signal == signal.SIGKILL
        error = last.get("error")
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
            stop=stop,
            most_taken=watch.most_taken,
            after=after,
            left_over=(*tables, *sorted(self._left_files())),
            output=ended.output.decode("utf-8", "replace"),
        )

    def _left_files(self) -> set[str]:
        """Files that were not there at the start, but the database's own."""
        file = self.database.file
        own = {str(file) + ending for ending in ("", *JOURNALS)} if file else set()
        left = self._files_there() - self._files
        return {name for name in left if str(self._zygote.private / name) not in own}

    def _files_there(self) -> set[str]:
        private = self._zygote.private
        return {path.relative_to(private).as_posix() for path in private.rglob("*")}


class _Watch:
    """Follows one load from point to point, over the child's messages and the relay's."""

    def __init__(
        self, database: Database, looks: bool, stop: Point | None, also: Callable[[], Any] | None
    ) -> None:
        self.points: list[Point] = []
        self.looks: list[Look] = []
        self.most_taken = 0
        self._taken = 0
        self._database = database
        self._wants_looks = looks
        self._stop = stop
        self._also = also
        self._places: dict[bool, int] = {True: 0, False: 0}
        #: The last statement that is known to have begun.
        self._begun = ""
        # The relay's threads come to points, too.
        self._lock = threading.Lock()

    def hears(self, message: dict[str, Any]) -> bytes | None:
        """Take a message of the child; one that waits is answered once the target was looked at."""
        match message:
            case {"point": [int(number), str(kind), str(words)]}:
                self._reach(kind, number, words[:100])
                return b"." if message.get("waits") else b""
            case {"does": str(words)}:
                self._name(words[:100])
                return b""
        return None

    def passes(self, number: int) -> bool:
        """Take a message to the database; whether it goes on."""
        self._reach("message", number, "")
        return self._stop is None or self._stop.kind != "message" or self._stop.number != number

    def _reach(self, kind: str, number: int, words: str) -> None:
        with self._lock:
            is_row = kind in ("row", "end")
            self._places[is_row] += 1
            since = f", after {self._begun}" if kind == "call" and self._begun else ""
            point = Point(kind, number, self._places[is_row], f"{words}{since}")
            self._taken = self._taken + 1 if kind == "row" else self._taken if is_row else 0
            self.most_taken = max(self.most_taken, self._taken)
            if len(self.points) < _MOST_POINTS:
                self.points.append(point)
            if self._wants_looks and len(self.looks) < _MOST_LOOKS:
                self.looks.append(Look(point, self._look(), self._also() if self._also else None))

    def _look(self) -> Contents | None:
        try:
            seen = self._database.look()
        except Unreadable:
            return None
        last = self.looks[-1].seen if self.looks else None
        return last if last == seen else seen  # so that a thousand looks hold few contents

    def _name(self, words: str) -> None:
        with self._lock:
            if not self.points:
                return
            self._begun = words
            call = self.points[-1].words.partition(", after ")[0]
            point = replace(self.points[-1], words=f"{call}: {words}")
            if self.looks and self.looks[-1].point == self.points[-1]:
                self.looks[-1] = replace(self.looks[-1], point=point)
            self.points[-1] = point
