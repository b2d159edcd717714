"""What measures has the machine to itself, among runs that go on at once."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

from certify.plugin.turns import Turns

MEASURES: Any = SimpleNamespace(fixturenames=["evidence", "alone"])
OTHER: Any = SimpleNamespace(fixturenames=["evidence"])


def begun(turns: Turns, item: Any) -> Thread:
    """The item, begun beside this test."""
    thread = Thread(target=turns.pytest_runtest_protocol, args=(item,), daemon=True)
    thread.start()
    return thread


def come_and_go(file: Path) -> None:
    """What a run does that measures nothing."""
    with Turns(file):
        pass


def test_what_measures_waits_until_the_others_have_ended(tmp_path: Path) -> None:
    with Turns(tmp_path / "turns") as measuring:
        with Turns(tmp_path / "turns"):
            begins = begun(measuring, MEASURES)
            begins.join(0.05)
            assert begins.is_alive()
        begins.join(10)
        assert not begins.is_alive()


def test_others_wait_until_nothing_is_measured_any_more(tmp_path: Path) -> None:
    with Turns(tmp_path / "turns") as measuring:
        measuring.pytest_runtest_protocol(MEASURES)
        comes = Thread(target=come_and_go, args=(tmp_path / "turns",), daemon=True)
        comes.start()
        comes.join(0.05)
        assert comes.is_alive()
        measuring.pytest_runtest_protocol(OTHER)
        comes.join(10)
        assert not comes.is_alive()


def test_of_two_that_measure_one_waits_for_the_other(tmp_path: Path) -> None:
    with Turns(tmp_path / "turns") as first, Turns(tmp_path / "turns") as second:
        both = [begun(first, MEASURES), begun(second, MEASURES)]
        for one in both:
            one.join(0.1)
        assert [one.is_alive() for one in both].count(True) == 1
        (second if both[0].is_alive() else first).__exit__()
        for one in both:
            one.join(10)
        assert [one.is_alive() for one in both].count(True) == 0
