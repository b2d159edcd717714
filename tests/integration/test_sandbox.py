"""The sandbox holds what runs in it: both with namespaces and with the audit hook alone.

What is run is a package of one module, imported as a connector's would be; it may hand texts back through its
public names.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from certify.errors import SandboxError
from certify.sandbox import zygote as zygote_module
from certify.sandbox.imports import observe_import
from certify.sandbox.in_memory import folder_in_memory
from certify.sandbox.limits import Limits
from certify.sandbox.observed_import import ImportObservation, ImportPlan
from certify.sandbox.zygote import Zygote

T = TypeVar("T")

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"
)

#: For whatever is started or waited for; a machine may be busy with others.
PATIENCE = 20.0
LIMITS = Limits(wall_seconds=PATIENCE, stall_seconds=PATIENCE)

#: A process that leaves its family: two forks and a session of its own, past Python's audit hook.
DAEMON = """
import ctypes, os, select
libc = ctypes.CDLL(None)
hears, says = os.pipe()
if libc.fork() == 0:
    os.setsid()
    if libc.fork() == 0:
        os.write(says, str(os.getpid()).encode())
        while True:
            select.select([], [], [])
    libc._exit(0)
DAEMON = os.read(hears, 20).decode()
"""


def until(true: Callable[[], T]) -> T:
    """Wait until something holds; returns it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.005)
    raise TimeoutError(f"it did not happen within {PATIENCE:g} s")


def processes(private: str | Path) -> set[int]:
    """Every living process that was started with this folder as its home, wherever it went since."""
    marker = b"HOME=" + os.fsencode(private) + b"\0"
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and marker in (entry / "environ").read_bytes() + b"\0":
                found.add(int(entry.name))
    return found


def sandbox(isolation: str) -> Iterator[Zygote]:
    """A sandbox that was started; when it is closed nothing of it runs and nothing of it lies there."""
    with Zygote(isolation=isolation) as started:
        if started.start()["isolation"] != {"auto": "namespace", "none": "hook"}[isolation]:
            pytest.skip("there are no namespaces to be had here")
        places = {started.private}
        yield started
        with contextlib.suppress(SandboxError):  # a test may have closed it
            places.add(started.private)
    for place in places:
        assert processes(place) == set()
        assert not place.exists()


@pytest.fixture(params=["auto", "none"])
def zygote(request: pytest.FixtureRequest) -> Iterator[Zygote]:
    """A sandbox of either kind."""
    yield from sandbox(request.param)


@pytest.fixture
def namespaced() -> Iterator[Zygote]:
    """A sandbox of the kind that holds native code too."""
    yield from sandbox("auto")


@pytest.fixture
def package(tmp_path: Path) -> Callable[..., ImportPlan]:
    """Write a package whose import does this; returns what to import and which names to read."""

    def write(text: str, *names: str, name: str = "demo") -> ImportPlan:
        folder = tmp_path / "connector" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(textwrap.dedent(text))
        return ImportPlan(name, folder.parent, (folder,), (name,), folder.parent, names)

    return write


def errors(seen: ImportObservation) -> list[str]:
    return [failure.error for failure in seen.failures]


def line(seen: ImportObservation) -> str:
    """The place of the one failure."""
    (failure,) = seen.failures
    return str(failure.location)


# --- what runs ends -------------------------------------------------------------------------------------


def test_a_task_takes_with_it_what_left_its_family(
    zygote: Zygote, package: Callable[..., ImportPlan]
) -> None:
    before = processes(zygote.private)
    seen = observe_import(zygote, package(DAEMON, "DAEMON"), LIMITS)
    assert seen.complete
    assert (seen.names["DAEMON"].text or "").isdigit(), "the daemon lived"
    assert processes(zygote.private) == before


def test_a_task_that_is_killed_takes_its_daemon_with_it(
    zygote: Zygote, package: Callable[..., ImportPlan]
) -> None:
    before = processes(zygote.private)
    plan = package(DAEMON + "libc.write(1, DAEMON.encode(), len(DAEMON))\nwhile True: pass\n")
    limits = replace(LIMITS, wall_seconds=1.0)
    ended = zygote.run(task_of(plan), limits)
    assert ended.why == "wall"
    assert ended.output.isdigit(), "the daemon lived"
    assert processes(zygote.private) == before


