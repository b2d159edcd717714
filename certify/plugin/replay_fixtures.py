"""What a rule that replays recorded traffic may ask for by name, beside what `fixtures` has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pytest

from certify.contract import Contract
from certify.plugin.engine import ENGINE
from certify.plugin.planted import planted_config
from certify.replay.cassette import Cassette, read_cassette
from certify.repository import Repository
from certify.rules import Undecided, Unverified
from certify.sandbox.canaries import with_tokens
from certify.sandbox.driven import DrivenSource, DrivePlan, FreshSource, RunsSource
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.observed_import import ImportObservation
from certify.sandbox.parts import Part, made_parts
from certify.sandbox.reads import SourceReads
from certify.sandbox.zygote import Zygote
from certify.subject import Subject

#: The name of the happy path's cassette, and of all that rules read.
_FULL = "full_refresh"
_NAMED = re.compile(r"full_refresh|incremental|check|resume@\d+")
_NEEDS_SOURCE = """\
subject:
  source: "your_package.source:make_source"
  config: certification/config.json
replay:
  cassettes: certification/cassettes   # certify record writes full_refresh.yaml there
"""


@dataclass(frozen=True)
class Recordings:
    """The cassettes by name, with canaries for the tokens in them, and those canaries by name."""

    cassettes: Mapping[str, Cassette]
    tokens: Mapping[str, str]


@pytest.fixture(scope="session")
def recordings(contract: Contract, repository: Repository) -> Recordings:
    """What is recorded: the happy path, `full_refresh`, and the reads that go on from its states."""
    folder = contract.replay.cassettes
    if contract.subject.source is None or folder is None:
        raise Unverified("there is no recorded happy path", _NEEDS_SOURCE)
    files = {PurePosixPath(file).stem: file for file in _cassette_files(contract, repository, folder)}
    if _FULL not in files:
        raise Unverified(f"{folder} has no {_FULL}.yaml", _NEEDS_SOURCE)
    cassettes: dict[str, Cassette] = {}
    tokens: dict[str, str] = {}
    for name, file in files.items():
        read = read_cassette(contract.root / file, file)
        cassettes[name], found = with_tokens(read, contract.digest)
        tokens |= found
    return Recordings(cassettes, tokens)


def _cassette_files(contract: Contract, repository: Repository, folder: str) -> Iterator[str]:
    """Those of the names that `certify record` writes; of several endings YAML comes last, and counts."""
    there = contract.root / folder
    names = sorted(entry.name for entry in there.iterdir()) if there.is_dir() else []
    for ending in (".json", ".yml", ".yaml"):
        for name in names:
            file = f"{folder.rstrip('/')}/{name}"
            named = name.endswith(ending) and _NAMED.fullmatch(name.removesuffix(ending))
            if named and repository.exists(file):
                yield file


@pytest.fixture(scope="session")
def fault_runs(
    pytestconfig: pytest.Config,
    contract: Contract,
    subject: Subject,
    recordings: Recordings,
    import_as_seen: None,
) -> Iterator[FaultRuns]:
    """Runs the source through faults, in a sandbox of its own that has imported it."""
    package = subject.package()
    source = contract.subject.source
    assert source is not None
    planted = planted_config(contract, subject)
    search = LeakSearch({**planted.named, **recordings.tokens})
    plan = DrivePlan(
        source=source,
        path=(package.path,) if package.path else (),
        modules=(source.partition(":")[0],),
        config=planted.config,
        environment=planted.environment,
        canaries=(*planted.named.values(), *recordings.tokens.values()),
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
        cassette = recordings.cassettes[_FULL]
        yield FaultRuns(runs, cassette, contract.root, named, search, thorough=order.thorough)


@pytest.fixture(scope="session")
def source_reads(contract: Contract, recordings: Recordings, fault_runs: FaultRuns) -> SourceReads:
    """Reads the source whole, again, and on from each of its states, in the same sandbox."""
    return SourceReads(fault_runs, contract, recordings.cassettes)


@pytest.fixture(scope="session")
def parts(
    request: pytest.FixtureRequest,
    zygote: Zygote,
    contract: Contract,
    subject: Subject,
    imported: ImportObservation,
) -> tuple[Part, ...]:
    """The source, the sink and the state, as the factories that the contract names make them."""
    plan = contract.subject
    if not (plan.source or plan.sink or plan.state):
        raise Unverified("the contract names no factory", _NEEDS_SOURCE)
    package = subject.package()
    planted = planted_config(contract, subject)
    path = (package.path,) if package.path else ()
    return tuple(_as_seen(request, one) for one in made_parts(zygote, contract, path, planted))


def _as_seen(request: pytest.FixtureRequest, part: Part) -> Part:
    """A source that cannot be made without a network shows on the wire what it can do."""
    if part.kind != "source" or not part.raised:
        return part
    try:
        request.getfixturevalue("fault_runs").baseline  # noqa: B018  it raises where the source gives no row
    except Undecided:
        return part
    return replace(part, type="source that gives rows", raised="")
