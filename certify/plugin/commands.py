"""Find the command that a contract names, and what it calls."""

from __future__ import annotations

import os
from pathlib import Path

from certify.contract import Contract
from certify.rules import Undecided, Unverified
from certify.sandbox.driven import Command
from certify.sandbox.protocols import COMMANDS
from certify.subject import Subject
from certify.systems.scripts import script_in


def command_of(contract: Contract, side: str) -> Command | None:
    """The command that is run as a `source` or a `sink`; None where a factory is called in its place.

    One command is one of both: a contract that claims both speaks of the source.
    """
    plan = contract.subject
    is_target = "sink" in contract.capabilities and "source" not in contract.capabilities
    factory = plan.sink if side == "sink" else plan.source
    if factory is not None or contract.system not in COMMANDS or not plan.command:
        return None
    if is_target != (side == "sink"):
        return None
    further = tuple(_path_of(contract.root, word) for word in plan.command[1:])
    return Command(contract.system, plan.command[0], further, _program(contract))


def _path_of(root: Path, word: str) -> str:
    """A file of the repository by its whole path: the command runs elsewhere."""
    return str(root / word) if (root / word).is_file() else word


def _program(contract: Contract) -> str:
    """The executable of the repository that a command names by its path; empty where it names a script."""
    word = contract.subject.command[0]
    path = contract.root / word
    if "/" not in word:
        return ""
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise Unverified(f"subject.command: there is no executable {word}: build it")
    return str(path)


def called(contract: Contract, command: Command | None, side: str = "source") -> str:
    """The factory, or what the script calls; empty where that is to be looked up in what is installed."""
    if command is not None:
        return "" if command.program else script_in(contract.root, command.script)
    factory = contract.subject.sink if side == "sink" else contract.subject.source
    assert factory is not None
    return factory


def import_path(contract: Contract, subject: Subject, command: Command | None) -> tuple[str, ...]:
    """Where the connector's modules lie, if it is not installed; a command's can be in either place."""
    try:
        package = subject.package()
    except Undecided:
        if command is None:
            raise
        return tuple(str(one) for one in (contract.root / "src", contract.root) if one.is_dir())
    return (package.path,) if package.path else ()
