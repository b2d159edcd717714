"""Connectors that crash, hang, flood or lie while they are replayed: a clear status, and nothing left behind.

That no process and no temporary folder stays is asserted by the `certify` fixture after each test.
"""

from __future__ import annotations

import contextlib
import json
import select
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from certify.model import Report, Status
from certify.replay.conversation import is_ready
from certify.sandbox.zygote import Zygote

CONTRACT = """\
contract_version: '1'
connector: demo
system: python
capabilities:
  source:
    required_tests: [import_safety]
subject:
  package: demo
  source: demo.source:make_source
  config: certification/config.json
  secrets: [api_key]
replay:
  cassettes: certification/cassettes
policy:
  tier: bronze
"""
#: A source of one page, which does `body` besides.
SOURCE = """\
import ctypes, gc, glob, json, os, signal, socket, subprocess, sys, threading, time, urllib.parse
import urllib.request


def rows():
    with urllib.request.urlopen("https://api.example/rows?page=1", timeout=30) as got:
        return json.load(got)


class Odd(Exception):
    def __str__(self):
        raise ValueError

    __repr__ = __str__


class Source:
    def __init__(self, config):
        pass

    def read(self):
        {body}


def make_source(config):
    return Source(config)
"""
RECORDED = {
    "request": {"method": "GET", "uri": "https://api.example/rows?page=1", "body": None, "headers": {}},
    "response": {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Type": ["application/json"], "Date": ["Mon, 05 Oct 2026 06:00:00 GMT"]},
        "body": {"string": '[{"id": 1}, {"id": 2}]'},
    },
}
#: The rule that is looked at: the happy path, and one run with a 401.
RULE = "unauthorized_fails_fast"


@dataclass(frozen=True)
class Judged:
    """What became of the rule, and what was said about it."""

    status: Status
    said: str


@pytest.fixture
def judged(
    certify: Any, connector: Any, report_in: Callable[[Path], Report], tmp_path: Path
) -> Callable[..., Judged]:
    """Certify a connector whose source does something, by the real command."""

    def run(*lines: str, **more: Any) -> Judged:
        body = "\n        ".join(lines)
        files = {
            "src/demo/source.py": SOURCE.replace("{body}", body),
            "certification/config.json": '{"api_key": "x"}',
            "certification/cassettes/full_refresh.yaml": yaml.safe_dump(
                {"version": 1, "interactions": [RECORDED]}
            ),
        }
        root = connector(files=files, contract=CONTRACT)
        ran = certify("-C", root, "--only", RULE, "--artifact-dir", tmp_path / "out", **more)
        assert ran.code in (0, 1), ran.out + ran.err
        assert "Traceback" not in ran.out + ran.err
        (rule,) = [one for one in report_in(tmp_path / "out").rules if one.id == RULE]
        return Judged(rule.status, rule.message)

    return run


# --- what ends by itself, or does no harm -------------------------------------------------------------

HARMLESS = {
    "forty processes that share what they have": [
        "kept = b'x' * 100_000_000",
        "for _ in range(40):",
        "    if not os.fork(): time.sleep(0.3), os._exit(0)",
        "yield from rows()",
        "while True:",
        "    try: os.wait()",
        "    except ChildProcessError: break",
    ],
    "nothing odd": ["yield from rows()"],
    "a daemon thread that sleeps for ever": [
        "threading.Thread(target=lambda: [time.sleep(1) for _ in iter(int, 1)], daemon=True).start()",
        "yield from rows()",
    ],
    "a daemon thread that computes for ever": [
        "threading.Thread(target=lambda: [0 for _ in iter(int, 1)], daemon=True).start()",
        "yield from rows()",
    ],
    "a thread that never ends": [
        "threading.Thread(target=threading.Event().wait).start()",
        "yield from rows()",
    ],
    "a replaced time.sleep": ["time.sleep = lambda seconds: None", "time.sleep(1e9)", "yield from rows()"],
    "garbage for the wire": [
        "for said in (b'garbage' * 100, b'\\x16\\x03\\x01', b'\\0\\xff' * 100):",
        "    stream = socket.create_connection(('api.example', 443))",
        "    stream.sendall(said)",
        "yield from rows()",
    ],
    "a program that it leaves behind": [
        "subprocess.Popen(['sleep', '1000'], start_new_session=True)",
        "yield from rows()",
    ],
}


