from __future__ import annotations

import pytest

from certify.sandbox.inside import stillness
from certify.sandbox.inside.stillness import Stillness


class BusyWire(Stillness):
    """Asks a wire that always has something left to answer."""

    def __init__(self) -> None:
        super().__init__()
        self.watch_wire(1)

    def _question(self) -> bytes:
        return b"0"


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(stillness, "real_monotonic", lambda: now[0])
    return now


def test_a_wire_that_is_busy_with_the_same_for_long_has_broken_down(seconds: list[float]) -> None:
    busy, said = BusyWire(), []
    for _ in range(5):
        said.append(busy.wire_is_still())
        seconds[0] += 1.0
    assert said == [False, False, False, False, True]


def test_a_wire_that_is_busy_with_one_page_after_another_is_waited_for(seconds: list[float]) -> None:
    busy = BusyWire()
    for _ in range(10):
        assert not busy.wire_is_still()
        busy.heard()
        seconds[0] += 1.0
