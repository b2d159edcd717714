from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from certify import Contract, HarnessFault, Repository, Unverified
from certify.contract.contract import Performance as Asked
from certify.model import Load, Location, Machine, Performance
from certify.run import Rows, Run
from certify.sandbox.pace import Pace, PaceMeter
from certify_suites.measures import (
    earlier,
    grown,
    growth,
    not_each_row,
    overhead,
    slowed,
    the_best_of,
    widening,
)

MACHINE = Machine(2, "3.12.4", "Linux")
SMALL, LARGE = Load(1000, 0.2, 8.0), Load(4000, 0.8, 8.0)
PLACE = Location("certification.yaml", 7)
RUN = Run("finished", Rows(), (), (), (), (), "", None, None, 0.0, 0.5, 30_000)


def pace(rows: int, **other: Any) -> Pace:
    return replace(Pace(RUN, rows, rows, rows, 0.5, 20_000, None), **other)


@dataclass
class FakePaces:
    """Two sizes; measured again, the large one is the next of `more`, and the small one `calm`."""

    small: Load = SMALL
    large: Load = LARGE
    more: list[Load] = field(default_factory=list)
    calm: Load | None = None
    made: dict[int, list[Pace]] = field(default_factory=dict)
    by_columns: tuple[float, float] | None = (0.2, 0.8)
    rows: int = 1000
    columns: int = 120
    parse_seconds: float = 0.0001
    machine: Machine = MACHINE
    at: Location = PLACE

    @property
    def sizes(self) -> tuple[int, int]:
        return self.small.rows, self.large.rows

    @property
    def loads(self) -> tuple[Load, Load]:
        return self.small, self.large

    def load(self, rows: int) -> Load:
        return self.small if rows == self.small.rows else self.large

    def all_at(self, rows: int) -> list[Pace]:
        return self.made.get(rows, [pace(rows)])

    def widths(self) -> tuple[float, float] | None:
        return self.by_columns

    def again(self) -> None:
        self.small = self.calm or self.small
        if self.more:
            self.large = self.more.pop(0)


def fake(**given: Any) -> Any:
    return FakePaces(**given)


def test_growth_is_that_of_the_processor_time() -> None:
    assert growth(fake()) == pytest.approx(4.0)


def test_growth_of_what_is_over_at_once_is_not_told_by_noise() -> None:
    assert growth(fake(small=Load(1, 0.01, 8.0), large=Load(4, 0.4, 8.0))) == 1.0


@pytest.mark.parametrize("how", ["crashed", "lost"])
def test_a_sandbox_that_broke_down_is_not_the_connectors_fault(how: str) -> None:
    broken = pace(1000, keyed=10, distinct=10, run=replace(RUN, how=how))
    with pytest.raises(HarnessFault, match="crashed"):
        list(not_each_row(fake(made={1000: [broken]})))


def test_what_waits_where_time_is_real_is_not_blamed() -> None:
    waiting = pace(1000, keyed=10, distinct=10, run=replace(RUN, how="wall", seconds=40.0, cpu_seconds=1.0))
    with pytest.raises(Unverified, match="time is real"):
        list(not_each_row(fake(made={1000: [waiting]})))


def test_widening_is_told_where_it_takes_long_enough() -> None:
    assert widening(fake()) == pytest.approx(4.0)
    assert widening(fake(by_columns=(0.02, 0.3))) == 1.0
    assert widening(fake(by_columns=None)) == 1.0


def test_a_little_more_memory_does_not_count() -> None:
    assert grown(fake(small=Load(1000, 0.2, 1.0), large=Load(4000, 0.8, 16.0))) == 1.0
    assert grown(fake(small=Load(1000, 0.2, 10.0), large=Load(4000, 0.8, 40.0))) == 4.0


def test_overhead_is_what_more_rows_take_beside_parsing_them() -> None:
    assert overhead(fake()) == pytest.approx(0.6 / 0.3)


def test_overhead_of_a_few_rows_is_not_told_by_noise() -> None:
    few = fake(small=Load(1, 0.01, 8.0), large=Load(4, 0.2, 8.0))
    assert overhead(few) < 50


def test_what_noise_made_worse_is_measured_again() -> None:
    disturbed = fake(large=Load(4000, 1.7, 8.0), more=[Load(4000, 0.9, 8.0)])
    assert the_best_of(disturbed, growth, 8.0) == pytest.approx(4.5)


def test_what_is_far_beyond_may_be_noise_as_well() -> None:
    disturbed = fake(large=Load(4000, 3.2, 8.0), more=[Load(4000, 3.0, 8.0), Load(4000, 0.9, 8.0)])
    assert the_best_of(disturbed, growth, 8.0) == pytest.approx(4.5)