@pytest.mark.parametrize("lines", HARMLESS.values(), ids=HARMLESS)
def test_what_does_no_harm_is_judged_by_what_it_does(judged: Callable[..., Judged], lines: list[str]) -> None:
    assert judged(*lines) == Judged(Status.PASSED, "")


# --- other ways to speak ------------------------------------------------------------------------------

IN_A_CHILD = "import urllib.request as r; print(r.urlopen('https://api.example/rows?page=1').read().decode())"
#: Node's fetch knows no proxy before 24; whoever wants one asks it as here.
IN_NODE = """\
const proxy = new URL(process.env.http_proxy);
require("http").get(
  {host: proxy.hostname, port: proxy.port, path: "http://api.example/rows?page=1"},
  answer => {
    if (answer.statusCode !== 200) { console.error(`status ${answer.statusCode}`); process.exit(3); }
    answer.pipe(process.stdout);
  });
"""


def test_a_raw_socket_is_led_to_the_wire(judged: Callable[..., Judged]) -> None:
    """What it takes for rows is its own affair: a 401, here, which is what the rule finds."""
    seen = judged(
        "stream = socket.create_connection(('api.example', 80))",
        "stream.sendall(b'GET /rows?page=1 HTTP/1.0\\r\\nHost: api.example\\r\\n\\r\\n')",
        "yield from json.loads(stream.makefile('rb').read().partition(b'\\r\\n\\r\\n')[2])",
    )
    assert seen.status is Status.FAILED
    assert "the run is a success with 2 rows of 2 lacking" in seen.said


def test_a_python_program_that_it_starts_is_led_to_the_wire(judged: Callable[..., Judged]) -> None:
    seen = judged(
        f"done = subprocess.run([sys.executable, '-c', {IN_A_CHILD!r}], capture_output=True, text=True)",
        "if done.returncode: raise OSError(done.stderr.splitlines()[-1])",
        "yield from json.loads(done.stdout)",
    )
    assert seen == Judged(Status.PASSED, "")


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")
def test_a_node_program_that_asks_its_proxy_is_answered(judged: Callable[..., Judged]) -> None:
    seen = judged(
        f"done = subprocess.run(['node', '-e', {IN_NODE!r}], capture_output=True, text=True)",
        "if done.returncode: raise OSError(done.stderr.strip() + ' token')",
        "yield from json.loads(done.stdout)",
    )
    assert seen == Judged(Status.PASSED, "")


#: Ways out that know of no wire: none leads out of the namespaces.
WAYS_OUT = {
    "below Python's socket class": [
        "import _socket",
        "stream = _socket.socket()",
        "stream.connect_ex({place})",
    ],
    "native code": [
        "import struct",
        "host, port = {place}",
        "where = struct.pack('=H', socket.AF_INET) + struct.pack('!H', port)",
        "where += socket.inet_aton(host) + bytes(8)",
        "libc = ctypes.CDLL(None)",
        "libc.connect(libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0), where, len(where))",
    ],
    "a program that ignores proxies": [
        "code = 'import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)'",
        "subprocess.run([sys.executable, '-c', code, *map(str, {place})], env={{}}, capture_output=True)",
    ],
    "a datagram": [
        "stream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "try: stream.sendto(b'x', {place})",
        "except OSError: pass",
    ],
    "node": [
        'code = \'require("net").connect(+process.argv[2], process.argv[1]).on("error", () => 0)\'',
        "clean = dict(PATH=os.environ['PATH'])",
        "try: subprocess.run(['node', '-e', code, *map(str, {place})], env=clean, timeout=20)",
        "except (FileNotFoundError, subprocess.TimeoutExpired): pass",
    ],
}


