"""Run the `certify` command in a process of its own, once, and wait for its report."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from functools import cached_property
from pathlib import Path

from certify.contract import Contract
from certify.errors import CertifyError, ReportError
from certify.model import Report, from_json

#: How long a worker waits for the report of the controller's run, in seconds: longer than any run takes.
_PATIENCE = 1800.0


class RemoteRun:
    """One isolated run. With a report file given, someone else runs it and this only waits."""

    def __init__(self, contract: Contract, report_file: Path | None = None) -> None:
        self.contract = contract
        self.only: tuple[str, ...] = ()
        self._waits = report_file is not None
        self._given = report_file
        self._process: subprocess.Popen[bytes] | None = None

    @cached_property
    def _folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="certify-host-")

    @property
    def report_file(self) -> Path:
        """Where the report will be."""
        return self._given or Path(self._folder.name) / "report.json"

    def start(self) -> None:
        """Start it, if nobody has."""
        if self._process is not None or self._waits:
            return
        # -P: a folder named like one of our modules, beside which pytest was started, shadows nothing.
        command = [sys.executable, "-P", "-m", "certify", "-C", str(self.contract.root)]
        command += ["--contract", str(self.contract.path), "--format", "json"]
        command += [word for name in self.only for word in ("--only", name)]
        partial = self.report_file.with_suffix(".partial")
        with partial.open("wb") as output, (partial.with_suffix(".log")).open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self.report_file.parent, stdout=output, stderr=log, stdin=subprocess.DEVNULL
            )

    def report(self) -> Report:
        """The report, when the run is over. Raises CertifyError when it left none."""
        self.start()
        return self._report

    @cached_property
    def _report(self) -> Report:
        self._await()
        try:
            return from_json(self.report_file.read_bytes())
        except (OSError, ReportError) as error:
            raise CertifyError(f"the isolated run left no report: {self._complaint() or error}") from error

    def _await(self) -> None:
        if self._process is not None:
            self._process.wait()
            self._publish()
            return
        deadline = time.monotonic() + _PATIENCE
        while not self.report_file.exists() and time.monotonic() < deadline:
            if not self.report_file.parent.exists():
                break
            self._publish()
            time.sleep(0.02)

    def _publish(self) -> None:
        """Give the report its name once it is whole: JSON that parses. Any of the waiting may do it."""
        partial = self.report_file.with_suffix(".partial")
        with contextlib.suppress(OSError, ReportError):
            from_json(partial.read_bytes())
            os.link(partial, self.report_file)

    def _complaint(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.report_file.with_suffix(".log").read_text("utf-8", "replace").strip().splitlines()
            return lines[-1] if lines else ""
        return ""

    def finished_report(self) -> Report | None:
        """The report if the run was made and left one, without waiting for ever."""
        if self._process is None and not self._given:
            return None
        with contextlib.suppress(CertifyError):
            return self.report()
        return None

    def close(self) -> None:
        """End what still runs and remove the files."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.terminate()
            self._process.wait()
            self._folder.cleanup()
