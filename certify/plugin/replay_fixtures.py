"""What a rule that replays recorded traffic may ask for by name, beside what `fixtures` has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from certify.contract import Contract
from certify.plugin.engine import ENGINE
from certify.plugin.planted import planted_config
from certify.replay.cassette import Cassette, read_cassette
from certify.repository import Repository
from certify.rules import Unverified
from certify.sandbox.canaries import with_tokens
from certify.sandbox.driven import DrivenSource, DrivePlan, FreshSource, RunsSource
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.zygote import Zygote
from certify.subject import Subject

_NEEDS_SOURCE = """\
subject:
  source: "your_package.source:make_source"
  config: certification/config.json
replay:
  cassettes: certification/cassettes   # certify record writes full_refresh.yaml there
"""


@pytest.fixture(scope="session")
def full_refresh(contract: Contract, repository: Repository) -> Cassette:
    """The recorded happy path: `full_refresh` in the folder of cassettes."""
    folder = contract.replay.cassettes
    if contract.subject.source is None or folder is None:
        raise Unverified("there is no recorded happy path", _NEEDS_SOURCE)
    for ending in (".yaml", ".yml", ".json"):
        name = f"{folder.rstrip('/')}/full_refresh{ending}"
        if repository.exists(name):
            return read_cassette(contract.root / name, name)
    raise Unverified(f"{folder} has no full_refresh.yaml", _NEEDS_SOURCE)


@pytest.fixture(scope="session")
def fault_runs(
    pytestconfig: pytest.Config, contract: Contract, subject: Subject, full_refresh: Cassette
) -> Iterator[FaultRuns]:
    """Runs the source through faults, in a sandbox of its own that has imported it."""
    package = subject.package()
    source = contract.subject.source
    assert source is not None
    planted = planted_config(contract, subject)
    cassette, tokens = with_tokens(full_refresh, contract.digest)
    search = LeakSearch(planted.named | tokens)
    plan = DrivePlan(
        source=source,
        path=(package.path,) if package.path else (),
        modules=(source.partition(":")[0],),
        config=planted.config,
        environment=planted.environment,
        canaries=(*planted.named.values(), *tokens.values()),
        needles=search.needles,
        budget=max(2 * contract.replay.max_wait_seconds, 7200.0),
    )
    order = pytestconfig.stash[ENGINE].order
    interpreter = Path(order.interpreter) if order.interpreter else None
    named = contract.at("subject", "source")
    with Zygote(interpreter) as zygote, DrivenSource(zygote, plan) as driven:
        # A fork of a process with threads may wait for a lock that one of them held.
        in_forks = not (order.no_fork or driven.threads)
        runs: RunsSource = driven if in_forks else FreshSource(interpreter, plan)
        yield FaultRuns(runs, cassette, contract.root, named, search, thorough=order.thorough)
