"""Run a source in its sandbox against the live API: what it asks on the wire, certify asks in its stead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from certify.replay.cassette import Recorded
from certify.replay.live import LiveApi, Recording
from certify.run import Run
from certify.sandbox.answers import Asks
from certify.sandbox.commands import DrivenCommand
from certify.sandbox.driven import DrivenSource
from certify.sandbox.limits import Limits
from certify.sandbox.protocols import CommandProtocol
from certify.sandbox.told_run import observed

#: An API may be slow, and make its callers wait.
_PATIENCE = 900.0


class Question(Enum):
    """What a source is run for: to connect, to tell what there is to read, to read."""

    CHECK = "check"
    DISCOVER = "discover"
    READ = "read"


@dataclass(frozen=True)
class Take:
    """One run against the live API: what it did, what was answered, and why a request was not.

    `is_ended`: the run was ended for that; else the connector may have asked again. What a command said to
    a question that is no read is `said`, and why it says no to it `refusal`. `lacks` is why there is no such
    question.
    """

    run: Run
    recorded: tuple[Recorded, ...]
    failure: str | None
    is_ended: bool
    said: tuple[Mapping[str, Any], ...] = ()
    refusal: str = ""
    lacks: str = ""


#: Is told the number of requests, as they are answered.
Told = Callable[[int], None]


class RecordedSource(DrivenSource):
    """The same source, its wire open to the world. Its time is real."""

    def lacks(self, question: Question) -> str:
        """Why there is no such question; empty where there may be one."""
        return "a factory tells no catalog" if question is Question.DISCOVER else ""

    def record(
        self,
        api: LiveApi,
        told: Told,
        question: Question = Question.READ,
        *,
        stream: str | None = None,
        state: Any = None,
        seconds: float = _PATIENCE,
    ) -> Take:
        """One run, of so many seconds at most."""
        recording = self._open(api, told)
        task = self._task(0.0, stream, state, question is Question.CHECK) | {"live": True, "audited": False}
        run = observed(self._perform(task, Limits(wall_seconds=seconds), None), self._wire.finish(), 0.0)
        return Take(
            run,
            recording.recorded,
            recording.failure,
            recording.is_ended,
            lacks="the source has no check()" if question is Question.CHECK and _is_not_made(run) else "",
        )

    def _open(self, api: LiveApi, told: Told) -> Recording:
        """Put the live API on the wire."""
        recording = Recording(api, told, lambda: self._zygote.kill_task("unanswered"))
        self._wire.play(recording, lambda: self._zygote.kill_task("requests"))
        return recording


class RecordedCommand(RecordedSource, DrivenCommand):
    """The same for a command: it is read with the catalog that it told."""

    def lacks(self, question: Question) -> str:
        """Why there is no such question; empty where there may be one."""
        is_there = question is Question.READ or asks_of(self._protocol, question) is not None
        return "" if is_there else f"commands of this system have no {question.value}"

    def record(
        self,
        api: LiveApi,
        told: Told,
        question: Question = Question.READ,
        *,
        stream: str | None = None,
        state: Any = None,
        seconds: float = _PATIENCE,
    ) -> Take:
        """One run, of so many seconds at most. Nothing of its configuration is left on the disk."""
        asks = asks_of(self._protocol, question)
        try:
            if asks is None:
                return super().record(api, told, question, stream=stream, state=state, seconds=seconds)
            recording = self._open(api, told)
            answer = self._answer(asks, 0.0, seconds)
        finally:
            self._zygote.remove(["config.json"])
        is_unknown = question is Question.DISCOVER and self._take_up(answer).is_unknown
        return Take(
            answer.run,
            recording.recorded,
            recording.failure,
            recording.is_ended,
            answer.said.messages,
            self._protocol.refusal(answer.said),
            f"{answer.asked}: it knows no such argument" if is_unknown else "",
        )

    def _asked(self, start: float, arguments: list[str]) -> dict[str, Any]:
        return super()._asked(start, arguments) | {"live": True}


def asks_of(protocol: CommandProtocol, question: Question) -> Asks | None:
    """The question in the words of a system; None for a read, and where it has no such question."""
    if question is Question.DISCOVER:
        return Asks(protocol.discover)
    if question is Question.READ or protocol.check(_SOME_FILE) is None:
        return None
    return Asks(lambda config: protocol.check(config) or [])


_SOME_FILE = Path("config.json")


def _is_not_made(run: Run) -> bool:
    """Whether there is no `check`: so says the drive, and so do the base classes of SDKs."""
    return run.raised is not None and run.raised.type == "NotImplementedError"
