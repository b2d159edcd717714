"""A connector that is a command: its arguments, its standard output, and how it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from certify.replay.cassette import Cassette
from certify.rules import Blocked, Unverified
from certify.run import Run
from certify.sandbox.audit import RowAudit
from certify.sandbox.commands import DrivenCommand
from certify.sandbox.driven import Command, DrivePlan, FreshSource
from certify.sandbox.leaks import Leak, LeakSearch
from certify.sandbox.zygote import Zygote

NOTHING = Cassette("nothing", ())
#: The least that a tap may be; what a test has it do stands in `sync`.
TAP = """\
import argparse, json, os, sys

def say(**message):
    print(json.dumps(message))

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--catalog")
    parser.add_argument("--state")
    {knows}
    given = parser.parse_args()
    if getattr(given, "discover", False):
        return discover()
    config = json.load(open(given.config))
    catalog = json.load(open(given.catalog)) if given.catalog else None
    state = json.load(open(given.state)) if given.state else None
    return sync(config, catalog, state)

def discover():
    {discover}

def sync(config, catalog, state):
"""
KNOWS = 'parser.add_argument("--discover", action="store_true")'
DISCOVER = 'print(json.dumps({"streams": [{"stream": "levels", "schema": {}}]}, indent=2))'


Runs = Callable[..., Run]


@pytest.fixture
def run(tmp_path: Path) -> Runs:
    """Run a tap whose `sync` does this."""

    def run(
        body: str,
        *,
        state: object = None,
        discover: str = DISCOVER,
        audit: RowAudit | None = None,
        is_fresh: bool = False,
        before: int = 0,
    ) -> Run:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        text = TAP.format(knows=KNOWS if discover else "", discover=discover or "pass") + lines
        (tmp_path / "levels_tap.py").write_text(text, encoding="utf-8")
        plan = DrivePlan(
            "levels_tap:main",
            (str(tmp_path),),
            ("levels_tap",),
            {"river": "Rhein"},
            needles=("NEEDLE",),
            command=Command("singer", "tap-levels"),
        )
        if is_fresh:
            drive = partial(DrivenCommand, found={})
            return FreshSource(None, plan, drive).run(NOTHING, state=state, audit=audit)
        with Zygote() as zygote, DrivenCommand(zygote, plan) as source:
            assert source.import_error is None
            for _ in range(before):
                source.run(NOTHING)
            return source.run(NOTHING, state=state, audit=audit)

    return run


@pytest.mark.parametrize("is_fresh", [False, True])
def test_a_tap_is_given_its_files_and_its_messages_are_read(run: Runs, is_fresh: bool) -> None:
    seen = run(
        """\
say(type="SCHEMA", stream="levels", schema={}, key_properties=[])
say(type="RECORD", stream="levels", record={"argv": sys.argv[0], "river": config["river"]})
say(type="RECORD", stream="levels", record={"selected": catalog["streams"][0]["metadata"]})
say(type="STATE", value={"before": state})
""",
        state={"page": 2},
        is_fresh=is_fresh,
    )
    assert (seen.how, seen.code, seen.output) == ("finished", 0, "")
    rows = [json.loads(row) for _, row in seen.rows]
    assert rows == [
        {"argv": "tap-levels", "river": "Rhein"},
        {"selected": [{"breadcrumb": [], "metadata": {"selected": True}}]},
    ]
    assert (seen.states, seen.rows_before) == (('{"before": {"page": 2}}',), (2,))


def test_a_run_finds_no_file_that_the_one_before_left(run: Runs) -> None:
    seen = run(
        """\
import tempfile
places = os.path.expanduser("~/.cache"), os.path.join(tempfile.gettempdir(), "cache")
say(type="RECORD", stream="levels", record={"found": [os.path.exists(place) for place in places]})
for place in places:
    os.makedirs(os.path.join(place, "levels"), exist_ok=True)
""",
        before=1,
    )
    assert (seen.how, list(seen.rows)) == ("finished", [("levels", '{"found": [false, false]}')])


def test_a_file_may_be_written_where_it_is_run(run: Runs) -> None:
    seen = run(
        """\
