"""What else of a connector's output a rule on secrets may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from certify.contract import Contract
from certify.plugin.commands import command_of
from certify.rules import Undecided
from certify.sandbox.load_outputs import LoadOutputs
from certify.sandbox.observed_load import Load
from certify.sandbox.sink_runs import SinkRuns

#: Rows after which the source of a load breaks off: sinks say most when they fail.
_BREAKS_OFF = 2


@pytest.fixture(scope="session")
def load_outputs(request: pytest.FixtureRequest, contract: Contract) -> LoadOutputs:
    """All that comes out of a load that succeeds and of one that fails, of each strategy."""
    if contract.subject.sink is None and command_of(contract, "sink") is None:
        return LoadOutputs()
    try:
        runs: SinkRuns = request.getfixturevalue("sink_runs")
        loads = list(_loads(runs))
    except Undecided as error:
        return LoadOutputs(undecided=str(error))
    return LoadOutputs(len(loads), tuple(text for load in loads for text in _texts(load)))


def _loads(runs: SinkRuns) -> Iterator[Load]:
    for strategy in runs.claimed:
        yield runs.watched(strategy)
        yield runs.load(strategy, runs.rows_for(strategy), fails_after=_BREAKS_OFF)


def _texts(load: Load) -> Iterator[tuple[str, str]]:
    yield "what a load prints", load.output
    yield "what a load tells", repr(load.said)
    yield "the target after a load", repr(load.after)
    if load.raised is not None:
        yield "the message of a load's error", load.raised.message
        yield "the traceback of a load's error", load.raised.traceback
