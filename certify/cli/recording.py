"""Record cassettes: run the connector against its live API once, and write what was said, without secrets."""

from __future__ import annotations

import os
from pathlib import Path

from certify.cli.live_config import LiveConfig, live_config
from certify.cli.recorded_drive import command_in, config_schema, drive_plan, recorded_in
from certify.cli.recorded_replay import planted_for, replayed
from certify.cli.recorder import (
    CHECK,
    DISCOVER,
    FULL_REFRESH,
    INCREMENTAL,
    RESUME,
    Recorder,
    RecordingWish,
    Scene,
)
from certify.cli.recording_display import RecordingDisplay, Written
from certify.cli.termination import interrupted_when_terminated
from certify.contract import Contract, load_contract
from certify.errors import CertifyError
from certify.replay.clearing import Cleared, clear
from certify.replay.known_secrets import KnownSecrets
from certify.replay.live import LiveApi
from certify.replay.redaction import without_retries
from certify.replay.writing import write_cassettes
from certify.sandbox.installed import installed_in
from certify.sandbox.recorded import Take
from certify.sandbox.zygote import Zygote
from certify.subject import Subject
from certify.systems import complete, subject_of

_USUAL_FOLDER = "certification/cassettes"
_ENDINGS = (".yaml", ".yml", ".json")


def record_cassettes(wish: RecordingWish) -> int:
    """Record what is wished; returns the exit code. Raises CertifyError."""
    contract = complete(load_contract(wish.folder, wish.contract))
    folder = _folder(contract)
    _refuse_existing(wish, contract, folder)
    command = command_in(contract)
    if command is not None and wish.stream is not None:
        raise CertifyError("--stream: a command is read whole, every stream of its catalog; leave it out")
    interpreter = _interpreter(wish)
    subject = subject_of(contract, installed_in(interpreter))
    schema = config_schema(contract, subject, interpreter)
    live = live_config(contract, subject, schema, wish.config)
    known = KnownSecrets(live.secrets)
    display = RecordingDisplay(contract, known)
    display.begin(live.source, contract.policy.egress_hosts)
    planted = planted_for(contract, subject, live)
    try:
        with interrupted_when_terminated():
            takes = _takes(wish, contract, subject, live, known, display)
            cleared = _cleared(takes, known)
            wanted = [scene for scene in takes if wish.wants(scene.kind)]
            refused = [f"{one.name}: {place}" for one in wanted for place in cleared[one.name].left]
            if refused:
                return display.refused(refused)
            seen = replayed(contract, subject, interpreter, planted, takes, cleared, wish.stream)
    except KeyboardInterrupt:
        return display.interrupted()
    finally:
        display.end_of_runs()
    write_cassettes(folder, {f"{scene.name}.yaml": cleared[scene.name].text for scene in wanted})
    return display.finish(
        folder,
        [
            Written(
                scene.name,
                takes[scene],
                cleared[scene.name],
                seen[scene.name],
                folder / f"{scene.name}.yaml",
            )
            for scene in wanted
        ],
        live.without_canary(planted),
    )


# --- before ---------------------------------------------------------------------------------------


def _folder(contract: Contract) -> Path:
    folder = contract.root / (contract.replay.cassettes or _USUAL_FOLDER)
    if not Path(os.path.realpath(folder)).is_relative_to(contract.root):
        raise CertifyError(
            f"{contract.at('replay', 'cassettes')}: replay.cassettes: a link leads out of the connector's "
            f"folder, to {os.path.realpath(folder)}; remove it"
        )
    return folder


def _refuse_existing(wish: RecordingWish, contract: Contract, folder: Path) -> None:
    """Say before the run that a cassette is there already."""
    stems = [name for name in (FULL_REFRESH, INCREMENTAL, CHECK, DISCOVER) if wish.wants(name)]
    there = [folder / f"{stem}{ending}" for stem in stems for ending in _ENDINGS]
    if wish.wants(RESUME) and folder.is_dir():
        there += sorted(folder.glob(f"{RESUME}@[0-9]*.yaml"))
    for path in there:
        if not os.path.lexists(path):
            continue
        shown = path.relative_to(contract.root)
        if not wish.refresh:
            raise CertifyError(f"{shown}: is there already; --refresh records it anew")
        if path.suffix != ".yaml":
            raise CertifyError(f"{shown}: is recorded as {path.stem}.yaml from now on; remove it first")


# --- the runs -------------------------------------------------------------------------------------


def _takes(
    wish: RecordingWish,
    contract: Contract,
    subject: Subject,
    live: LiveConfig,
    known: KnownSecrets,
    display: RecordingDisplay,
) -> dict[Scene, Take]:
    """Every run that is wanted, by its scene; what they show to be a secret is `known` then."""
    plan = drive_plan(contract, subject, config=live.config, environment=live.environment)
    with Zygote(_interpreter(wish)) as zygote, recorded_in(zygote, plan) as source:
        if source.import_error is not None:
            raise CertifyError(f"the connector cannot be imported: {display.safe(source.import_error)}")
        recorder = Recorder(wish, LiveApi(contract.policy.egress_hosts), source, known, display)
        takes = dict(recorder.takes())
    if not any(wish.wants(scene.kind) for scene in takes):
        raise CertifyError("there is nothing to record")
    return takes


def _interpreter(wish: RecordingWish) -> Path | None:
    return wish.interpreter.absolute() if wish.interpreter else None


def _cleared(takes: dict[Scene, Take], known: KnownSecrets) -> dict[str, Cleared]:
    return {scene.name: clear(without_retries(take.recorded), known) for scene, take in takes.items()}