@pytest.fixture
def outside() -> Iterator[list[tuple[str, int]]]:
    """Where somebody listens on this machine, at its loopback and at its own address."""
    with contextlib.ExitStack() as stack:
        servers = []
        for host in dict.fromkeys(["127.0.0.1", _own_address()]):
            servers.append(stack.enter_context(socket.create_server((host, 0))))
            listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            listening.bind(servers[-1].getsockname())
            servers.append(stack.enter_context(listening))
        yield [server.getsockname()[:2] for server in servers[::2]]
        called = [server for server in servers if is_ready(server, select.POLLIN, 0)]
        assert called == []


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stream:
        try:
            stream.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(stream.getsockname()[0])


@pytest.mark.parametrize("lines", WAYS_OUT.values(), ids=WAYS_OUT.keys())
def test_no_packet_leaves_by_whatever_way(
    judged: Callable[..., Judged], lines: list[str], outside: list[tuple[str, int]]
) -> None:
    if granted_isolation() != "namespace":
        pytest.skip("no namespaces are granted here")
    tried = [line.format(place=repr(place)) for place in outside for line in lines]
    seen = judged(*tried, "yield from rows()")
    assert seen.status in (Status.PASSED, Status.BLOCKED)


def granted_isolation() -> str:
    with Zygote() as zygote:
        return str(zygote.start()["isolation"])


# --- ends that say nothing, or lie --------------------------------------------------------------------

BLOCKED = {
    "a crash": (["yield from rows()", "ctypes.string_at(0)"], "a crash of its process (SIGSEGV)"),
    "an abort": (["yield from rows()", "os.abort()"], "a crash of its process (SIGABRT)"),
    "_exit(0)": (
        ["yield from rows()", "os._exit(0)"],
        "the end of its process, without a word (exit code 0)",
    ),
    "_exit(3)": (
        ["yield from rows()", "os._exit(3)"],
        "the end of its process, without a word (exit code 3)",
    ),
    "closed descriptors": (
        ["os.closerange(0, 4096)", "yield from rows()"],
        "the end of its process, without a word",
    ),
    "SystemExit": (["yield from rows()", "raise SystemExit(4)"], "exit code 4"),
    "SystemExit with a text": (["yield from rows()", "raise SystemExit('no')"], "exit code 1"),
    "KeyboardInterrupt": (["yield from rows()", "raise KeyboardInterrupt"], "KeyboardInterrupt"),
    "a signal": (
        ["yield from rows()", "os.kill(os.getpid(), signal.SIGTERM)", "time.sleep(1)"],
        "a crash of its process (SIGTERM)",
    ),
    "an error that cannot be shown": (
        ["yield from rows()", "raise Odd"],
        "Odd, which cannot be shown: ValueError",
    ),
    "a replaced socket": (
        ["socket.socket = type('Mine', (), {})", "yield from rows()"],
        "the happy path fails: TypeError",
    ),
    "broken frames": (
        [
            "for one in gc.get_objects():",
            "    if isinstance(one, socket.socket): one.sendall(b'\\xff' * 100)",
            "yield from rows()",
        ],
        "the end of its process, without a word",
    ),
    "a kill of all that it sees": (
        ["yield from rows()", "os.kill(os.getppid(), 9)", "os.kill(-1, 9)"],
        "the happy path fails: ProcessLookupError",
    ),
}


@pytest.mark.parametrize(("lines", "said"), BLOCKED.values(), ids=BLOCKED)
def test_a_happy_path_that_does_not_end_well_blocks_what_stands_on_it(
    judged: Callable[..., Judged], lines: list[str], said: str
) -> None:
    seen = judged(*lines)
    assert seen.status is Status.BLOCKED
    assert seen.said.startswith("the happy path fails: ")
    assert said in seen.said


