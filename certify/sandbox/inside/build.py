"""Build a wheel in this process, with the project's own backend (PEP 517), and tell how that ended.

The task: `tree` (a copy of the connector's, the working directory), `wheels` (an empty folder), `backend`
(`module:object`), `backend_path` (folders in the tree), `environment` (added).
"""

from __future__ import annotations

import errno
import importlib
import importlib.metadata
import os
import re
import sys
import traceback
from types import FrameType
from typing import Any

from .effects import _FILES, _NETWORK, _PROCESSES, _SIGNALS, _WRITES, _place
from .frames import FrameWriter

#: Attempts worth telling; the rest teaches nothing.
_TOLD = 20
_LAST_LINES = 8
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def build(task: dict[str, Any], says: FrameWriter, isolated: bool) -> None:
    """Say `needs`, `built` or `failed`, and before it `attempt` for each thing a build has no call to do."""
    tree = task["tree"]
    os.chdir(tree)
    os.environ.update(task["environment"], PWD=tree)
    sys.path[:0] = [os.path.join(tree, folder) for folder in task["backend_path"]]
    _Doors(os.path.dirname(tree), says, isolated).guard()
    try:
        hooks = _hooks(task["backend"])
        needs = [one for one in _also_required(hooks) if not _is_installed(one)]
        if needs:
            says.send(needs=needs)
        else:
            says.send(built=str(hooks.build_wheel(task["wheels"], None, None)))
    except BaseException as error:  # setup.py may well call sys.exit
        says.send(failed=_told(error, tree))


def _hooks(backend: str) -> Any:
    module, _, path = backend.partition(":")
    hooks = importlib.import_module(module)
    for name in filter(None, path.split(".")):
        hooks = getattr(hooks, name)
    return hooks


def _also_required(hooks: Any) -> list[str]:
    """What the backend asks for once it has seen the project."""
    ask = getattr(hooks, "get_requires_for_build_wheel", None)
    return [str(one) for one in ask(None)] if ask else []


def _is_installed(requirement: str) -> bool:
    name = _NAME.match(requirement.strip())
    try:
        return name is None or bool(importlib.metadata.version(name[0]))
    except importlib.metadata.PackageNotFoundError:
        return False


def _told(error: BaseException, tree: str) -> dict[str, Any]:
    """An exception with the innermost line that is the project's own."""
    own: list[Any] = [None, None]
    trace = error.__traceback__
    while trace is not None:
        own = _inside(tree, _file_of(trace.tb_frame), trace.tb_lineno) or own
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        named = error.filename if error.filename != "<string>" else "setup.py"
        own = _inside(tree, named, error.lineno or 1) or own
    lines = "".join(traceback.format_exception_only(type(error), error)).strip().splitlines()
    return {
        "type": type(error).__name__,
        "errno": getattr(error, "errno", None),
        "memory": isinstance(error, MemoryError),
        "lines": [line[:500] for line in lines[-_LAST_LINES:]],
        "file": own[0],
        "line": own[1],
    }


def _file_of(frame: FrameType) -> str:
    """The file of a frame; setuptools executes setup.py as a text that has no name."""
    name = frame.f_code.co_filename
    return str(frame.f_globals.get("__file__", name)) if name == "<string>" else name


def _inside(tree: str, file: str, line: int) -> list[Any] | None:
    path = os.path.realpath(os.path.join(tree, file))
    root = os.path.realpath(tree) + os.sep
    return [path[len(root) :], line] if path.startswith(root) and os.path.isfile(path) else None


class _Doors:
    """Tells of writes outside the private folder, of network, and, where nothing else does, refuses them."""

    def __init__(self, private: str, says: FrameWriter, isolated: bool) -> None:
        self.private = os.path.realpath(private) + os.sep
        self.says = says
        self.isolated = isolated
        self.told: set[str] = set()

    def guard(self) -> None:
        """Begin; an audit hook stays."""
        sys.addaudithook(self._on_event)
        if not self.isolated:
            self._wrap_open()

    def _wrap_open(self) -> None:
        """The event of `os.open` does not tell the folder that a name starts from."""

        def open_at(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            if dir_fd is not None and flags & _WRITES:
                self._on_write(_place((path, dir_fd), 0, 1))
            return real_open(path, flags, mode, dir_fd=dir_fd)

        real_open, os.open = os.open, open_at
        os.supports_dir_fd.add(open_at)  # asked by identity

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITES:
                self._on_write(path)
        elif event in _FILES:
            for position, folder in _FILES[event][1]:
                if isinstance(arguments[position], (str, bytes, os.PathLike)):
                    self._on_write(_place(arguments, position, folder))
        elif event in _NETWORK:
            self._on_network(event, arguments[_NETWORK[event]])
        elif event in _PROCESSES and not self.isolated:
            self.says.send(refused=event)
            raise PermissionError(errno.EPERM, "certify: no process may be started here")
        elif event in _SIGNALS and not self.isolated and arguments[0] != os.getpid():
            # Without a namespace of its own, process -1 is every process of this machine.
            self._tell(f"{event} sends signal {arguments[1]} to process {arguments[0]}")
            raise PermissionError(errno.EPERM, "certify: no other process may be signalled here")

    def _on_write(self, path: Any) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            return
        name = os.path.realpath(os.fsdecode(path))
        if self._is_own(name) or name.startswith("/dev/"):
            return
        self._tell(f"writes {name}")
        if not self.isolated:
            raise OSError(errno.EROFS, "certify: a build writes in its own folder alone", name)

    def _on_network(self, event: str, address: Any) -> None:
        # A socket in a file needs no network, so that no namespace keeps anybody from it.
        in_file = isinstance(address, (str, bytes)) and event in ("socket.connect", "socket.bind")
        if in_file and self._is_own(os.path.realpath(os.fsdecode(address))):
            return
        self._tell(f"{event} {address!r}")
        if in_file or not self.isolated:
            raise OSError(errno.ENETUNREACH, "certify: a wheel is built without network")

    def _is_own(self, path: str) -> bool:
        return (path + os.sep).startswith(self.private)

    def _tell(self, what: str) -> None:
        if what not in self.told and len(self.told) < _TOLD:
            self.told.add(what)
            self.says.send(attempt=what[:300])
