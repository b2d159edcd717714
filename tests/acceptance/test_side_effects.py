"""Whatever importing a connector does to the world is found, with its file and line, and undone."""

from __future__ import annotations

import os
import subprocess
import textwrap
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.connectors import Certified, certify, copy_of, fingerprint

#: A module in the middle of the package: `sink.py` imports it too, and is not to blame.
MODULE = Path("src/dpone_connector_orders_api/quality.py")

#: An area that stands on nothing the import does.
ELSEWHERE = "manifest"
#: What is certified: a hundred scenarios on the wire would tell the same of each effect.
WATCHED = ("--only", "import_safety", "--only", ELSEWHERE, "--only", "quality")


@dataclass(frozen=True)
class Effect:
    """Code that has a side effect: the line that ends with `# here` has it, and a finding that `says` so."""

    name: str
    says: str
    code: str

    def plant(self, connector: Path) -> int:
        """Append the code to the module; the number of the line that is to blame."""
        file = connector / MODULE
        text = f"{file.read_text('utf-8')}\n\n{textwrap.dedent(self.code).strip()}\n"
        file.write_text(text, "utf-8")
        return next(number for number, line in enumerate(text.splitlines(), 1) if line.endswith("# here"))


EFFECTS = [
    Effect(
        "file_written",
        "opens for writing",
        """
        from pathlib import Path
        Path(__file__).with_name("cache.json").write_text("{}")  # here
        """,
    ),
    Effect(
        "temporary_file_written",
        "opens for writing",
        """
        import tempfile
        CACHE = tempfile.NamedTemporaryFile(prefix="orders_api", delete=False)  # here
        """,
    ),
    Effect(
        "folder_made_at_home",
        "creates a folder",
        """
        from pathlib import Path
        Path.home().joinpath(".orders_api").mkdir(exist_ok=True)  # here
        """,
    ),
    Effect(
        "file_removed",
        "removes",
        """
        import os
        os.remove(os.path.join(os.path.dirname(__file__), "py.typed"))  # here
        """,
    ),
    Effect(
        "database_opened",
        "opens the database orders.db",
        """
        import sqlite3
        sqlite3.connect("orders.db").close()  # here
        """,
    ),
    Effect(
        "socket_connected",
        "socket.connect ('203.0.113.7', 443)",
        """
        import socket
        socket.socket().connect(("203.0.113.7", 443))  # here
        """,
    ),
    Effect(
        "socket_connected_and_the_error_swallowed",
        "socket.connect ('203.0.113.7', 443)",
        """
        import socket
        try:
            socket.socket().connect(("203.0.113.7", 443))  # here
        except OSError:
            pass
        """,
    ),
    Effect(
        "name_looked_up",
        "socket.getaddrinfo ('api.orders.example', 443)",
        """
        import socket
        socket.getaddrinfo("api.orders.example", 443)  # here
        """,
    ),
    Effect(
        "request_sent_by_a_library",
        "(by urllib3, imported here)",
        """
        import requests
        requests.get("https://api.orders.example/v1/health", timeout=5)  # here
        """,
    ),
    Effect(
        "subprocess",
        "starts a process: subprocess.Popen sleep",
        """
        import subprocess
        subprocess.Popen(["sleep", "600"], start_new_session=True)  # here
        """,
    ),
    Effect(
        "os_system",
        "starts a process: os.system",
        """
        import os
        os.system("sleep 600 &")  # here
        """,
    ),
    Effect(
        "grandchild_that_lives_on",
        "starts a process: os.fork",
        """
        import os
        import signal
        if os.fork() == 0:  # here
            os.setsid()
            if os.fork() == 0:
                signal.pause()
            os._exit(0)
        """,
    ),
    Effect(
        "thread",
        "starts a thread running Event.wait",
        """
        import threading
        threading.Thread(target=threading.Event().wait, args=(600,)).start()  # here
        """,
    ),
    Effect(
        "environment",
        "environment sets or removes REQUESTS_CA_BUNDLE",
        """
        import os
        os.environ["REQUESTS_CA_BUNDLE"] = "/etc/orders/ca.pem"  # here
        """,
    ),
    Effect(
        "working_directory",
        "working directory",
        """
        import os
        os.chdir(os.path.dirname(__file__))  # here
        """,
    ),
    Effect(
        "signal_handler",
        "signal handlers sets SIGTERM to SIG_IGN",
        """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # here
        """,
    ),
    Effect(
        "root_logger",
        "root logger level 30 → 10",
        """
        import logging
        logging.getLogger().setLevel(logging.DEBUG)  # here
        """,
    ),
    Effect(
        "logging_basic_config",
        "root logger level 30 → 20, 0 → 1 handlers",
        """
        import logging
        logging.basicConfig(level=logging.INFO)  # here
        """,
    ),
    Effect(
        "warning_filters",
        "warning filters",
        """
        import warnings
        warnings.simplefilter("ignore")  # here
        """,
    ),
    Effect(
        "sys_path",
        "sys.path adds",
        """
        import os
        import sys
        sys.path.insert(0, os.path.dirname(__file__))  # here
        """,
    ),
    Effect(
        "function_of_another_package_replaced",
        "patches another package: requests.get is replaced",
        """
        import requests

        def _get(url, **options):
            return requests.request("get", url, **{"timeout": 30} | options)

        requests.get = _get  # here
        """,
    ),
    Effect(
        "class_of_another_package_replaced",
        "patches another package: requests.Session is replaced",
        """
        import requests

        class PatientSession(requests.Session):
            trust_env = False

        requests.Session = PatientSession  # here
        """,
    ),
    Effect(
        "method_of_another_package_replaced",
        "patches another package: requests.sessions.Session.send is replaced",
        """
        import requests
        _send = requests.Session.send

        def _patiently(self, request, **options):
            return _send(self, request, **options | {"timeout": 30})

        requests.Session.send = _patiently  # here
        """,
    ),
    Effect(
        "certificates_no_longer_checked",
        "patches another package: ssl._create_default_https_context is replaced",
        """
        import ssl
        ssl._create_default_https_context = ssl._create_unverified_context  # here
        """,
    ),
    Effect(
        "sys_exit",
        "SystemExit: 1",
        """
        import sys
        sys.exit(1)  # here
        """,
    ),
    Effect(
        "os_exit",
        "ends the process: os._exit(0)",
        """
        import os
        os._exit(0)  # here
        """,
    ),
    Effect("print", "prints to stdout: orders_api loaded", 'print("orders_api loaded")  # here'),
    Effect(
        "print_without_end",
        "prints without end",
        """
        while True:
            print("x" * 65536)  # here
        """,
    ),
    Effect(
        "sleep",
        "sleeps 20 s",
        """
        import time
        time.sleep(20)  # here
        """,
    ),
    Effect(
        "busy_loop",
        "stands still",
        """
        import os
        while not os.path.exists("/run/orders_api/ready"):  # here
            pass
        """,
    ),
    Effect(
        "lock_held",
        "stands still",
        """
        import threading
        _LOCK = threading.Lock()
        _LOCK.acquire()
        _LOCK.acquire()  # here
        """,
    ),
    Effect(
        "abort",
        "the interpreter dies of signal 6",
        """
        import os
        os.abort()  # here
        """,
    ),
    Effect(
        "segmentation_fault",
        "the interpreter dies of signal 11",
        """
        import ctypes
        ctypes.string_at(0)  # here
        """,
    ),
    Effect("syntax_error", "SyntaxError", "def checked(row:  # here"),
    Effect(
        "exception",
        "RuntimeError: ORDERS_API_TOKEN is not set",
        'raise RuntimeError("ORDERS_API_TOKEN is not set")  # here',
    ),
    Effect(
        "default_socket_timeout",
        "default socket timeout None → 30.0",
        """
        import socket
        socket.setdefaulttimeout(30)  # here
        """,
    ),
    Effect(
        "recursion_limit",
        "recursion limit 1000 → 50000",
        """
        import sys
        sys.setrecursionlimit(50_000)  # here
        """,
    ),
    Effect(
        "umask",
        "umask",
        """
        import os
        os.umask(0o007)  # here
        """,
    ),
]

