"""Drive a source in this fork as its platform would, and tell what it does while it does it."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import logging
import math
import os
import random
import re
import sys
import threading
import traceback
from collections.abc import Iterable
from typing import Any, NoReturn

from .clock import VirtualClock
from .frames import FrameWriter
from .network import Network
from .pace import kind_of, take
from .places import here, lies_in, tell_requests
from .told import END, START, message_of, told

#: For jitter: with the same one each time, a run waits as long as the one before.
SEED = 20261121
#: What a schema has at its top; what has none of them holds a schema for each stream.
_OF_A_SCHEMA = frozenset({"$schema", "$ref", "type", "properties", "required", "additionalProperties"})
#: Rows, and bytes of them, told at once.
_BATCH, _BATCH_BYTES = 200, 1_000_000
#: Rows told as they are; of later ones, and of what is longer than any row, a digest.
_WHOLE_ROWS, _LONGEST_ROW = 10_000, 1_000_000
#: States told one by one; of later ones the last.
_TOLD_STATES = 10_000
#: Lines of log told.
_TOLD_LINES = 2_000


def drive(task: dict[str, Any], says: FrameWriter, isolated: bool) -> None:
    """Run the source of `task`; every row, state, wait and line of log is sent as it comes.

    `live`: time is real, since the wire asks a live API.
    """
    os.environ.update(task["environment"])
    lies_in(task["path"])
    random.seed(SEED)
    tells = _Teller(says, task.get("needles") or (), math.inf if task.get("audited") else _WHOLE_ROWS)
    clock = VirtualClock(task["start"], task["page"], task["budget"], tells.say, tells.exhausted)
    tells.clock = clock
    _LogHandler(tells).install()
    network = Network(task["port"], task["authority"], clock, isolated, tells.say)
    network.leave_unanswered(task.get("unanswered") or 0, task.get("unanswered_host"))
    if task["live"]:
        network.lead()
    else:
        tells.say(clock=clock.install())
        network.install()
    tell_requests(tells.say)
    before = frozenset(sys.modules)
    given = {name: task[name] for name in ("stream", "state") if task[name] is not None}
    try:
        if task.get("measured"):
            take(lambda: _messages(_source(task, given)), task["measured"], lambda: clock.offset, tells.say)
        elif task["check"]:
            _check(_source(task, given))
        else:
            source = _source(task, given)
            if task.get("audited"):
                _describe(source, tells)
            for message in _messages(source):
                tells.message(message)
    except SystemExit as error:
        tells.end("exit", tells.error(error), _code(error))
    except BaseException as error:
        tells.end("raised", tells.error(error))
    else:
        if not task["import_first"] and threading.active_count() == 1:
            tells.say(imported=imported_since(before, task["path"], package_of(task["source"])))
        tells.end("finished")


def package_of(name: str) -> str:
    """The top-level package in `package.module:factory`."""
    return name.partition(":")[0].partition(".")[0]


def imported_since(before: frozenset[str], own: list[str], package: str) -> list[str]:
    """The modules that this run imported but the connector's own, in the order in which it did.

    Its own lie in its folders, or in its top-level package: one that is installed has no folders here.
    """
    files = {name: getattr(sys.modules[name], "__file__", None) for name in list(sys.modules)}
    return [
        name
        for name, file in files.items()
        if name not in before
        and file is not None
        and not file.startswith(tuple(own))
        and name.partition(".")[0] != package
    ]


def _source(task: dict[str, Any], given: dict[str, Any]) -> Any:
    return find(task["source"])(task["config"], **given)


def find(name: str) -> Any:
    """What a name such as `module:make_source` stands for."""
    module, _, attribute = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return found


def _check(source: Any) -> None:
    """Ask the source whether it can connect: it raises, or says False, where it cannot."""
    check = getattr(source, "check", None)
    if not callable(check):
        raise NotImplementedError("the source has no check()")
    said = check()
    if said is False or (isinstance(said, tuple) and said and said[0] is False):
        raise ConnectionError(f"check() says {said!r}")


def _describe(source: Any, tells: _Teller) -> None:
    """Tell the schemas that the source has a method for: one for all rows, or one a stream."""
    describe = getattr(source, "schema", None)
    if not callable(describe):
        return
    try:
        said = describe()
    except Exception as error:
        tells.say(schema_error=f"{type(error).__name__}: {message_of(error)}"[:400])
        return
    if isinstance(said, dict) and not _OF_A_SCHEMA.intersection(said):
        for stream, schema in said.items():
            tells.schema(str(stream), schema)
    else:
        tells.schema("", said)


def _messages(source: Any) -> Any:
    read = getattr(source, "read", None)
    return read() if callable(read) else source.extract_rows()


class _Teller:
    """Tells certify, in this process alone: what the connector forks has nothing to say.

    What is not told, or not whole, is searched for the needles here: nobody sees it later.
    """

    clock: VirtualClock

    def __init__(self, says: FrameWriter, needles: Iterable[str], whole: float) -> None:
        self._says = says
        self._whole = whole
        self._needles = re.compile("|".join(map(re.escape, needles)) or "(?!)")
        self._held: set[tuple[str, str, str]] = set()
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._rows: list[list[str]] = []
        self._bytes = 0
        self._count = 0
        self._digests: list[str] = []
        self._states = 0
        self._last_state: str | None = None
        self._lines = 0

    def say(self, **message: Any) -> None:
        if os.getpid() == self._process:
            self._says.send(**message)

    def message(self, message: Any) -> None:
        """Tell what the source yields: a message in the form of the Singer specification, or a row.

        Versions are messages too, but nothing that is loaded.
        """
        kind = kind_of(message)
        if kind is None:
            self._row("", _plain(message))
        elif kind == "STATE":
            self._state(_plain(message["value"]))
        elif kind == "RECORD":
            self._row(str(message.get("stream") or ""), _plain(message["record"]))
        elif kind == "SCHEMA":
            self.schema(str(message.get("stream") or ""), message["schema"])

    def schema(self, stream: str, schema: Any) -> None:
        """Tell the schema of a stream's rows, before those that it is for."""
        self.flush()
        self.say(schema=_plain(schema), stream=stream)

    def _state(self, state: str) -> None:
        self.flush()
        self._states += 1
        if self._states <= _TOLD_STATES:
            self.say(state=state, at=self.clock.offset, rows_before=self._count)
        else:
            self._search("state", "", state)
            self._last_state = state

    def _row(self, stream: str, row: str) -> None:
        with self._lock:
            self._count += 1
            if self._count <= self._whole and len(row) <= _LONGEST_ROW:
                self._rows.append([stream, row])
                self._bytes += len(row)
            else:
                self._search("row", stream, row)
                told = f"{stream}\0{row}".encode("utf-8", "surrogatepass")
                self._digests.append(hashlib.blake2b(told, digest_size=8).hexdigest())
            if len(self._rows) + len(self._digests) >= _BATCH or self._bytes > _BATCH_BYTES:
                self.flush()

    def log(self, level: str, text: str) -> None:
        """Tell a line of log."""
        self._lines += 1
        if self._lines > _TOLD_LINES:
            self._search("log", level, text)
        else:
            self.say(log=self._part("log", level, text, START), level=level, at=self.clock.offset)

    def error(self, error: BaseException) -> dict[str, Any]:
        """What is told of an error."""
        return told(error, lambda name, text, part: self._part("error", name, text, part))

    def _part(self, kind: str, name: str, text: str, part: slice) -> str:
        """The part of a text that is told. A needle may lie across its edge: the whole is searched."""
        told = text[part]
        if len(told) < len(text):
            self._search(kind, name, text)
        return told

    def _search(self, kind: str, name: str, text: str) -> None:
        for match in self._needles.finditer(text):
            found = (kind, name, match[0])
            if found not in self._held:
                self._held.add(found)
                self.say(holds=match[0], kind=kind, name=name)

    def flush(self) -> None:
        """Tell the rows that were kept back."""
        with self._lock:
            if self._rows:
                self.say(rows=self._rows)
            if self._digests:
                self.say(digests="".join(self._digests))
            self._rows, self._digests, self._bytes = [], [], 0

    def end(self, how: str, error: dict[str, Any] | None = None, code: int | None = None) -> None:
        """The last word. What was printed is written out, as an interpreter does at its end."""
        self.flush()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        if self._last_state is not None:
            self.say(state=self._last_state, at=self.clock.offset, rows_before=self._count)
        self.say(ended={"how": how, "error": error, "code": code})

    def exhausted(self) -> NoReturn:
        """End the run, in whichever thread: whoever waits so long may as well never come back.

        No exception is raised, since a connector that retries after every error would catch it.
        """
        message = f"waited longer than {self.clock.budget:g} s in all"
        told = self._part("error", "traceback", "".join(traceback.format_stack()), END)
        self.end("limit", {"type": "", "message": message, "traceback": told, "places": here()})
        os._exit(0)


