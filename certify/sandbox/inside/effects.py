"""Record what code does to the world while it is imported: files, network, processes, threads, prints.

An audit hook sees the events of Python itself (PEP 578) and cannot be removed; a few functions that raise
no event are wrapped. Every effect is sent the moment it is seen, so that a crash after it loses nothing.
"""

from __future__ import annotations

import _thread
import errno
import io
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from .frames import FrameWriter
from .whose import Whose, stack_passes_through

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

#: Audit events by what they do, with the positions of the arguments that name the objects, each with that
#: of the open folder which a relative name starts from (None: the working directory).
_FILES: dict[str, tuple[str, tuple[tuple[int, int | None], ...]]] = {
    "os.mkdir": ("creates a folder", ((0, 2),)),
    "os.rename": ("renames", ((0, 2), (1, 3))),
    "os.remove": ("removes", ((0, 1),)),
    "os.rmdir": ("removes the folder", ((0, 1),)),
    "os.link": ("links", ((1, 3),)),
    "os.symlink": ("links", ((1, 2),)),
    "os.truncate": ("truncates", ((0, None),)),
    "os.chmod": ("changes the mode of", ((0, 2),)),
    "os.chown": ("changes the owner of", ((0, 3),)),
    "os.utime": ("changes the times of", ((0, 3),)),
    "os.setxattr": ("changes attributes of", ((0, None),)),
    "sqlite3.connect": ("opens the database", ((0, None),)),
}
_PROCESSES = {
    "subprocess.Popen": 0,
    "os.system": 0,
    "os.exec": 0,
    "os.fork": None,
    "os.forkpty": None,
    "os.posix_spawn": 0,
    "os.spawn": 1,
    "pty.spawn": 0,
}
#: Where the standard library itself starts a program to learn about the machine (file ending, function).
_ASKS_THE_SYSTEM = (
    ("platform.py", "architecture"),
    ("platform.py", "from_subprocess"),
    ("platform.py", "_syscmd_ver"),
    ("ctypes/util.py", "find_library"),
    ("uuid.py", "getnode"),
)
_NETWORK = {
    "socket.connect": 1,
    "socket.bind": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
}
_THREADS = ("_thread.start_new_thread", "_thread.start_joinable_thread")
_SIGNALS = ("os.kill", "os.killpg")

#: Whoever does these does not stand still.
_PROGRESS = frozenset({"open", "compile", "import", "os.listdir", "os.scandir"})
#: More distinct effects than this teach nothing; the rest is counted.
_KEPT = 60
#: Bytes that may be printed before the import is ended.
MAX_OUTPUT = 32 * 1024 * 1024


