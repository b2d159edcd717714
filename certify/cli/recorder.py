"""Make the runs that are recorded, each standing on the one before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from certify.cli.recording_display import RecordingDisplay
from certify.errors import CertifyError
from certify.replay.known_secrets import KnownSecrets
from certify.replay.live import LiveApi
from certify.replay.redaction import learn
from certify.run import Run
from certify.sandbox.recorded import RecordedSource, Take

#: The kinds of cassettes; of resumptions there are several, `resume@N`.
FULL_REFRESH, INCREMENTAL, RESUME, CHECK = "full_refresh", "incremental", "resume", "check"
#: A resumption is recorded from so many of the states that a full run emits.
_RESUMPTIONS = 3


@dataclass(frozen=True)
class RecordingWish:
    """What was asked on the command line."""

    folder: Path
    contract: Path | None
    config: Path | None
    stream: str | None
    only: tuple[str, ...]
    refresh: bool
    interpreter: Path | None
    patience: float

    def wants(self, name: str) -> bool:
        """Whether this kind of cassette is wanted."""
        return not self.only or name in self.only


@dataclass(frozen=True)
class Scene:
    """One cassette that is wanted: its name, and how the source is run for it."""

    name: str
    state: Any = field(default=None, hash=False)
    check: bool = False


class Recorder:
    """Makes the runs, each standing on the one before."""

    def __init__(
        self,
        wish: RecordingWish,
        api: LiveApi,
        source: RecordedSource,
        known: KnownSecrets,
        display: RecordingDisplay,
    ) -> None:
        self._wish = wish
        self._api = api
        self._source = source
        self._known = known
        self._display = display

    def takes(self) -> Iterator[tuple[Scene, Take]]:
        """The runs that are wanted, and say what does not apply."""
        if self._wish.wants(CHECK):
            yield from self._check()
        wanted = [name for name in (FULL_REFRESH, INCREMENTAL, RESUME) if self._wish.wants(name)]
        if not wanted:
            return
        full = Scene(FULL_REFRESH)
        take = self._succeeded(full)
        if FULL_REFRESH in wanted:
            yield full, take
        states = [json.loads(state) for state in take.run.states]
        if INCREMENTAL in wanted and states:
            yield from self._more(Scene(INCREMENTAL, states[-1]))
        elif INCREMENTAL in wanted:
            self._display.left_out(INCREMENTAL, "the source emits no STATE")
        if RESUME in wanted and len(states) > 1:
            for number in _chosen(len(states) - 1):
                yield from self._more(Scene(f"{RESUME}@{number + 1}", states[number]))
        elif RESUME in wanted:
            self._display.left_out(RESUME, "the source emits no STATE before its last")

    def _check(self) -> Iterator[tuple[Scene, Take]]:
        scene = Scene(CHECK, check=True)
        take = self._take(scene)
        # Raised by the drive where there is no `check`, and by the base classes of SDKs where it is not made.
        if take.run.raised is not None and take.run.raised.type == "NotImplementedError":
            self._display.left_out(CHECK, "the source has no check()")
        else:
            self._require(scene, take)
            yield from self._worth(scene, take)

    def _more(self, scene: Scene) -> Iterator[tuple[Scene, Take]]:
        yield from self._worth(scene, self._succeeded(scene))

    def _worth(self, scene: Scene, take: Take) -> Iterator[tuple[Scene, Take]]:
        if take.recorded:
            yield scene, take
        else:
            self._display.left_out(scene.name, "it sends no request")

    def _succeeded(self, scene: Scene) -> Take:
        take = self._take(scene)
        self._require(scene, take)
        if scene.name == FULL_REFRESH and not take.recorded:
            raise CertifyError("full_refresh: the source sends no request over HTTP: nothing to record")
        return take

    def _take(self, scene: Scene) -> Take:
        with self._display.run(scene.name) as told:
            take = self._source.record(
                self._api,
                told,
                stream=self._wish.stream,
                state=scene.state,
                check=scene.check,
                seconds=self._wish.patience,
            )
        learn(take.recorded, self._known)
        return take

    def _require(self, scene: Scene, take: Take) -> None:
        if take.run.succeeded and not take.is_ended:
            return
        said = take.failure if take.is_ended else None
        if said is None:
            after = f", after {take.failure}" if take.failure else ""
            said = f"the connector failed: {ending(take.run)}{after}"
        raise CertifyError(f"{scene.name}: {self._display.safe(said)}; nothing was written")


def _chosen(count: int) -> list[int]:
    """A few of so many places: the first, the last, and some between."""
    if count <= _RESUMPTIONS:
        return list(range(count))
    return sorted({round(one * (count - 1) / (_RESUMPTIONS - 1)) for one in range(_RESUMPTIONS)})


def ending(run: Run) -> str:
    """How a run that failed ended, in words that may hold secrets."""
    if run.how == "raised" and run.raised is not None:
        return f"{run.raised.type.rpartition('.')[2]}: {run.raised.message or 'no message'}"
    if run.how == "wall":
        return f"it did not end within {run.seconds:.0f} s; --timeout gives it longer"
    said = run.output.strip().splitlines()
    how = f"exit code {run.code}" if run.how in ("exit", "vanished") else f"ended by the sandbox ({run.how})"
    return f"{how}: {said[-1]}" if said else how
