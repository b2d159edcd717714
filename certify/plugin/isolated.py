"""Run pytest in this process, isolated from every setting of the repository that is certified.

No configuration file, no conftest, no autoloaded plugin, no PYTEST_ADDOPTS, a neutral working directory,
no cache: measured against repositories whose settings broke or bent the run otherwise.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from certify.errors import CertifyError
from certify.plugin.beside import Beside
from certify.plugin.order import Order, Share, write_order
from certify.second_process import SecondProcess

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

#: Plugins of pytest's own that nothing here uses, each of them asked at every item.
_UNUSED = (
    "cacheprovider",
    "doctest",
    "junitxml",
    "legacypath",
    "pastebin",
    "setuponly",
    "setupplan",
    "stepwise",
    "threadexception",
    "unittest",
    # It collects garbage ten times at the end, to look for exceptions.
    "unraisableexception",
)


@dataclass(frozen=True)
class Ran:
    """How pytest ended, and what it would have printed."""

    exit_code: int
    transcript: str


def run_isolated(
    order: Order, listeners: Sequence[object], workers: int = 0, *, second: SecondProcess | None = None
) -> Ran:
    """Run the order; `listeners` are pytest plugins that receive the reports.

    A `second` process runs what loads into the target; it has ended when this does.
    """
    if workers and importlib.util.find_spec("xdist") is None:
        raise CertifyError("-n needs pytest-xdist: python -m pip install 'certify[xdist]'")
    with tempfile.TemporaryDirectory(prefix="certify-run-") as neutral:
        order_file = Path(neutral) / "order.json"
        said = io.StringIO()
        with contextlib.ExitStack() as stack:
            stack.enter_context(neutral_process(Path(neutral)))
            plugins = [*listeners]
            if second is not None:
                stack.callback(second.end)
                plugins.append(Beside(second, order, Path(neutral)))
                order = replace(order, share=Share.OTHERS)
            write_order(order, order_file)
            stack.enter_context(contextlib.redirect_stdout(said))
            stack.enter_context(contextlib.redirect_stderr(said))
            code = run_order(order_file, plugins, workers)
    return Ran(code, said.getvalue())


def run_nothing() -> None:
    """Have pytest load and settle what it does at each start, for forks of this process."""
    with tempfile.TemporaryDirectory(prefix="certify-run-") as neutral, neutral_process(Path(neutral)):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            pytest.main([*_settings(Path(neutral)), neutral], _own_plugins(0))


def run_order(order_file: Path, plugins: Sequence[object], workers: int = 0) -> int:
    """Run pytest for an order in a process that is neutral already; returns its exit code."""
    return int(pytest.main(_arguments(order_file, workers), [*plugins, *_own_plugins(workers)]))


def _own_plugins(workers: int) -> list[object]:
    """Ourselves and what measures, where no worker has to find us by name.

    By `-p` pytest looks through what is installed for each, and rewrites every module of ours.
    """
    if workers:
        return [_Interruption()]
    named = ("certify.plugin", "pytest_benchmark.plugin")
    return [_Interruption(), *map(importlib.import_module, named)]


class _Interruption:
    """Whoever presses Ctrl-C waits for the end: for a traceback, pytest parses every file on the way."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        excinfo.traceback = excinfo.traceback[:1]  # its own: the last may be hidden, and it wants one


def _settings(neutral: Path) -> list[str]:
    arguments = [
        "-c",
        os.devnull,
        "--rootdir",
        str(neutral),
        # Else every entry of the folders above it is asked whether it is to be collected.
        "--confcutdir",
        str(neutral),
        "--noconftest",
        "--disable-plugin-autoload",
    ]
    for plugin in _UNUSED:
        arguments += ["-p", f"no:{plugin}"]
    # No traceback of each outcome that is no pass: pytest parses every file on the way.
    return [*arguments, "--capture=sys", "--tb=line", "-q"]


def _arguments(order_file: Path, workers: int) -> list[str]:
    arguments = _settings(order_file.parent)
    if workers:
        arguments += ["-p", "benchmark"]
        # xdist makes the base of temporary folders, which by default removes those of the user's own runs.
        # -p takes the name of an entry point: a module's name would be loaded twice beside autoload.
        arguments += ["-p", "certify", "-p", "xdist", "-n", str(workers)]
        arguments += ["--basetemp", str(order_file.with_name("basetemp"))]
        arguments.append("--benchmark-disable")  # it would be anyway, with a warning on the error stream
    # Relative to the neutral folder: in a whole path pytest takes `[` and `::` for more than letters.
    return [*arguments, "--certify-order", str(order_file), order_file.name]


@contextlib.contextmanager
def neutral_process(folder: Path) -> Iterator[None]:
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
