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
from certify.sandbox.recorded import Question, RecordedSource, Take

#: The kinds of cassettes; of resumptions there are several, `resume@N`.
FULL_REFRESH, INCREMENTAL, RESUME = "full_refresh", "incremental", "resume"
CHECK, DISCOVER = Question.CHECK.value, Question.DISCOVER.value
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
    question: Question = Question.READ

    @property
    def kind(self) -> str:
        """Its kind of cassette."""
        return self.name.partition("@")[0]


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
        """The runs that are wanted, and the discovery that they stand on; says what does not apply."""
        if self._wish.wants(CHECK):
            yield from self._ask(Scene(CHECK, question=Question.CHECK))
        wanted = [name for name in (FULL_REFRESH, INCREMENTAL, RESUME) if self._wish.wants(name)]
        yield from self._discovery(is_needed=bool(wanted))
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

    def _discovery(self, is_needed: bool) -> Iterator[tuple[Scene, Take]]:
        """Of a command, whose reads need its catalog; of a factory nobody misses it."""
        if DISCOVER not in self._wish.only:
            is_needed = is_needed or not self._wish.only
            if self._source.lacks(Question.DISCOVER) or not is_needed:
                return
        for scene, take in self._ask(Scene(DISCOVER, question=Question.DISCOVER)):
            if not self._wish.wants(DISCOVER):
                self._display.left_out(DISCOVER, "only reads were asked for; --only discover records it too")
            yield scene, take

    def _ask(self, scene: Scene) -> Iterator[tuple[Scene, Take]]:
        """A question that is no read, if there is such a one."""
        lacks = self._source.lacks(scene.question)
        if lacks:
            self._display.left_out(scene.name, lacks)
            return
        take = self._take(scene)
        if take.lacks:
            self._display.left_out(scene.name, take.lacks)
            return
        self._require(scene, take)
        yield from self._worth(scene, take)

    def _more(self, scene: Scene) -> Iterator[tuple[Scene, Take]]:
        yield from self._worth(scene, self._succeeded(scene))

    def _worth(self, scene: Scene, take: Take) -> Iterator[tuple[Scene, Take]]:
        if take.recorded:
            yield scene, take
        elif self._wish.wants(scene.kind):
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
                scene.question,
                stream=self._wish.stream,
                state=scene.state,
                seconds=self._wish.patience,
            )
        learn(take.recorded, self._known)
        return take

    def _require(self, scene: Scene, take: Take) -> None:
        said = _wrong(take)
        if said:
            raise CertifyError(f"{scene.name}: {self._display.safe(said)}; nothing was written")


def _wrong(take: Take) -> str:
    """Why a run is no happy path; in words that may hold secrets."""
    run = take.run
    if take.failure and (take.is_ended or run.succeeded):
        return take.failure if take.is_ended else f"{take.failure}, and the connector does not say so"
    if run.succeeded and not take.refusal and not run.failures:
        return ""
    after = f", after {take.failure}" if take.failure else ""
    return f"the connector failed: {take.refusal or ending(run)}{after}"


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
    said = [one.message for one in run.failures if one.message] or run.output.strip().splitlines()
    how = f"exit code {run.code}" if run.how in ("exit", "vanished") else f"ended by the sandbox ({run.how})"
    return f"{how}: {said[-1]}" if said else how