class EffectRecorder:
    """Sends each distinct effect once, with the one who did it."""

    def __init__(self, whose: Whose, says: FrameWriter, isolated: bool, alive: Callable[[], None]) -> None:
        self.alive = alive
        self.whose = whose
        self.says = says
        self.isolated = isolated
        self.recording = False
        self.module = ""
        self._private = os.path.realpath(tempfile.gettempdir()) + os.sep
        self._seen: set[tuple[Any, ...]] = set()
        self._busy = threading.local()
        self._printed = 0

    def note(self, kind: str, detail: str, frame: FrameType | None) -> None:
        """Send an effect, unless the same one from the same line was sent before."""
        blame = self.whose.blame(frame)
        key = (kind, detail, blame.package, blame.file, blame.line)
        if key in self._seen or len(self._seen) >= _KEPT:
            return
        self._seen.add(key)
        self.says.send(
            effect={
                "kind": kind,
                "detail": detail,
                "package": blame.package,
                "own": blame.is_connector,
                "file": blame.file,
                "line": blame.line,
                "module": self.module,
            }
        )

    def install(self) -> None:
        """Begin to see; `recording` decides what is kept."""
        sys.addaudithook(self._on_event)
        self._wrap_sleep()
        self._wrap_exit()
        self._wrap_write()
        if not self.isolated:
            self._wrap_open()
        self._wrap_spawn()
        if sys.version_info < (3, 12):
            self._wrap_threads()  # they raise no event before
        for name in ("stdout", "stderr"):
            for place in (name, f"__{name}__"):
                setattr(sys, place, _RecordedStream(self, name))

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _PROGRESS:
            self.alive()
        if not self.recording or getattr(self._busy, "on", False):
            return
        self._busy.on = True  # what the hook itself does is no effect
        try:
            self._look_at(event, arguments, sys._getframe(1))
        finally:
            self._busy.on = False

    def _look_at(self, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        if event == "open":
            self._on_open(arguments, frame)
        elif event in _FILES:
            self._on_file(event, arguments, frame)
        elif event in _NETWORK:
            self._on_network(event, arguments, frame)
        elif event in _PROCESSES:
            if any(stack_passes_through(frame, *place) for place in _ASKS_THE_SYSTEM):
                return  # Python asks what machine this is; nobody chose to start anything
            position = _PROCESSES[event]
            what = "" if position is None else " " + _short(arguments[position])
            self.note("process", event + what, frame)
            self._refuse_process()
        elif event in _SIGNALS:
            target = "its parent" if arguments[0] == os.getppid() else f"process {arguments[0]}"
            self.note("signal", f"{event} sends signal {arguments[1]} to {target}", frame)
            if not self.isolated and arguments[0] != os.getpid():
                raise PermissionError(errno.EPERM, "certify: no process may be signalled during import")
        elif event in _THREADS:
            self.note("thread", "starts a thread running " + _function(arguments[0]), frame)

    def _on_open(self, arguments: tuple[Any, ...], frame: FrameType) -> None:
        path, _, flags = arguments
        writes = isinstance(flags, int) and flags & _WRITES
        if not writes or not isinstance(path, (str, bytes, os.PathLike)):
            return
        name = os.fsdecode(path)
        if name.startswith("/dev/") or "__pycache__" in name:
            return
        if stack_passes_through(frame, "tempfile.py", "_get_default_tempdir"):
            return  # Python tries where temporary files may go; nobody asked it to write
        self.note("file", f"opens for writing {name}", frame)
        self._refuse_outside([name])

    def _on_file(self, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        words, positions = _FILES[event]
        if not isinstance(arguments[positions[0][0]], (str, bytes, os.PathLike)):
            return
        told = os.fsdecode(arguments[positions[0][0]])
        if told in ("", ":memory:") or told.startswith("file::memory:"):
            return
        if stack_passes_through(frame, "tempfile.py", "_get_default_tempdir"):
            return
        self.note("file", f"{words} {told}", frame)
        self._refuse_outside([_place(arguments, *position) for position in positions])

    def _refuse_outside(self, names: list[str]) -> None:
        """Without a mount namespace, nothing but this keeps the world as it is."""
        for name in () if self.isolated else names:
            folder = os.path.realpath(os.path.dirname(name) or ".") + os.sep
            if not (folder.startswith(self._private) and not os.path.islink(name)):
                raise OSError(errno.EROFS, "certify: nothing may be written during import", name)

    def _on_network(self, event: str, arguments: tuple[Any, ...], frame: FrameType) -> None:
        address = arguments[_NETWORK[event]]
        if event == "socket.getaddrinfo":
            address = tuple(arguments[:2])
        if isinstance(address, (str, bytes)) and event == "socket.connect":
            self.note("network", f"{event} {_short(os.fsdecode(address))}", frame)
            raise OSError(errno.ECONNREFUSED, "certify: no program may be called during import")
        if event == "socket.bind" and _any_port_of_loopback(address):
            return  # how urllib3 asks whether there is IPv6
        self.note("network", f"{event} {_short(address)}", frame)
        if not self.isolated:
            raise OSError(errno.ENETUNREACH, "certify: there is no network during import")

    def printed(self, stream: str, text: str, frame: FrameType | None) -> None:
        """Text went to a standard stream; end the import when it will not stop."""
        self._printed += len(text)
        if self._printed > MAX_OUTPUT:
            self.says.send(limit={"what": "output", "module": self.module})
            _exit_now(71)
        if self._printed - len(text) > 4096 or not text.strip():
            return
        if not stack_passes_through(frame, "warnings.py", "_showwarnmsg_impl"):
            self.note("print", f"prints to {stream}: {_short(text.strip())}", frame)

    def _wrap_sleep(self) -> None:
        def sleep(seconds: Any) -> None:
            if self.recording:
                self.note("sleep", f"sleeps {seconds:g} s", sys._getframe(1))
            else:
                real_sleep(seconds)

        real_sleep, time.sleep = time.sleep, sleep

    def _wrap_write(self) -> None:
        def write(descriptor: int, data: Any) -> int:
            if self.recording and descriptor in (1, 2):
                text = bytes(data).decode("utf-8", "backslashreplace")
                self.printed("stdout" if descriptor == 1 else "stderr", text, sys._getframe(1))
                return len(data)
            return real_write(descriptor, data)

        real_write, os.write = os.write, write

    def _wrap_open(self) -> None:
        """The event of `os.open` does not tell the folder that a name starts from."""

        def open_at(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if self.recording and dir_fd is not None and flags & _WRITES:
                self._refuse_outside([_place((path, dir_fd), 0, 1)])
            return real_open(path, flags, mode, dir_fd=dir_fd)

        real_open, os.open = os.open, open_at
        os.supports_dir_fd.add(open_at)  # asked by identity

    def _wrap_spawn(self) -> None:
        def fork_exec(*arguments: Any) -> int:
            if self.recording:
                # multiprocessing comes here without raising an event; subprocess has raised its own.
                frame = sys._getframe(1)
                if not stack_passes_through(frame, "subprocess.py", "_execute_child"):
                    self.note("process", "starts " + _short(arguments[0]), frame)
                    self._refuse_process()
            return int(real_fork_exec(*arguments))

        import _posixsubprocess

        real_fork_exec = _posixsubprocess.fork_exec
        _posixsubprocess.fork_exec = fork_exec

    def _refuse_process(self) -> None:
        if not self.isolated:
            raise PermissionError(errno.EPERM, "certify: no process may be started during import")

    def _wrap_threads(self) -> None:
        def start(function: Any, *arguments: Any) -> int:
            if self.recording:
                self.note("thread", "starts a thread running " + _function(function), sys._getframe(1))
            return real_start(function, *arguments)

        real_start = _thread.start_new_thread
        _thread.start_new_thread = threading._start_new_thread = start  # type: ignore[attr-defined]

    def _wrap_exit(self) -> None:
        def leave(status: int) -> None:
            if self.recording:
                self.note("exit", f"os._exit({status})", sys._getframe(1))
            _exit_now(status)

        os._exit = leave  # type: ignore[assignment]  # os._exit never returns; neither does this


_exit_now = os._exit


class _RecordedStream(io.TextIOBase):
    """A standard stream whose text goes nowhere but into the record."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, recorder: EffectRecorder, name: str) -> None:
        self._recorder = recorder
        self._name = name
        self.buffer = _RecordedBytes(recorder, name)

    @property
    def name(self) -> str:
        return f"<{self._name}>"

    def fileno(self) -> int:
        return 1 if self._name == "stdout" else 2

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._recorder.recording:
            self._recorder.printed(self._name, text, sys._getframe(1))
        return len(text)


class _RecordedBytes(io.RawIOBase):
    """The same for bytes: `sys.stdout.buffer`."""

    def __init__(self, recorder: EffectRecorder, name: str) -> None:
        self._recorder = recorder
        self._name = name

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self._recorder.recording:
            text = bytes(data).decode("utf-8", "backslashreplace")
            self._recorder.printed(self._name, text, sys._getframe(1))
        return len(data)


def _place(arguments: tuple[Any, ...], position: int, folder: int | None) -> str:
    """The path that an event names, from the open folder that it starts from."""
    name = os.fsdecode(arguments[position])
    if folder is None or not isinstance(arguments[folder], int) or arguments[folder] < 0:
        return name
    try:
        return os.path.join(os.readlink(f"/proc/self/fd/{arguments[folder]}"), name)
    except OSError:  # no /proc: whatever it is, it is not known to be ours
        return os.path.join(os.sep, name)


def _any_port_of_loopback(address: Any) -> bool:
    return isinstance(address, tuple) and address[:1] in (("127.0.0.1",), ("::1",), ("",)) and address[1] == 0


def _function(function: Any) -> str:
    owner = getattr(function, "__self__", None)
    run = getattr(owner, "_target", None) or getattr(type(owner), "run", None) or function
    return str(getattr(run, "__qualname__", None) or type(run).__qualname__)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 120 else text[:117] + "…"
