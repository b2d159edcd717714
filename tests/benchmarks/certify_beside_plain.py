"""Run the command `certify`, and after each run of the connector the same one plainly; tell what all took.

Arguments: the file that is told to, `module:function` of the connector, its interpreter, and what certify is
given. What is told is JSON: `total` seconds of the processor that certify and all its processes took, without
the plain runs; those of one plain `import`; and of each run those in the sandbox, and `plain` ones with the
authorities that the interpreter trusts and with the server's alone.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from certify.cli import main
from certify.replay.played import Exchange, Played
from certify.replay.wire import Wire
from certify.sandbox.zygote import Ended, Zygote

_RUNS = Path(__file__).with_name("plain_runs.py")
_real_run, _real_play, _real_finish = Zygote.run, Wire.play, Wire.finish


class Beside:
    """Sees each run that certify makes, and makes it again."""

    def __init__(self, folder: Path, entry: str, interpreter: str) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        self.wire = Wire(listener, lambda: 0.0)
        self.alone, self.trusted = folder / "alone.pem", folder / "trusted.pem"
        self.alone.write_bytes(self.wire.certificate)
        usual = next(Path(interpreter).parents[1].glob("lib/python*/site-packages/certifi/cacert.pem"))
        self.trusted.write_bytes(usual.read_bytes() + self.wire.certificate)
        self.process = subprocess.Popen(
            [interpreter, _RUNS, entry, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.import_seconds = self._hear()
        self.runs: list[dict[str, Any]] = []
        self.took = 0.0
        self.played: Played | None = None
        self.ran: tuple[dict[str, Any], Ended] | None = None

    def install(self) -> None:
        """See every run from here on."""

        def run(zygote: Zygote, task: dict[str, Any], *arguments: Any, **named: Any) -> Ended:
            ended = _real_run(zygote, task, *arguments, **named)
            self.ran = task, ended
            return ended

        def play(wire: Wire, played: Played, *arguments: Any) -> None:
            self.played = played
            _real_play(wire, played, *arguments)

        def finish(wire: Wire) -> tuple[Exchange, ...]:
            exchanges = _real_finish(wire)
            if self.ran is not None and self.ran[0]["do"] == "command":
                began = time.process_time()
                self._again(*self.ran, len(exchanges))
                self.took += time.process_time() - began
            self.ran = None
            return exchanges

        for owner, replaced in ((Zygote, run), (Wire, play), (Wire, finish)):
            setattr(owner, replaced.__name__, replaced)

    def _again(self, task: dict[str, Any], ended: Ended, requests: int) -> None:
        told = {"requests": requests, "sandboxed": ended.cpu_seconds}
        for name, authorities in (("trusting", self.trusted), ("plain", self.alone)):
            told[name], told[f"requests {name}"] = self._plainly(task, authorities)
        self.runs.append(told)

    def _plainly(self, task: dict[str, Any], authorities: Path) -> tuple[float, int]:
        of = self.played
        assert of is not None
        again = Played(of.index, of.scenario, start=of.start, max_requests=of.max_requests, aim=of.aim)
        _real_play(self.wire, again)
        plain = {name: task[name] for name in ("arguments", "environment", "import_first")} | {
            "unanswered": task.get("unanswered") or 0,
            "authorities": str(authorities),
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(plain).encode() + b"\n")
        self.process.stdin.flush()
        seconds = self._hear()
        return seconds, len(_real_finish(self.wire))

    def _hear(self) -> float:
        assert self.process.stdout is not None
        return float(json.loads(self.process.stdout.readline()))

    def report(self, file: Path) -> None:
        """End the plain process, and tell."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        _, _, plain = os.wait4(self.process.pid, 0)
        all_others = resource.getrusage(resource.RUSAGE_CHILDREN)
        total = time.process_time() - self.took + _seconds(all_others) - _seconds(plain)
        file.write_text(json.dumps({"total": total, "import": self.import_seconds, "runs": self.runs}))


def _seconds(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    told, entry, interpreter, *arguments = sys.argv[1:]
    beside = Beside(Path(told).parent, entry, interpreter)
    beside.install()
    sys.argv = ["certify", *arguments]
    try:
        main()
    finally:
        beside.report(Path(told))
