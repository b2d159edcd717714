"""What a rule that replays recorded traffic may ask for by name, beside what `fixtures` has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

import pytest

from certify.contract import Contract
from certify.plugin.commands import called, command_of, import_path
from certify.plugin.engine import ENGINE
from certify.plugin.planted import planted_config
from certify.replay.cassette import Cassette, read_cassette
from certify.repository import Repository
from certify.rules import NotApplicable, Undecided, Unverified
from certify.sandbox.canaries import with_tokens
from certify.sandbox.commands import DrivenCommand
from certify.sandbox.driven import Drive, DrivenSource, DrivePlan, FreshSource, RunsSource
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.parts import Part, made_parts
from certify.sandbox.protocols import COMMANDS
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
_NEEDS_COMMAND = """\
subject:
  command: [your-tap]   # a console script
  config: certification/config.json
replay:
  cassettes: certification/cassettes
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
    needs = _NEEDS_COMMAND if contract.system in COMMANDS else _NEEDS_SOURCE
    if folder is None or (contract.subject.source is None and command_of(contract, "source") is None):
        raise Unverified("there is no recorded happy path", needs)
    files = {PurePosixPath(file).stem: file for file in _cassette_files(contract, repository, folder)}
    if _FULL not in files:
        raise Unverified(f"{folder} has no {_FULL}.yaml", needs)
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
    command = command_of(contract, "source")
    source = called(contract, command)
    planted = planted_config(contract, subject)
    search = LeakSearch({**planted.named, **recordings.tokens})
    plan = DrivePlan(
        source=source,
        path=import_path(contract, subject, command),
        modules=(source.partition(":")[0],) if source else (),
        config=planted.config,
        environment=planted.environment,
        canaries=(*planted.named.values(), *recordings.tokens.values()),
        needles=search.needles,
        budget=max(2 * contract.replay.max_wait_seconds, 7200.0),
        command=command,
    )
    drive: Drive = partial(DrivenCommand, found={}) if command else DrivenSource
    order = pytestconfig.stash[ENGINE].order
    interpreter = Path(order.interpreter) if order.interpreter else None
    named = contract.at("subject", "command" if command else "source")
    with Zygote(interpreter) as zygote, drive(zygote, plan, None) as driven:
        # A fork of a process with threads may wait for a lock that one of them held.
        in_forks = not (order.no_fork or driven.threads)
        runs: RunsSource = driven if in_forks else FreshSource(interpreter, plan, drive)
        cassette = recordings.cassettes[_FULL]
        yield FaultRuns(runs, cassette, contract.root, named, search, thorough=order.thorough)


@pytest.fixture(scope="session")
def source_reads(contract: Contract, recordings: Recordings, fault_runs: FaultRuns) -> SourceReads:
    """Reads the source whole, again, and on from each of its states, in the same sandbox."""
    return SourceReads(fault_runs, contract, recordings.cassettes)


@pytest.fixture(scope="session")
def parts(
    request: pytest.FixtureRequest, zygote: Zygote, contract: Contract, subject: Subject
) -> tuple[Part, ...]:
    """The source, the sink and the state, as the factories that the contract names make them."""
    plan = contract.subject
    if not (plan.source or plan.sink or plan.state):
        if contract.system in COMMANDS and plan.command:
            raise NotApplicable("a command is no object with methods")
        raise Unverified("the contract names no factory", _NEEDS_SOURCE)
    request.getfixturevalue("imported")  # what cannot be imported makes nothing
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
