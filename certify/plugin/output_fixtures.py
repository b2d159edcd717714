"""What else of a connector's output a rule on secrets may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from certify.contract import Contract
from certify.plugin.planted import planted_config
from certify.rules import Blocked, NotApplicable, Unverified
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.load_outputs import LoadOutputs
from certify.sandbox.observed_load import Load
from certify.sandbox.sink_runs import SinkRuns
from certify.subject import Subject

#: Rows after which the source of a load breaks off: sinks say most when they fail.
_BREAKS_OFF = 2


@pytest.fixture(scope="session")
def load_outputs(contract: Contract, subject: Subject, sink_runs: SinkRuns) -> LoadOutputs:
    """All that comes out of a load that succeeds and of one that fails, of each strategy.

    Blocked where the rows to load have a secret in them: that is no fault of the sink's.
    """
    planted = planted_config(contract, subject)
    search = LeakSearch(planted.named)
    leaks = search.leaks_in([("a row", repr(sink_runs.sample.rows))])
    if leaks:
        raise Blocked(f"{leaks[0].secret} is in the rows to load already, {leaks[0].form}")
    try:
        loads = list(_loads(sink_runs))
    except NotApplicable as reason:  # that nothing of it was loaded does not say that nothing comes out
        raise Unverified(f"no load could be searched: {reason}") from reason
    texts = tuple(text for load in loads for text in _texts(load))
    cut = any(load.output_is_cut for load in loads)
    return LoadOutputs(planted.config, search, len(loads), texts, cut)


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