KILLS_ITS_PARENT = Effect(
    "parent_killed",
    "signals a process: os.kill sends signal 9",
    """
    import os
    import signal
    os.kill(os.getppid(), signal.SIGKILL)  # here
    """,
)


@dataclass(frozen=True)
class Aftermath:
    """What there was when certify had ended."""

    certified: Certified
    changed: set[tuple[str, str]]
    running: list[str]
    left_in_temporary_folder: list[str]


def certify_with(effect: Effect, isolation: str, tmp_path: Path, *arguments: str) -> tuple[int, Aftermath]:
    """Certify the good connector with one effect in it; the line to blame, and what came of it."""
    connector = copy_of("dpone", tmp_path)
    line = effect.plant(connector)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    # PATH is what the sandbox takes from its surroundings: with it every process started there is marked.
    mark = f"/no-folder-{uuid.uuid4().hex}"
    before = fingerprint(connector)
    ended = certify(
        connector,
        tmp_path / "out",
        *(arguments or WATCHED),
        CERTIFY_ISOLATION=isolation,
        PATH=f"{os.environ['PATH']}{os.pathsep}{mark}",
        TMPDIR=str(temporary),
    )
    changed = before.items() ^ fingerprint(connector).items()
    left = [path.name for path in temporary.iterdir()]
    return line, Aftermath(ended, set(changed), processes_with(mark), left)


