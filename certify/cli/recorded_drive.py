"""What a recording runs, and what its replay runs: the factory or the command that the contract names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from certify.contract import Contract
from certify.errors import CertifyError
from certify.plugin.commands import called, command_of, import_path
from certify.repository.config.document import ConfigFile, parse_config
from certify.rules import NotApplicable, Undecided, Unverified
from certify.sandbox.answers import Asks
from certify.sandbox.commands import DrivenCommand
from certify.sandbox.driven import Command, DrivePlan
from certify.sandbox.protocols import COMMANDS
from certify.sandbox.recorded import RecordedCommand, RecordedSource
from certify.sandbox.zygote import Zygote
from certify.subject import Subject

_NEEDS_SOURCE = 'subject.source names no factory; add `source: "your_package.source:make_source"`'
_NEEDS_COMMAND = "subject.command names no command; add `command: [your-connector]`, a console script"


def command_in(contract: Contract) -> Command | None:
    """The command that is recorded; None where a factory is. Raises CertifyError where there is neither."""
    plan = contract.subject
    try:
        command = command_of(contract, "source")
    except Undecided as error:
        raise CertifyError(f"{contract.at('subject', 'command')}: {error}") from error
    if plan.source is None and command is None:
        raise CertifyError(f"{contract.at('subject')}: {_lacking(contract)}")
    return command


def _lacking(contract: Contract) -> str:
    if contract.system not in COMMANDS:
        return _NEEDS_SOURCE
    if contract.subject.command:
        return "subject.command is a target's: it asks nothing that could be recorded"
    return _NEEDS_COMMAND


def drive_plan(contract: Contract, subject: Subject, **given: Any) -> DrivePlan:
    """The factory or the command, and where it is found. Raises CertifyError."""
    command = command_in(contract)
    source = called(contract, command)
    try:
        path = import_path(contract, subject, command)
    except Undecided as error:
        raise CertifyError(f"{contract.file}: {error}") from error
    modules = (source.partition(":")[0],) if source else ()
    return DrivePlan(source=source, path=path, modules=modules, command=command, **given)


def recorded_in(zygote: Zygote, plan: DrivePlan) -> RecordedSource:
    """What runs a plan against the live API."""
    return RecordedSource(zygote, plan) if plan.command is None else RecordedCommand(zygote, plan)


def config_schema(contract: Contract, subject: Subject, interpreter: Path | None) -> ConfigFile | None:
    """The schema in the repository; else what the command tells of itself, offline and unconfigured."""
    try:
        return subject.config_schema()
    except (NotApplicable, Unverified):
        return _told_schema(contract, subject, interpreter)


def _told_schema(contract: Contract, subject: Subject, interpreter: Path | None) -> ConfigFile | None:
    plan = drive_plan(contract, subject, config={})
    if plan.command is None:
        return None
    protocol = COMMANDS[plan.command.system]
    if not protocol.tells_own_spec(plan.command.script):
        return None
    with Zygote(interpreter) as zygote, DrivenCommand(zygote, plan) as command:
        if command.import_error is not None:
            return None
        told = protocol.schema(command.ask(Asks(lambda _: protocol.spec())).said)
    if told is None:
        return None
    return ConfigFile("spec", parse_config(json.dumps(told).encode(), "the specification"))
