"""Start the zygote in the connector's interpreter, give it tasks, watch them, and end it.

The other side is `inside/zygote.py`. Nothing the child says is trusted further than its frames parse.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from certify.errors import SandboxError
from certify.sandbox.inside.frames import Unpacker, pack
from certify.sandbox.limits import Limits

_START = Path(__file__).with_name("inside") / "start.py"

#: What of our own environment a connector's interpreter needs to start at all. Nothing else goes in: a
#: developer's environment is full of secrets.
_PASSED_ON = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "VIRTUAL_ENV",
)

#: Set to `none` where namespaces must not be used, to try the weaker isolation.
ISOLATION_VARIABLE = "CERTIFY_ISOLATION"

#: The interpreter starts in 50 ms; a busy machine takes longer.
_START_SECONDS = 20.0
#: After its own limit a child is ended by the zygote; after this much more, the zygote is.
_GRACE_SECONDS = 3.0
#: What is kept of the output, which is searched for secrets, and of a crash's traceback.
_KEPT_OUTPUT, _KEPT_BYTES = 256 * 1024, 64 * 1024

#: Each of these finds what the one before it found: a cache of answers would answer in the wire's place.
_BEGINS_ANEW = ("import", "drive", "command")


@dataclass(frozen=True)
class Ended:
    """How a task's process ended, and what it said until then.

    `why` is `exit` when it ended by itself, else the limit that ended it: `wall`, `output`, `memory`,
    `processes`, or `lost` when it took its own zygote with it. `code` and `signal` are the process's
    own; `seconds` are those of the wall clock, `cpu_seconds` of the processor.
    """

    why: str
    code: int | None
    signal: int | None
    seconds: float
    cpu_seconds: float
    peak_kib: int
    messages: tuple[dict[str, Any], ...]
    output: bytes
    output_bytes: int
    crash: str


@dataclass(frozen=True)
class Warmed:
    """What a zygote told after it imported a connector, and the socket that it opened for the wire."""

    told: dict[str, Any]
    listener: socket.socket


#: What is done with a message while its task runs: None keeps it for the end; bytes are sent back for it.
Hears = Callable[[dict[str, Any]], bytes | None]


class Listens(Protocol):
    """Reads what a task says on a standard output of its own, and tells what it means."""

    def feed(self, data: bytes) -> Iterable[dict[str, Any]]:
        """The messages that these bytes complete."""
        ...

    def end(self) -> Iterable[dict[str, Any]]:
        """Those that were left when the output ended."""
        ...


class Zygote:
    """An empty interpreter that forks a child for each task; it starts at the first one.

    Its texts are hashed from `hash_seed`: with another one, sets have another order. Its private folder is
    made in `within`, or else where temporary folders are.
    """

    def __init__(
        self,
        interpreter: Path | None = None,
        isolation: str | None = None,
        hash_seed: int = 0,
        within: Path | None = None,
    ) -> None:
        self.hash_seed = hash_seed
        self.within = within
        self.interpreter = interpreter or Path(sys.executable)
        self.isolation = isolation or os.environ.get(ISOLATION_VARIABLE, "auto")
        self.ready: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._private: str | None = None
        self._frames = Unpacker()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def private(self) -> Path:
        """The one folder that its tasks may write. Raises SandboxError before it is started."""
        if self._private is None:
            raise SandboxError("the sandbox is not running")
        return Path(self._private)

    def start(self) -> dict[str, str]:
        """Start it, if it is not running: `{"isolation", "python", "executable"}`.

        Raises SandboxError when the interpreter cannot be started or is no Python.
        """
        if self._process is not None:
            return self.ready
        self._private = tempfile.mkdtemp(prefix="certify-", dir=self.within)
        self._control, theirs = socket.socketpair()
        self._frames = Unpacker()
        with theirs, tempfile.TemporaryFile() as complaints:
            arguments = [self.interpreter, "-s", "-S", "-B", _START, str(theirs.fileno()), self._private]
            try:
                self._process = subprocess.Popen(
                    [*map(str, arguments), self.isolation],
                    pass_fds=[theirs.fileno()],
                    env=self._environment(self._private),
                    cwd=self._private,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=complaints,
                    start_new_session=True,
                )
            except OSError as error:
                self.close()
                raise SandboxError(f"{self.interpreter}: cannot be started: {error.strerror}") from error
            theirs.close()
            first = self._first_message()
            if first is None:
                complaints.seek(0)
                lines = complaints.read(_KEPT_BYTES).decode("utf-8", "replace").strip().splitlines()
                self.close()
                said = lines[-1] if lines else "it said nothing"
                raise SandboxError(f"{self.interpreter}: the sandbox did not start in it: {said}")
        self.ready = first
        return self.ready

    def _environment(self, private: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return kept | {
            "HOME": private,
            "TMPDIR": private,
            "PYTHONHASHSEED": str(self.hash_seed),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONNOUSERSITE": "1",
        }

    def _first_message(self) -> dict[str, str] | None:
        control = self._control
        assert control is not None
        control.settimeout(_START_SECONDS)
        try:
            while data := control.recv(65536):
                for message in self._frames.feed(data):
                    return _ready(message)
        except (OSError, ValueError):
            pass
        finally:
            control.settimeout(None)
        return None

    def warm(self, plan: dict[str, Any]) -> Warmed:
        """Import a connector in the zygote itself, once for all later tasks, and receive the wire's listener.

        Raises SandboxError when that ends the zygote, or does not come to an end.
        """
        self.start()
        control = self.control
        control.sendall(pack({"task": {"warm": plan}}))
        control.settimeout(_START_SECONDS * 3)
        descriptors: list[int] = []
        try:
            while True:
                data, received, _, _ = socket.recv_fds(control, 65536, 1)
                descriptors += received
                if not data:
                    break
                for message in self._frames.feed(data):
                    if isinstance(message.get("warmed"), dict) and descriptors:
                        return Warmed(message["warmed"], socket.socket(fileno=descriptors[0]))
        except (OSError, ValueError):
            pass
        finally:
            if self._control is not None:
                control.settimeout(None)
        self.close()
        raise SandboxError("importing the connector ended the sandbox, or took too long")

    def run(
        self,
        task: dict[str, Any],
        limits: Limits,
        hears: Hears | None = None,
        listens: Listens | None = None,
    ) -> Ended:
        """Perform one task in a fresh fork; returns when it and all it started have ended.

        `hears` is given each of its messages while it runs; what it raises is raised once the task has ended.
        `listens` reads its standard output, which is kept with its standard error where nobody does.
        """
        self.start()
        assert self._control is not None
        before = self._lying_about()
        with contextlib.ExitStack() as stack:
            events, child_events = socket.socketpair()
            stack.callback(events.close)
            output, child_output = os.pipe()
            crash, child_crash = os.pipe()
            for descriptor in (output, crash):
                stack.callback(os.close, descriptor)
            descriptors = [child_events.fileno(), child_output, child_crash]
            spoken = -1
            if listens is not None:
                spoken, child_spoken = os.pipe()
                stack.callback(os.close, spoken)
                descriptors.append(child_spoken)
            try:
                message = pack({"task": task, "limits": asdict(limits)})
                socket.send_fds(self._control, [message[:65536]], descriptors)
                self._control.sendall(message[65536:])
            except OSError:
                pass  # it is gone: the watch below sees that and says so
            finally:
                child_events.close()
                for descriptor in descriptors[1:]:
                    os.close(descriptor)
            watch = _Watch(self, limits, events, output, crash, hears)
            if listens is not None:
                watch.listen(spoken, listens)
            ended = watch.until_ended()
        if task["do"] in _BEGINS_ANEW:
            self.remove(self._lying_about() - before)
        return ended

    def _lying_about(self) -> set[str]:
        try:
            return {entry.name for entry in self.private.iterdir()} if self._private else set()
        except OSError:
            return set()

    def remove(self, names: Iterable[str]) -> None:
        """Remove files and folders of its private folder, whatever a task has made of them."""
        for name in names:
            path = self.private / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    path.unlink()

    def write(self, name: str, content: bytes) -> Path:
        """Write a file for its tasks anew, and not to wherever one of them has made its name lead."""
        path = self.private / name
        self.remove([name])
        with path.open("xb") as file:
            file.write(content)
        return path

    def kill(self) -> None:
        """End it at once, from any thread; a task that runs is lost. `close` still tidies up."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the zygote and everything in it, and remove its private folder."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._end_process(self._process)
            self._process = None
        if self._private is not None:
            shutil.rmtree(self._private, ignore_errors=True)
            self._private = None

    def _end_process(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)  # it ends by itself when the control socket closes
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if self._private is not None:
            _end_marked(self._private)

    def kill_task(self, why: str) -> None:
        """Ask the zygote to end the running task."""
        if self._control is not None:
            with contextlib.suppress(OSError):
                self._control.sendall(pack({"kill": why}))

    @property
    def control(self) -> socket.socket:
        """The socket on which the zygote says how a task ended."""
        assert self._control is not None
        return self._control

    def control_messages(self, data: bytes) -> list[dict[str, Any]]:
        """Decode what came on the control socket."""
        return self._frames.feed(data)


