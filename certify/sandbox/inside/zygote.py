"""Serve one task at a time, each in a fork of this still empty interpreter, and end all that it started.

```
certify ── launcher (this file's main) ── zygote, process 1 of its namespace ── child: the task
```

The zygote has imported nothing of the connector, so a fork of it is as fresh as a new interpreter and a
hundred times cheaper. As process 1 it cannot be killed from inside, adopts every orphan, and takes the
whole namespace with it when it ends.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import resource
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Collection
from typing import Any

from . import isolation
from .frames import FrameWriter, Unpacker, pack

#: A connector that holds more processes than this is a fork bomb.
MAX_PROCESSES = 256
#: Of more, the memory is not looked at: that takes a millisecond each, in which a fork bomb doubles.
_WEIGHED_PROCESSES = 48
#: How often the number of processes is looked at, in seconds.
_WATCH_INTERVAL = 0.1


def main(control_fd: int, private: str, mode: str) -> None:
    """Isolate, become the zygote, and serve until certify goes away."""
    isolation.die_with_parent()
    isolated = mode == "auto" and isolation.enter_namespaces(private)
    control = socket.socket(fileno=control_fd)
    if isolated:
        child = os.fork()
        if child:
            control.close()
            _mirror(child)
        isolation.die_with_parent()
        isolation.mount_own_proc()
    else:
        isolation.adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _activate_site()
    gc.collect()
    gc.freeze()  # what is here now is never garbage: a fork need not copy it to find out
    Zygote(control, isolated).serve()
    os._exit(0)


def _mirror(child: int) -> None:
    """Wait for the zygote and end as it did."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _activate_site() -> None:
    import site

    site.main()


class Zygote:
    """Receives tasks on the control socket, runs each in a fork, and says how it ended."""

    def __init__(self, control: socket.socket, isolated: bool) -> None:
        self.control = control
        self.isolated = isolated
        self.says = FrameWriter(control)
        self.frames = Unpacker()
        self.imported: set[str] = set()

    def serve(self) -> None:
        """Until the control socket closes."""
        self.says.send(
            ready={
                "isolation": "namespace" if self.isolated else "hook",
                "python": ".".join(map(str, sys.version_info[:3])),
                "executable": sys.executable,
            }
        )
        while True:
            message, descriptors = self._receive()
            if message is None:
                return
            if "warm" in message["task"]:
                self._warm(message["task"])
                continue
            self._import(message["task"].get("import_first") or ())
            self.says.send(ended=self._run(message, descriptors))

    def _receive(self) -> tuple[dict[str, Any] | None, list[int]]:
        descriptors: list[int] = []
        while True:
            data, received, _, _ = socket.recv_fds(self.control, 65536, 8)
            descriptors += received
            if not data:
                return None, descriptors
            for message in self.frames.feed(data):
                if "task" in message:
                    return message, descriptors

    def _warm(self, task: dict[str, Any]) -> None:
        """Open the wire's listener and hand it over; import the connector once for all later forks."""
        from .warm import warm

        listener, told = warm(task["warm"])
        socket.send_fds(self.control, [pack({"warmed": told})], [listener.fileno()])
        listener.close()
        gc.collect()
        gc.freeze()

    def _import(self, names: Collection[str]) -> None:
        """Import what every run would import for itself; forks have it then."""
        if all(name in self.imported for name in names):
            return
        for name in names:
            self.imported.add(name)
            with contextlib.suppress(BaseException):
                importlib.import_module(name)
        gc.collect()
        gc.freeze()

    def _run(self, message: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        started = time.monotonic()
        zygote = os.getpid()
        child = os.fork()
        if child == 0:
            _become_child(zygote, self.control, message, descriptors, self.isolated)
        for descriptor in descriptors:
            os.close(descriptor)
        limits = message["limits"]
        why, status, usage = self._await(child, started + limits["wall_seconds"], limits["resident_bytes"])
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)  # its session, where there is no /proc to find descendants in
        end_everything(self.isolated)
        code = os.waitstatus_to_exitcode(status)
        return {
            "why": why,
            "code": code if code >= 0 else None,
            "signal": -code if code < 0 else None,
            "seconds": time.monotonic() - started,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_kib": usage.ru_maxrss,
        }

    def _await(self, child: int, deadline: float, resident: int) -> tuple[str, int, Any]:
        """Wait for the child; kill it at the deadline, when it takes too much, or when certify asks."""
        wake_up = _pidfd(child)
        try:
            return self._watch(child, deadline, resident, wake_up)
        finally:
            if wake_up is not None:
                os.close(wake_up)

    def _watch(self, child: int, deadline: float, resident: int, wake_up: int | None) -> tuple[str, int, Any]:
        why = "exit"
        while True:
            done, status, usage = os.wait4(child, os.WNOHANG)
            if done:
                return why, status, usage
            if why == "exit":
                why = self._reason_to_kill(child, deadline, resident)
                if why != "exit":
                    end_everything(self.isolated, also=child)
            watched = [self.control] + ([wake_up] if wake_up is not None else [])
            wait = _WATCH_INTERVAL if wake_up is not None else 0.005
            select.select(watched, [], [], wait)

    def _reason_to_kill(self, child: int, deadline: float, resident: int) -> str:
        if time.monotonic() > deadline:
            return "wall"
        if self.isolated and _process_count() > MAX_PROCESSES:
            return "processes"
        if _take_more_than(resident, _others() if self.isolated else [child]):
            return "memory"
        if select.select([self.control], [], [], 0)[0]:
            data = self.control.recv(65536)
            if not data:
                end_everything(self.isolated)
                os._exit(0)
            for message in self.frames.feed(data):
                if "kill" in message:
                    return str(message["kill"])
        return "exit"


