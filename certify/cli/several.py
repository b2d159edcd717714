"""Certify several connectors: a report each in a folder of its own, and the exit codes of all."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from certify.cli.display import Display, display_for
from certify.cli.interruption import INTERRUPTED
from certify.cli.together import can_run_together, certify_together
from certify.contract import Contract, load_contract
from certify.errors import CertifyError
from certify.plugin.load import load_for
from certify.plugin.turns import Turns

#: Certifies by a contract, its report going to a folder or to where the contract says; returns the exit code.
Certifies = Callable[[Contract, Path | None, Display, Turns | None], int]


@dataclass(frozen=True)
class Several:
    """What was asked for: the folders, one for their reports, how to show them, and whether one by one."""

    folders: Sequence[Path]
    artifact_dir: Path | None
    shape: str
    in_turn: bool


@dataclass(frozen=True)
class _Job:
    folder: Path
    contract: Contract | CertifyError
    into: Path | None

    def done_by(self, one: Certifies, display: Display, turns: Turns | None = None) -> int:
        """The exit code. Raises CertifyError, one that reading the contract raised among them."""
        if isinstance(self.contract, CertifyError):
            raise self.contract
        return one(self.contract, self.into, display, turns)


def certify_several(several: Several, one: Certifies) -> list[int]:
    """Certify each; what one cannot be certified for does not stop the others."""
    jobs = {job.folder: job for job in _jobs(several)}
    together = not several.in_turn and can_run_together()
    display = display_for(several.shape, moves_by_itself=not together)
    codes = _together(jobs, one, display) if together else _in_turn(jobs, one, display)
    display.all_done()
    return codes


def _together(jobs: dict[Path, _Job], one: Certifies, display: Display) -> list[int]:
    load_for({job.contract.system for job in jobs.values() if isinstance(job.contract, Contract)})
    with tempfile.NamedTemporaryFile(prefix="certify-turns-") as file:

        def certify(folder: Path, shown: Display) -> int:
            with Turns(Path(file.name)) as turns:
                return jobs[folder].done_by(one, shown, turns)

        return certify_together([*jobs], certify, display)


def _in_turn(jobs: dict[Path, _Job], one: Certifies, display: Display) -> list[int]:
    codes: list[int] = []
    for folder, job in jobs.items():
        try:
            codes.append(job.done_by(one, display))
        except CertifyError as error:
            display.refused(folder, error)
            codes.append(2)
        if codes[-1] == INTERRUPTED:
            break  # Ctrl-C means all of them
    return codes


def _jobs(several: Several) -> Iterator[_Job]:
    taken: set[str] = set()
    for folder in several.folders:
        try:
            contract = load_contract(folder)
        except CertifyError as error:
            yield _Job(folder, error, None)
            continue
        into = several.artifact_dir and several.artifact_dir / _free_name(contract.connector, taken)
        yield _Job(folder, contract, into)


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or `name-2`, `name-3` … where connectors share it: none replaces another's report."""
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    free = next(one for one in names if one.casefold() not in taken)
    taken.add(free.casefold())
    return free
