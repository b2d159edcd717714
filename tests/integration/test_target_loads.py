"""A Singer target is given messages line by line, watched between them, and killed where it is told to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from certify.errors import SandboxError
from certify.sandbox.driven import Command
from certify.sandbox.loads import LoadPlan
from certify.sandbox.observed_load import Load
from certify.sandbox.target_loads import TargetLoads
from certify.sandbox.zygote import Zygote
from certify.target.messages import message_line, rows_covered

ROWS = [{"id": number, "name": f"row {number}"} for number in range(1, 5)]
#: Commits every record as it comes; what a test has it do besides stands at the marks.
TARGET = """\
import argparse, io, json, os, sqlite3, sys

INPUT = sys.stdin

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    config = json.load(open(parser.parse_args().config))
    database = sqlite3.connect(config["path"])
    database.execute("CREATE TABLE IF NOT EXISTS orders (id, name)")
    for line in {lines}:
        message = json.loads(line)
        if message["type"] == "RECORD":
            record = message["record"]
            database.execute("INSERT INTO orders VALUES (?, ?)", [record["id"], record["name"]])
            database.commit()
        elif message["type"] == "STATE":
            print({state}, flush=True)
    {end}
"""
USUAL = {"lines": "sys.stdin", "state": 'json.dumps(message["value"])', "end": "return 0"}


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Callable[..., TargetLoads]]:
    with ExitStack() as stack:

        def make(*, in_forks: bool = True, **does: str) -> TargetLoads:
            (tmp_path / "thin_target.py").write_text(TARGET.format(**USUAL | does), encoding="utf-8")
            plan = LoadPlan(
                "thin_target:main",
                (str(tmp_path),),
                {"path": "{path}"},
                "sqlite:///{tmp}/target.db",
                "orders",
                ("id",),
                command=Command("singer", "target-thin"),
            )
            zygote = stack.enter_context(Zygote())
            return stack.enter_context(TargetLoads(zygote, plan, ROWS, in_forks=in_forks))

        yield make


def at_lines(load: Load) -> list[tuple[str, str]]:
    return [(str(one.point), str(one.seen)) for one in load.looks if not one.point.is_call]


def test_each_line_is_a_point(target: Callable[..., TargetLoads]) -> None:
    load = target().load(ROWS, "incremental_merge", looks=1, states_every=2)
    assert (load.how, load.code, str(load.after), load.left_over) == ("finished", 0, "4 rows", ())
    assert at_lines(load) == [
        ("before the SCHEMA message", "0 rows"),
        ("before row 1", "0 rows"),
        ("before row 2", "1 row"),
        ("before the STATE message", "2 rows"),
        ("before row 3", "2 rows"),
        ("before row 4", "3 rows"),
        ("before the STATE message", "4 rows"),
        ("before the end of its input", "4 rows"),
    ]
    assert [rows_covered(one, "orders") for one in load.said.states] == [2, 4]
    assert [len(one.also) for one in load.looks if not one.point.is_call][-3:] == [1, 1, 2]


@pytest.mark.parametrize(
    "lines",
    [
        "INPUT",
        "INPUT.buffer",
        'io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8")',
        "iter(INPUT.readline, '')",
    ],
)
def test_a_target_may_take_hold_of_its_input_in_any_way(
    lines: str, target: Callable[..., TargetLoads]
) -> None:
    assert len(at_lines(target(lines=lines).load(ROWS, "incremental_merge", looks=1))) == 7


@pytest.mark.parametrize("lines", ["open(0)", "os.fdopen(os.dup(0)).readlines()"])
def test_a_target_that_reads_the_descriptor_is_given_all(
    lines: str, target: Callable[..., TargetLoads]
) -> None:
    load = target(lines=lines).load(ROWS, "incremental_merge", looks=1)
    assert (str(load.after), at_lines(load)) == ("4 rows", [])


def test_a_target_is_killed_before_a_row(target: Callable[..., TargetLoads]) -> None:
    loads = target()
    empty = loads.save()
    whole = loads.load(ROWS, "incremental_merge", looks=1, states_every=2)
    third = next(one for one in whole.points if str(one) == "before row 3")
    loads.begin_with(empty)
    killed = loads.load(ROWS, "incremental_merge", stop=third, states_every=2)
    assert (killed.how, str(killed.after)) == ("killed", "2 rows")
    assert [rows_covered(one, "orders") for one in killed.said.states] == [2]


@pytest.mark.parametrize(
    ("end", "how", "ending"),
    [
        ("return 0", "finished", "success"),
        ("os._exit(0)", "finished", "success"),
        ("os._exit(3)", "exit", "exit code 3"),
        ("return 2", "exit", "exit code 2"),
        ('sys.exit("no disk")', "exit", "exit code 1 (no disk)"),
        ('raise OSError("no disk")', "raised", "OSError: no disk"),
    ],
)
def test_how_a_target_ends(end: str, how: str, ending: str, target: Callable[..., TargetLoads]) -> None:
    load = target(end=end).load(ROWS, "incremental_merge")
    assert (load.how, load.ending) == (how, ending)


@pytest.mark.parametrize(
    ("state", "stray"),
    [
        ('"loaded"', (1, "loaded", "is no JSON object")),
        ("json.dumps(message)", (1, '{"type": "STATE", "value"', "is a message, 'STATE'")),
        ("'[' * 100_000", (1, "[[[", "is no JSON object")),
    ],
)
def test_a_line_that_is_no_state_is_kept(
    state: str, stray: tuple[int, str, str], target: Callable[..., TargetLoads]
) -> None:
    said = target(state=state).load(ROWS, "incremental_merge").said
    ((number, text, why),) = said.strays
    assert said.states == ()
    assert (number, text.startswith(stray[1]), why) == (stray[0], True, stray[2])
    assert said.is_cut is (len(text) == 200), "what is not kept whole is not searched whole"


def test_a_tap_that_breaks_off_leaves_half_a_message(target: Callable[..., TargetLoads]) -> None:
    load = target().load(ROWS, "incremental_merge", fails_after=2)
    assert (load.how, str(load.after), load.said.states) == ("raised", "2 rows", ())


def test_its_configuration_is_written_anew_and_nowhere_else(
    target: Callable[..., TargetLoads], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine", encoding="utf-8")
    end = f"os.unlink(sys.argv[2]); os.symlink({str(elsewhere)!r}, sys.argv[2])"
    loads = target(end=end)
    for _ in range(2):
        assert loads.load(ROWS, "incremental_merge").how == "finished"
    assert elsewhere.read_text("utf-8") == "mine"


def test_a_folder_that_a_target_replaced_by_a_link_is_left_alone(
    target: Callable[..., TargetLoads], tmp_path: Path
) -> None:
    somebody = tmp_path / "somebody"
    somebody.mkdir()
    (somebody / "target.db").write_text("mine", encoding="utf-8")
    place = "os.path.dirname(config['path'])"
    loads = target(end=f"os.rename({place}, {place} + '2'); os.symlink({str(somebody)!r}, {place})")
    empty = loads.save()
    for step in (lambda: loads.load(ROWS, "incremental_merge"), lambda: loads.begin_with(empty)):
        with pytest.raises(SandboxError, match="has put a link in the place"):
            step()
    assert (somebody / "target.db").read_text("utf-8") == "mine"


def test_a_target_that_may_not_be_forked_is_imported_anew(target: Callable[..., TargetLoads]) -> None:
    loads = target(in_forks=False)
    for count in (4, 8):
        load = loads.load(ROWS, "incremental_append", looks=1)
        assert (load.how, str(load.after), len(at_lines(load))) == ("finished", f"{count} rows", 7)
        assert load.left_over == ()


def test_messages_of_any_sort_are_given(target: Callable[..., TargetLoads]) -> None:
    load = target().pour([message_line(type="STATE", value={"a": 1})], "incremental_merge")
    assert load.said.states == ({"a": 1},)
