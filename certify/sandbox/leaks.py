"""Look for canaries in what a run let out, in every form in which a credential leaves a process."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
        return self.leaks_in(_told(run))

    def leaks_in(self, texts: Iterable[tuple[str, str]]) -> list[Leak]:
        """The same in texts that are given, each with where it stands."""
        found = {
            Leak(*self.forms[match[0]], where): None
            for where, text in texts
            for match in self._any.finditer(text)
        }
        return list(found)


def _told(run: Run) -> Iterator[tuple[str, str]]:
    """Everything that a run lets out but its requests, with where it stands."""
    for stream, row in run.rows:
        yield _place("row", stream), row
    for held in run.held:
        yield _place(held.kind, held.name), held.text
    for state in run.states:
        yield _place("state"), state
    for line in run.log:
        yield _place("log", line.level), line.text
    yield "standard output or error", run.output
    if run.raised is not None:
        yield _place("error", "message"), run.raised.message
        yield _place("error", "traceback"), run.raised.traceback


def _place(kind: str, name: str = "") -> str:
    """In words, what a run lets out: its kind and its name as `Held` has them."""
    match kind:
        case "row":
            return f"a row of {name}" if name else "a row"
        case "state":
            return "a state"
        case "log":
            return f"the log, as {name}"
        case "line":
            return "standard output"
        case "error":
            return f"the {name} of the error"
    return "what is not kept of it"  # the connector's side may say anything
