"""What a rule that replays recorded traffic may ask for by name, beside what `fixtures` has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath

import pytest

from certify.contract import Contract
from certify.plugin.commands import command_of
from certify.plugin.driving import Driven, driven_by
from certify.plugin.engine import ENGINE, RUN_REMARKS
from certify.plugin.planted import planted_config
from certify.replay.cassette import NOTHING, Cassette, read_cassette
from certify.replay.recordings import Recordings
from certify.repository import Repository
from certify.rules import NotApplicable, Undecided, Unverified
from certify.sandbox.canaries import with_tokens
from certify.sandbox.commands import DrivenCommand, FreshCommand
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.interview import Interview
from certify.sandbox.parts import Part, made_parts
from certify.sandbox.protocols import COMMANDS
from certify.sandbox.reads import SourceReads
from certify.sandbox.zygote import Zygote
from certify.subject import Subject

#: The name of the happy path's cassette, and of all that rules read.
_FULL = "full_refresh"
_NAMED = re.compile(r"full_refresh|incremental|check|discover|resume@(?:\d+|future)")
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
  cassettes: certification/cassettes   # certify record writes them there
"""


@pytest.fixture(scope="session")
def tapes(contract: Contract, repository: Repository) -> Recordings:
    """Every recording that there is."""
    _require_source(contract)
    cassettes: dict[str, Cassette] = {}
    tokens: dict[str, str] = {}
    folder = contract.replay.cassettes
    files = _cassette_files(contract, repository, folder) if folder is not None else ()
    for name, file in {PurePosixPath(file).stem: file for file in files}.items():
        read = read_cassette(contract.root / file, file)
        cassettes[name], found = with_tokens(read, contract.digest)
        tokens |= found
    return Recordings(cassettes, tokens)


@pytest.fixture(scope="session")
def recordings(contract: Contract, tapes: Recordings) -> Recordings:
    """What is recorded: the happy path, `full_refresh`, and the reads that go on from its states.

    Without a folder for it there is nothing to record: a source of files, say, or of made-up rows.
    """
    folder = contract.replay.cassettes
    if folder is not None and _FULL not in tapes.cassettes:
        raise Unverified(f"{folder} has no {_FULL}.yaml", _needs(contract))
    return replace(tapes, cassettes={_FULL: NOTHING, **tapes.cassettes})


def _require_source(contract: Contract) -> None:
    if contract.subject.source is None and command_of(contract, "source") is None:
        raise Unverified("there is no recorded happy path", _needs(contract))


def _needs(contract: Contract) -> str:
    return _NEEDS_COMMAND if contract.system in COMMANDS else _NEEDS_SOURCE


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
def driven(
    pytestconfig: pytest.Config, contract: Contract, subject: Subject, tapes: Recordings, import_as_seen: None
) -> Iterator[Driven]:
    """The source, in a sandbox of its own that has imported it."""
    with driven_by(contract, subject, tapes, pytestconfig) as source:
        pytestconfig.stash[RUN_REMARKS] = source.remarks
        yield source


@pytest.fixture(scope="session")
def fault_runs(
    pytestconfig: pytest.Config, contract: Contract, recordings: Recordings, driven: Driven
) -> FaultRuns:
    """Runs the source through faults."""
    return FaultRuns(
        driven.source,
        recordings.cassettes[_FULL],
        contract.root,
        driven.named,
        driven.search,
        thorough=pytestconfig.stash[ENGINE].order.thorough,
        needs=_needs(contract),
    )


@pytest.fixture(scope="session")
def interview(
    request: pytest.FixtureRequest, contract: Contract, tapes: Recordings, driven: Driven
) -> Interview:
    """Asks the command what it is, what it has and whether it can connect."""
    if not isinstance(driven.source, DrivenCommand | FreshCommand):
        raise NotApplicable("the contract names a factory, which is asked nothing but to read")
    runs = partial(request.getfixturevalue, "fault_runs")
    return Interview(driven.source, tapes, driven.named, contract.root, driven.search, runs)


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
