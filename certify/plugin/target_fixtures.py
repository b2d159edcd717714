"""What a rule that loads rows into a database may ask for by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from certify.contract import Contract
from certify.errors import ContractError, TargetError
from certify.model import Location
from certify.plugin.commands import called, command_of, import_path
from certify.plugin.engine import ENGINE
from certify.plugin.planted import planted_config
from certify.plugin.sandboxes import sandbox
from certify.repository import Repository
from certify.rules import Blocked, NotApplicable, Undecided, Unverified
from certify.sandbox.in_memory import folder_in_memory
from certify.sandbox.loads import LoadPlan, Loads
from certify.sandbox.sink_runs import SinkRuns
from certify.sandbox.target_loads import TargetLoads
from certify.sandbox.target_runs import TargetRuns
from certify.subject import Subject
from certify.target.contents import Row
from certify.target.database import TMP
from certify.target.placeholders import leads_here
from certify.target.sample import Sample, TooFew, generated, make_sample
from certify.target.scratch import require_scratch

_NEEDS_SINK = """\
subject:
  sink: "your_package.sink:make_sink"
  config: certification/config.json
target:
  url: sqlite:///{tmp}/target.db
  table: your_table
"""
_NEEDS_ROWS = """\
subject:
  primary_keys: {your_stream: [id]}
target:
  rows: certification/rows.json   # some rows that the sink takes: a list of objects, or one a line
"""
_NEEDS_COMMAND = """\
subject:
  command: [your-target]   # a console script
  config: certification/config.json
target:
  url: sqlite:///{tmp}/target.db
  table: your_stream
"""
_NEEDS_PLACE = """\
# in the configuration that subject.config names, where it says where to load into:
# {"url": "{target_url}"}, or {host}, {port}, {user}, {password} and {database}, or {path}, or {folder}
"""
#: The system whose commands load.
_TARGETS = "singer"
#: Where the contract names no database: one that every Python has.
_SQLITE = "sqlite:///{tmp}/target.db"
#: Rows of a file, or of the happy path, that are looked at.
_MOST_ROWS = 1000


@pytest.fixture(scope="session")
def sample(request: pytest.FixtureRequest, contract: Contract, repository: Repository) -> Sample:
    """Rows to load: the contract's, else those of the recorded happy path, else some of our own."""
    rows, origin = _rows(request, contract, repository)
    named = next(iter(contract.subject.primary_keys.values()), ())
    key = named or (("id",) if rows and all("id" in row for row in rows) else ())
    try:
        declared = contract.target.rows is not None
        return make_sample(rows, key, origin, contract.target.replace_by, is_declared=declared)
    except TooFew as error:
        raise Unverified(f"{origin}: {error}", _NEEDS_ROWS) from error


def _rows(
    request: pytest.FixtureRequest, contract: Contract, repository: Repository
) -> tuple[list[Row], str]:
    if contract.target.rows is not None:
        return _read_rows(contract, repository), contract.target.rows
    try:
        run = request.getfixturevalue("fault_runs").baseline
    except Undecided:
        key = next(iter(contract.subject.primary_keys.values()), ("id",))
        return generated(key, contract.target.replace_by), "rows of certify's own"
    streams = {stream for stream, _ in run.rows.kept}
    first = next((name for name in contract.subject.primary_keys if name in streams), min(streams))
    told = [json.loads(row) for stream, row in run.rows.kept[:_MOST_ROWS] if stream == first]
    return [row for row in told if isinstance(row, dict)], "the rows of the recorded happy path"


def _read_rows(contract: Contract, repository: Repository) -> list[Row]:
    name = contract.target.rows or ""
    text = repository.text(name)
    if text is None:
        raise ContractError(f"{contract.at('target', 'rows')}: target.rows: {name} is no file to be read")
    try:
        said: Any = json.loads(text) if text.lstrip().startswith("[") else _lines(text)
    except ValueError as error:
        raise ContractError(f"{name}: not JSON: {error}") from error
    if not all(isinstance(row, dict) for row in said):
        raise ContractError(f"{name}: expected a list of objects, or one a line")
    return list(said[:_MOST_ROWS])


