"""Look for canaries in what a run let out, in every form in which a credential leaves a process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from certify.replay.known_secrets import forms_of
from certify.run import Run


@dataclass(frozen=True)
class Leak:
    """A secret that came out: its name, in which form, and where."""

    secret: str
    form: str
    where: str


class LeakSearch:
    """Searches runs for values, each told by the name of the secret that it stands for."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self.forms = {shape: (name, form) for name, value in named.items() for shape, form in forms_of(value)}
        self._any = re.compile("|".join(sorted(map(re.escape, self.forms), key=len, reverse=True)) or r"(?!)")

    @property
    def needles(self) -> tuple[str, ...]:
        """All the texts that are looked for."""
        return tuple(self.forms)

    def leaks(self, run: Run) -> list[Leak]:
        """Each secret, form and place once."""
        found = {
            Leak(*self.forms[match[0]], where): None
            for where, text in _told(run)
            for match in self._any.finditer(text)
        }
        return list(found)


def _told(run: Run) -> Iterator[tuple[str, str]]:
    """Everything that a run lets out but its requests, with where it stands."""
    for stream, row in run.rows:
        yield _row_of(stream), row
    for stream, text in run.held:
        yield _row_of(stream), text
    for state in run.states:
        yield "a state", state
    for line in run.log:
        yield f"the log, as {line.level}", line.text
    yield "standard output or error", run.output
    if run.raised is not None:
        yield "the message of the error", run.raised.message
        yield "the traceback", run.raised.traceback


def _row_of(stream: str) -> str:
    return f"a row of {stream}" if stream else "a row"
