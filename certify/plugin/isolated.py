"""Run pytest in this process, isolated from every setting of the repository that is certified.

No configuration file, no conftest, no autoloaded plugin, no PYTEST_ADDOPTS, a neutral working directory,
no cache: measured against repositories whose settings broke or bent the run otherwise.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from certify.errors import CertifyError
from certify.plugin.order import Order, write_order

_SETTINGS = (
    "PYTEST_ADDOPTS",
    "PYTEST_PLUGINS",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
    "PY_COLORS",
    "PYTEST_DEBUG",
    # Of a worker that starts us: pytest-benchmark then measures nothing.
    "PYTEST_XDIST_WORKER",
    "PYTEST_XDIST_WORKER_COUNT",
    "PYTEST_XDIST_TESTRUNUID",
)


@dataclass(frozen=True)
class Ran:
    """How pytest ended, and what it would have printed."""

    exit_code: int
    transcript: str


def run_isolated(order: Order, listener: object, workers: int = 0) -> Ran:
    """Run the order; `listener` is a pytest plugin that receives the reports."""
    if workers and importlib.util.find_spec("xdist") is None:
        raise CertifyError("-n needs pytest-xdist: python -m pip install 'certify[xdist]'")
    with tempfile.TemporaryDirectory(prefix="certify-run-") as neutral:
        order_file = Path(neutral) / "order.json"
        write_order(order, order_file)
        said = io.StringIO()
        with _neutral_process(neutral), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = pytest.main(_arguments(order_file, workers), plugins=[listener])
    return Ran(int(code), said.getvalue())


def _arguments(order_file: Path, workers: int) -> list[str]:
    # -p takes the name of an entry point: a module's name would be loaded twice beside autoload.
    arguments = [
        "-c",
        os.devnull,
        "--rootdir",
        str(order_file.parent),
        # Else pytest lists every folder above, to the top: whatever lies beside in the temporary folder.
        "--confcutdir",
        str(order_file.parent),
        "--noconftest",
        "--disable-plugin-autoload",
    ]
    # Collecting all garbage at the end of a session takes longer than most rules.
    for plugin in ("certify", "benchmark", "no:cacheprovider", "no:unraisableexception"):
        arguments += ["-p", plugin]
    arguments += ["--capture=sys", "--tb=short", "-q"]
    if workers:
        # xdist makes the base of temporary folders, which by default removes those of the user's own runs.
        arguments += ["-p", "xdist", "-n", str(workers), "--basetemp", str(order_file.with_name("basetemp"))]
        arguments.append("--benchmark-disable")  # it would be anyway, with a warning on the error stream
    # Relative to the neutral folder: in a whole path pytest takes `[` and `::` for more than letters.
    return [*arguments, "--certify-order", str(order_file), order_file.name]


@contextlib.contextmanager
def _neutral_process(folder: str) -> Iterator[None]:
    """Without pytest's own variables, in a folder where no module can shadow another."""
    kept, arguments = dict(os.environ), sys.argv
    sys.argv = ["certify"]  # xdist hands it to its workers, and a path of ours may hold what is no text
    for name in _SETTINGS:
        os.environ.pop(name, None)
    os.environ["PYTHONSAFEPATH"] = "1"  # for xdist's workers, which import from the working directory
    try:
        with contextlib.chdir(folder):
            yield
    finally:
        os.environ.clear()
        os.environ.update(kept)
        sys.argv = arguments


def complaint(ran: Ran) -> str:
    """The line of a transcript that says what went wrong."""
    lines: Sequence[str] = [line.strip() for line in ran.transcript.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("ERROR", "INTERNALERROR>", "E  "))]
    return (marked or lines or ["it said nothing"])[-1]