def test_a_clock_page_of_nonsense_harms_its_owner_alone(judged: Callable[..., Judged]) -> None:
    """The clock goes on from where it was."""
    seen = judged(
        "for page in glob.glob(os.environ['HOME'] + '/clock'):",
        "    open(page, 'r+b').write(b'\\xff' * 4096)",
        "time.sleep(5)",
        "yield from rows()",
    )
    assert seen == Judged(Status.PASSED, "")


def test_a_crash_in_a_fault_is_not_held_against_the_rule(judged: Callable[..., Judged]) -> None:
    """It may be the memory that the machine ran out of; what the rule asks stays unknown."""
    seen = judged(
        "try: yield from rows()",
        "except OSError: ctypes.string_at(0)",
    )
    assert seen.status is Status.ERRORED
    assert seen.said.endswith("the process crashed (SIGSEGV)")


# --- no end -------------------------------------------------------------------------------------------

ENDLESS = {
    "printing": (
        ["yield from rows()", "while True: print('x' * 1000)"],
        "because of all that it printed",
    ),
    "forking": (["yield from rows()", "while True: os.fork()"], "because of all the processes"),
    "growing": (
        ["yield from rows()", "kept = []", "while True: kept.append(b'x' * 50_000_000)"],
        "because of the memory that it took",
    ),
    "asking": (["while True: rows()", "yield"], "requests"),
    "sleeping": (["yield from rows()", "time.sleep(1e9)"], "no end: it still waits after"),
    "sleeping in small steps": (
        ["yield from rows()", "while True: time.sleep(60)"],
        "no end: it still waits after",
    ),
    "yielding": (["yield from rows()", "while True: yield {'id': 1}"], "stopped after 20 s of real time"),
    "sleeping in C": (
        ["yield from rows()", "ctypes.CDLL(None).sleep(100000)"],
        "stopped after 20 s of real time",
    ),
}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        pytest.param(
            *what, id=name, marks=[pytest.mark.nightly] if name in ("yielding", "sleeping in C") else []
        )
        for name, what in ENDLESS.items()
    ],
)
def test_what_has_no_end_is_ended(judged: Callable[..., Judged], lines: list[str], said: str) -> None:
    seen = judged(*lines)
    assert seen.status is Status.BLOCKED
    assert said in seen.said


# --- much ---------------------------------------------------------------------------------------------

#: Resident, of each process of certify and its sandbox; a million rows as they are would be half a gigabyte.
MOST_MEGABYTES = 300
MEASURING = """\
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(code)
"""


def test_a_million_rows_take_little_memory(judged: Callable[..., Judged], tmp_path: Path) -> None:
    peak = tmp_path / "peak"
    certify = Path(sys.executable).parent / "certify"
    seen = judged(
        "yield from rows()",
        "for one in range(1_000_000): yield {'id': one, 'name': f'row number {one}'}",
        program=(sys.executable, "-c", MEASURING, peak, certify),
    )
    assert seen == Judged(Status.PASSED, "")
    assert int(peak.read_text()) / 1024 < MOST_MEGABYTES


def test_a_row_of_many_megabytes_is_a_row(judged: Callable[..., Judged]) -> None:
    assert judged("yield from rows()", "yield {'blob': 'x' * 50_000_000}") == Judged(Status.PASSED, "")


def test_what_a_row_holds_need_not_be_json(judged: Callable[..., Judged]) -> None:
    seen = judged(
        "circle = []",
        "circle.append(circle)",
        "yield from rows()",
        "yield {'circle': circle, 1: b'bytes', None: {1, 2}, 'nan': float('nan'), 'alone': '\\ud800'}",
    )
    assert seen == Judged(Status.PASSED, "")


def test_the_report_of_an_odd_run_is_json(judged: Callable[..., Judged], tmp_path: Path) -> None:
    judged("yield from rows()", "raise ValueError('\\x1b[2J\\ud800\\0' * 10_000)")
    json.loads((tmp_path / "out" / "certification_report.json").read_bytes())
