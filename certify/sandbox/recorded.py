"""Run a source in its sandbox against the live API: what it asks on the wire, certify asks in its stead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from certify.replay.cassette import Recorded
from certify.replay.live import LiveApi, Recording
from certify.run import Run
from certify.sandbox.driven import DrivenSource
from certify.sandbox.limits import Limits
from certify.sandbox.told_run import observed

#: An API may be slow, and make its callers wait.
_PATIENCE = 900.0


@dataclass(frozen=True)
class Take:
    """One run against the live API: what it did, what was answered, and why a request was not.

    `is_ended`: the run was ended for that; else the connector may have asked again.
    """

    run: Run
    recorded: tuple[Recorded, ...]
    failure: str | None
    is_ended: bool


class RecordedSource(DrivenSource):
    """The same source, its wire open to the world. Its time is real."""

    def record(
        self,
        api: LiveApi,
        told: Callable[[int], None],
        *,
        stream: str | None = None,
        state: Any = None,
        check: bool = False,
        seconds: float = _PATIENCE,
    ) -> Take:
        """One run; `told` hears of the number of requests as they are answered."""
        recording = Recording(api, told, lambda: self._zygote.kill_task("unanswered"))
        self._wire.play(recording, lambda: self._zygote.kill_task("requests"))
        task = self._task(0.0, stream, state, check) | {"live": True}
        ended = self._zygote.run(task, Limits(wall_seconds=seconds))
        run = observed(ended, self._wire.finish(), 0.0)
        return Take(run, recording.recorded, recording.failure, recording.is_ended)
