"""A state back end is driven in forks: reads, writes, other processes, and kills within a write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from certify import NOTHING, Blocked, HarnessFault, Keeping, Make, Read, Write
from certify.model import Location
from certify.sandbox.keeping import KeepPlan
from certify.sandbox.operations import AFTER, Odd
from certify.sandbox.zygote import Zygote

_IN_A_FILE = """
import json, os
class State:
    def __init__(self, path): self.path = path
    def read_state(self, key):
        with open(self.path) as file: return json.load(file).get(key)
    def write_state(self, key, value):
        try: held = json.load(open(self.path))
        except FileNotFoundError: held = {}
        with open(self.path, "w") as file: file.write(json.dumps(held | {key: value}))
def make_state(config, *, url): return State(url)
"""


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Callable[[str], Keeping]]:
    zygote = Zygote()

    def of(source: str) -> Keeping:
        (tmp_path / "backend.py").write_text(source, "utf-8")
        plan = KeepPlan("backend:make_state", (str(tmp_path),), {}, {}, "{tmp}/state.json")
        return Keeping(zygote, plan, tmp_path, Location("certification.yaml", 3))

    with zygote:
        yield of


def test_another_process_reads_what_one_wrote(keeping: Callable[[str], Keeping]) -> None:
    with keeping(_IN_A_FILE).store() as store:
        done = store.run([Write("a", {"n": 1}), Read("b"), Make(anew=True), Read("a")])
    assert [one.value for one in done[2:]] == [NOTHING, NOTHING, {"n": 1}]


def test_a_store_begins_empty(keeping: Callable[[str], Keeping]) -> None:
    driven = keeping(_IN_A_FILE)
    for _ in range(2):
        with driven.store() as store:
            raised = store.run([Read("a")])[-1].raised
            store.run([Write("a", {"n": 1})])
        assert raised is not None
        assert raised.type == "FileNotFoundError"


def test_a_write_is_killed_before_the_call_that_was_asked_for(keeping: Callable[[str], Keeping]) -> None:
    driven = keeping(_IN_A_FILE)
    with driven.store() as store:
        calls = store.run([Write("a", {"n": 1}), Make(anew=True), Write("a", {"n": 2})])[-1].calls
    killed = []
    for kill in [*range(calls), AFTER]:
        with driven.store() as store:
            end = store.run([Write("a", {"n": 1}), Make(anew=True), Write("a", {"n": 2}, kill)])[-1]
            killed.append((end.killed, driven.location(end).line, store.run([Read("a")])[-1].raised is None))
    assert ("killed before io.open", 8, True) in killed
    assert ("killed before TextIOWrapper.write", 10, False) in killed
    assert killed[-1] == ("killed after the write", 7, True)


def test_a_value_that_is_none_of_json_is_told_as_it_looks(keeping: Callable[[str], Keeping]) -> None:
    source = "class State:\n def read_state(self, key): return {'n': (1, 2)}\n"
    with keeping(f"{source}def make_state(config, *, url): return State()").store() as store:
        assert store.run([Read("a")])[-1].value == Odd("dict: {'n': (1, 2)}")


def test_what_cannot_be_imported_blocks(keeping: Callable[[str], Keeping]) -> None:
    with pytest.raises(Blocked, match="ModuleNotFoundError"):
        keeping("import no_such_module").store()


def test_a_process_that_ends_by_itself_is_no_verdict(keeping: Callable[[str], Keeping]) -> None:
    source = "import os\nclass State:\n def read_state(self, key): os._exit(3)\n"
    driven = keeping(f"{source}def make_state(config, *, url): return State()")
    with driven.store() as store, pytest.raises(HarnessFault, match="exit code 3"):
        store.run([Read("a")])
