"""Follow a load while it runs, and look at its target at each point."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from certify.sandbox.observed_load import Look, Point
from certify.target.contents import Contents
from certify.target.database import Unreadable
from certify.target.saved import Place

#: Points that are kept, and looks that are taken, of one load.
_MOST_POINTS, _MOST_LOOKS = 50_000, 1_000
#: Seconds that the looks at one load take at most; the load has them besides its own.
LOOKING_SECONDS = 40.0


class LoadWatch:
    """Follows one load from point to point, over the child's messages and the relay's."""

    def __init__(
        self, database: Place, looks: int, stop: Point | None, also: Callable[[], Any] | None = None
    ) -> None:
        self.points: list[Point] = []
        self.looks: list[Look] = []
        self.most_taken = 0
        self._taken = 0
        self._looking = 0.0
        self._database = database
        #: Points from look to look; 0 where none is taken.
        self.every = looks
        self.stop = stop
        self._also = also
        self._places = {"row": 0, "line": 0, "call": 0}
        #: The last statement that is known to have begun.
        self._begun = ""
        # The relay's threads come to points, too.
        self._lock = threading.Lock()

    def hears(self, message: dict[str, Any]) -> bytes | None:
        """Take a message of the child; one that waits is answered once the target was looked at."""
        match message:
            case {"point": [int(number), str(kind), str(words)]}:
                self._reach(kind, number, words[:100])
                return b"." if message.get("waits") else b""
            case {"does": str(words)}:
                self._name(words[:100])
                return b""
        return None

    def passes(self, number: int) -> bool:
        """Take a message to the database; whether it goes on."""
        self._reach("message", number, "")
        return self.stop is None or self.stop.kind != "message" or self.stop.number != number

    def _reach(self, kind: str, number: int, words: str) -> None:
        with self._lock:
            group = {"row": "row", "end": "row", "line": "line"}.get(kind, "call")
            self._places[group] += 1
            since = f", after {self._begun}" if kind == "call" and self._begun else ""
            point = Point(kind, number, self._places[group], f"{words}{since}")
            self._taken = self._taken + 1 if kind == "row" else 0 if group == "call" else self._taken
            self.most_taken = max(self.most_taken, self._taken)
            if len(self.points) < _MOST_POINTS:
                self.points.append(point)
            is_due = self.every and sum(self._places.values()) % self.every == 0
            if is_due and len(self.looks) < _MOST_LOOKS and self._looking < LOOKING_SECONDS:
                began = time.monotonic()
                also = self._also() if self._also else None  # first, so that it is no later than the look
                self.looks.append(Look(point, self._look(), also, self._database.is_locked))
                self._looking += time.monotonic() - began

    def _look(self) -> Contents | None:
        try:
            seen = self._database.look()
        except Unreadable:
            return None
        last = self.looks[-1].seen if self.looks else None
        return last if last == seen else seen  # so that a thousand looks hold few contents

    def _name(self, words: str) -> None:
        with self._lock:
            if not self.points:
                return
            self._begun = words
            call = self.points[-1].words.partition(", after ")[0]
            point = replace(self.points[-1], words=f"{call}: {words}")
            if self.looks and self.looks[-1].point == self.points[-1]:
                self.looks[-1] = replace(self.looks[-1], point=point)
            self.points[-1] = point
