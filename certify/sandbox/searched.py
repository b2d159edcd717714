"""Search every run for secrets as it is made, and remember what was found."""

from __future__ import annotations

from dataclasses import dataclass, field

from certify.sandbox.leaks import Leak, LeakSearch
from certify.sandbox.observed_run import Observed


@dataclass
class Searched:
    """What was found in the runs that were searched.

    `found` has each leak with the first run that it was found in, and `cut` names the runs that let out more
    than is kept. Both tell of a run in words: `the happy path`, `401 at request 1, every time`.
    """

    search: LeakSearch
    found: dict[Leak, tuple[str, Observed]] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)

    def add(self, told: str, seen: Observed) -> None:
        """Search one more."""
        if seen.run.output_is_cut or not seen.run.is_told_whole:
            self.cut.append(told)
        for leak in self.search.leaks(seen.run):
            self.found.setdefault(leak, (told, seen))
