"""What else of a connector's output a rule on secrets may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from certify.contract import Contract
from certify.plugin.planted import planted_config
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.load_outputs import LoadOutputs
from certify.sandbox.observed_load import Load
from certify.sandbox.sink_runs import SinkRuns
from certify.subject import Subject

#: Rows after which the source of a load breaks off: sinks say most when they fail.
_BREAKS_OFF = 2


@pytest.fixture(scope="session")
def load_outputs(contract: Contract, subject: Subject, sink_runs: SinkRuns) -> LoadOutputs:
    """All that comes out of a load that succeeds and of one that fails, of each strategy."""
    planted = planted_config(contract, subject)
    loads = list(_loads(sink_runs))
    texts = tuple(text for load in loads for text in _texts(load))
    cut = any(load.output_is_cut for load in loads)
    return LoadOutputs(planted.config, LeakSearch(planted.named), len(loads), texts, cut)


def _loads(runs: SinkRuns) -> Iterator[Load]:
    for strategy in runs.claimed:
        yield runs.watched(strategy)
        yield runs.load(strategy, runs.rows_for(strategy), fails_after=_BREAKS_OFF)


def _texts(load: Load) -> Iterator[tuple[str, str]]:
    yield "what a load prints", load.output
    yield "what a load logs", "\n".join(load.log)
    yield "what a load returns", repr(load.returned)
    yield "what a load tells", repr(load.said)
    yield "the target after a load", repr(load.after)
    if load.raised is not None:
        yield "the message of a load's error", load.raised.message
        yield "the traceback of a load's error", load.raised.traceback