open("cache", "w").close()
say(type="RECORD", stream="levels", record={"home": os.getcwd() == os.environ["HOME"]})
"""
    )
    assert (seen.how, list(seen.rows)) == ("finished", [("levels", '{"home": true}')])


@pytest.mark.parametrize("made", ["os.symlink({elsewhere!r}, given)", "os.mkdir(given)"])
def test_its_files_are_written_anew_whatever_a_run_made_of_them(run: Runs, tmp_path: Path, made: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine", encoding="utf-8")
    seen = run(
        "given = sys.argv[sys.argv.index('--config') + 1]\nos.unlink(given)\n"
        + made.format(elsewhere=str(elsewhere)),
        before=1,
    )
    assert (seen.how, elsewhere.read_text("utf-8")) == ("finished", "mine")


def test_a_tap_that_knows_no_discovery_is_given_no_catalog(run: Runs) -> None:
    seen = run('say(type="RECORD", stream="levels", record={"catalog": catalog})', discover="")
    assert list(seen.rows) == [("levels", '{"catalog": null}')]


def test_a_discovery_that_fails_blocks(run: Runs) -> None:
    with pytest.raises(Blocked, match=r"the discovery fails \(raised\): no key"):
        run("pass", discover="raise OSError('no key')")


@pytest.mark.parametrize(
    "discover", ["pass", "print(1)", "print('[' * 200_000)", "say(type='STATE', value=1)"]
)
def test_a_discovery_that_tells_no_catalog_is_none(run: Runs, discover: str) -> None:
    seen = run('say(type="RECORD", stream="levels", record={"catalog": catalog})', discover=discover)
    assert list(seen.rows) == [("levels", '{"catalog": null}')]


@pytest.mark.parametrize(
    "says",
    [
        "os.write(1, line)",
        "sys.stdout.buffer.write(line)",
        "sys.__stdout__.write(line.decode())",
        "open(1, 'wb', closefd=False).write(line)",
        "import subprocess; subprocess.run(['cat'], input=line)",
        "import ctypes; ctypes.CDLL(None).write(1, line, len(line))",
        "import atexit; atexit.register(os.write, 1, line)",
        "import threading, time\nthreading.Thread(target=lambda: (time.sleep(9), os.write(1, line))).start()",
    ],
)
def test_whatever_stands_on_the_standard_output_is_read(run: Runs, says: str) -> None:
    line = b'{"type": "RECORD", "stream": "levels", "record": {"id": 1}}\n'
    seen = run(f"line = {line!r}\n{says}")
    assert list(seen.rows) == [("levels", '{"id": 1}')]


@pytest.mark.parametrize(
    ("body", "how", "code", "output"),
    [
        ("return 0", "finished", 0, ""),
        ("sys.exit()", "finished", 0, ""),
        ("return 3", "exit", 3, ""),
        ("sys.exit('no key')", "exit", 1, "no key\n"),
        ("sys.excepthook = lambda *error: os.write(2, b'oh')\nraise OSError", "raised", 1, "oh"),
        ("os._exit(4)", "vanished", 0, ""),
    ],
)
def test_it_ends_as_it_does_in_a_shell(run: Runs, body: str, how: str, code: int, output: str) -> None:
    seen = run(body)
    assert (seen.how, seen.output) == (how, output)
    assert seen.code == (4 if how == "vanished" else code)
    assert seen.succeeded == (code == 0 and how == "finished")


def test_an_error_says_where_it_was_raised(run: Runs) -> None:
    seen = run("raise OSError('no key')")
    assert seen.raised is not None
    assert "OSError: no key" in seen.output
    assert seen.raised.places[-1][0].endswith("levels_tap.py")


def test_noise_is_evidence_and_is_searched(run: Runs) -> None:
    noise = "print('reading with NEEDLE')\nsay(type='STATE', value=1)\nprint('tail', end='')"
    seen = run(noise)
    assert [(one.line, one.text) for one in seen.misspoken] == [(1, "reading with NEEDLE"), (3, "tail")]
    assert LeakSearch({"token": "NEEDLE"}).leaks(seen)[0] == Leak("token", "as it is", "standard output")


def test_time_is_virtual_and_the_log_is_told(run: Runs) -> None:
    seen = run("import logging, time\ntime.sleep(60)\nlogging.warning('late')\nsay(type='STATE', value=1)")
    assert seen.virtual_seconds == pytest.approx(60)
    assert [(line.text, round(line.at)) for line in seen.log] == [("late", 60)]


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ("with multiprocessing.Pool(2) as pool:\n    value = pool.map(abs, [-1, -2])", 0),
        ("here, there = multiprocessing.Pipe()\nvalue = [1, 2]\nassert not here.poll(60)", 60),
        (
            "here, there = multiprocessing.Pipe()\nthere.send([1, 2])\nvalue = here.poll(9) and here.recv()",
            0,
        ),
    ],
)
def test_it_may_work_in_several_processes(run: Runs, body: str, seconds: float) -> None:
    seen = run(f"import multiprocessing\n{body}\nsay(type='STATE', value=value)")
    assert (seen.how, seen.states) == ("finished", ("[1, 2]",))
    assert seen.virtual_seconds == pytest.approx(seconds)


def test_rows_are_looked_at_as_they_come(run: Runs) -> None:
    audit = RowAudit({"levels": ("id",)})
    seen = run(
        """\
