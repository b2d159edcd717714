"""A pytest plugin for the run of a connector's own tests: one JSON line for whatever happens.

Copied alone into the sandbox and loaded by name. Imports pytest and the standard library, nothing of certify.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Generator
from typing import Any

import pytest

#: Errors that mean "there is no network" or "this cannot be written": the sandbox's doing, not the test's.
_NETWORK_ERRORS = (
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.EAI_AGAIN if hasattr(errno, "EAI_AGAIN") else -3,
)
_NETWORK_NAMES = (
    "gaierror",
    "NameResolutionError",
    "ConnectError",
    "NewConnectionError",
    "ServerNotFoundError",
)
_NETWORK_WORDS = (
    "Network is unreachable",
    "Name or service not known",
    "Temporary failure in name resolution",
)

_report_file = os.environ["CERTIFY_OWN_TESTS"]


def _tell(**facts: Any) -> None:
    with open(_report_file, "a", encoding="utf-8") as file:
        file.write(json.dumps(facts, ensure_ascii=True) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark."""
    config.addinivalue_line("markers", "certifies(id): this test is the connector's own evidence for an id")


def pytest_collection_finish(session: pytest.Session) -> None:
    """How many tests there are."""
    _tell(collected=len(session.items))


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """What could not be collected."""
    if report.failed:
        _tell(uncollected=report.nodeid, message=str(report.longreprtext)[-2000:])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """How each test ended, and each set-up or tear-down that did not pass."""
    report = yield
    if report.when == "call" or report.outcome != "passed":
        _tell(
            nodeid=item.nodeid,
            when=report.when,
            outcome="xfailed" if hasattr(report, "wasxfail") else report.outcome,
            seconds=report.duration,
            file=str(item.path),
            line=_line(item, call),
            message=_message(call),
            offline=call.excinfo is not None and _for_want_of_network(call.excinfo.value),
            certifies=[str(name) for mark in item.iter_markers("certifies") for name in mark.args],
        )
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The exit code, and the end: nobody reads a summary, for which plugins import a second's worth."""
    _tell(exit=int(exitstatus))
    if not hasattr(session.config, "workerinput"):  # xdist's workers have still to tell the first process
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(exitstatus))


def _line(item: pytest.Item, call: pytest.CallInfo[None]) -> int:
    """Where the test's own file was left, else where the test begins."""
    if call.excinfo is not None:
        lines = [entry.lineno + 1 for entry in call.excinfo.traceback if str(entry.path) == str(item.path)]
        if lines:
            return int(lines[-1])
    begins = item.location[1]
    return (begins or 0) + 1


def _message(call: pytest.CallInfo[None]) -> str:
    if call.excinfo is None:
        return ""
    text = str(call.excinfo.value).strip() or call.excinfo.typename
    return f"{call.excinfo.typename}: {text}"[:500]


def _for_want_of_network(error: BaseException | None) -> bool:
    seen = 0
    while error is not None and seen < 20:
        named = type(error).__name__ in _NETWORK_NAMES
        numbered = isinstance(error, OSError) and error.errno in _NETWORK_ERRORS
        if named or numbered or any(word in str(error) for word in _NETWORK_WORDS):
            return True
        error = error.__cause__ or error.__context__
        seen += 1
    return False
