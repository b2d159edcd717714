"""How a connector is run for rules: its factory or its command, in a sandbox that has imported it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from certify.contract import Contract
from certify.model import Location
from certify.plugin.commands import called, command_of, import_path
from certify.plugin.engine import ENGINE
from certify.plugin.planted import planted_config
from certify.plugin.sandboxes import sandbox
from certify.replay.recordings import Recordings
from certify.sandbox.commands import DrivenCommand, FreshCommand
from certify.sandbox.driven import DrivenSource, DrivePlan, FreshSource, RunsSource
from certify.sandbox.interpreters import lacking, unforked
from certify.sandbox.leaks import LeakSearch
from certify.subject import Subject


@dataclass(frozen=True)
class Driven:
    """What runs the source, the canaries that are looked for in its runs, and the line that names it.

    `remarks` are what is to be known of its runs besides.
    """

    source: RunsSource
    search: LeakSearch
    named: Location
    remarks: tuple[str, ...] = ()


@contextmanager
def driven_by(
    contract: Contract, subject: Subject, tapes: Recordings, config: pytest.Config
) -> Iterator[Driven]:
    """The source in a sandbox of its own, which is later asked for what is recorded."""
    order = config.stash[ENGINE].order
    command = command_of(contract, "source")
    source = called(contract, command)
    planted = planted_config(contract, subject)
    search = LeakSearch({**planted.named, **tapes.tokens})
    plan = DrivePlan(
        source=source,
        path=import_path(contract, subject, command),
        modules=(source.partition(":")[0],) if source else (),
        config=planted.config,
        environment=planted.environment,
        canaries=(*planted.named.values(), *tapes.tokens.values()),
        needles=search.needles,
        budget=max(2 * contract.replay.max_wait_seconds, 7200.0),
        command=command,
        discovery=tapes.first("discover", "full_refresh"),
    )
    interpreter = Path(order.interpreter) if order.interpreter else None
    named = contract.at("subject", "command" if command else "source")
    drive, anew = (DrivenCommand, FreshCommand) if command else (DrivenSource, FreshSource)
    with sandbox(config, order.interpreter) as zygote, drive(zygote, plan) as driven:
        # A fork of a process with threads may wait for a lock that one of them held.
        in_forks = not (order.no_fork or driven.threads)
        is_python = not (command and command.program)
        said = (lacking(driven.calendar), unforked(driven.threads)) if is_python else ()
        remarks = tuple(filter(None, said))
        yield Driven(driven if in_forks else anew(interpreter, plan), search, named, remarks)
