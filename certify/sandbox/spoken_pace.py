"""Count the rows that a command speaks, as a loader that keeps none of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from certify.sandbox.inside.pace import digest_of
from certify.sandbox.inside.teller import Says, Teller

#: Keys told at once.
_BATCH = 500


class Counter(Teller):
    """Tells of rows what a measured source tells of its own: their number, and a digest of each key.

    `plan`: the columns of the `key`, and the `stream` whose rows have it. What the processor took until the
    first row came is not seen from here: told is the time that passed, which is more.
    """

    def __init__(self, plan: Mapping[str, Any], says: Says, needles: Iterable[str], whole: float) -> None:
        super().__init__(says, needles, whole)
        self._plan = plan
        self._began = time.monotonic()
        self._spoken = 0
        self._keys: list[str] = []

    def row(self, stream: str, value: Any) -> None:
        """Count one, and let it go."""
        self._spoken += 1
        if self._spoken == 1:
            passed = time.monotonic() - self._began
            self.say(first_row={"cpu_seconds": passed, "at": self.now(), "columns": len(value)})
        if stream == self._plan["stream"]:
            self._keys.append(digest_of(value, self._plan["key"]))
        if len(self._keys) >= _BATCH:
            self.flush()

    def schema(self, stream: str, schema: Any) -> None:
        """It is nothing to count."""

    def state(self, value: Any) -> None:
        """It is nothing to count."""

    def flush(self) -> None:
        """Tell the keys that were kept back, and how many rows there were until now."""
        self.say(keys="".join(self._keys))
        self.say(pace={"rows": self._spoken})
        self._keys = []
