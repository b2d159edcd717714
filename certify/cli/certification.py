"""Certify connectors: one isolated run each, one report each, the worst exit code of all."""

from __future__ import annotations

import datetime
import shlex
import sys
import time
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from certify import __version__
from certify.cli.artifacts import load_formats, rendered, write_set
from certify.cli.display import Display, display_for
from certify.cli.listener import Listener
from certify.contract import Contract, load_contract
from certify.errors import CertifyError
from certify.judgement import judge
from certify.model import Report, RunFacts
from certify.plugin.isolated import Ran, complaint, run_isolated
from certify.plugin.order import Order
from certify.plugin.planning import Planned, plan_order
from certify.provenance import connector_facts, machine, python
from certify.systems import subject_of
from certify.text import one_line

#: Exit codes from harmless to grave, to find the worst of several connectors.
_GRAVITY = (0, 3, 1, 2, 130)


@dataclass(frozen=True)
class Wish:
    """What was asked on the command line."""

    folders: tuple[Path, ...]
    contract: Path | None
    artifact_dir: Path | None
    only: tuple[str, ...]
    example: bool
    interpreter: Path | None
    shape: str
    workers: int


def certify(wish: Wish) -> int:
    """Certify every connector that was named; returns the worst exit code. Raises CertifyError."""
    folders = _folders(wish)
    display = display_for(wish.shape)
    if len(folders) == 1:
        return _certify_one(wish, folders[0], wish.artifact_dir, display).exit_code
    if wish.contract is not None:
        raise CertifyError("--contract goes with one connector; -C was given several times")
    codes = [_certify_of_many(wish, folder, display) for folder in folders]
    display.all_done()
    return max(codes, key=_GRAVITY.index)


def _folders(wish: Wish) -> list[Path]:
    if wish.example and wish.folders:
        raise CertifyError("--example brings its own connector; leave -C out")
    if wish.example:
        return [Path(str(resources.files("certify_example")))]
    return list(dict.fromkeys(wish.folders)) or [Path.cwd()]


def _certify_of_many(wish: Wish, folder: Path, display: Display) -> int:
    """One of several: its report goes into a folder of its own, its errors do not stop the others."""
    try:
        contract = load_contract(folder, None)
        into = wish.artifact_dir / contract.connector if wish.artifact_dir else None
        return _certify_one(wish, folder, into, display).exit_code
    except CertifyError as error:
        display.refused(folder, error)
        return 2


def _certify_one(wish: Wish, folder: Path, artifact_dir: Path | None, display: Display) -> Report:
    contract = load_contract(folder, wish.contract)
    interpreter = wish.interpreter.absolute() if wish.interpreter else None
    order = Order(
        root=str(contract.root),
        contract=str(contract.path),
        only=wish.only,
        interpreter=str(interpreter) if interpreter else None,
    )
    into = _artifact_dir(wish, contract, artifact_dir)
    started, clock = _now(), time.monotonic()
    display.begin(contract)
    listener = Listener(display)
    try:
        ran = run_isolated(order, listener, wish.workers)
    finally:
        display.end_of_run()
    planned = _planned(order, contract, ran, listener)
    report = judge(
        contract,
        planned.plan,
        listener.outcomes,
        connector_facts(contract, subject_of(contract).version, into),
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
        ),
        _file_names(contract) if into else None,
    )
    if into is not None:
        write_set(into, rendered(report, contract))
    display.finish(report, into)
    return report


def _planned(order: Order, contract: Contract, ran: Ran, listener: Listener) -> Planned:
    """The plan as the run had it; whatever kept the run from starting is told now, in one line."""
    planned = plan_order(order, contract)
    if not listener.began:
        raise CertifyError(f"the run did not start: {complaint(ran)}")
    return planned


def _artifact_dir(wish: Wish, contract: Contract, artifact_dir: Path | None) -> Path | None:
    """Where the report goes. A selection is no certification: it writes only where it is told to."""
    if artifact_dir is not None:
        return artifact_dir.absolute()
    if wish.only:
        return None
    if wish.example:
        raise CertifyError("--example needs --artifact-dir DIR for its report")
    return contract.root / contract.evidence.artifacts_dir


def _file_names(contract: Contract) -> dict[str, str]:
    """Format → file name, as the contract may rename them."""
    renamed = {"json": contract.evidence.json_report, "markdown": contract.evidence.markdown_report}
    return (
        {"json": "certification_report.json"}
        | {name: one.file_name for name, one in load_formats().items() if name != "github"}
        | renamed
    )


def _command() -> str:
    return one_line(shlex.join(["certify", *sys.argv[1:]]))


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