def task_of(plan: ImportPlan) -> dict[str, object]:
    """The task as the observer would give it, for what only the process itself can tell."""
    return {
        "do": "import",
        "package": plan.package,
        "path": str(plan.path),
        "folders": [str(folder) for folder in plan.folders],
        "modules": list(plan.modules),
        "hidden": [],
        "stopped_at": [],
        "watched": None,
        "stall_seconds": PATIENCE,
        "names": list(plan.names),
    }


def test_what_an_import_leaves_in_its_private_folder_goes_with_it(
    zygote: Zygote, package: Callable[..., ImportPlan]
) -> None:
    plan = package("""
        import os, tempfile
        home = os.environ["HOME"]
        os.makedirs(home + "/cache/deep")
        open(home + "/cache/deep/file", "w").close()
        os.symlink("/", home + "/world")
        os.mkfifo(home + "/pipe")
        os.chmod(home + "/cache", 0)
        HOME = home
        TEMPORARY = tempfile.gettempdir()
    """, "HOME", "TEMPORARY")  # fmt: skip
    seen = observe_import(zygote, plan, LIMITS)
    private = str(zygote.private)
    assert errors(seen) == []
    assert (seen.names["HOME"].text, seen.names["TEMPORARY"].text) == (private, private)
    assert list(zygote.private.iterdir()) == [], "the next import finds what this one found"


def test_what_lies_in_memory_is_as_closed_as_what_lies_on_a_disk(package: Callable[..., ImportPlan]) -> None:
    shared = folder_in_memory()
    if shared is None:
        pytest.skip("there is no folder in memory here")
    plan = package("""
        import multiprocessing, os
        NEIGHBOURS = os.listdir("/dev/shm")
        multiprocessing.Semaphore().release()
        with open(os.environ["HOME"] + "/file", "w") as file:
            file.write("written")
        READ = open(os.environ["HOME"] + "/file").read()
    """, "NEIGHBOURS", "READ")  # fmt: skip
    with tempfile.NamedTemporaryFile(dir=shared), Zygote(within=shared) as zygote:
        if zygote.start()["isolation"] != "namespace":
            pytest.skip("there are no namespaces to be had here")
        seen = observe_import(zygote, plan, LIMITS)
        private = zygote.private
        assert errors(seen) == []
        assert (seen.names["NEIGHBOURS"].texts, seen.names["READ"].text) == ((private.name,), "written")
    assert not private.exists()


def test_nothing_is_started_before_it_is_needed_and_closing_twice_is_closing() -> None:
    sandbox = Zygote()
    sandbox.close()
    sandbox.start()
    private = sandbox.private
    sandbox.close()
    sandbox.close()
    assert not private.exists()
    assert processes(private) == set()


def test_a_sandbox_that_was_closed_starts_anew(zygote: Zygote, package: Callable[..., ImportPlan]) -> None:
    plan = package("")
    assert observe_import(zygote, plan, LIMITS).complete
    first = zygote.private
    zygote.close()
    assert observe_import(zygote, plan, LIMITS).complete
    assert zygote.private != first


WATCHED = """
import sys
from pathlib import Path
from certify.sandbox.zygote import Zygote

sandbox = Zygote(isolation=sys.argv[1])
granted = sandbox.start()["isolation"]
print(sandbox.private, granted, flush=True)
if sys.argv[2] == "busy":
    from certify.sandbox.imports import observe_import
    from certify.sandbox.limits import Limits
    from certify.sandbox.observed_import import ImportPlan

    folder = Path(sys.argv[3])
    plan = ImportPlan("demo", folder.parent, (folder,), ("demo",), folder.parent)
    observe_import(sandbox, plan, Limits(stall_seconds=30))
sys.stdin.read()
"""


