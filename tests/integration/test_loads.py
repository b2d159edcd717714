"""A sink is watched while it loads, and killed where it is told to be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certify.errors import SandboxError
from certify.sandbox.loads import LoadPlan, Loads
from certify.sandbox.zygote import Zygote
from certify.target.contents import NO_TABLE
from certify.target.sample import generated

ROWS = [{"id": row["id"], "name": row["name"]} for row in generated(("id",), None)[:4]]

SINK = """
import sqlite3

def make_sink(config, *, target_url, table, strategy, primary_key):
    return Sink(target_url.removeprefix("sqlite:///"), table, config)

class Sink:
    def __init__(self, path, table, config):
        self.path, self.table, self.config = path, table, config

    def load_rows(self, rows):
        connection = sqlite3.connect(self.path)
        with connection:
            connection.execute(f"CREATE TABLE IF NOT EXISTS {self.table} (id, name)")
        count = 0
        for row in rows:
            connection.execute(f"INSERT INTO {self.table} VALUES (?, ?)", (row["id"], row["name"]))
            if self.config["commits"]:
                connection.commit()
            count += 1
        connection.commit()
        connection.close()
        return count
"""


@pytest.fixture(params=[True, False], ids=["a commit a row", "one commit"])
def commits(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def loads(tmp_path: Path, commits: bool) -> Iterator[Loads]:
    (tmp_path / "thin_sink.py").write_text(SINK)
    plan = LoadPlan(
        "thin_sink:make_sink",
        (str(tmp_path),),
        {"commits": commits},
        "sqlite:///{tmp}/target.db",
        "rows",
        ("id",),
    )
    with Zygote() as zygote, Loads(zygote, plan) as started:
        assert started.import_error is None
        yield started


def test_each_point_is_looked_at_over_another_connection(loads: Loads, commits: bool) -> None:
    load = loads.load(ROWS, "incremental_append", looks=True)

    assert (load.how, load.returned, str(load.after)) == ("finished", 4, "4 rows")
    rows = {str(look.point): str(look.seen) for look in load.looks if look.point.kind == "row"}
    seen = ["0 rows", "1 row", "2 rows", "3 rows"] if commits else ["0 rows"] * 4
    assert rows == {f"before row {place}": words for place, words in enumerate(seen, start=1)}
    assert "at database call 1 (sqlite3.connect)" in map(str, load.points)
    assert any(str(point).endswith("(sqlite3.commit: COMMIT)") for point in load.points) or not commits
    assert load.most_taken == 1


def test_a_load_is_killed_at_a_point_and_repeated(loads: Loads, commits: bool) -> None:
    empty = loads.save()
    points = loads.load(ROWS, "incremental_append", points=True).points
    third = next(point for point in points if str(point) == "before row 3")
    loads.begin_with(empty)
    assert loads.database.read() == NO_TABLE

    killed = loads.load(ROWS, "incremental_append", stop=third)

    assert (killed.how, str(killed.after)) == ("killed", "2 rows" if commits else "0 rows")
    assert killed.points == points[: points.index(third)]
    loads.begin_with(empty)
    assert str(loads.load(ROWS, "incremental_append").after) == "4 rows"


def test_a_source_that_breaks_off_ends_the_load(loads: Loads) -> None:
    load = loads.load(ROWS, "incremental_append", fails_after=2)
    assert (load.how, load.ending) == ("raised", "ConnectionError: certify: the source broke off here")
    assert load.left_over == ()


def test_a_sink_whose_import_starts_threads_is_imported_anew_for_each_load(tmp_path: Path) -> None:
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    (tmp_path / "threaded_sink.py").write_text(thread + SINK)
    plan = LoadPlan(
        "threaded_sink:make_sink",
        (str(tmp_path),),
        {"commits": False},
        "sqlite:///{tmp}/target.db",
        "rows",
        ("id",),
    )
    with Zygote() as zygote, Loads(zygote, plan) as loads:
        assert loads.threads == 1
        assert str(loads.load(ROWS[:3], "incremental_append").after) == "3 rows"
        before, first = loads.save(), zygote.private
        load = loads.load(ROWS[3:], "incremental_append", looks=True)
        assert (str(load.after), zygote.private == first) == ("4 rows", False)
        loads.begin_with(before)
        assert str(loads.database.read()) == "3 rows"


def test_a_sink_that_takes_its_sandbox_along_is_no_load_and_the_next_one_is(
    loads: Loads,
) -> None:
    assert str(loads.load(ROWS, "incremental_append").after) == "4 rows"
    loads._zygote.kill()
    with pytest.raises(SandboxError, match="took its sandbox with it"):
        loads.load(ROWS, "incremental_append")
    assert str(loads.load(ROWS, "incremental_append").after) == "4 rows"


@pytest.mark.parametrize(
    ("says", "lines", "is_cut"),
    [
        ("for number in range(500): log.info(number)", 500, False),
        ("for number in range(501): log.info(number)", 500, True),
        ("log.info('x' * 4001)", 1, True),
        ("log.debug('not kept in production')", 0, False),
        ("raise ValueError('x' * 4001)", 0, True),
        ("return 'x' * 4001", 0, True),
    ],
)
def test_what_a_load_logs_raises_and_returns_is_told_or_is_said_to_be_cut(
    says: str, lines: int, is_cut: bool, tmp_path: Path
) -> None:
    (tmp_path / "talks.py").write_text(
        "import logging\n\nlog = logging.getLogger(__name__)\n\n\nclass Sink:\n"
        f"    def load_rows(self, rows):\n        {says}\n\n\n"
        "def make_sink(config, **where):\n    return Sink()\n"
    )
    plan = LoadPlan("talks:make_sink", (str(tmp_path),), {}, "sqlite:///{tmp}/target.db", "rows", ("id",))
    with Zygote() as zygote, Loads(zygote, plan) as loads:
        load = loads.load(ROWS, "incremental_append")
    assert (len(load.log), load.output_is_cut) == (lines, is_cut)