def processes_with(mark: str) -> list[str]:
    """Command lines of processes whose environment holds the mark; none can be seen without a /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().decode("utf-8", "replace"))
        except OSError:
            continue  # ended meanwhile, or another user's
    return found


def wait_until(seen: Callable[[], bool], seconds: float = 10.0) -> None:
    """A new process shows its environment a moment after the call that started it returned."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.01)


def findings_at(result: dict[str, Any], file: Path, line: int) -> list[str]:
    place = {"file": file.as_posix(), "line": line}
    return [finding["message"] for finding in result["findings"] if finding["location"] == place]


def require_the_rest(ended: Certified, good: Certified) -> None:
    """Every rule has its result, and what does not stand on the import has the one it always had."""
    areas = set(WATCHED[1::2])
    assert ended.statuses.keys() == {name for name, rule in good.rules.items() if rule["area"] in areas}
    elsewhere = {name for name, rule in good.rules.items() if rule["area"] == ELSEWHERE}
    assert elsewhere
    assert all(ended.statuses[name] == good.statuses[name] for name in elsewhere)


def require_nothing_left(after: Aftermath) -> None:
    assert after.running == []
    assert after.changed == set()
    assert after.left_in_temporary_folder == []


#: Each is a certification; by day every fifth.
BY_DAY_AND_NIGHT = [
    pytest.param(one, marks=() if number % 5 == 0 else pytest.mark.nightly)
    for number, one in enumerate(EFFECTS)
]


def require_found(effect: Effect, line: int, ended: Certified) -> None:
    assert (ended.exit_code, ended.statuses["imports_cleanly"]) == (1, "failed")
    assert any(effect.says in said for said in findings_at(ended.rules["imports_cleanly"], MODULE, line))
    assert set(ended.statuses.values()) <= {"failed", "passed", "blocked", "not_applicable"}


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes cannot be looked at")
def test_a_process_that_lives_on_would_be_seen() -> None:
    mark = f"/no-folder-{uuid.uuid4().hex}"
    with subprocess.Popen(["sleep", "600"], env=os.environ | {"MARK": mark}) as sleeping:
        try:
            wait_until(lambda: processes_with(mark) == ["sleep\x00600\x00"])
        finally:
            sleeping.kill()


@pytest.mark.parametrize("effect", BY_DAY_AND_NIGHT, ids=lambda effect: effect.name)
def test_a_side_effect_of_importing_is_found_and_undone(
    effect: Effect, certified_good: Mapping[str, Certified], tmp_path: Path
) -> None:
    line, after = certify_with(effect, "auto", tmp_path)
    require_found(effect, line, after.certified)
    require_the_rest(after.certified, certified_good["dpone"])
    require_nothing_left(after)


@pytest.mark.nightly
@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.name)
def test_a_side_effect_is_found_and_undone_where_namespaces_are_refused(
    effect: Effect, tmp_path: Path
) -> None:
    line, after = certify_with(effect, "none", tmp_path, "--only", "import_safety")
    assert after.certified.report["run"]["isolation"] == "hook"
    require_found(effect, line, after.certified)
    require_nothing_left(after)


@pytest.mark.parametrize("isolation", ["auto", "none"])
def test_a_connector_that_kills_its_parent_takes_nothing_else_with_it(
    isolation: str, certified_good: Mapping[str, Certified], tmp_path: Path
) -> None:
    """Without a process namespace the parent can be killed: then nobody is left to say who did it."""
    line, after = certify_with(KILLS_ITS_PARENT, isolation, tmp_path)
    ended = after.certified
    result = ended.rules["imports_cleanly"]
    if ended.report["run"]["isolation"] == "namespace":
        assert (ended.exit_code, result["status"]) == (1, "failed")
    else:
        assert (ended.exit_code, result["status"]) in {(1, "failed"), (1, "errored"), (3, "errored")}
    if result["status"] == "failed":
        assert any(KILLS_ITS_PARENT.says in said for said in findings_at(result, MODULE, line))
    require_the_rest(ended, certified_good["dpone"])
    require_nothing_left(after)