def _code(error: SystemExit) -> int:
    """As the interpreter makes one of what is given to sys.exit."""
    if error.code is None:
        return 0
    return error.code if isinstance(error.code, int) else 1


def _plain(value: Any) -> str:
    """The value as canonical JSON; what JSON has no form for as its text."""
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_text)
    except (TypeError, ValueError, RecursionError):  # keys that have no order, or are no text; circles
        return repr(value)


def _text(value: Any) -> str:
    return f"{type(value).__name__}:{value}"


class _LogHandler(logging.Handler):
    """Tells the messages that a production run would keep: those of INFO and above.

    It is no handler of the root logger: SDKs take those away when they set up a log of their own.
    """

    def __init__(self, tells: _Teller) -> None:
        super().__init__(logging.INFO)
        self._tells = tells

    def install(self) -> None:
        root = logging.getLogger()
        root.addHandler(logging.NullHandler())
        root.setLevel(min(root.level or logging.INFO, logging.INFO))
        real = logging.Logger.callHandlers

        def call(logger: logging.Logger, record: logging.LogRecord) -> None:
            if record.levelno >= self.level:
                self.handle(record)
            real(logger, record)

        setattr(logging.Logger, "callHandlers", call)  # noqa: B010  a method to mypy

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception as error:
            text = f"{record.msg!r} could not be formatted: {error!r}"
        self._tells.log(record.levelname, text)
