"""Time passes only where nothing else can happen, in whatever way a connector waits.

Nothing here measures real time: that a run of hours ends at all within the sandbox's limit is what is shown.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from certify.replay import Cassette, Scenario, faults, read_cassette
from certify.run import Run
from certify.sandbox.driven import DrivenSource, DrivePlan
from certify.sandbox.inside import clock as clock_module
from certify.sandbox.zygote import Zygote

START = datetime.datetime(2026, 10, 5, 6, tzinfo=datetime.UTC)
SOURCE = """\
import asyncio, concurrent.futures, contextlib, datetime, json, os, queue, select, socket, subprocess
import sys, threading, time, urllib.request
from time import monotonic, sleep, time as now


def rows(timeout=30):
    with urllib.request.urlopen("https://api.example/rows", timeout=timeout) as got:
        return json.load(got)


def beside_each_other(*calls):
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class Source:
    def __init__(self, config):
        self.config = config

    def read(self):
        yield from globals()[self.config["does"]]()


def make_source(config):
    return Source(config)
"""
CASES = """\


def sleeps():
    time.sleep(3600)
    yield time.time()


def sleeps_by_a_name_of_its_own():
    sleep(3600)
    yield now()


def sleeps_in_a_loop():
    async def wait():
        await asyncio.sleep(3600)

    asyncio.run(wait())
    yield time.time()


def waits_for_a_condition():
    condition = threading.Condition()
    with condition:
        yield condition.wait(3600)
        yield condition.wait_for(lambda: False, 3600)


def waits_for_an_event():
    yield threading.Event().wait(3600)


def joins():
    thread = threading.Thread(target=threading.Event().wait, daemon=True)
    thread.start()
    thread.join(3600)
    yield thread.is_alive()


def waits_for_a_queue():
    try:
        queue.Queue().get(timeout=3600)
    except queue.Empty:
        yield "empty"


def waits_for_a_future():
    future = concurrent.futures.Future()
    try:
        future.result(timeout=3600)
    except TimeoutError:
        yield "not done"


def selects():
    ours, theirs = socket.socketpair()
    yield [len(found) for found in select.select([ours], [], [], 3600)]
    theirs.send(b"x")
    yield [len(found) for found in select.select([ours], [], [], 3600)]


def sleeps_in_four_threads():
    beside_each_other(*[lambda: time.sleep(15)] * 4)
    yield time.time()


def sleeps_in_four_tasks():
    async def wait():
        await asyncio.gather(*[asyncio.sleep(15) for _ in range(4)])

    asyncio.run(wait())
    yield time.time()


def sleeps_in_four_threads_of_a_pool():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(time.sleep, [15] * 4))
    yield time.time()


def sleeps_for_different_times():
    woken = []

    def wait(seconds):
        time.sleep(seconds)
        woken.append((seconds, time.monotonic()))

    began = time.monotonic()
    beside_each_other(*[lambda seconds=seconds: wait(seconds) for seconds in (40, 10, 30, 20)])
    yield [[seconds, round(moment - began, 6)] for seconds, moment in woken]


def is_woken():
    event = threading.Event()

    def wake():
        time.sleep(10)
        event.set()

    threading.Thread(target=wake).start()
    yield event.wait(3600)
    yield time.time()


def computes_beside_a_sleep():
    def compute():
        total = 0
        for one in range(300_000):
            total += one
        moments.append(time.monotonic())

    moments = []
    began = time.monotonic()
    beside_each_other(compute, lambda: time.sleep(3600))
    yield moments[0] - began


def tells_the_time():
    time.sleep(90)
    moment = time.time()
    yield [
        moment,
        time.time_ns() / 1e9,
        datetime.datetime.now(datetime.timezone.utc).timestamp(),
        datetime.datetime.now().timestamp(),
        datetime.datetime.utcnow().replace(tzinfo=datetime.timezone.utc).timestamp(),
        time.mktime(time.localtime()),
    ]


def measures():
    began = [time.monotonic(), time.perf_counter(), monotonic(), time.monotonic_ns() / 1e9]
    time.sleep(90)
    ended = [time.monotonic(), time.perf_counter(), monotonic(), time.monotonic_ns() / 1e9]
    yield [round(after - before, 6) for before, after in zip(began, ended)]


def asks():
    yield from rows()
    yield time.time()


def asks_with_a_timeout():
    try:
        rows(30)
    except TimeoutError:
        yield "timed out"


