"""Tell certify of a run while it goes on: rows, states, schemas, log, and how it ended."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, NoReturn, Protocol

from .pace import kind_of
from .places import here
from .told import END, START, told

#: Rows, and bytes of them, told at once.
_BATCH, _BATCH_BYTES = 200, 1_000_000
#: Rows told as they are; of later ones, and of what is longer than any row, a digest.
WHOLE_ROWS, _LONGEST_ROW = 10_000, 1_000_000
#: States told one by one; of later ones the last.
_TOLD_STATES = 10_000
#: Schemas told; a command may repeat one before every row.
_TOLD_SCHEMAS = 10_000
#: Errors told that the platform was told of, and the characters of each.
_TOLD_FAILURES, _FAILURE = 100, 2_000
#: Lines of log told.
_TOLD_LINES = 2_000


class Says(Protocol):
    """Where messages go: to certify over a socket, or within it to whoever reads a command's output."""

    def send(self, **message: Any) -> None:
        """Send one message."""
        ...


class Clock(Protocol):
    """What tells the time of a run, and how long it may last, in virtual seconds."""

    @property
    def offset(self) -> float:
        """Seconds since the start."""
        ...

    @property
    def budget(self) -> float:
        """Seconds that it may wait in all."""
        ...


class Teller:
    """Tells certify, in this process alone: what the connector forks has nothing to say.

    What is not told, or not whole, is searched for the needles here: nobody sees it later.
    """

    clock: Clock

    def __init__(self, says: Says, needles: Iterable[str], whole: float) -> None:
        self._says = says
        self._whole = whole
        self._needles = tuple(needles)
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
        self._schemas = 0
        self._failures = 0

    def now(self) -> float:
        """The moment on its clock."""
        return self.clock.offset

    def say(self, **message: Any) -> None:
        """Send a message of any other kind."""
        if os.getpid() == self._process:
            self._says.send(**message)

    def message(self, message: Any) -> None:
        """Tell what the source yields: a message in the form of the Singer specification, or a row.

        Versions are messages too, but nothing that is loaded.
        """
        kind = kind_of(message)
        if kind is None:
            self.row("", message)
        elif kind == "STATE":
            self.state(message["value"])
        elif kind == "RECORD":
            self.row(str(message.get("stream") or ""), message["record"])
        elif kind == "SCHEMA":
            self.schema(str(message.get("stream") or ""), message["schema"])

    def schema(self, stream: str, schema: Any) -> None:
        """Tell the schema of a stream's rows, before those that it is for."""
        self.flush()
        self._schemas += 1
        if self._schemas <= _TOLD_SCHEMAS:
            self.say(schema=_plain(schema), stream=stream)
        else:
            self.search("schema", stream, _plain(schema))

    def state(self, value: Any) -> None:
        """Tell a state, after the rows that it covers."""
        state = _plain(value)
        self.flush()
        self._states += 1
        if self._states <= _TOLD_STATES:
            self.say(state=state, at=self.clock.offset, rows_before=self._count)
        else:
            self.search("state", "", state)
            self._last_state = state

    def row(self, stream: str, value: Any) -> None:
        """Tell a row, or that there was one."""
        row = _plain(value)
        with self._lock:
            self._count += 1
            if self._count <= self._whole and len(row) <= _LONGEST_ROW:
                self._rows.append([stream, row])
                self._bytes += len(row)
            else:
                self.search("row", stream, row)
                told = f"{stream}\0{row}".encode("utf-8", "surrogatepass")
                self._digests.append(hashlib.blake2b(told, digest_size=8).hexdigest())
            if len(self._rows) + len(self._digests) >= _BATCH or self._bytes > _BATCH_BYTES:
                self.flush()

    def log(self, level: str, text: str) -> None:
        """Tell a line of log."""
        self._lines += 1
        if self._lines > _TOLD_LINES:
            self.search("log", level, text)
        else:
            self.say(log=self._part("log", level, text, START), level=level, at=self.clock.offset)

    def failure(self, kind: str, message: str) -> None:
        """Tell of an error that the connector told its platform of, which is in the log too."""
        self._failures += 1
        if self._failures <= _TOLD_FAILURES:
            self.say(failure=[kind, message[:_FAILURE]])

    def error(self, error: BaseException) -> dict[str, Any]:
        """What is told of an error."""
        return told(error, lambda name, text, part: self._part("error", name, text, part))

    def _part(self, kind: str, name: str, text: str, part: slice) -> str:
        """The part of a text that is told. A needle may lie across its edge: the whole is searched."""
        told = text[part]
        if len(told) < len(text):
            self.search(kind, name, text)
        return told

    def search(self, kind: str, name: str, text: str) -> None:
        """Tell which needles stand in what is not told itself, each once."""
        for match in self._any_needle.finditer(text):
            found = (kind, name, match[0])
            if found not in self._held:
                self._held.add(found)
                self.say(holds=match[0], kind=kind, name=name)

    @cached_property
    def _any_needle(self) -> re.Pattern[str]:
        # Most runs tell everything whole, and search nothing.
        return re.compile("|".join(map(re.escape, self._needles)) or "(?!)")

    def flush(self) -> None:
        """Tell the rows that were kept back."""
        with self._lock:
            if self._rows:
                self.say(rows=self._rows)
            if self._digests:
                self.say(digests="".join(self._digests))
            self._rows, self._digests, self._bytes = [], [], 0

    def tell_last_state(self) -> None:
        """Tell the last state, if it came after those that are told one by one."""
        if self._last_state is not None:
            self.say(state=self._last_state, at=self.clock.offset, rows_before=self._count)

    def end(self, how: str, error: dict[str, Any] | None = None, code: int | None = None) -> None:
        """The last word. What was printed is written out, as an interpreter does at its end."""
        self.flush()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        self.tell_last_state()
        self.say(ended={"how": how, "error": error, "code": code})

    def exhausted(self) -> NoReturn:
        """End the run, in whichever thread: whoever waits so long may as well never come back.

        No exception is raised, since a connector that retries after every error would catch it.
        """
        message = f"waited longer than {self.clock.budget:g} s in all"
        told = self._part("error", "traceback", "".join(traceback.format_stack()), END)
        self.end("limit", {"type": "", "message": message, "traceback": told, "places": here()})
        os._exit(0)


def _plain(value: Any) -> str:
    """The value as canonical JSON; what JSON has no form for as its text."""
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_text)
    except (TypeError, ValueError, RecursionError):  # keys that have no order, or are no text; circles
        return repr(value)


def _text(value: Any) -> str:
    return f"{type(value).__name__}:{value}"


class LogHandler(logging.Handler):
    """Tells the messages that a production run would keep, those of INFO and above, each with its level.

    It is no handler of the root logger: SDKs take those away when they set up a log of their own.
    """

    def __init__(self, tells: Callable[[str, str], None]) -> None:
        super().__init__(logging.INFO)
        self._tells = tells

    def install(self) -> None:
        """Hear every logger of this process, from now on."""
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
        """Tell one message, or why it has no text."""
        try:
            text = self.format(record)
        except Exception as error:
            text = f"{record.msg!r} could not be formatted: {error!r}"
        self._tells(record.levelname, text)
