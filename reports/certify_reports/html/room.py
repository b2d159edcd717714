"""Share out the bytes of a page: the first are shown whole, later ones as a line, the rest counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from markupsafe import Markup

T = TypeVar("T")


@dataclass(frozen=True)
class Some(Generic[T]):
    """The first of many, and how many more there are."""

    shown: tuple[T, ...]
    more: int

    @classmethod
    def of(cls, items: Sequence[T], most: int) -> Some[T]:
        """At most so many."""
        return cls(tuple(items[:most]), max(0, len(items) - most))


@dataclass
class Room:
    """Bytes that are left: for things shown whole, and for lines. Both only shrink, so order is rank."""

    whole: int
    lines: int

    def show(
        self, items: Iterable[T], whole: Callable[[T], Markup], line: Callable[[T], Markup]
    ) -> Some[Markup]:
        """Each item whole while there is room, then as a line while there is room, then not at all."""
        shown: list[Markup] = []
        more = 0
        for item in items:
            made = self._made(item, whole, line)
            if made is None:
                more += 1
            else:
                shown.append(made)
        return Some(tuple(shown), more)

    def _made(self, item: T, whole: Callable[[T], Markup], line: Callable[[T], Markup]) -> Markup | None:
        if self.whole > 0:
            made = whole(item)
            self.whole -= len(made.encode())
            return made
        if self.lines > 0:
            made = line(item)
            self.lines -= len(made.encode())
            return made
        return None
