"""How a connector is run for rules: its factory or its command, in a sandbox that has imported it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from certify.contract import Contract
from certify.model import Location
from certify.plugin.order import Order
from certify.plugin.planted import planted_config
from certify.rules import Undecided
from certify.sandbox.commands import DrivenCommand, FreshCommand
from certify.sandbox.driven import Command, DrivenSource, DrivePlan, FreshSource, RunsSource
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.protocols import COMMANDS
from certify.sandbox.zygote import Zygote
from certify.subject import Subject
from certify.systems.scripts import script_in


@dataclass(frozen=True)
class Driven:
    """What runs the source, the canaries that are looked for in its runs, and the line that names it."""

    source: RunsSource
    search: LeakSearch
    named: Location


def command_of(contract: Contract) -> Command | None:
    """The command that is run, where the contract names no factory, which is called more directly."""
    words = contract.subject.command
    if contract.subject.source is not None or contract.system not in COMMANDS or not words:
        return None
    return Command(contract.system, words[0], tuple(_path_of(contract.root, word) for word in words[1:]))


def _path_of(root: Path, word: str) -> str:
    """A file of the repository by its whole path: the command runs elsewhere."""
    return str(root / word) if (root / word).is_file() else word


@contextmanager
def driven_by(
    contract: Contract, subject: Subject, tokens: Mapping[str, str], order: Order
) -> Iterator[Driven]:
    """The source in a sandbox of its own; `tokens` are those that recorded answers issue, by their names."""
    command = command_of(contract)
    source = _called(contract, command)
    planted = planted_config(contract, subject)
    search = LeakSearch({**planted.named, **tokens})
    plan = DrivePlan(
        source=source,
        path=_import_path(contract, subject, command),
        modules=(source.partition(":")[0],) if source else (),
        config=planted.config,
        environment=planted.environment,
        canaries=(*planted.named.values(), *tokens.values()),
        needles=search.needles,
        budget=max(2 * contract.replay.max_wait_seconds, 7200.0),
        command=command,
    )
    interpreter = Path(order.interpreter) if order.interpreter else None
    named = contract.at("subject", "command" if command else "source")
    drive, anew = (DrivenCommand, FreshCommand) if command else (DrivenSource, FreshSource)
    with Zygote(interpreter) as zygote, drive(zygote, plan) as driven:
        # A fork of a process with threads may wait for a lock that one of them held.
        in_forks = not (order.no_fork or driven.threads)
        yield Driven(driven if in_forks else anew(interpreter, plan), search, named)


def _called(contract: Contract, command: Command | None) -> str:
    """The factory, or what the script calls; empty where that is to be looked up in what is installed."""
    if command is not None:
        return script_in(contract.root, command.script)
    assert contract.subject.source is not None
    return contract.subject.source


def _import_path(contract: Contract, subject: Subject, command: Command | None) -> tuple[str, ...]:
    """Where the connector's modules lie, if it is not installed; a command's can be in either place."""
    try:
        package = subject.package()
    except Undecided:
        if command is None:
            raise
        return tuple(str(one) for one in (contract.root / "src", contract.root) if one.is_dir())
    return (package.path,) if package.path else ()
