"""Record cassettes: run the connector against its live API once, and write what was said, without secrets."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from certify.cli.live_config import LiveConfig, live_config
from certify.cli.recorder import (
    CHECK,
    FULL_REFRESH,
    INCREMENTAL,
    RESUME,
    Recorder,
    RecordingWish,
    Scene,
    ending,
)
from certify.cli.recording_display import RecordingDisplay, Written
from certify.contract import Contract, load_contract
from certify.errors import CertifyError
from certify.replay.cassette import Cassette, read_cassette
from certify.replay.clearing import Cleared, clear
from certify.replay.known_secrets import KnownSecrets
from certify.replay.live import LiveApi
from certify.replay.matching import REDACTED
from certify.replay.redaction import without_retries
from certify.replay.writing import write_cassettes
from certify.rules import Undecided
from certify.run import Run
from certify.sandbox.canaries import seeded, with_tokens
from certify.sandbox.driven import DrivenSource, DrivePlan
from certify.sandbox.installed import installed_in
from certify.sandbox.recorded import RecordedSource, Take
from certify.sandbox.zygote import Zygote
from certify.subject import Subject
from certify.systems import complete, subject_of
from certify.text import counted

_USUAL_FOLDER = "certification/cassettes"
_ENDINGS = (".yaml", ".yml", ".json")
_NEEDS_SOURCE = 'subject.source names no factory; add `source: "your_package.source:make_source"`'


def record_cassettes(wish: RecordingWish) -> int:
    """Record what is wished; returns the exit code. Raises CertifyError."""
    contract = complete(load_contract(wish.folder, wish.contract))
    folder = _folder(contract)
    _refuse_existing(wish, contract, folder)
    subject = subject_of(contract, installed_in(_interpreter(wish)))
    live = live_config(contract, subject, wish.config)
    known = KnownSecrets(live.secrets)
    display = RecordingDisplay(contract, known)
    display.begin(live.source, contract.policy.egress_hosts)
    try:
        takes = _takes(wish, contract, subject, live, known, display)
        cleared = _cleared(takes, known)
        refused = [f"{name}: {place}" for name, one in cleared.items() for place in one.left]
        if refused:
            return display.refused(refused)
        seen = _replayed(wish, contract, subject, live, takes, cleared)
    except KeyboardInterrupt:
        return display.interrupted()
    finally:
        display.end_of_runs()
    write_cassettes(folder, {f"{scene.name}.yaml": cleared[scene.name].text for scene in takes})
    return display.finish(
        folder,
        [
            Written(scene.name, take, cleared[scene.name], seen[scene.name], folder / f"{scene.name}.yaml")
            for scene, take in takes.items()
        ],
        live.unnamed(contract),
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
    stems = [name for name in (FULL_REFRESH, INCREMENTAL, CHECK) if wish.wants(name)]
    there = [folder / f"{stem}{ending}" for stem in stems for ending in _ENDINGS]
    if wish.wants(RESUME) and folder.is_dir():
        there += sorted(folder.glob(f"{RESUME}@*.yaml"))
    for path in there:
        if not os.path.lexists(path):
            continue
        shown = path.relative_to(contract.root)
        if not wish.refresh:
            raise CertifyError(f"{shown}: is there already; --refresh records it anew")
        if path.suffix != ".yaml":
            raise CertifyError(f"{shown}: is recorded as {path.stem}.yaml from now on; remove it first")


# --- the runs -------------------------------------------------------------------------------------


def _plan(contract: Contract, subject: Subject, **given: Any) -> DrivePlan:
    source = contract.subject.source
    if source is None:
        raise CertifyError(f"{contract.at('subject')}: {_NEEDS_SOURCE}")
    try:
        package = subject.package()
    except Undecided as error:
        raise CertifyError(f"{contract.file}: {error}") from error
    path = (package.path,) if package.path else ()
    return DrivePlan(source=source, path=path, modules=(source.partition(":")[0],), **given)


def _interpreter(wish: RecordingWish) -> Path | None:
    return wish.interpreter.absolute() if wish.interpreter else None


def _takes(
    wish: RecordingWish,
    contract: Contract,
    subject: Subject,
    live: LiveConfig,
    known: KnownSecrets,
    display: RecordingDisplay,
) -> dict[Scene, Take]:
    """Every run that is wanted, by its scene; what they show to be a secret is `known` then."""
    plan = _plan(contract, subject, config=live.config, environment=live.environment)
    with Zygote(_interpreter(wish)) as zygote, RecordedSource(zygote, plan) as source:
        if source.import_error is not None:
            raise CertifyError(f"the connector cannot be imported: {display.safe(source.import_error)}")
        recorder = Recorder(wish, LiveApi(contract.policy.egress_hosts), source, known, display)
        takes = dict(recorder.takes())
    if not takes:
        raise CertifyError("there is nothing to record")
    return takes


# --- after ----------------------------------------------------------------------------------------


def _cleared(takes: dict[Scene, Take], known: KnownSecrets) -> dict[str, Cleared]:
    return {scene.name: clear(without_retries(take.recorded), known) for scene, take in takes.items()}


def _replayed(
    wish: RecordingWish,
    contract: Contract,
    subject: Subject,
    live: LiveConfig,
    takes: dict[Scene, Take],
    cleared: dict[str, Cleared],
) -> dict[str, str]:
    """Play each as certify will, offline and with canaries: "" where the rows are the same, or why not."""
    sample = subject.sample_config()
    config = sample.value if sample is not None and isinstance(sample.value, dict) else live.config
    planted = seeded(config, contract.subject.secrets, contract.digest)
    cassettes, tokens = _read_back(cleared, contract.digest)
    plan = _plan(
        contract,
        subject,
        config=planted.config,
        environment=planted.environment,
        canaries=(*planted.named.values(), *tokens.values()),
        budget=7200.0,
    )
    seen = {}
    with Zygote(_interpreter(wish)) as zygote, DrivenSource(zygote, plan) as source:
        for scene, take in takes.items():
            cassette = cassettes[scene.name]
            run = source.run(cassette, stream=wish.stream, state=scene.state, check=scene.check)
            seen[scene.name] = _difference(take.run, run)
    return seen


def _read_back(cleared: dict[str, Cleared], seed: str) -> tuple[dict[str, Cassette], dict[str, str]]:
    """The cassettes as they will be read, with canaries for the tokens in them, and those canaries."""
    cassettes: dict[str, Cassette] = {}
    tokens: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="certify-") as place:
        for name, one in cleared.items():
            path = Path(place) / f"{name}.yaml"
            path.write_text(one.text, encoding="utf-8")
            cassettes[name], found = with_tokens(read_cassette(path, path.name), seed)
            tokens |= found
    return cassettes, tokens


def _difference(live: Run, replayed: Run) -> str:
    if replayed.missed:
        return str(replayed.missed[0].miss)
    if not replayed.succeeded:
        return f"the run fails: {ending(replayed)}"
    if replayed.gives_rows_of(live):
        return ""
    if len(live.rows) != len(replayed.rows):
        return f"{counted(len(replayed.rows), 'row')} instead of {len(live.rows)}"
    changed = replayed.row_counts - live.row_counts
    return "" if all(REDACTED in row for _, row in changed) else f"{counted(changed.total(), 'row')} changed"