say(type="SCHEMA", stream="levels", schema={"properties": {"id": {"type": "integer"}}}, key_properties=["id"])
for number in range(30_000):
    say(type="RECORD", stream="levels", record={"id": number // 2})
say(type="STATE", value={"page": 2})
""",
        audit=audit,
    )
    assert (seen.how, audit.streams["levels"].rows, audit.checkpoints[0].rows) == ("finished", 30_000, 30_000)
    assert len(list(audit.streams["levels"].repeated())) == 15_000
    assert audit.streams["levels"].mismatched == 0


def test_a_script_that_is_nowhere_is_an_error_of_the_import() -> None:
    plan = DrivePlan("", (), (), {}, command=Command("singer", "tap-of-nobody"))
    with Zygote() as zygote, DrivenCommand(zygote, plan) as source:
        assert "no console script 'tap-of-nobody'" in (source.import_error or "")


def test_an_installed_script_is_found_by_its_name() -> None:
    plan = DrivePlan("", (), (), {}, command=Command("singer", "pygmentize"))
    with Zygote() as zygote, DrivenCommand(zygote, plan) as source:
        assert source.import_error is None
        assert source._source == "pygments.cmdline:main"


#: A source of Airbyte's protocol without its SDK.
SOURCE = """\
import argparse, json

def say(**message):
    print(json.dumps(message), flush=True)

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    for name in ("--config", "--catalog", "--state"):
        parser.add_argument(name, type=lambda path: json.load(open(path)))
    given = parser.parse_args()
    say(type="LOG", log={"level": "INFO", "message": given.command})
    if given.command == "discover":
        schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
        stream = {"name": "levels", "json_schema": schema, "supported_sync_modes": ["incremental"]}
        return say(type="CATALOG", catalog={"streams": [stream]})
    begin = given.state[0]["stream"]["stream_state"]["id"] if given.state else 0
    for entry in given.catalog["streams"]:
        name = entry["stream"]["name"]
        for number in range(begin + 1, 4):
            row = {"id": number if number < 3 else "three"}
            say(type="RECORD", record={"stream": name, "data": row, "emitted_at": 1})
        state = {"stream_descriptor": {"name": name}, "stream_state": {"id": 2}}
        say(type="STATE", state={"type": "STREAM", "stream": state})
"""


def test_a_source_of_airbyte_is_asked_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / "levels_source.py").write_text(SOURCE, encoding="utf-8")
    command = Command("airbyte", "source-levels")
    plan = DrivePlan("levels_source:main", (str(tmp_path),), ("levels_source",), {}, command=command)
    audit = RowAudit({"levels": ("id",)})
    with Zygote() as zygote, DrivenCommand(zygote, plan) as source:
        whole = source.run(NOTHING, audit=audit)
        rest = source.run(NOTHING, state=json.loads(whole.states[-1]))
    assert (whole.how, len(whole.rows), whole.misspoken) == ("finished", 3, ())
    assert [line.text for line in whole.log] == ["read"]
    assert [one.row for one in audit.streams["levels"].mismatches] == [3]
    assert list(rest.rows) == [("levels", '{"id": "three"}')]


#: Keeps records in a file, and says where.
BATCH = """\
import gzip
lines = {lines}
os.makedirs("batches", exist_ok=True)
with {opens}("batches/levels-1.json", "wt") as file:
    file.write(lines)
say(type="SCHEMA", stream="levels", schema={{}}, key_properties=[])
say(type="BATCH", stream="levels", encoding={encoding}, manifest=[{name}])
say(type="STATE", value={{"levels": 2}})
"""
_HERE = '"file://" + os.path.abspath("batches/levels-1.json")'
_GZIP = '{"format": "jsonl", "compression": "gzip"}'


def batch(
    *,
    lines: str = '{"n": 1}\n{"n": 2}\n',
    opens: str = "gzip.open",
    encoding: str = _GZIP,
    name: str = _HERE,
) -> str:
    return BATCH.format(lines=repr(lines), opens=opens, encoding=encoding, name=name)


@pytest.mark.parametrize(("opens", "encoding"), [("gzip.open", _GZIP), ("open", '{"format": "jsonl"}')])
def test_records_in_the_files_of_a_batch_are_read(run: Runs, opens: str, encoding: str) -> None:
    seen = run(batch(opens=opens, encoding=encoding))
    assert (list(seen.rows), seen.misspoken) == ([("levels", '{"n": 1}'), ("levels", '{"n": 2}')], ())
    assert (seen.states, seen.rows_before) == (('{"levels": 2}',), (2,))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"name": '"s3://bucket/levels-1.json.gz"'}, "which is no file of this machine"),
        ({"name": '"file:///etc/hostname"'}, "outside of the sandbox"),
        ({"name": '"file://" + os.path.abspath("gone")'}, "No such file"),
        (
            {"name": 'os.symlink("/etc/hostname", "link") or os.path.abspath("link")'},
            "outside of the sandbox",
        ),
        ({"name": 'os.mkfifo("pipe") or os.path.abspath("pipe")'}, "which is no file of the sandbox"),
        ({"opens": "open"}, "Not a gzipped file"),
        ({"encoding": '{"format": "parquet"}'}, "a BATCH of parquet with compression None"),
    ],
)
def test_records_of_a_batch_that_cannot_be_read_are_not_held_to_be_none(
    run: Runs, given: dict[str, str], why: str
) -> None:
    with pytest.raises(Unverified, match=re.escape(why)):
        run(batch(**given))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"lines": "[1]"}, "is a BATCH of levels, in whose files a line is no record"),
        ({"encoding": "1"}, "is a BATCH without an encoding"),
        ({"name": "1"}, "is a BATCH without a manifest"),
    ],
)
def test_what_is_wrong_with_a_batch_is_told(run: Runs, given: dict[str, str], why: str) -> None:
    assert [one.why for one in run(batch(**given)).misspoken] == [why]
