"""Import a package's modules in this process, and tell everything that happens.

The task: `package`, `path` (the folder to import from, or None when it is installed), `folders` (where the
connector's own files lie), `modules` (dotted names, parents first), `hidden` (top-level names that must not
be found), `stopped_at` (modules that ended an earlier probe: they fail at once in this one), `watched`
(attributes whose every change is blamed on a line, or None to follow no lines), `stall_seconds`, `names`
(public names to read).
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import sys
import threading
import time
from types import FrameType
from typing import Any

from .clients import clients_of
from .effects import EffectRecorder
from .frames import FrameWriter
from .watch import ImportWatch, StoppedEarlier
from .whose import CONNECTOR, THIRD_PARTY, Whose

_now = time.monotonic

#: The dearest modules worth naming.
_HEAVIEST = 12
#: A package whose own lines run longer than this at import is traced no further.
_TRACED_LINES = 200_000


def probe(task: dict[str, Any], says: FrameWriter, crash: int, isolated: bool) -> None:
    """Perform the task; every effect, error and measurement goes out through `says`."""
    whose = Whose(task["folders"], task["package"])
    watchdog = _Watchdog(crash, task["stall_seconds"])
    recorder = EffectRecorder(whose, says, isolated, watchdog.alive)
    watch = ImportWatch(whose, recorder, task["hidden"], task["stopped_at"], watchdog.alive)
    watch.watched = list(task["watched"] or ())
    _put_on_path(task["path"])
    recorder.install()
    watch.install()
    watchdog.start()
    if task["watched"] is not None:
        watch.tracer = _LineTracer(whose, watch).on_call
    failed: list[str] = []
    for name in task["modules"]:
        if any(name.startswith(parent + ".") for parent in failed):
            continue  # its package did not import, so neither can it
        says.send(importing=name)
        error = _import(name, recorder, watch)
        watch.settle()
        if error is not None:
            failed.append(name)
        says.send(imported={"name": name, "error": error and _told(error, whose)})
    watchdog.stop()
    says.send(done=_summary(task, watch, whose))


def _put_on_path(path: str | None) -> None:
    """After Python's own folders, so that a `json/` in the repository hides nothing; before site-packages."""
    if path is None:
        return
    places = [index for index, entry in enumerate(sys.path) if "-packages" in entry]
    sys.path.insert(places[0] if places else len(sys.path), path)


def _import(name: str, recorder: EffectRecorder, watch: ImportWatch) -> BaseException | None:
    recorder.module = name
    recorder.recording = True
    sys.settrace(watch.tracer)
    try:
        importlib.import_module(name)
    except BaseException as error:  # sys.exit and KeyboardInterrupt are the connector's here
        return error
    finally:
        sys.settrace(None)
        recorder.recording = False
    return None


def _told(error: BaseException, whose: Whose) -> dict[str, Any]:
    """An exception as plain values, with the connector's innermost line and the innermost line of all."""
    own = innermost = None
    trace = error.__traceback__
    while trace is not None:
        place = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        owner = whose.file(place[0])
        if owner == CONNECTOR:
            own = place
        if owner in (CONNECTOR, THIRD_PARTY):
            innermost = place
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        innermost = (error.filename, error.lineno or 1)
        own = innermost if whose.file(error.filename) == CONNECTOR else own
    return {
        "type": type(error).__name__,
        "bases": [base.__name__ for base in type(error).__mro__],
        "message": _safe_text(error),
        "stopped": isinstance(error, StoppedEarlier),
        "missing": getattr(error, "name", None) if isinstance(error, ImportError) else None,
        "file": own and own[0],
        "line": own and own[1],
        "innermost": innermost and innermost[0],
    }


def _safe_text(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except Exception:  # an exception's own __str__ may raise
        return "(an exception that cannot be printed)"


def _summary(task: dict[str, Any], watch: ImportWatch, whose: Whose) -> dict[str, Any]:
    package = sys.modules.get(task["package"])
    by_owner: dict[str, float] = {}
    for one in watch.loaded:
        by_owner[one.owner] = by_owner.get(one.owner, 0.0) + one.own
    heaviest = sorted(watch.loaded, key=lambda one: one.own, reverse=True)[:_HEAVIEST]
    return {
        "file": getattr(package, "__file__", None),
        "threads": threading.active_count(),
        "changed": watch.changed,
        "patches": watch.patches.that_may_be_own(),
        "clients": clients_of(task["package"]),
        "names": {name: _value(package, name) for name in task["names"]},
        "seconds": by_owner,
        "modules": len(watch.loaded),
        "heaviest": [[one.name, one.owner, one.own, one.total] for one in heaviest],
        "third_party": sorted(
            {one.name.partition(".")[0] for one in watch.loaded if one.owner == THIRD_PARTY}
        ),
    }


def _value(package: Any, name: str) -> dict[str, Any]:
    """A public name's value, if it is text or a collection of texts; else only its type."""
    if package is None or not hasattr(package, name):
        return {"present": False}
    value = getattr(package, name)
    if isinstance(value, str):
        return {"present": True, "text": str(value)}
    if isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(one, str) for one in value):
        return {"present": True, "texts": [str(one) for one in value]}
    return {"present": True, "type": type(value).__name__}


class _LineTracer:
    """Looks at the shared state before each of the connector's lines, so that changes have a line."""

    def __init__(self, whose: Whose, watch: ImportWatch) -> None:
        self.whose = whose
        self.watch = watch
        self.left = _TRACED_LINES

    def on_call(self, frame: FrameType, event: str, argument: Any) -> Any:
        """Follow the connector's own code only."""
        if self.whose.file(frame.f_code.co_filename) != CONNECTOR or self.left <= 0:
            return None
        return self.on_line

    def on_line(self, frame: FrameType, event: str, argument: Any) -> Any:
        """What changed until now was done by the line before."""
        self.left -= 1
        self.watch.settle()
        self.watch.line = (frame.f_code.co_filename, frame.f_lineno)
        return self.on_line


class _Watchdog:
    """Ends the process with a traceback when an import stands still, and on a crash.

    `faulthandler` does both from C, so that a busy loop or a held lock does not keep it from it.
    """

    #: Arming again costs a thread: not for every module.
    _PAUSE = 0.25

    def __init__(self, crash: int, stall_seconds: float) -> None:
        self._crash = crash
        self._stall = stall_seconds
        self._armed = 0.0
        self._process = os.getpid()

    def start(self) -> None:
        faulthandler.enable(file=self._crash, all_threads=False)
        self.alive()

    def alive(self) -> None:
        """The import makes progress: wait again from now."""
        now = _now()
        if now - self._armed > self._PAUSE and os.getpid() == self._process:
            self._armed = now
            faulthandler.dump_traceback_later(self._stall, exit=True, file=self._crash)

    def stop(self) -> None:
        faulthandler.cancel_dump_traceback_later()