def asks_in_a_loop_with_a_timeout():
    async def ask():
        reader, writer = await asyncio.open_connection("api.example", 80)
        writer.write(b"GET /rows HTTP/1.1\\r\\nHost: api.example\\r\\n\\r\\n")
        await asyncio.wait_for(reader.readline(), 30)

    try:
        asyncio.run(ask())
    except TimeoutError:
        yield "timed out"


def asks_without_a_timeout():
    yield from rows(None)


def asks_beside_a_sleep():
    found = []

    def ask():
        for _ in range(5):
            found.extend(rows())
        moments.append(time.time())

    moments = []
    began = time.time()
    beside_each_other(ask, lambda: time.sleep(3600))
    yield len(found)
    yield moments[0] - began


def waits_for_a_program():
    done = subprocess.run([sys.executable, "-c", "import time; time.sleep(0.05); print(1)"], timeout=3600)
    yield done.returncode
    yield time.time()


def sleeps_while_a_program_works():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.2)"])
    time.sleep(3600)
    yield process.poll()


def sleeps_often():
    for _ in range(2000):
        time.sleep(1)
    yield time.time()


def sleeps_not_at_all():
    time.sleep(0)
    with contextlib.suppress(ValueError):
        time.sleep(-1)
        yield "slept"
    yield time.time()


def waits_too_long():
    while True:
        try:
            time.sleep(3600)
        except BaseException:
            pass
    yield
