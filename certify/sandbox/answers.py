"""What a command is asked besides to read, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certify.rules import HarnessFault, Unverified
from certify.run import Run
from certify.sandbox.protocols import Said

_NEEDS_RECORDING = """\
replay:
  cassettes: certification/cassettes   # discover.yaml, check.yaml; or in full_refresh.yaml what they ask for
"""
_NEEDS_VALUES = """\
subject:
  config: certification/config.json   # values that the connector takes, with which something can be read
"""
#: Characters of a value that is looked for in what is said: shorter ones are in any text.
_SHORTEST = 3


@dataclass(frozen=True)
class Asks:
    """One question: its arguments, given the file of a configuration; the plan's where none is named."""

    arguments: Callable[[Path], list[str]]
    config: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Answer:
    """What came of one question: the run, and what was said on standard output, whole and as messages."""

    #: As it was typed.
    asked: str
    run: Run
    said: Said
    text: str
    #: Whether more was said than is kept.
    is_cut: bool = False

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        run = self.run
        if run.how == "raised" and run.raised is not None:
            return f"{run.raised.type.rpartition('.')[2]}: {_first_line(run.raised.message)}"
        words = {
            "finished": "exit code 0",
            "exit": f"exit code {run.code}",
            "limit": f"no end: it still waits after {run.virtual_seconds:.0f} s",
            "wall": f"no end: it was stopped after {run.seconds:.0f} s of real time",
            "requests": f"no end: it was stopped after {len(run.exchanges)} requests",
        }
        return words.get(run.how, f"ended by the sandbox ({run.how})")

    @property
    def told(self) -> str:
        """What it said on standard output, but for messages that are meant to carry the configuration."""
        lines = [line for line in self.text.splitlines() if '"CONTROL"' not in line]
        return "\n".join(lines)

    @property
    def is_endless(self) -> bool:
        """Whether it had to be ended."""
        return self.run.how in ("limit", "wall", "requests")

    def __str__(self) -> str:
        requests = len(self.run.exchanges)
        sent = f", {requests} request{'' if requests == 1 else 's'}" if requests else ""
        return f"{self.asked}: {self.ending}{sent}"


def require_heard(answer: Answer) -> Answer:
    """An answer; errored where it broke the sandbox, unverified where its end was never seen."""
    if answer.run.how in ("crashed", "lost"):
        raise HarnessFault(f"{answer.asked}: {answer.ending}")
    require_virtual_time(answer.run, answer.asked)
    return answer


def require_virtual_time(run: Run, what: str) -> None:
    """Unverified where nobody knows how a run would have ended."""
    if run.waits_in_real_time:
        stopped = f"it was stopped after {run.seconds:.0f} s"
        raise Unverified(f"{what}: the run waits in C, or in another program, where time is real; {stopped}")


def require_recorded(answer: Answer) -> Answer:
    """An answer; unverified where it asks for what is not recorded."""
    if answer.run.missed:
        said = f"{answer.asked} asks for what is not recorded: {answer.run.missed[0].miss}"
        raise Unverified(said, _NEEDS_RECORDING)
    return answer


def require_accepted(answer: Answer, config: Mapping[str, Any]) -> Answer:
    """An answer; unverified where it ends in words on a value of the configuration, with nothing asked yet.

    A connector is right to refuse a configuration that leads nowhere, and whether this one does, who wrote
    it knows alone.
    """
    run = answer.run
    if run.succeeded or run.exchanges or run.unanswered:
        return answer
    last = run.raised.message if run.raised is not None else "".join(run.output.strip().splitlines()[-1:])
    for name, value in config.items():
        if any(_quotes(last, one) for one in _texts(value)):
            said = f"{answer.asked}: {answer.ending}; that speaks of {name}, as the configuration has it"
            raise Unverified(said, _NEEDS_VALUES)
    return answer


def _quotes(words: str, value: str) -> bool:
    return len(value) >= _SHORTEST and re.search(rf"(?<!\w){re.escape(value)}(?!\w)", words) is not None


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, str)]


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:160] if text.strip() else "no message"
