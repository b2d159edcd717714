"""What it costs to look at every row of a long read: memory that does not grow with it, time that does."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import certify_example
from certify.contract import load_contract
from certify.replay import read_cassette
from certify.replay.made_rows import MadeRows
from certify.replay.paging import find_paging
from certify.replay.synthetic import Synthetic
from certify.sandbox.driven import DrivenSource, DrivePlan
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.reads import SourceReads
from certify.sandbox.zygote import Zygote

EXAMPLE = Path(certify_example.__path__[0])
CASSETTE = "certification/cassettes/full_refresh.yaml"
CONFIG = {"base_url": "https://api.orders.example", "api_token": "cfy" + "0" * 21, "page_size": 1000}
MODULE = "dpone_connector_orders_api.source"
COLUMNS = 12
#: MiB of this process, beyond what it had before the read.
MOST_MEMORY = 400
#: Four times the rows may take so many times as long.
MOST_GROWTH = 5.5


@dataclass(frozen=True)
class Long:
    """The example's source, and its recording with more rows."""

    reads: SourceReads
    runs: FaultRuns

    def recording(self, rows: int) -> Synthetic:
        paging = find_paging(self.runs.baseline.exchanges, self.reads.records.paths)
        assert paging is not None
        made = MadeRows(self.reads.traced[0].records, [("id",)], ("updated_at",), COLUMNS, rows)
        return Synthetic(f"{rows} rows", self.runs.cassette.recorded, paging, made, ("data",))

    def seconds(self, rows: int) -> float:
        """How long one read of so many rows takes, each of which is seen."""
        recording = self.recording(rows)
        began = time.perf_counter()
        read = self.reads.read(recording)
        taken = time.perf_counter() - began
        assert read.run.raised is None, read.run.raised
        assert (read.run.how, len(read.run.rows)) == ("finished", rows)
        assert len(set(read.audit.streams["orders"].keys)) == rows
        return taken


@pytest.fixture
def long() -> Iterator[Long]:
    contract = load_contract(EXAMPLE)
    plan = DrivePlan(f"{MODULE}:make_source", (str(EXAMPLE / "src"),), (MODULE,), CONFIG, budget=7200.0)
    cassette = read_cassette(EXAMPLE / CASSETTE, CASSETTE)
    with Zygote() as zygote, DrivenSource(zygote, plan) as source:
        runs = FaultRuns(source, _as_asked(cassette), EXAMPLE, contract.at("subject"), LeakSearch({}))
        yield Long(SourceReads(runs, contract, {"full_refresh": cassette}), runs)


def _as_asked(cassette: Any) -> Any:
    """The recording, in which pages of a thousand were asked for."""
    from dataclasses import replace

    recorded = tuple(
        replace(one, asked=replace(one.asked, query=one.asked.query.replace("limit=500", "limit=1000")))
        for one in cassette.recorded
    )
    return replace(cassette, recorded=recorded)


@pytest.mark.skipif(sys.platform != "linux", reason="resets the peak of its memory by /proc")
@pytest.mark.benchmark(group="a read, every row of it seen")
@pytest.mark.parametrize("rows", [100_000, pytest.param(1_000_000, marks=pytest.mark.nightly)])
def test_a_long_read_takes_no_more_memory_than_it_must(benchmark: Any, long: Long, rows: int) -> None:
    before = _peak(reset=True)
    benchmark.pedantic(long.seconds, args=(rows,), rounds=1)
    grown = _peak() - before
    benchmark.extra_info["MiB"] = round(grown)
    benchmark.extra_info["microseconds a row"] = round(1e6 * benchmark.stats["median"] / rows, 1)
    assert grown < MOST_MEMORY


@pytest.mark.benchmark(group="a read, every row of it seen")
def test_four_times_the_rows_take_four_times_as_long(benchmark: Any, long: Long) -> None:
    few = min(long.seconds(10_000) for _ in range(3))
    many = benchmark.pedantic(lambda: min(long.seconds(40_000) for _ in range(2)), rounds=1)
    benchmark.extra_info["growth"] = round(many / few, 2)
    assert many / few < MOST_GROWTH


def _peak(reset: bool = False) -> float:
    """The most memory that this process had, in MiB; from now on, once it is reset (proc(5))."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    said = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
    return int(said) / 1024