"""
RECORDED = {
    "request": {"method": "GET", "uri": "https://api.example/rows", "body": None, "headers": {}},
    "response": {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Date": ["Mon, 05 Oct 2026 06:00:00 GMT"]},
        "body": {"string": "[1, 2]"},
    },
}
Drive = Callable[..., Run]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("waiting")
    (made / "waiting.py").write_text(SOURCE + CASES)
    (made / "full_refresh.yaml").write_text(yaml.safe_dump({"version": 1, "interactions": [RECORDED]}))
    return made


@pytest.fixture(scope="module")
def cassette(folder: Path) -> Cassette:
    return read_cassette(folder / "full_refresh.yaml", "full_refresh.yaml")


@pytest.fixture(scope="module", params=["with time-machine", "without"])
def zygote(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[Zygote, tuple[str, ...]]]:
    """An interpreter; where it has no time-machine, a module in its place says so."""
    path = [str(folder)]
    if request.param == "without":
        hidden = folder / "without"
        hidden.mkdir(exist_ok=True)
        (hidden / "time_machine.py").write_text("raise ImportError('not here')\n")
        path.insert(0, str(hidden))
    with Zygote() as made:
        yield made, tuple(path)


@pytest.fixture(scope="module")
def drive(zygote: tuple[Zygote, tuple[str, ...]], cassette: Cassette) -> Iterator[Drive]:
    """Have the source do one thing, within a day."""
    made, path = zygote
    config: dict[str, str] = {}
    plan = DrivePlan("waiting:make_source", path, ("waiting",), config, budget=86400.0)
    with DrivenSource(made, plan) as source:
        assert source.import_error is None

        def run(does: str, scenario: Scenario | None = None) -> Run:
            config["does"] = does
            return source.run(cassette, scenario or Scenario())

        yield run


def rows_of(run: Run) -> list[str]:
    """What it yielded; a run that did not end by itself fails here, with what it said."""
    assert run.how == "finished", (run.how, run.raised, run.output)
    return [row for _, row in run.rows]


def at(seconds: float) -> str:
    """A moment as a row."""
    return repr(START.timestamp() + seconds)


@pytest.mark.parametrize(
    ("does", "kind", "rows"),
    [
        ("sleeps", "sleep", [at(3600)]),
        ("sleeps_by_a_name_of_its_own", "sleep", [at(3600)]),
        ("waits_for_an_event", "condition", ["false"]),
        ("joins", "join", ["true"]),
        ("waits_for_a_queue", "condition", ['"empty"']),
        ("waits_for_a_future", "condition", ['"not done"']),
        ("sleeps_in_a_loop", "event loop", [at(3600)]),
        ("selects", "select", ["[0, 0, 0]", "[1, 0, 0]"]),
    ],
)
def test_an_hour_passes_however_it_is_waited_for(drive: Drive, does: str, kind: str, rows: list[str]) -> None:
    run = drive(does)
    assert rows_of(run) == rows
    assert run.virtual_seconds == pytest.approx(3600)
    (wait,) = [one for one in run.waits if one.seconds > 1]
    assert (wait.kind, wait.at) == (kind, 0.0)
    assert wait.seconds == pytest.approx(3600)


def test_each_wait_for_a_condition_counts(drive: Drive) -> None:
    run = drive("waits_for_a_condition")
    assert rows_of(run) == ["false", "false"]
    assert run.virtual_seconds == pytest.approx(7200)


@pytest.mark.parametrize(
    "does", ["sleeps_in_four_threads", "sleeps_in_four_tasks", "sleeps_in_four_threads_of_a_pool"]
)
def test_four_sleeps_beside_each_other_take_as_long_as_one(drive: Drive, does: str) -> None:
    run = drive(does)
    assert run.virtual_seconds == pytest.approx(15)
    assert float(rows_of(run)[0]) == pytest.approx(START.timestamp() + 15)


def test_sleepers_wake_in_their_order_and_each_at_its_moment(drive: Drive) -> None:
    assert rows_of(drive("sleeps_for_different_times")) == [
        "[[10, 10.0], [20, 20.0], [30, 30.0], [40, 40.0]]"
    ]


def test_who_is_woken_waits_no_longer(drive: Drive) -> None:
    run = drive("is_woken")
    assert rows_of(run) == ["true", at(10)]
    assert run.virtual_seconds == 10.0


def test_no_time_passes_while_something_is_computed(drive: Drive) -> None:
    assert rows_of(drive("computes_beside_a_sleep")) == ["0.0"]


def test_no_time_passes_while_an_answer_is_on_its_way(drive: Drive) -> None:
    run = drive("asks_beside_a_sleep")
    assert rows_of(run) == ["10", "0.0"]
    assert [one.at for one in run.exchanges] == [0.0] * 5


def test_all_clocks_agree(drive: Drive, zygote: tuple[Zygote, tuple[str, ...]]) -> None:
    """Without time-machine, `datetime` and what C reads stay real: `time` alone is held."""
    moments = [float(one) for one in rows_of(drive("tells_the_time"))[0].strip("[]").split(",")]
    held = moments if len(zygote[1]) == 1 else moments[:2]
    assert held == pytest.approx([START.timestamp() + 90] * len(held), abs=1e-3)


def test_all_durations_agree(drive: Drive) -> None:
    assert rows_of(drive("measures")) == ["[90.0, 90.0, 90.0, 90.0]"]


def test_the_clock_starts_where_the_recording_did(drive: Drive) -> None:
    run = drive("asks")
    assert rows_of(run)[-1] == at(0)
    assert run.virtual_seconds == 0.0
    assert run.waits == ()


@pytest.mark.parametrize(
    ("does", "kind"),
    [("asks_with_a_timeout", "read timeout"), ("asks_in_a_loop_with_a_timeout", "event loop")],
)
def test_a_timeout_of_thirty_seconds_strikes_after_thirty_seconds(drive: Drive, does: str, kind: str) -> None:
    run = drive(does, Scenario(faults.HANG, 0, None))
    assert rows_of(run) == ['"timed out"']
    assert run.virtual_seconds == pytest.approx(30)
    assert [one.kind for one in run.waits if one.seconds > 1] == [kind]
    assert [one.is_faulty for one in run.exchanges] == [True]


def test_an_answer_that_never_comes_ends_a_run_without_a_timeout(drive: Drive) -> None:
    run = drive("asks_without_a_timeout", Scenario(faults.HANG, 0, None))
    assert run.how == "limit"
    assert run.raised is not None
    assert run.raised.message == "waited longer than 86400 s in all"


def test_no_time_passes_while_a_program_works(drive: Drive) -> None:
    run = drive("waits_for_a_program")
    assert rows_of(run) == ["0", at(0)]
    slept = drive("sleeps_while_a_program_works")
    assert rows_of(slept) == ["0"]
    assert slept.virtual_seconds == 3600.0


def test_many_short_sleeps_are_one_long_one(drive: Drive) -> None:
    run = drive("sleeps_often")
    assert rows_of(run) == [at(2000)]
    assert len(run.waits) == 2000


def test_no_sleep_is_none(drive: Drive) -> None:
    run = drive("sleeps_not_at_all")
    assert rows_of(run) == [at(0)]
    assert run.virtual_seconds == 0.0


def test_a_wait_beyond_the_budget_ends_the_run_whatever_is_caught(drive: Drive) -> None:
    run = drive("waits_too_long")
    assert run.how == "limit"
    assert len(run.waits) == 25
    assert run.virtual_seconds == pytest.approx(86401)


def test_outside_of_a_run_time_is_real() -> None:
    """Importing the clock changes nothing in the process that does."""
    assert clock_module._sleep is __import__("time").sleep
    assert "_certify_inside" not in sys.modules
