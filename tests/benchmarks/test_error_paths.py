"""What a scenario costs, beside the same connector in a plain process with real time, on the same wire."""

from __future__ import annotations

import datetime
import importlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import certify_example
from certify.replay import (
    Answer,
    Asked,
    Cassette,
    CassetteIndex,
    Played,
    Recorded,
    Scenario,
    Wire,
    faults,
    read_cassette,
)
from certify.sandbox.driven import DrivenSource, DrivePlan
from certify.sandbox.zygote import Zygote

EXAMPLE = Path(certify_example.__path__[0])
CASSETTE = "certification/cassettes/full_refresh.yaml"
HOST = "api.orders.example"
CONFIG = {"base_url": f"https://{HOST}", "api_token": "cfy" + "0" * 21, "page_size": 500}
MODULE = "dpone_connector_orders_api.source"
REFUSED = Scenario(faults.refusal(429, ("retry-after", "2")), 1, 1)


@pytest.fixture
def recorded() -> Cassette:
    return read_cassette(EXAMPLE / CASSETTE, CASSETTE)


@pytest.fixture
def driven() -> Iterator[DrivenSource]:
    """The example, in certify's sandbox."""
    plan = DrivePlan(f"{MODULE}:make_source", (str(EXAMPLE / "src"),), (MODULE,), CONFIG, budget=7200.0)
    with Zygote() as zygote, DrivenSource(zygote, plan) as source:
        yield source


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[Cassette, Scenario], int]]:
    """The example in this process, as its users run it: every host is the wire, and time is real."""
    monkeypatch.syspath_prepend(str(EXAMPLE / "src"))
    listener = socket.create_server(("127.0.0.1", 0))
    began = time.monotonic()
    wire = Wire(listener, lambda: time.monotonic() - began)
    authority = tmp_path / "authority.pem"
    authority.write_bytes(wire.certificate)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
    place = listener.getsockname()
    connect = socket.socket.connect
    resolved = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", place)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: resolved)
    monkeypatch.setattr(socket.socket, "connect", lambda self, _: connect(self, place))
    make_source = importlib.import_module(MODULE).make_source

    def run(cassette: Cassette, scenario: Scenario) -> int:
        wire.play(Played(CassetteIndex(cassette), scenario))
        try:
            return sum(1 for message in make_source(CONFIG).read() if message["type"] == "RECORD")
        finally:
            wire.finish()

    yield run
    wire.close()


@pytest.mark.benchmark(group="the catalogue on three pages")
def test_the_whole_catalogue(benchmark: Any, tmp_path: Path) -> None:
    """The command's start and the import of the connector are in it."""
    command = [sys.executable, "-m", "certify", "--example", "--artifact-dir", str(tmp_path)]

    def run() -> None:
        done = subprocess.run([*command, "--only", "error_paths"], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode()

    benchmark.pedantic(run, rounds=2)
    report = json.loads((tmp_path / "certification_report.json").read_text("utf-8"))
    seen = {entry["summary"] for rule in report["rules"] for entry in rule["evidence"] if entry["timeline"]}
    benchmark.extra_info["scenarios"] = len(seen)


@pytest.mark.benchmark(group="the catalogue on three pages")
def test_the_floor_is_one_rule_that_runs_nothing(benchmark: Any, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "certify", "--example", "--artifact-dir", str(tmp_path)]

    def run() -> None:
        subprocess.run([*command, "--only", "license_declared"], capture_output=True, check=True)

    benchmark.pedantic(run, rounds=3, warmup_rounds=1)


@pytest.mark.benchmark(group="one scenario without a wait")
def test_a_scenario(benchmark: Any, driven: DrivenSource, recorded: Cassette) -> None:
    driven.run(recorded)
    run = benchmark.pedantic(lambda: driven.run(recorded), rounds=40, warmup_rounds=2)
    assert len(run.rows) == 14


@pytest.mark.benchmark(group="one scenario without a wait")
def test_the_connector_alone(
    benchmark: Any, plain: Callable[[Cassette, Scenario], int], recorded: Cassette
) -> None:
    """What is left between both is what the harness costs: a fork, its clock and its watch."""
    assert benchmark.pedantic(lambda: plain(recorded, Scenario()), rounds=40, warmup_rounds=2) == 14


@pytest.mark.benchmark(group="one scenario with two seconds of waiting")
def test_a_wait_on_the_virtual_clock(benchmark: Any, driven: DrivenSource, recorded: Cassette) -> None:
    driven.run(recorded)
    run = benchmark.pedantic(lambda: driven.run(recorded, REFUSED), rounds=10, warmup_rounds=1)
    assert (len(run.rows), run.virtual_seconds) == (14, 2.0)


@pytest.mark.benchmark(group="one scenario with two seconds of waiting")
def test_a_wait_in_real_time(
    benchmark: Any, plain: Callable[[Cassette, Scenario], int], recorded: Cassette
) -> None:
    assert benchmark.pedantic(lambda: plain(recorded, REFUSED), rounds=1) == 14


@pytest.mark.benchmark(group="a run by its number of requests")
@pytest.mark.parametrize("pages", [3, 30, 300])
def test_a_run_of_many_pages(benchmark: Any, driven: DrivenSource, recorded: Cassette, pages: int) -> None:
    many = walk(recorded, pages)
    driven.run(many)
    run = benchmark.pedantic(lambda: driven.run(many), rounds=5, warmup_rounds=1)
    assert len(run.exchanges) == pages
    benchmark.extra_info["milliseconds a request"] = round(1000 * benchmark.stats["median"] / pages, 2)


def walk(recorded: Cassette, pages: int) -> Cassette:
    """The first recorded page, so many times, under cursors of its own."""
    first = recorded.recorded[0]
    body = json.loads(first.answer.body)
    made = []
    last = datetime.datetime(2026, 10, 1, tzinfo=datetime.UTC)
    for number in range(pages):
        query = first.asked.query if number == 0 else f"limit=500&cursor=page-{number}"
        for row in body["data"]:
            row["id"] += len(body["data"])
            row["updated_at"] = last.isoformat()
            last += datetime.timedelta(minutes=1)
        body["next_cursor"] = f"page-{number + 1}" if number + 1 < pages else None
        asked = Asked("GET", HOST, first.asked.path, query)
        answer = Answer(200, first.answer.headers, json.dumps(body).encode())
        made.append(Recorded(asked, answer))
    return Cassette(f"{pages} pages", tuple(made))
