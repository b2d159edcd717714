"""What a read, a load and a state cost in the sandbox, beside the connector alone in a plain process.

The scenarios of the error paths, and their peer, are in `test_error_paths`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import certify_example
from certify.contract import load_contract
from certify.replay import Cassette, read_cassette
from certify.replay.records import document_of
from certify.sandbox.audit import RowAudit
from certify.sandbox.driven import DrivenSource, DrivePlan
from certify.sandbox.keeping import Keeping, KeepPlan
from certify.sandbox.loads import LoadPlan, Loads
from certify.sandbox.operations import Make, Read, Write
from certify.sandbox.zygote import Zygote

EXAMPLE = Path(certify_example.__path__[0])
SOURCE = (str(EXAMPLE / "src"),)
CASSETTE = "certification/cassettes/full_refresh.yaml"
CONFIG = {"base_url": "https://api.orders.example", "api_token": "cfy" + "0" * 21, "page_size": 500}
PACKAGE = "dpone_connector_orders_api"
KEY, STATE = "orders", {"updated_at": "2026-02-01T00:00:00Z", "id": 42}
ROUNDS = {"rounds": 20, "warmup_rounds": 2}


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example, in this process, as its users have it."""
    monkeypatch.syspath_prepend(SOURCE[0])


@pytest.fixture
def cassette() -> Cassette:
    return read_cassette(EXAMPLE / CASSETTE, CASSETTE)


@pytest.fixture
def rows(cassette: Cassette) -> list[dict[str, Any]]:
    """The recorded rows, some times over, with keys of their own."""
    recorded = [row for one in cassette.recorded for row in document_of(one.answer)["data"]]
    return [row | {"id": number * 100 + row["id"]} for number in range(20) for row in recorded]


@pytest.fixture
def source() -> Iterator[DrivenSource]:
    module = f"{PACKAGE}.source"
    plan = DrivePlan(f"{module}:make_source", SOURCE, (module,), CONFIG, budget=7200.0)
    with Zygote() as zygote, DrivenSource(zygote, plan) as driven:
        yield driven


@pytest.fixture
def loads() -> Iterator[Loads]:
    plan = LoadPlan(
        f"{PACKAGE}.sink:make_sink", SOURCE, CONFIG, "sqlite:///{tmp}/target.db", "orders", ("id",)
    )
    with Zygote() as zygote, Loads(zygote, plan) as opened:
        yield opened


@pytest.fixture
def keeping() -> Iterator[Keeping]:
    named = load_contract(EXAMPLE).at("subject", "state")
    plan = KeepPlan(f"{PACKAGE}.state:make_state", SOURCE, CONFIG, {}, "sqlite:///{tmp}/target.db")
    with Zygote() as zygote:
        opened = Keeping(zygote, plan, EXAMPLE, named)
        yield opened
        opened.close()


@pytest.mark.benchmark(group="a read of three pages")
def test_a_read(benchmark: Any, source: DrivenSource, cassette: Cassette) -> None:
    source.run(cassette)
    benchmark.pedantic(lambda: source.run(cassette), **ROUNDS)


@pytest.mark.benchmark(group="a read of three pages")
def test_a_read_of_which_every_row_is_looked_at(
    benchmark: Any, source: DrivenSource, cassette: Cassette
) -> None:
    source.run(cassette)
    run = benchmark.pedantic(
        lambda: source.run(cassette, audit=RowAudit({"orders": ("id",)}, {"orders": "updated_at"})), **ROUNDS
    )
    assert len(run.rows) == 14


@pytest.mark.benchmark(group="a load of 280 rows")
def test_a_load(benchmark: Any, loads: Loads, rows: list[dict[str, Any]]) -> None:
    loads.load(rows, "full_refresh")
    load = benchmark.pedantic(lambda: loads.load(rows, "full_refresh"), **ROUNDS)
    assert (load.ending, len(load.after.rows)) == ("success", len(rows))


@pytest.mark.benchmark(group="a load of 280 rows")
def test_the_sink_alone(benchmark: Any, rows: list[dict[str, Any]], tmp_path: Path) -> None:
    sink = importlib.import_module(f"{PACKAGE}.sink").make_sink(
        CONFIG,
        target_url=f"sqlite:///{tmp_path}/target.db",
        table="orders",
        strategy="full_refresh",
        primary_key=["id"],
    )
    assert benchmark.pedantic(lambda: sink.load_rows(iter(rows)), **ROUNDS) == len(rows)


@pytest.mark.benchmark(group="a state, written and read")
def test_a_state(benchmark: Any, keeping: Keeping) -> None:
    def keep() -> Any:
        with keeping.store() as store:
            return store.run([Make(), Write(KEY, STATE), Read(KEY)])

    keep()
    done = benchmark.pedantic(keep, **ROUNDS)
    assert done[-1].value == STATE


@pytest.mark.benchmark(group="a state, written and read")
def test_the_state_alone(benchmark: Any, tmp_path: Path) -> None:
    make_state = importlib.import_module(f"{PACKAGE}.state").make_state

    def keep() -> Any:
        state = make_state(CONFIG, url=f"sqlite:///{tmp_path}/target.db")
        state.write_state(KEY, STATE)
        return state.read_state(KEY)

    assert benchmark.pedantic(keep, **ROUNDS) == STATE