class _Watch:
    """Collects what one running task says until its zygote tells how it ended."""

    def __init__(
        self,
        zygote: Zygote,
        limits: Limits,
        events: socket.socket,
        output: int,
        crash: int,
        hears: Hears | None,
    ) -> None:
        self.zygote = zygote
        self.hears = hears
        self.deaf: Exception | None = None
        self.limits = limits
        self.events, self.output, self.crash = events, output, crash
        self.frames = Unpacker()
        self.messages: list[dict[str, Any]] = []
        self.kept_output = bytearray()
        self.output_bytes = 0
        self.crash_text = bytearray()
        self.ended: dict[str, Any] | None = None
        self.spoken = -1
        #: Whether it may be found empty, though more is to come.
        self.is_read_ahead = False
        self.listens: Listens | None = None

    def listen(self, spoken: int, listens: Listens) -> None:
        """Read the task's standard output too, from a descriptor of its own."""
        self.spoken, self.listens = spoken, listens

    def until_ended(self) -> Ended:
        started = time.monotonic()
        deadline = started + self.limits.wall_seconds + _GRACE_SECONDS
        with selectors.DefaultSelector() as selector:
            for source, reader in self._sources():
                os.set_blocking(source, False)
                selector.register(source, selectors.EVENT_READ, reader)
            while self.ended is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    self._lose()
                    break
                for key, _ in selector.select(left):
                    if not key.data():
                        selector.unregister(key.fd)
        os.set_blocking(self.zygote.control.fileno(), True) if self.zygote._control else None
        for _, reader in self._sources()[1:]:
            while reader():
                pass
        if self.listens is not None:
            self._take(self.listens.end)
        if self.deaf is not None:
            raise self.deaf
        ended = self.ended or {}
        return Ended(
            why=ended.get("why", "lost"),
            code=ended.get("code"),
            signal=ended.get("signal"),
            seconds=ended.get("seconds", time.monotonic() - started),
            cpu_seconds=ended.get("cpu_seconds", 0.0),
            peak_kib=ended.get("peak_kib", 0),
            messages=tuple(self.messages),
            output=bytes(self.kept_output),
            output_bytes=self.output_bytes,
            crash=self.crash_text.decode("utf-8", "replace"),
        )

    def _sources(self) -> list[tuple[int, Callable[[], bool]]]:
        control = self.zygote.control.fileno() if self.zygote._control else -1
        spoken = [(self.spoken, self._read_spoken)] if self.listens is not None else []
        return [
            (control, self._read_control),
            (self.events.fileno(), self._read_events),
            (self.output, self._read_output),
            (self.crash, self._read_crash),
            *spoken,
        ]

    def _read_control(self) -> bool:
        try:
            data = self.zygote.control.recv(65536)
            messages = self.zygote.control_messages(data)
        except BlockingIOError:
            return True
        except (OSError, ValueError):
            data, messages = b"", []
        if not data:
            self._lose()
            return False
        for message in messages:
            if "ended" in message:
                self.ended = message["ended"]
        return True

    def _lose(self) -> None:
        """The zygote is gone or does not answer: end what is left; the next task starts a new one."""
        self.ended = {"why": "lost"}
        self.zygote.close()

    def _read_events(self) -> bool:
        try:
            data = self.events.recv(65536)
            messages = self.frames.feed(data)
        except BlockingIOError:
            return False
        except (OSError, ValueError):
            return False  # what follows broken frames is not ours
        if messages and self.listens is not None:  # what was spoken before them is heard before them
            while self._hear_spoken():
                self.is_read_ahead = True
        for message in messages:
            self._hear(message)
        return bool(data)

    def _read_spoken(self) -> bool:
        if self._hear_spoken():
            return True
        may_go_on, self.is_read_ahead = self.is_read_ahead, False
        return may_go_on

    def _hear_spoken(self) -> bool:
        data = _read(self.spoken)
        listens = self.listens
        if data and listens is not None:
            self._take(lambda: listens.feed(data))
        return bool(data)

    def _take(self, speech: Callable[[], Iterable[dict[str, Any]]]) -> None:
        """Hear what was spoken. Where that fails it is our failure, told once the task has ended."""
        if self.deaf is not None:
            return
        try:
            messages = list(speech())
        except Exception as error:
            self.deaf = error
            self.zygote.kill_task("unheard")
            return
        for message in messages:
            self._hear(message)

    def _hear(self, message: dict[str, Any]) -> None:
        try:
            reply = None if self.hears is None or self.deaf else self.hears(message)
        except Exception as error:  # ours: the task has to end before it may go on its way
            self.deaf = error
            self.zygote.kill_task("unheard")
            return
        if reply is None:
            self.messages.append(message)
            return
        with contextlib.suppress(OSError):  # whoever waited for it is gone
            self.events.send(reply)

    def _read_output(self) -> bool:
        data = _read(self.output)
        self.output_bytes += len(data)
        self.kept_output += data[: _KEPT_OUTPUT - len(self.kept_output)]
        if self.output_bytes > self.limits.output_bytes and self.ended is None:
            self.zygote.kill_task("output")
        return bool(data)

    def _read_crash(self) -> bool:
        data = _read(self.crash)
        self.crash_text += data[: _KEPT_BYTES - len(self.crash_text)]
        return bool(data)


def _ready(message: dict[str, Any]) -> dict[str, str] | None:
    """What the zygote tells of itself; None when it is no zygote that speaks."""
    said = message.get("ready")
    if isinstance(said, dict) and said.keys() >= {"isolation", "python", "executable"}:
        return {str(key): str(value) for key, value in said.items()}
    return None


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def _end_marked(private: str) -> None:
    """Kill what still lives and carries our private folder in its environment (where there is a /proc)."""
    marker = b"HOME=" + os.fsencode(private) + b"\0"
    for _ in range(10):
        found = [process for process in _processes() if marker in _environment_of(process)]
        for process in found:
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        if not found:
            return
        time.sleep(0.01)


def _processes() -> list[int]:
    try:
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    except OSError:
        return []


def _environment_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/environ").read_bytes() + b"\0"
    except OSError:
        return b""