def test_what_stays_beyond_is_beyond() -> None:
    slow = fake(large=Load(4000, 3.2, 8.0), more=[Load(4000, 3.2, 8.0)] * 3)
    assert the_best_of(slow, growth, 8.0) == pytest.approx(16.0)
    assert len(slow.more) == 1


def test_what_noise_made_better_is_measured_again() -> None:
    """A small read that was disturbed lets a large one look as if it took less than it does."""
    disturbed = fake(small=Load(1000, 0.4, 8.0), large=Load(4000, 3.1, 8.0), calm=Load(1000, 0.2, 8.0))
    assert the_best_of(disturbed, growth, 8.0) == pytest.approx(15.5)


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (pace(1000), []),
        (pace(1000, keyed=990, distinct=990), ["of 1,000 rows 10 never come"]),
        (pace(1000, keyed=1010), ["of 1,000 rows 10 come twice"]),
        (
            pace(400, run=replace(RUN, how="memory")),
            ["reading 1,000 rows does not come to an end: memory after 400"],
        ),
    ],
)
def test_every_row_has_to_come_once(seen: Pace, said: list[str]) -> None:
    assert [one.message for one in not_each_row(fake(made={1000: [seen]}))] == said


def test_a_meter_counts_the_keys_it_hears() -> None:
    meter = PaceMeter("orders", ("id",))
    one, other = "01" * 8, "02" * 8
    assert meter.hears({"keys": one + other}) == meter.hears({"keys": one}) == b""
    meter.hears({"pace": {"rows": 4, "cpu_seconds": 0.5, "floor_kib": 29_000}})
    assert meter.hears({"log": "x"}) is None
    seen = meter.pace(RUN)
    assert (seen.rows, seen.keyed, seen.distinct, seen.grown_kib) == (4, 3, 2, 1000)
    assert not seen.has_each_of(3)


BEFORE = Performance(
    1000, 120, 5000.0, 0.2, 0.01, 3, 0.1, (Load(1000, 0.2, 8.0), Load(4000, 0.8, 8.0)), MACHINE
)


def test_the_same_figures_are_no_regression() -> None:
    assert slowed(fake(), BEFORE)[1] == []


def test_a_machine_that_is_twice_as_slow_is_no_regression() -> None:
    slow = fake(small=Load(1000, 0.4, 8.0), large=Load(4000, 1.6, 8.0), parse_seconds=0.0002)
    assert slowed(slow, BEFORE)[1] == []


def test_clearly_more_time_for_the_same_pages_is_a_regression() -> None:
    worse = slowed(fake(small=Load(1000, 0.5, 8.0)), BEFORE)[1]
    assert [said for said, _ in worse] == [
        "reading takes 5.0 times as long as parsing the same pages; it took 2.0 times"
    ]


def test_another_python_has_more_room() -> None:
    elsewhere = fake(small=Load(1000, 0.5, 8.0), machine=replace(MACHINE, python="3.13.0"))
    assert slowed(elsewhere, BEFORE)[1] == []


def test_clearly_more_memory_is_a_regression() -> None:
    worse = slowed(fake(small=Load(1000, 0.2, 80.0)), BEFORE)[1]
    assert [said for said, _ in worse] == ["reading takes 80 MiB; it took 8"]


def test_another_size_is_not_compared() -> None:
    with pytest.raises(Unverified, match="10,000 rows of 120 columns"):
        slowed(fake(), replace(BEFORE, rows=10_000))


def contract(root: Path, baseline: str | None) -> Contract:
    asked = Asked(baseline=baseline)
    return Contract(root, "c.yaml", "", "demo", "dpone", {}, performance=asked)


def test_without_an_earlier_report_there_is_none(tmp_path: Path) -> None:
    assert earlier(contract(tmp_path, None), Repository(tmp_path)) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("{", "is no report"),
        ('{"performance": 1}', "is no report"),
        ("{}", "no figures"),
        (json.dumps({"performance": msgspec.to_builtins(replace(BEFORE, loads=()))}), "no figures"),
    ],
)
def test_an_earlier_report_that_says_nothing_leaves_it_open(
    tmp_path: Path, text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / "earlier.json").write_text(text)
    with pytest.raises(Unverified, match=said):
        earlier(contract(tmp_path, "earlier.json"), Repository(tmp_path))


def test_an_earlier_report_is_read_whoever_wrote_the_rest(tmp_path: Path) -> None:
    text = json.dumps({"schema_version": "0.9", "performance": msgspec.to_builtins(BEFORE), "x": 1})
    (tmp_path / "earlier.json").write_text(text)
    assert earlier(contract(tmp_path, "earlier.json"), Repository(tmp_path)) == BEFORE
