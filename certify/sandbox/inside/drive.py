"""Drive a source in this fork as its platform would, and tell what it does while it does it."""

from __future__ import annotations

import importlib
import math
import os
import random
from typing import Any

from . import planasonix
from .clock import VirtualClock
from .frames import FrameWriter
from .late_imports import LateImports
from .network import Network
from .pace import take
from .places import lies_in, tell_requests
from .teller import WHOLE_ROWS, LogHandler, Teller
from .told import message_of

#: For jitter: with the same one each time, a run waits as long as the one before.
SEED = 20261121
#: What a schema has at its top; what has none of them holds a schema for each stream.
_OF_A_SCHEMA = frozenset({"$schema", "$ref", "type", "properties", "required", "additionalProperties"})
#: What a class of a system's own form may be made.
_ROLES = {"planasonix source": planasonix.as_source, "planasonix sink": planasonix.as_sink}


def drive(task: dict[str, Any], says: FrameWriter, isolated: bool) -> None:
    """Run the source of `task`; every row, state, wait and line of log is sent as it comes.

    `live`: time is real, since the wire asks a live API.
    """
    tells = instrumented(task, says, isolated)
    late = LateImports(task, task["source"])
    given = {name: task[name] for name in ("stream", "state") if task[name] is not None}
    try:
        if task.get("measured"):
            take(
                lambda: _messages(_source(task, given)),
                task["measured"],
                lambda: tells.clock.offset,
                tells.say,
            )
        elif task["check"]:
            _check(_source(task, given))
        else:
            source = _source(task, given)
            if task.get("audited"):
                _describe(source, tells)
            for message in _messages(source):
                tells.message(message)
    except SystemExit as error:
        tells.end("exit", tells.error(error), code_of(error))
    except BaseException as error:
        tells.end("raised", tells.error(error))
    else:
        late.tell(tells.say)
        tells.end("finished")


def instrumented(task: dict[str, Any], says: FrameWriter, isolated: bool) -> Teller:
    """Put the clock, the network, the log and chance in certify's hands, and make who tells of the run."""
    os.environ.update(task["environment"])
    lies_in(task["path"])
    random.seed(SEED + task.get("chance", 0))
    tells = Teller(says, task.get("needles") or (), math.inf if task.get("audited") else WHOLE_ROWS)
    clock = VirtualClock(task["start"], task["page"], task["budget"], tells.say, tells.exhausted)
    tells.clock = clock
    if not task.get("speaks_log"):
        LogHandler(tells.log).install()
    network = Network(task["port"], task["authority"], clock, isolated, tells.say)
    network.leave_unanswered(task.get("unanswered") or 0, task.get("unanswered_host"))
    if task["live"]:
        network.lead()
    else:
        tells.say(clock=clock.install())
        network.install()
    tell_requests(tells.say)
    return tells


def _source(task: dict[str, Any], given: dict[str, Any]) -> Any:
    return find(task["source"])(task["config"], **given)


def find(name: str) -> Any:
    """What a name such as `module:make_source` stands for; of `module:Class as ROLE` the factory."""
    place, _, role = name.partition(" as ")
    module, _, attribute = place.partition(":")
    found: Any = importlib.import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return _ROLES[role](found) if role else found


def _check(source: Any) -> None:
    """Ask the source whether it can connect: it raises, or says False, where it cannot."""
    check = getattr(source, "check", None)
    if not callable(check):
        raise NotImplementedError("the source has no check()")
    said = check()
    if said is False or (isinstance(said, tuple) and said and said[0] is False):
        raise ConnectionError(f"check() says {said!r}")


def _describe(source: Any, tells: Teller) -> None:
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


def code_of(error: SystemExit) -> int:
    """The exit code, as the interpreter makes one of what is given to sys.exit."""
    if error.code is None:
        return 0
    return error.code if isinstance(error.code, int) else 1
