"""What a rule about a state back end may ask for by name, beside what `fixtures` has."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from certify.contract import Contract
from certify.errors import TargetError
from certify.plugin.engine import ENGINE
from certify.plugin.planted import planted_config
from certify.plugin.sandboxes import sandbox
from certify.rules import NotApplicable, Unverified
from certify.sandbox.in_memory import folder_in_memory
from certify.sandbox.keeping import Keeping, KeepPlan
from certify.sandbox.loads import Loads
from certify.sandbox.pipelines import Pipelines
from certify.sandbox.sink_runs import SinkRuns
from certify.subject import Subject

_NEEDS_STATE = """\
subject:
  state: "your_package.state:make_state"
  config: certification/config.json
target:
  url: sqlite:///{tmp}/target.db
"""


#: Strategies by how plainly a load of other rows changes the target.
_PLAINEST = ("full_refresh", "incremental_merge", "incremental_append")


@pytest.fixture(scope="session")
def keeping(
    request: pytest.FixtureRequest,
    pytestconfig: pytest.Config,
    contract: Contract,
    subject: Subject,
    target_url: str,
) -> Iterator[Keeping]:
    """Drives the state back end, in a sandbox of its own that has imported it."""
    state = contract.subject.state
    if state is None:
        raise Unverified("the contract does not say how the state back end is made", _NEEDS_STATE)
    request.getfixturevalue("import_as_seen")
    package = subject.package()
    planted = planted_config(contract, subject)
    plan = KeepPlan(
        state=state,
        path=(package.path,) if package.path else (),
        config=planted.config,
        environment=planted.environment,
        url=target_url,
        url_is_assumed=contract.target.url is None,
    )
    order = pytestconfig.stash[ENGINE].order
    with sandbox(pytestconfig, order.interpreter, within=folder_in_memory()) as zygote:
        try:
            named = contract.at("subject", "state")
            keeping = Keeping(zygote, plan, contract.root, named, in_forks=not order.no_fork)
        except TargetError as error:
            raise Unverified(str(error), error.needs) from error
        with contextlib.closing(keeping):
            yield keeping


@pytest.fixture(scope="session")
def pipelines(request: pytest.FixtureRequest, contract: Contract) -> Pipelines:
    """Loads with the sink and then writes the state, on one database."""
    if contract.claim("sink") is None and contract.subject.sink is None:
        raise NotApplicable("there is no sink: what a state follows is the commit of somebody else's")
    keeping: Keeping = request.getfixturevalue("keeping")
    loads: Loads = request.getfixturevalue("loads")
    sink_runs: SinkRuns = request.getfixturevalue("sink_runs")
    keeping.require()
    claimed = sink_runs.strategies or _PLAINEST
    strategy = next((one for one in _PLAINEST if one in claimed), claimed[0])
    plan = contract.subject
    streams = (*plan.primary_keys, *plan.cursor_fields)
    keys = dict.fromkeys((*streams, loads.plan.table, contract.connector))
    return Pipelines(loads, keeping, sink_runs.sample, sink_runs.empty, tuple(keys), strategy)