@pytest.mark.parametrize("isolation", ["auto", "none"])
@pytest.mark.parametrize("state", ["idle", "busy"])
def test_killing_certify_kills_its_sandbox(
    isolation: str, state: str, package: Callable[..., ImportPlan], tmp_path: Path
) -> None:
    running = tmp_path / "running"
    running.mkdir()
    plan = package("import select\nselect.select([], [], [])")
    with subprocess.Popen(
        [sys.executable, "-c", WATCHED, isolation, state, str(plan.folders[0])],
        env=dict(os.environ) | {"TMPDIR": str(running)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as certify:
        assert certify.stdout is not None
        private, granted = certify.stdout.readline().split()
        if isolation == "auto" and granted != "namespace":
            certify.kill()
            pytest.skip("there are no namespaces to be had here")
        # The launcher and the zygote in its namespace, or the one; the task on top.
        count = (2 if granted == "namespace" else 1) + (state == "busy")
        until(lambda: len(processes(private)) == count)
        os.kill(certify.pid, signal.SIGKILL)
    until(lambda: not processes(private))


# --- limits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["print('x' * 1000)", "os.write(1, b'x' * 1000)", "os.write(2, b'x' * 1000)"])
def test_output_without_end_is_cut_off(zygote: Zygote, package: Callable[..., ImportPlan], way: str) -> None:
    plan = package(f"import os\nfor _ in range(10**6): {way}\n")
    seen = observe_import(zygote, plan, replace(LIMITS, output_bytes=100_000))
    assert errors(seen) == ["output"]


def test_no_more_output_is_kept_than_a_person_reads(
    zygote: Zygote, package: Callable[..., ImportPlan]
) -> None:
    plan = package("import ctypes\nfor _ in range(300): ctypes.CDLL(None).write(1, b'x' * 1000, 1000)\n")
    ended = zygote.run(task_of(plan), LIMITS)
    assert (ended.why, ended.code) == ("exit", 0)
    assert ended.output_bytes == 300_000
    assert len(ended.output) == 256 * 1024


def test_an_import_without_end_is_ended_at_the_limit(
    zygote: Zygote, package: Callable[..., ImportPlan]
) -> None:
    plan = package("while True: pass")
    limits = replace(LIMITS, wall_seconds=0.4)
    seen = observe_import(zygote, plan, limits)
    assert errors(seen) == ["wall"]
    assert "does not end within 0.4 s" in seen.failures[0].message


def test_an_import_that_stands_still_is_told_with_its_line(
    zygote: Zygote, package: Callable[..., ImportPlan]
) -> None:
    plan = package("import threading\n\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n")
    seen = observe_import(zygote, plan, replace(LIMITS, stall_seconds=0.5))
    assert (errors(seen), line(seen)) == (["hang"], "demo/__init__.py:5")


def test_more_memory_than_allowed_is_refused_where_it_is_asked_for(
    zygote: Zygote, package: Callable[..., ImportPlan]
) -> None:
    plan = package("small = bytearray(1 << 20)\nlarge = bytearray(400 << 20)\n")
    seen = observe_import(zygote, plan, replace(LIMITS, memory_bytes=400 << 20))
    assert (errors(seen), line(seen)) == (["MemoryError"], "demo/__init__.py:2")
    assert observe_import(zygote, plan, LIMITS).complete, "it is the limit that refused it"


def test_a_larger_file_than_allowed_is_not_written(
    zygote: Zygote, package: Callable[..., ImportPlan]
) -> None:
    plan = package("""
        import os
        large = os.open(os.environ["HOME"] + "/large", os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(large, bytes(100_000))
        except OSError as error:
            REFUSED = error.strerror
        SIZE = str(os.stat(large).st_size)
    """, "REFUSED", "SIZE")  # fmt: skip
    seen = observe_import(zygote, plan, replace(LIMITS, file_bytes=1_000_000))
    assert (seen.names["REFUSED"].text, seen.names["SIZE"].text) == ("File too large", "1000000")


def test_a_fork_bomb_is_bounded(namespaced: Zygote, package: Callable[..., ImportPlan]) -> None:
    # 512 processes at most: small enough for the machine that runs this should the bound not hold.
    plan = package("""
        import os, select
        for _ in range(9):
            os.fork()
        select.select([], [], [])
    """)
    before = processes(namespaced.private)
    seen = observe_import(namespaced, plan, LIMITS)
    assert errors(seen) == ["processes"]
    assert processes(namespaced.private) == before


# --- a connector that turns on the sandbox --------------------------------------------------------------


MURDER = {
    "by Python": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
    "natively": "import ctypes, os\nctypes.CDLL(None).kill(os.getppid(), 9)\n",
}


@pytest.mark.parametrize("way", MURDER)
def test_killing_the_parent_kills_nothing_in_a_namespace(
    namespaced: Zygote, package: Callable[..., ImportPlan], way: str
) -> None:
    before = processes(namespaced.private)
    seen = observe_import(namespaced, package(MURDER[way]), LIMITS)
    assert seen.complete
    assert processes(namespaced.private) == before


def test_killing_the_parent_is_told(zygote: Zygote, package: Callable[..., ImportPlan]) -> None:
    before = processes(zygote.private)
    seen = observe_import(zygote, package(MURDER["by Python"]), LIMITS)
    assert "signal" in [effect.kind for effect in seen.effects]
    assert processes(zygote.private) == before


def test_killing_the_parent_natively_costs_one_observation_where_there_is_no_namespace(
    package: Callable[..., ImportPlan],
) -> None:
    murder = package(MURDER["natively"] + "while True: pass\n")
    harmless = package("", name="harmless")
    with Zygote(isolation="none") as started:
        started.start()
        private = started.private
        with pytest.raises(SandboxError, match="importing demo ended the sandbox itself"):
            observe_import(started, murder, LIMITS)
        assert processes(private) == set()
        assert not private.exists()
        assert observe_import(started, harmless, LIMITS).complete


def test_killing_everything_in_sight_kills_nothing_outside(
    namespaced: Zygote, package: Callable[..., ImportPlan]
) -> None:
    plan = package("import os, signal\nos.kill(-1, signal.SIGKILL)\n")
    with subprocess.Popen(["sleep", "60"]) as bystander:
        observe_import(namespaced, plan, LIMITS)
        assert bystander.poll() is None
        bystander.kill()
    assert observe_import(namespaced, package("", name="harmless"), LIMITS).complete


@pytest.mark.parametrize(
    "does",
    [
        "os.closerange(0, 65536)",
        "os.closerange(3, 65536)\nos.write(1, b'x')",
        "[os.dup2(os.open(os.devnull, os.O_RDWR), one) for one in range(3, 40)]",
        "sys.settrace(lambda *one: sys.exit(3)); import decimal",
        "sys.modules.clear(); sys.meta_path.clear()",
        "os._exit(0)",
        "os.abort()",
        "os.kill(os.getpid(), signal.SIGSTOP)",
    ],
)
def test_a_connector_that_breaks_its_own_process_breaks_no_other(
    zygote: Zygote, package: Callable[..., ImportPlan], does: str
) -> None:
    before = processes(zygote.private)
    limits = replace(LIMITS, wall_seconds=1.0)
    observe_or_nothing(zygote, package(f"import os, signal, sys\n{does}\n"), limits)
    assert processes(zygote.private) == before
    assert observe_import(zygote, package("", name="harmless"), LIMITS).complete


def observe_or_nothing(zygote: Zygote, plan: ImportPlan, limits: Limits) -> ImportObservation | None:
    """What was seen; None when the harness says that it saw nothing."""
    try:
        return observe_import(zygote, plan, limits)
    except SandboxError:
        return None


@pytest.mark.parametrize(
    "body",
    [
        "b'[' * 100_000",
        "b'{\"imported\": ' * 50_000",
        'b\'{"ended": {"why": "exit"}}\'',
        "b'\\xff\\xfe'",
        "b'{\"effect\": ' + b'9' * 10_000 + b'}'",
    ],
)
def test_a_connector_that_speaks_in_our_place_is_not_believed_and_stops_nothing(
    zygote: Zygote, package: Callable[..., ImportPlan], body: str
) -> None:
    plan = package(f"""
        import os, stat, struct
        body = {body}
        frame = struct.pack(">I", len(body)) + body
        for one in range(3, 64):
            try:
                if stat.S_ISSOCK(os.fstat(one).st_mode):
                    os.write(one, frame)
            except OSError:
                pass
    """)
    before = processes(zygote.private)
    observe_or_nothing(zygote, plan, LIMITS)
    assert processes(zygote.private) == before
    assert observe_import(zygote, package("", name="harmless"), LIMITS).complete


# --- what a connector can reach -------------------------------------------------------------------------


def test_no_secret_of_ours_is_in_the_environment(
    package: Callable[..., ImportPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTIFY_TEST_TOKEN", "a-secret-of-ours")
    monkeypatch.setenv("PYTHONPATH", "/a-secret-of-ours")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:a-secret-of-ours@proxy.example")
    plan = package("""
        import os
        NAMES = tuple(os.environ)
        TEXT = repr(dict(os.environ)) + open("/proc/self/environ", errors="replace").read()
    """, "NAMES", "TEXT")  # fmt: skip
    for isolation in ("auto", "none"):
        with Zygote(isolation=isolation) as sandbox:
            seen = observe_import(sandbox, plan, LIMITS)
        assert "HOME" in (seen.names["NAMES"].texts or ())
        assert not [name for name in seen.names["NAMES"].texts or () if "TOKEN" in name or "PROXY" in name]
        assert "a-secret-of-ours" not in (seen.names["TEXT"].text or "")


def test_no_other_process_is_to_be_seen(
    namespaced: Zygote, package: Callable[..., ImportPlan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CERTIFY_TEST_TOKEN", "a-secret-of-ours")
    plan = package("""
        import os, pathlib
        PROCESSES = tuple(name for name in os.listdir("/proc") if name.isdigit())
        found = []
        for name in PROCESSES:
            try:
                found.append(pathlib.Path("/proc", name, "environ").read_text(errors="replace"))
            except OSError:
                pass
        TEXT = "".join(found)
    """, "PROCESSES", "TEXT")  # fmt: skip
    with subprocess.Popen(["sleep", "60"]) as bystander:
        seen = observe_import(namespaced, plan, LIMITS)
        bystander.kill()
    assert len(seen.names["PROCESSES"].texts or ()) == 2, "the zygote and the task"
    assert "a-secret-of-ours" not in (seen.names["TEXT"].text or "")


def was_called(server: socket.socket) -> bool:
    """Whether somebody has connected to a listening socket."""
    server.settimeout(0)
    try:
        caller, _ = server.accept()
    except BlockingIOError:
        return False
    caller.close()
    return True


@pytest.fixture
def uncalled() -> Iterator[int]:
    """A port of this machine's loopback where somebody listens; nobody may have called there in the end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
        assert not was_called(server)


def test_no_connection_arrives(zygote: Zygote, package: Callable[..., ImportPlan], uncalled: int) -> None:
    plan = package(f"""
        import socket
        try:
            socket.create_connection(("127.0.0.1", {uncalled}), timeout=5)
        except OSError as error:
            REFUSED = str(error)
    """, "REFUSED")  # fmt: skip
    seen = observe_import(zygote, plan, LIMITS)
    assert seen.names["REFUSED"].present
    assert "network" in [effect.kind for effect in seen.effects]


def test_no_connection_of_native_code_arrives(
    namespaced: Zygote, package: Callable[..., ImportPlan], uncalled: int
) -> None:
    plan = package(f"""
        import ctypes, socket, struct
        libc = ctypes.CDLL(None)
        address = struct.pack("=H", socket.AF_INET) + struct.pack(">H4B8x", {uncalled}, 127, 0, 0, 1)
        one = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
        RESULT = str(libc.connect(one, address, len(address)))
    """, "RESULT")  # fmt: skip
    seen = observe_import(namespaced, plan, LIMITS)
    assert seen.names["RESULT"].text == "-1"


@pytest.mark.parametrize("isolation", ["auto", "none"])
def test_no_connection_to_a_socket_file_arrives(
    isolation: str, package: Callable[..., ImportPlan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short, tmp_path is not
    plan = package(f"""
        import os, socket
        os.chdir({str(tmp_path)!r})
        try:
            socket.socket(socket.AF_UNIX).connect("docker.sock")
        except OSError as error:
            REFUSED = str(error)
    """, "REFUSED")  # fmt: skip
    with socket.socket(socket.AF_UNIX) as server, Zygote(isolation=isolation) as sandbox:
        server.bind("docker.sock")
        server.listen()
        seen = observe_import(sandbox, plan, LIMITS)
        assert not was_called(server)
    assert "network" in [effect.kind for effect in seen.effects]


def test_no_file_is_written_outside_the_private_folder(
    zygote: Zygote, package: Callable[..., ImportPlan], tmp_path: Path
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("kept")
    plan = package(f"""
        import os
        for do in (
            lambda: open({str(tmp_path / "new")!r}, "w"),
            lambda: os.remove({str(kept)!r}),
            lambda: os.truncate({str(kept)!r}, 0),
            lambda: os.rename({str(kept)!r}, {str(tmp_path / "moved")!r}),
            lambda: os.mkdir({str(tmp_path / "folder")!r}),
        ):
            try:
                do()
            except OSError:
                pass
    """)  # fmt: skip
    seen = observe_import(zygote, plan, LIMITS)
    assert seen.complete
    assert sorted(path.name for path in tmp_path.iterdir()) == ["connector", "kept.txt"]
    assert kept.read_text() == "kept"
    assert [effect.kind for effect in seen.effects] == ["file"] * 5


def test_a_connectors_own_file_is_not_taken_for_pythons(
    zygote: Zygote, package: Callable[..., ImportPlan], tmp_path: Path
) -> None:
    plan = package("")
    (plan.folders[0] / "platform.py").write_text(f"""if True:
        import subprocess
        def architecture():
            subprocess.run(["touch", {str(tmp_path / "started")!r}])
        architecture()
    """)
    (plan.folders[0] / "tempfile.py").write_text(f"""if True:
        def _get_default_tempdir():
            open({str(tmp_path / "written")!r}, "w")
        _get_default_tempdir()
    """)
    seen = observe_import(zygote, replace(plan, modules=("demo", "demo.platform", "demo.tempfile")), LIMITS)
    assert {"process", "file"} <= {effect.kind for effect in seen.effects}
    assert [path.name for path in tmp_path.iterdir()] == ["connector"]


def test_no_file_is_written_by_native_code_even_as_root(
    namespaced: Zygote, package: Callable[..., ImportPlan], tmp_path: Path
) -> None:
    plan = package(f"""
        import ctypes, os
        libc = ctypes.CDLL(None)
        libc.mount(None, b"/", None, 0x20 | 0x1000, None)  # remount, bind
        libc.mount(b"proc", {os.fsencode(tmp_path)!r}, b"proc", 0, None)
        libc.unshare(0x20000)  # a mount namespace of its own
        for space in (b"/proc/1/ns/mnt", b"/proc/1/ns/user"):
            libc.setns(libc.open(space, os.O_RDONLY), 0)
        libc.chmod({os.fsencode(tmp_path)!r}, 0)
        MADE = str(libc.mkdir({os.fsencode(tmp_path / "new")!r}, 0o700))
        WRITTEN = str(libc.open({os.fsencode(tmp_path / "new")!r}, os.O_WRONLY | os.O_CREAT, 0o600))
    """, "MADE", "WRITTEN")  # fmt: skip
    seen = observe_import(namespaced, plan, LIMITS)
    assert errors(seen) == []
    assert {name: seen.names[name].text for name in plan.names} == {"MADE": "-1", "WRITTEN": "-1"}
    assert [path.name for path in tmp_path.iterdir()] == ["connector"]
    assert tmp_path.stat().st_mode & 0o777 == 0o700


# --- an interpreter that is none ------------------------------------------------------------------------


@pytest.mark.usefixtures("temporary")
def test_what_cannot_be_executed_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no program")
    for path, said in {
        tmp_path / "absent": "No such file or directory",
        tmp_path / "text": "Permission denied",
        tmp_path: "Permission denied",
    }.items():
        assert refusal(path) == f"{path}: cannot be started: {said}"
    gc.collect()  # a socket that was left open is told here, and fails this test instead of another


def refusal(interpreter: Path) -> str:
    """Why no sandbox starts in an interpreter; it leaves nothing behind."""
    with Zygote(interpreter) as sandbox, pytest.raises(SandboxError) as caught:
        sandbox.start()
    assert list(Path(tempfile.gettempdir()).glob("certify-*")) == []
    assert str(caught.value).splitlines() == [str(caught.value)]
    return str(caught.value)


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for temporary files where nobody else has any."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """Write a program that stands where an interpreter should; it `says` bytes where the zygote would."""

    def write(text: str) -> Path:
        path = tmp_path / "python"
        says = "def says(data): os.write(int(sys.argv[5]), data)"
        path.write_text(f"#!{sys.executable} -I\nimport os, sys, time\n{says}\n{text}\n")
        path.chmod(0o755)
        return path

    return write


@pytest.mark.usefixtures("temporary")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it said nothing"),
        ("sys.exit('not a python')", "not a python"),
        ("print('first', 'last', sep='\\n', file=sys.stderr)", "last"),
        ("says(bytes([255] * 4))", "it said nothing"),
        ("says(bytes([0, 0, 0, 5]) + b'{')", "it said nothing"),
    ],
)
def test_a_program_that_is_no_python_is_told_in_one_line(
    program: Callable[[str], Path], text: str, said: str
) -> None:
    path = program(text)
    assert refusal(path) == f"{path}: the sandbox did not start in it: {said}"


@pytest.mark.usefixtures("temporary")
@pytest.mark.parametrize("body", ["{}", '{"ready": 5}', '{"ready": {}}'])
def test_a_program_that_says_something_else_is_told_in_one_line(
    program: Callable[[str], Path], body: str
) -> None:
    path = program(f"says(bytes([0, 0, 0, {len(body)}]) + {body.encode()!r})\ntime.sleep(0)")
    assert "the sandbox did not start in it" in refusal(path)


@pytest.mark.usefixtures("temporary")
def test_a_program_that_does_not_answer_is_given_up_and_ended(
    program: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(zygote_module, "_START_SECONDS", 1.0)
    note = tmp_path / "process"
    path = program(f"open({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(1000)")
    assert refusal(path) == f"{path}: the sandbox did not start in it: it said nothing"
    assert not Path("/proc", note.read_text()).exists()
