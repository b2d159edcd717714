"""What is searched of a sink's loads, and where that says nothing of the sink."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from certify.plugin import output_fixtures
from certify.rules import Blocked, NotApplicable, Unverified
from certify.sandbox.load_outputs import LoadOutputs
from certify.sandbox.observed_load import Load
from certify.target.contents import Contents

SECRET = "canary-canary-canary"
LOAD = Load("full_refresh", (), "finished", 1, None, (), (), None, 0, Contents.of(["id"], [[1]]), (), "said")


class Runs:
    """A sink of one strategy, all of whose loads are the same."""

    def __init__(self, load: Load = LOAD, *rows: dict[str, Any], claims: bool = True) -> None:
        self.sample = SimpleNamespace(rows=rows)
        self._load, self._claims = load, claims

    @property
    def claimed(self) -> tuple[str, ...]:
        if not self._claims:
            raise NotApplicable("the contract claims none of them")
        return ("full_refresh",)

    def rows_for(self, strategy: str) -> tuple[dict[str, Any], ...]:
        return ()

    def watched(self, strategy: str) -> Load:
        return self._load

    def load(self, strategy: str, rows: Any, *, fails_after: int) -> Load:
        assert fails_after == 2
        return self._load


@pytest.fixture(autouse=True)
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    made = SimpleNamespace(config={"password": SECRET}, named={"password": SECRET})
    monkeypatch.setattr(output_fixtures, "planted_config", lambda contract, subject: made)


def outputs(runs: Runs) -> LoadOutputs:
    made: Any = output_fixtures.load_outputs
    found: LoadOutputs = made.__wrapped__(None, None, runs)
    return found


@pytest.mark.parametrize(
    ("load", "where"),
    [
        (replace(LOAD, output=SECRET), "what a load prints"),
        (replace(LOAD, log=("first", f"with {SECRET}")), "what a load logs"),
        (replace(LOAD, returned=SECRET), "what a load returns"),
        (replace(LOAD, after=Contents.of(["id"], [[SECRET]])), "the target after a load"),
    ],
)
def test_each_place_is_searched(load: Load, where: str) -> None:
    found = outputs(Runs(load))
    assert (found.loads, found.is_cut) == (2, False)
    assert [leak.where for leak in found.search.leaks_in(found.texts)] == [where]


def test_a_load_that_was_cut_makes_the_whole_incomplete() -> None:
    assert outputs(Runs(replace(LOAD, output_is_cut=True))).is_cut


def test_a_sink_is_not_blamed_for_what_it_was_given() -> None:
    with pytest.raises(Blocked, match="password is in the rows to load already, as it is"):
        outputs(Runs(LOAD, {"id": 1, "note": f"token {SECRET}"}))


def test_where_nothing_is_loaded_nothing_was_searched() -> None:
    with pytest.raises(Unverified, match="no load could be searched: the contract claims none of them"):
        outputs(Runs(claims=False))
