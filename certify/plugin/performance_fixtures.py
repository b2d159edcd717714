"""What a rule that measures may ask for by name, beside what `fixtures` has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certify.plugin.engine import ENGINE
from certify.plugin.sandboxes import sandbox
from certify.rules import Unverified
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.paces import Paces
from certify.sandbox.reads import SourceReads


@pytest.fixture(scope="session")
def alone(pytestconfig: pytest.Config) -> None:
    """Times taken beside other workers say nothing, and pytest-benchmark takes none there."""
    if hasattr(pytestconfig, "workerinput"):
        raise Unverified("nothing is measured while several workers share the machine: leave -n out")


@pytest.fixture(scope="session")
def paces(
    alone: None, pytestconfig: pytest.Config, source_reads: SourceReads, fault_runs: FaultRuns
) -> Iterator[Paces]:
    """Reads as many rows as the contract asks for, from answers made on demand."""
    command = fault_runs.source.plan.command
    if command is not None and command.program:
        raise Unverified("what a program takes that is no script of Python is not measured")
    order = pytestconfig.stash[ENGINE].order
    interpreter = Path(order.interpreter) if order.interpreter else None
    with sandbox(pytestconfig, order.interpreter) as beside:
        yield Paces(source_reads, fault_runs, interpreter, beside)
