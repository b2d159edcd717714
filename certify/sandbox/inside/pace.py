"""Take a source's messages as a loader that keeps none of them, and tell what that took of this process."""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

#: What makes a message of the Singer specification one, beside its type: a row may have a `type` of its own.
CONTENT = {"RECORD": "record", "STATE": "value", "SCHEMA": "schema", "ACTIVATE_VERSION": "version"}
#: Keys told at once.
_BATCH = 500
#: What `ru_maxrss` counts in: kibibytes, and bytes on macOS.
_UNIT = 1 if sys.platform != "darwin" else 1024


def kind_of(message: Any) -> str | None:
    """The type of a message of the Singer specification; None for what is a row itself."""
    kind = message.get("type") if isinstance(message, dict) else None
    return kind if isinstance(kind, str) and CONTENT.get(kind) in message else None


def peak_kib() -> int:
    """The most memory that this process had until now. A fork begins with what it shares."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // _UNIT


def take(
    begin: Callable[[], Iterable[Any]],
    plan: dict[str, Any],
    now: Callable[[], float],
    say: Callable[..., None],
) -> None:
    """Begin a read and take its messages: a row is counted, its key is told as a digest, and it is let go.

    `plan`: the columns of the `key`, and the `stream` whose rows have it; `now` is the virtual clock.
    """
    floor, cpu = peak_kib(), time.process_time()
    rows = 0
    keys: list[str] = []
    for message in begin():
        kind = kind_of(message)
        if kind not in (None, "RECORD"):
            continue
        row = message if kind is None else message["record"]
        rows += 1
        if rows == 1:
            columns = len(row) if hasattr(row, "__len__") else 0
            say(first_row={"cpu_seconds": time.process_time() - cpu, "at": now(), "columns": columns})
        if kind is None or message.get("stream") in (None, "", plan["stream"]):
            keys.append(digest_of(row, plan["key"]))
        if len(keys) >= _BATCH:
            say(keys="".join(keys))
            keys = []
    say(keys="".join(keys))
    say(pace={"rows": rows, "cpu_seconds": time.process_time() - cpu, "floor_kib": floor})


def parse(task: dict[str, Any], say: Callable[..., None]) -> None:
    """Tell how long it takes to parse the lines of a file as JSON and no more: the best of some rounds."""
    with open(task["file"], "rb") as file:
        pages = file.read().splitlines()
    rounds = []
    for _ in range(task["rounds"]):
        cpu = time.process_time()
        for page in pages:
            json.loads(page)
        rounds.append(time.process_time() - cpu)
    say(parsed=min(rounds))


def digest_of(row: Any, key: list[str]) -> str:
    """What stands for the key of a row; rows without one have the same."""
    try:
        told = json.dumps([row[column] for column in key], default=str)
    except (TypeError, KeyError, IndexError, ValueError, RecursionError):
        told = ""
    return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
