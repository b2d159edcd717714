"""Watch every module as it is executed: who imports, how long it takes, what it changes for others.

A finder in front of all others lets them find, and times the loading of what they found. Modules get the
loaders they always had.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from .effects import EffectRecorder
from .patches import Patches
from .state import State, changes, read_state
from .whose import CONNECTOR, Whose

_clock = time.thread_time


class StoppedEarlier(ImportError):
    """What this module does is known: it hung, crashed or left, and is not waited for again."""


class Loaded:
    """How one module was executed. Seconds are processor time, `own` without what it imported."""

    def __init__(self, name: str, owner: str) -> None:
        self.name = name
        self.owner = owner
        self.inner = 0.0
        self.total = 0.0
        self.overhead = 0.0

    @property
    def own(self) -> float:
        """Processor seconds of its own lines."""
        return max(0.0, self.total - self.inner)


class ImportWatch:
    """Stands first in `sys.meta_path`; hides modules, times them, and compares shared state around them."""

    def __init__(
        self,
        whose: Whose,
        recorder: EffectRecorder,
        hidden: list[str],
        stopped_at: list[str],
        alive: Callable[[], None],
    ) -> None:
        self.whose = whose
        self.recorder = recorder
        self.hidden = frozenset(hidden)
        self.stopped_at = frozenset(stopped_at)
        self.alive = alive
        self.loaded: list[Loaded] = []
        self.changed: list[dict[str, Any]] = []
        #: The connector's line that runs now, where lines are followed.
        self.line: tuple[str, int] | None = None
        #: What follows lines, in the connector's own modules alone.
        self.tracer: Callable[[FrameType, str, Any], Any] | None = None
        self.patches = Patches()
        self.watched: list[str] = []
        self._running: list[Loaded] = []
        self._state: State = {}

    def install(self) -> None:
        """Begin: note what the modules that are here already look like."""
        for name, module in list(sys.modules.items()):
            if self.whose.module(name) != CONNECTOR:
                self.patches.note(name, module)
        sys.meta_path.insert(0, self)
        self._state = self.read()

    def read(self) -> State:
        """The shared state, and the attributes under watch."""
        state = read_state()
        for dotted in self.watched:
            state[dotted] = _attribute_id(dotted)
        return state

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """What the other finders find, with the execution of the module put under watch."""
        self.alive()
        if name.partition(".")[0] in self.hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name in self.stopped_at:
            raise StoppedEarlier(f"{name} ended an earlier import", name=name)
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec = find(name, path, target)
            if spec is not None:
                self._put_under_watch(spec)
                return spec
        return None

    def _put_under_watch(self, spec: Any) -> None:
        loader = spec.loader
        with contextlib.suppress(AttributeError):
            # Else it is one loader for many modules, or has none of its own: built-in modules.
            if "exec_module" not in getattr(loader, "__dict__", {"exec_module"}):
                execute = loader.exec_module
                loader.exec_module = lambda module: self._execute(spec.name, execute, module)
                return
        if self.whose.module(spec.name) == CONNECTOR:
            self.patches.leave_open()

    def _execute(self, name: str, execute: Callable[[Any], None], module: Any) -> None:
        entered = _clock()
        record = Loaded(name, self.whose.module(name))
        outer_module, self.recorder.module = self.recorder.module, name
        self.settle()
        goes_in, goes_out = self._crossings(record.owner)
        goes_in()
        self._running.append(record)
        outer_tracer = sys.gettrace()
        if self.tracer is not None:
            # Elsewhere it would be asked at each call: five times what the import itself takes.
            sys.settrace(self.tracer if record.owner == CONNECTOR else None)
        started = _clock()
        try:
            execute(module)
        finally:
            if self.tracer is not None:
                sys.settrace(outer_tracer)
            record.total = _clock() - started - record.overhead
            self.settle()
            self._running.pop()
            self.recorder.module = outer_module
            self.loaded.append(record)
            if record.owner != CONNECTOR:
                self.patches.note(name, module)
            goes_out()
            if self._running:
                around = _clock() - entered
                self._running[-1].inner += record.total
                self._running[-1].overhead += max(0.0, around - record.total)
            self.alive()

    def _crossings(self, owner: str) -> tuple[Callable[[], None], Callable[[], None]]:
        """What is to be noted before a module of this owner runs, and after: whose lines they are changes."""
        from_own, to_own = bool(self._running) and self._running[-1].owner == CONNECTOR, owner == CONNECTOR
        if from_own is to_own or self.tracer is not None:
            return _nothing, _nothing
        begins, ends = self.patches.begin_own, self.patches.end_own
        return (begins, ends) if to_own else (ends, begins)

    def settle(self) -> None:
        """Look at the shared state: whatever changed since the last look, the running module did."""
        now = self.read()
        for key, told in changes(self._state, now).items():
            module = self._running[-1] if self._running else None
            self.changed.append(
                {
                    "module": module.name if module else "",
                    "own": module is None or module.owner == CONNECTOR,
                    "key": key,
                    "told": told,
                    "file": self.line and self.line[0],
                    "line": self.line and self.line[1],
                }
            )
        self._state = now


def _nothing() -> None:
    """Nothing is to be noted."""


def _attribute_id(dotted: str) -> int:
    """The identity of `module.attribute` or `module.Class.attribute`; 0 while there is none."""
    parts = dotted.split(".")
    for count in range(len(parts) - 1, 0, -1):
        module = sys.modules.get(".".join(parts[:count]))
        if module is not None:
            value: Any = module
            for part in parts[count:]:
                value = vars(value).get(part) if hasattr(value, "__dict__") else None
            return id(value) if value is not None else 0
    return 0