def _lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="session")
def target_url(pytestconfig: pytest.Config, contract: Contract) -> str:
    """Where rows and states go. Unverified where the database is somebody else's, or a worker's beside us."""
    url = contract.target.url or _SQLITE
    if TMP in url:
        return url
    try:
        is_shared = require_scratch(url)
    except TargetError as error:
        raise Unverified(str(error), error.needs) from error
    if is_shared and hasattr(pytestconfig, "workerinput"):
        raise Unverified("one database cannot be loaded by several workers at once", "# without -n")
    return url


@pytest.fixture(scope="session")
def loads(
    request: pytest.FixtureRequest,
    pytestconfig: pytest.Config,
    contract: Contract,
    subject: Subject,
    sample: Sample,
    target_url: str,
) -> Iterator[Loads]:
    """Loads rows with the sink, in a sandbox of its own that has imported it."""
    command = command_of(contract, "sink") if contract.system == _TARGETS else None
    if contract.subject.sink is None and command is None:
        raise Unverified("there is no sink to load with", _needs_sink(contract))
    request.getfixturevalue("import_as_seen")
    planted = planted_config(contract, subject)
    if command is not None and not leads_here([planted.config, *contract.target.config.values()]):
        raise Unverified("the configuration does not lead to a target of certify's", _NEEDS_PLACE)
    plan = LoadPlan(
        sink=called(contract, command, "sink"),
        path=import_path(contract, subject, command),
        config=planted.config,
        environment=planted.environment,
        url=target_url,
        table=contract.target.table or contract.connector,
        primary_key=sample.key,
        command=command,
        by_strategy=contract.target.config,
    )
    order = pytestconfig.stash[ENGINE].order
    make = partial(TargetLoads, sample=sample.rows) if command is not None else Loads
    with sandbox(pytestconfig, order.interpreter, within=folder_in_memory()) as zygote:
        try:
            started = make(zygote, plan, in_forks=not order.no_fork)
        except TargetError as error:
            raise Unverified(str(error), error.needs) from error
        with started:
            if started.import_error is not None:
                raise Blocked(f"the sink cannot be imported: {started.import_error}")
            yield started


def _needs_sink(contract: Contract) -> str:
    return _NEEDS_COMMAND if contract.system == _TARGETS else _NEEDS_SINK


@pytest.fixture(scope="session")
def sink_runs(contract: Contract, subject: Subject, sample: Sample, loads: Loads) -> SinkRuns:
    """The loads that rules on sinks hold against each other."""
    sink = contract.claim("sink")
    strategies = sink.strategies if sink is not None else ()
    named, batch = _module_of(contract, subject), contract.target.batch_rows
    return SinkRuns(loads, sample, strategies, contract.root, named, batch)


@pytest.fixture(scope="session")
def target_runs(loads: Loads, sink_runs: SinkRuns) -> TargetRuns:
    """Loads messages of all sorts with a Singer target; not applicable to what is no command."""
    if not isinstance(loads, TargetLoads):
        raise NotApplicable("the sink is an object, and is given no messages")
    return TargetRuns(loads, sink_runs)


def _module_of(contract: Contract, subject: Subject) -> Location:
    """The file of the sink's module, or its program; the contract's line where it lies elsewhere."""
    command = command_of(contract, "sink")
    if command is None and contract.subject.sink is None:
        return contract.at("subject")
    if command is not None and command.program:
        return Location(Path(command.program).relative_to(contract.root).as_posix())
    name = called(contract, command, "sink").partition(":")[0].replace(".", "/")
    folder = Path(next(iter(import_path(contract, subject, command)), contract.root))
    for ending in (".py", "/__init__.py"):
        file = folder / f"{name}{ending}"
        if file.is_file() and file.resolve().is_relative_to(contract.root):
            return Location(file.resolve().relative_to(contract.root).as_posix())
    return contract.at("subject", "command" if command else "sink")