def _pidfd(child: int) -> int | None:
    """A descriptor that wakes `select` when the child ends; None where there is none such."""
    opened = getattr(os, "pidfd_open", None)
    try:
        return opened(child) if opened else None
    except OSError:
        return None


def _others() -> list[int]:
    """The processes of this namespace but this one."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]


def _take_more_than(limit: int, processes: list[int]) -> bool:
    """Whether these take more memory together; what forks share counts once."""
    if len(processes) > _WEIGHED_PROCESSES:
        return False
    return sum(map(_resident, processes)) > limit and sum(map(_proportional, processes)) > limit


def _resident(process: int) -> int:
    """Bytes of memory that a process has, alone or with others."""
    try:
        with open(f"/proc/{process}/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _proportional(process: int) -> int:
    """Bytes of memory that a process has, each divided by how many have it; all where that is not told."""
    try:
        with open(f"/proc/{process}/smaps_rollup", "rb") as file:
            lines = (line.split() for line in file)
            return next(int(line[1]) * 1024 for line in lines if line[0] == b"Pss:")
    except (OSError, ValueError, StopIteration):
        return _resident(process)


def _process_count() -> int:
    return sum(name.isdigit() for name in os.listdir("/proc"))


def end_everything(isolated: bool, also: int | None = None) -> None:
    """Kill every process that a task left, and reap the orphans (not `also`, which its owner reaps)."""
    if isolated:
        _kill(-1)  # all of this namespace but its first process, which is this one
    else:
        for _ in range(20):  # a process may fork while it is being looked for
            left = _descendants(os.getpid())
            if not left:
                break
            for process in left:
                _kill(process)
            _reap(also)
    _reap(also)


def _reap(but_not: int | None) -> None:
    if but_not is not None:
        return
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        try:
            done, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not done:
            time.sleep(0.001)


def _kill(process: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(process, signal.SIGKILL)


def _descendants(ancestor: int) -> list[int]:
    """Every living process below `ancestor`, by /proc; empty where there is no /proc."""
    parents = {}
    try:
        names = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    for name in names:
        try:
            with open("/proc/" + name + "/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields[0] != b"Z":
            parents[int(name)] = int(fields[1])
    found: list[int] = []
    for process in parents:
        line, above = [process], parents.get(process)
        while above is not None and above != ancestor and len(line) < 1000:
            line.append(above)
            above = parents.get(above)
        if above == ancestor:
            found.append(process)
    return found


def _become_child(
    parent: int, control: socket.socket, message: dict[str, Any], descriptors: list[int], isolated: bool
) -> None:
    """Run the task in this fork and end without any of Python's own clean-up."""
    code = 1
    try:
        isolation.die_with_parent(parent)
        os.setsid()
        control.close()
        events, output, crash, *spoken = descriptors
        os.dup2(spoken[0] if spoken else output, 1)
        os.dup2(output, 2)
        for descriptor in (output, *spoken):
            os.close(descriptor)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        _limit(message["limits"])
        isolation.drop_privileges()
        for descriptor in (events, crash):
            os.set_inheritable(descriptor, False)
        says = FrameWriter(socket.socket(fileno=events))
        try:
            _perform(message["task"], says, crash, isolated)
            code = 0
        except BaseException:  # the harness's own fault: the connector's are caught within the task
            says.send(fault=traceback.format_exc(limit=-8))
    finally:
        os._exit(code)


def _perform(task: dict[str, Any], says: FrameWriter, crash: int, isolated: bool) -> None:
    if task["do"] == "distributions":
        from .distributions import describe

        says.send(done=describe(task["required"], task["optional"]))
    elif task["do"] == "locate":
        from .distributions import locate

        says.send(done=locate(task["package"]))
    elif task["do"] == "execute":
        from .execute import execute

        execute(task)
    elif task["do"] == "describe":
        from .describe import describe as describe_parts

        describe_parts(task, says)
    elif task["do"] == "drive":
        from .drive import drive

        drive(task, says, isolated)
    elif task["do"] == "command":
        from .command import command

        command(task, says, isolated)
    elif task["do"] == "keep":
        from .keep import keep

        keep(task, says, isolated)
    elif task["do"] == "load":
        from .load import load

        load(task, says, isolated)
    elif task["do"] == "pour":
        from .pour import pour

        pour(task, says, isolated)
    elif task["do"] == "parse":
        from .pace import parse

        parse(task, says.send)
    elif task["do"] == "build":
        from .build import build

        build(task, says, isolated)
    else:
        from .probe import probe

        probe(task, says, crash, isolated)


def _limit(limits: dict[str, Any]) -> None:
    for what, value in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_CORE, 0),
    ):
        # A lower limit may be in force already, or the system has none of this kind.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (value, value))
