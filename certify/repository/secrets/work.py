"""Bound how long a search takes, by counting its steps: the same repository ends the same way everywhere."""

from __future__ import annotations

from dataclasses import dataclass

#: What the steps of a search take, in hundred-thousandths of a second, as measured on a slow machine:
#: so many characters that are read;
CHARACTERS = 180
#: a stretch of them that looks drawn at random;
RUN = 4
#: a line, or the part of a long one, in which there could be a credential,
PLACE = 5
#: and so many characters of it;
LENGTH = 100
#: so many characters that an expression tries, which begins anew wherever a web token could;
TRIED = 3000
#: a name such as `password`, and what stands around it,
CHUNKS = 8
#: where detect-secrets looks for a value, if anything there could be one;
NAME = 40
#: something that could be a credential, until it is judged,
CANDIDATE = 30
#: for which so many characters of it are read by every allowance;
JUDGED = 7
#: a piece of a recording,
PIECE = 5
#: and a field in it whose name could be a secret's.
FIELD = 1


@dataclass
class Work:
    """What a search may still do: five seconds in all. Few connectors take a tenth of it."""

    left: int = 500_000

    @property
    def is_over(self) -> bool:
        """Whether it is enough: what was not looked at stays unknown."""
        return self.left <= 0

    def spend(self, cost: int) -> None:
        """Note a step that was done."""
        self.left -= cost
