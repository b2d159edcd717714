"""Run the executable of a connector in the sandbox, and tell what was observed."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from certify.rules import HarnessFault, Unverified
from certify.sandbox.limits import Limits
from certify.sandbox.plakar.conversation import Conversation
from certify.sandbox.plakar.observed import PluginRun, Wish
from certify.sandbox.zygote import Ended, Zygote
from certify.text import one_line

#: From the start of the program to its answer to Close. What is examined of an import fits in a second.
PLUGIN_LIMITS = Limits(wall_seconds=20.0)
#: Requests and acknowledgements of a whole conversation, which are written without waiting.
_PIPE_BYTES = 1024 * 1024
_DONE = "done"


def run_plugin(
    zygote: Zygote, program: Path, arguments: tuple[str, ...], wish: Wish, limits: Limits = PLUGIN_LIMITS
) -> PluginRun:
    """Run it once.

    Raises Unverified where it cannot be started here, HarnessFault where that is our doing.
    """
    zygote.start()
    stdin = zygote.private / "stdin"
    stdin.unlink(missing_ok=True)
    os.mkfifo(stdin, 0o600)
    # Opened for both: so it opens at once, and the program finds it open.
    writing = os.open(stdin, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    conversation = Conversation(wish)
    try:
        spoken = _Spoken(zygote, conversation, writing)
        task = {
            "do": "execute",
            "argv": [str(program), *arguments],
            "cwd": str(zygote.private),
            "environment": {"PWD": str(zygote.private)},
            "stdin": str(stdin),
        }
        ended = zygote.run(task, limits, None, spoken)
    finally:
        os.close(writing)
        stdin.unlink(missing_ok=True)
    return _observed(conversation, ended, limits, " ".join([program.name, *arguments]))


class _Spoken:
    """Hands what the program writes to the conversation, and writes what that answers."""

    def __init__(self, zygote: Zygote, conversation: Conversation, writing: int) -> None:
        self._zygote, self._conversation, self._writing = zygote, conversation, writing
        self._waiting = bytearray()
        _widen(writing)
        self._write()

    def feed(self, data: bytes) -> Iterable[dict[str, Any]]:
        if not self._conversation.is_over:
            self._conversation.feed(data)
            self._write()
            if self._conversation.is_over:
                self._zygote.kill_task(_DONE)
        return ()

    def end(self) -> Iterable[dict[str, Any]]:
        return ()

    def _write(self) -> None:
        self._waiting += self._conversation.to_send()
        with contextlib.suppress(BlockingIOError):  # it reads late: what is left goes with the next
            while self._waiting:
                del self._waiting[: os.write(self._writing, self._waiting)]


def _widen(pipe: int) -> None:
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):  # a limit of the machine: then what does not fit waits
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _observed(conversation: Conversation, ended: Ended, limits: Limits, words: str) -> PluginRun:
    faults = [str(one["fault"]) for one in ended.messages if "fault" in one]
    if faults:
        last = one_line(faults[0].strip().splitlines()[-1], 300)
        raise Unverified(f"{words} cannot be started here: {last}", "make   # builds it for this machine")
    if ended.why == "lost":
        raise HarnessFault(f"{words} ended the sandbox itself")
    tap = conversation.tap
    complaints = ended.output.decode("utf-8", "replace")
    return PluginRun(
        wish=conversation.wish,
        words=words,
        answers=dict(conversation.answers),
        described=conversation.described,
        records=tuple(conversation.records),
        opened=tuple(conversation.opened),
        is_finished=conversation.is_finished,
        is_cut=conversation.is_cut,
        doing=conversation.doing,
        trouble=_trouble(conversation, ended, limits, complaints),
        stray=tap.stray,
        stray_in=conversation.stray_in,
        complaints=complaints,
        complaints_are_cut=ended.output_bytes > len(ended.output),
        seconds=ended.seconds,
    )


def _trouble(conversation: Conversation, ended: Ended, limits: Limits, complaints: str) -> str:
    """How it broke off; empty when it came to the end of Close, or refused to begin."""
    if conversation.broken:
        return conversation.broken
    if conversation.is_over:
        return ""
    said = complaints.strip().splitlines()
    last = f", after saying on standard error: {one_line(said[-1], 200)}" if said else ""
    if ended.why == "exit" and ended.signal is not None:
        return f"dies of signal {ended.signal}{last}"
    if ended.why == "exit":
        return f"ends with exit code {ended.code}{last}"
    if ended.why == "wall":
        return f"gives no answer within {limits.wall_seconds:g} s{last}"
    return f"was ended at the limit of {ended.why}{last}"
