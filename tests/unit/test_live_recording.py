"""Why a run against a live API is told to have failed, of several requests that got no answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

from certify.replay.cassette import Answer, Asked
from certify.replay.live import LiveApi, NoAnswer, Recording


@dataclass
class FakeApi:
    """What it says to each request, by path, in turn."""

    says: dict[str, list[Answer | NoAnswer]]
    ends: list[bool] = field(default_factory=list)

    def rewind(self) -> None:
        """Nothing was asked yet."""

    def ask(self, asked: Asked) -> Answer:
        """The next of what it says."""
        said = self.says[asked.path].pop(0)
        if isinstance(said, NoAnswer):
            raise said
        return said


def recording(**says: list[Answer | NoAnswer]) -> Recording:
    """One in which every request of `says` was sent, in the order of their names, again and again."""
    api = FakeApi({"/start": [Answer(200)], **{f"/{name}": [*said] for name, said in says.items()}})
    made = Recording(cast("LiveApi", api), lambda count: None, lambda: api.ends.append(True))
    made.begin(asked("/start"), 0.0)
    while any(api.says.values()):
        for path in [path for path, left in api.says.items() if left]:
            made.begin(asked(path), 0.0)
    return made


def asked(path: str) -> Asked:
    return Asked("GET", "api.example", path)


def test_what_ended_the_run_is_told_though_others_failed_after_its_first_try() -> None:
    first, last = NoAnswer("gave no whole answer"), NoAnswer("is no host of this contract", for_good=True)
    made = recording(a=[first, last], b=[NoAnswer("timed out")])
    assert made.is_ended
    assert made.failure == "GET api.example/a: is no host of this contract"


def test_an_answer_that_comes_after_the_end_does_not_hide_why() -> None:
    made = recording(a=[NoAnswer("is too large", for_good=True), Answer(200)])
    assert made.is_ended
    assert made.failure == "GET api.example/a: is too large"


def test_what_was_answered_in_the_end_is_no_failure() -> None:
    made = recording(a=[NoAnswer("timed out"), Answer(200)], b=[NoAnswer("broke off"), Answer(200)])
    assert made.failure is None
    assert len(made.recorded) == 3
