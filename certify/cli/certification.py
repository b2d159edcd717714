"""Certify connectors: one isolated run each, one report each, the worst exit code of all."""

from __future__ import annotations

import datetime
import os
import shlex
import sys
import time
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path

from certify import __version__
from certify.built import built_files
from certify.cli.artifacts import load_formats, refuse_unwritable, write_report
from certify.cli.display import Display, display_for
from certify.cli.interruption import INTERRUPTED
from certify.cli.listener import Listener
from certify.cli.several import Several, certify_several
from certify.cli.together import INCOMPLETE
from certify.contract import Contract, load_contract
from certify.errors import CertifyError, SandboxError
from certify.judgement import judge
from certify.model import RunFacts
from certify.plugin.isolated import Ran, complaint, run_isolated
from certify.plugin.order import Order
from certify.plugin.planning import Planned, plan_order
from certify.plugin.turns import Turns
from certify.provenance import cassette_facts, connector_facts, machine, python
from certify.sandbox.installed import installed_in
from certify.second_process import SecondProcess
from certify.systems import subject_of
from certify.text import one_line

#: Exit codes from harmless to grave, to find the worst of several connectors.
_GRAVITY = (0, INCOMPLETE, 1, 2, INTERRUPTED)


#: Formats that are printed and not kept; and those that say nothing of a selection, which has no verdict.
_NO_FILE = frozenset({"github"})
_WITH_VERDICT = frozenset({"attestation"})


@dataclass(frozen=True)
class Wish:
    """What was asked on the command line."""

    folders: tuple[Path, ...]
    contract: Path | None
    artifact_dir: Path | None
    artifacts: tuple[Path, ...]
    only: tuple[str, ...]
    thorough: bool
    no_fork: bool
    example: bool
    interpreter: Path | None
    shape: str
    workers: int | None


def certify(wish: Wish, second: SecondProcess | None = None) -> int:
    """Certify every connector that was named; returns the worst exit code. Raises CertifyError.

    A `second` process runs rules that load into the target, of a connector that is named alone.
    """
    folders = _folders(wish)
    if len(folders) == 1:
        contract = load_contract(folders[0], wish.contract)
        return _certify_one(wish, contract, wish.artifact_dir, display_for(wish.shape), second=second)
    if wish.contract is not None:
        raise CertifyError("--contract goes with one connector; -C was given several times")
    if wish.artifacts:
        raise CertifyError("--artifact goes with one connector; -C was given several times")
    several = Several(folders, wish.artifact_dir, wish.shape, in_turn=wish.workers is not None)
    codes = certify_several(several, partial(_certify_one, wish))
    return max(codes, key=_GRAVITY.index, default=INTERRUPTED)


def _folders(wish: Wish) -> list[Path]:
    if wish.example and wish.folders:
        raise CertifyError("--example brings its own connector; leave -C out")
    if wish.example:
        return [Path(str(resources.files("certify_example")))]
    return list({os.path.realpath(one): one for one in wish.folders}.values()) or [Path.cwd()]


def _certify_one(
    wish: Wish,
    contract: Contract,
    artifact_dir: Path | None,
    display: Display,
    turns: Turns | None = None,
    second: SecondProcess | None = None,
) -> int:
    """Run, judge, write and show; with `turns`, others are at work beside it. Returns the exit code."""
    interpreter = wish.interpreter.absolute() if wish.interpreter else None
    if second is not None and contract.subject.sink is None and contract.subject.state is None:
        second.end()
        second = None
    order = Order(
        root=str(contract.root),
        contract=str(contract.path),
        only=wish.only,
        interpreter=str(interpreter) if interpreter else None,
        thorough=wish.thorough,
        no_fork=wish.no_fork,
    )
    into = _artifact_dir(wish, contract, artifact_dir)
    if into is not None:
        refuse_unwritable(into)
    files = _file_names(contract, wish) if into else None
    version = _version(contract, interpreter)
    artifacts = built_files(contract.root, version, wish.artifacts)
    started, clock = _now(), time.monotonic()
    display.begin(contract)
    listener = Listener(display)
    listeners = [listener] if turns is None else [listener, turns]
    try:
        ran = run_isolated(order, listeners, wish.workers or 0, second=second)
    finally:
        display.end_of_run()
    planned = _planned(order, contract, ran, listener)
    report = judge(
        contract,
        planned.plan,
        listener.outcomes,
        connector_facts(contract, version, into, artifacts),
        RunFacts(
            started=started,
            finished=_now(),
            seconds=round(time.monotonic() - clock, 3),
            certify_version=__version__,
            suites=planned.registry.suites,
            contract=contract.file,
            contract_digest=contract.digest,
            python=python(),
            platform=machine(),
            isolation=listener.isolation,
            command=_command(),
            interrupted=listener.interrupted,
            cassettes=cassette_facts(contract),
            remarks=listener.remarks,
        ),
        files,
    )
    broken = write_report(into, report, contract) if into is not None else []
    display.finish(report, into)
    for one in broken:
        display.problem(one)
    return max(report.exit_code, 2 if broken else 0, key=_GRAVITY.index)


def _version(contract: Contract, interpreter: Path | None) -> str | None:
    """The connector's version; None too where its interpreter cannot be asked: its rules say so."""
    try:
        return subject_of(contract, installed_in(interpreter)).version
    except SandboxError:
        return None


def _planned(order: Order, contract: Contract, ran: Ran, listener: Listener) -> Planned:
    """The plan as the run had it; whatever kept the run from starting is told now, in one line."""
    if listener.interrupted and not listener.began:
        raise KeyboardInterrupt
    planned = plan_order(order, contract)
    if not listener.began:
        raise CertifyError(f"the run did not start: {complaint(ran)}")
    return planned


def _artifact_dir(wish: Wish, contract: Contract, artifact_dir: Path | None) -> Path | None:
    """Where the report goes. A selection and the embedded example write only where they are told to."""
    if artifact_dir is not None:
        return artifact_dir.absolute()
    if wish.only or wish.example:
        return None
    own = contract.root / contract.evidence.artifacts_dir
    if not Path(os.path.realpath(own)).is_relative_to(contract.root):
        raise CertifyError(
            f"{contract.at('evidence', 'artifacts_dir')}: evidence.artifacts_dir: a link leads out of the "
            f"connector's folder, to {os.path.realpath(own)}; remove it, or name a folder by --artifact-dir"
        )
    return own


def _file_names(contract: Contract, wish: Wish) -> dict[str, str]:
    """Format → file name, as the contract may rename them. Raises CertifyError for two of one name."""
    renamed = {"json": contract.evidence.json_report, "markdown": contract.evidence.markdown_report}
    left_out = _NO_FILE | _WITH_VERDICT if wish.only else _NO_FILE
    usual = {name: one.file_name for name, one in load_formats().items() if name not in left_out}
    names = usual | renamed
    folded = [name.casefold() for name in names.values()]
    twice = next((name for name in names.values() if folded.count(name.casefold()) > 1), None)
    if twice is not None:
        raise CertifyError(
            f"{contract.at('evidence')}: evidence: two files of the report would be named {twice!r}; "
            "rename markdown_report or json_report"
        )
    return names


def _command() -> str:
    return one_line(shlex.join(["certify", *sys.argv[1:]]))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
