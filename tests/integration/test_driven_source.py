"""What a run tells of itself: its rows and states, its log, and the time that it goes by."""

from __future__ import annotations

import json
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

from certify.replay.cassette import Cassette
from certify.run import Held, Run
from certify.sandbox.driven import DrivenSource, DrivePlan
from certify.sandbox.zygote import Zygote

NOTHING = Cassette("nothing", ())
SOURCE = """\
def make_source(config):
    return Source()


class Source:
    def read(self):
"""


Runs = Callable[..., Run]


@pytest.fixture
def run(tmp_path: Path) -> Runs:
    """Run a source whose `read` does this; in certify's own interpreter, unless another is given."""

    def run(body: str, interpreter: Path | None = None) -> Run:
        lines = "".join(f"        {line}\n" for line in body.splitlines())
        (tmp_path / "told.py").write_text(SOURCE + lines, encoding="utf-8")
        plan = DrivePlan(
            "told:make_source", (str(tmp_path),), ("told",), {}, needles=("NEEDLE",), budget=86400.0
        )
        with Zygote(interpreter) as zygote, DrivenSource(zygote, plan) as source:
            return source.run(NOTHING)

    return run


def test_messages_of_the_singer_specification_are_told_apart(run: Runs) -> None:
    seen = run("""\
yield {"type": "SCHEMA", "stream": "levels", "schema": {"properties": {}}, "key_properties": []}
yield {"type": "ACTIVATE_VERSION", "stream": "levels", "version": 7}
yield {"type": "RECORD", "stream": "levels", "record": {"id": 1}}
yield {"type": "STATE", "value": {"page": 2}}
""")
    assert list(seen.rows) == [("levels", '{"id": 1}')]
    assert seen.states == ('{"page": 2}',)


def test_a_row_may_have_a_type_of_its_own(run: Runs) -> None:
    seen = run("""\
yield {"type": "RECORD", "name": "levels.example", "ttl": 300}
yield {"type": "STATE", "name": "Hessen"}
yield {"type": ["a list"]}
""")
    assert [row for _, row in seen.rows] == [
        '{"name": "levels.example", "ttl": 300, "type": "RECORD"}',
        '{"name": "Hessen", "type": "STATE"}',
        '{"type": ["a list"]}',
    ]
    assert seen.states == ()


@pytest.mark.parametrize(
    "setup",
    [
        "",
        "logging.basicConfig(force=True, level='INFO')",
        "logging.config.dictConfig({'version': 1, 'root': {'level': 'INFO', 'handlers': []}})",
        "logging.getLogger('levels').propagate = False",
    ],
)
def test_the_log_is_told_however_it_is_set_up(run: Runs, setup: str) -> None:
    seen = run(f"""\
import logging.config
{setup}
logging.getLogger("levels").warning("page %d is missing", 3)
logging.getLogger("levels").debug("nobody keeps this")
yield {{"id": 1}}
""")
    assert [(line.level, line.text) for line in seen.log] == [("WARNING", "page 3 is missing")]


@pytest.mark.parametrize(
    ("body", "held"),
    [
        ("yield 'x' * 2_000_000 + 'NEEDLE'", Held("row", "", "NEEDLE")),
        (
            "yield from ({'type': 'STATE', 'value': n} for n in range(10_000))\n"
            "yield {'type': 'STATE', 'value': 'NEEDLE'}\n"
            "yield {'type': 'STATE', 'value': 0}",
            Held("state", "", "NEEDLE"),
        ),
        (
            "import logging\nlogging.warning('x' * 3_997 + 'NEEDLE')\nyield 1",
            Held("log", "WARNING", "NEEDLE"),
        ),
        (
            "import logging\nfor _ in range(2_000): logging.info('x')\n"
            "logging.error('%s', 'NEEDLE')\nyield 1",
            Held("log", "ERROR", "NEEDLE"),
        ),
        ("yield 1\nraise OSError('x' * 3_997 + 'NEEDLE')", Held("error", "message", "NEEDLE")),
        ("yield 1\nraise OSError('NEEDLE' + 'x' * 19_997)", Held("error", "traceback", "NEEDLE")),
    ],
    ids=["a long row", "a late state", "a cut line", "a late line", "a cut message", "a cut traceback"],
)
def test_what_is_cut_or_dropped_is_searched_before(run: Runs, body: str, held: Held) -> None:
    assert held in run(body).held


def test_what_is_told_whole_is_not_searched_twice(run: Runs) -> None:
    seen = run("import logging\nlogging.warning('NEEDLE')\nyield 'NEEDLE'\nraise OSError('NEEDLE')")
    assert seen.held == ()
    assert not seen.output_is_cut


def test_a_run_says_whether_more_was_printed_than_is_kept(run: Runs) -> None:
    seen = run("print('x' * 300_000)\nyield 1")
    assert (seen.output_is_cut, len(seen.output)) == (True, 256 * 1024)


def test_a_state_that_is_longer_than_is_taken_does_not_end_the_telling(run: Runs) -> None:
    seen = run("yield {'type': 'STATE', 'value': 'x' * 17_000_000}\nyield 1")
    assert (seen.how, len(seen.rows), seen.states) == ("finished", 1, ())
    assert not seen.is_told_whole


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has nothing of certify's, time-machine neither."""
    place = tmp_path_factory.mktemp("bare")
    venv.create(place, symlinks=True)
    return place / "bin" / "python"


#: All ways to ask what time it is; the third by a subclass, the last by a class that holds the function.
ASKS = """\
import datetime, time
class Moment(datetime.datetime):
    pass
class Keeps:
    told = time.gmtime
    clock = time.time
def look():
    utc = datetime.timezone.utc
    return [
        datetime.datetime.now(utc).isoformat(),
        datetime.datetime.now(utc).astimezone().replace(tzinfo=None) == datetime.datetime.now(),
        [type(Moment.now()).__name__, Moment.now(utc).hour, Moment.utcnow().hour],
        [datetime.date.today().isoformat(), str(datetime.datetime.today() == datetime.datetime.now())],
        [time.time(), time.gmtime().tm_hour, time.gmtime(0).tm_year, time.strftime("%Y", time.gmtime(0))],
        [time.strftime("%Y-%m-%d"), time.asctime() == time.ctime()],
        [Keeps().told().tm_hour, Keeps().clock()],
    ]
yield {"told": look()}
time.sleep(5 * 3600)
yield {"told": look()}
"""


@pytest.mark.parametrize("has_time_machine", [True, False])
def test_every_way_to_ask_for_the_time_gives_the_virtual_one(
    run: Runs, bare: Path, has_time_machine: bool
) -> None:
    seen = run(ASKS, None if has_time_machine else bare)
    assert seen.how == "finished", seen.raised
    told = [json.loads(row)["told"] for _, row in seen.rows]
    midnight = 1767225600.0
    assert [one[0] for one in told] == ["2026-01-01T00:00:00+00:00", "2026-01-01T05:00:00+00:00"]
    for hour, one in zip((0, 5), told, strict=True):
        assert one[1] is True
        assert one[2] == ["Moment", hour, hour]
        assert one[4] == [midnight + 3600 * hour, hour, 1970, "1970"]
        assert one[5][1] is True
        assert one[6] == [hour, midnight + 3600 * hour]


def test_jitter_is_the_same_in_each_run(run: Runs) -> None:
    body = "import random\nyield {'waits': random.uniform(0, 60)}"
    assert list(run(body).rows) == list(run(body).rows)
