"""Play what was recorded as certify will, offline and with canaries, and tell what comes out otherwise."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certify.cli.live_config import LiveConfig
from certify.cli.recorded_drive import drive_plan
from certify.cli.recorder import DISCOVER, Scene, ending
from certify.contract import Contract
from certify.plugin.planted import planted_config
from certify.replay.cassette import NOTHING, Cassette, read_cassette
from certify.replay.clearing import Cleared
from certify.replay.matching import REDACTED
from certify.rules import Undecided
from certify.run import Run
from certify.sandbox.canaries import Seeded, seeded, with_tokens
from certify.sandbox.commands import DrivenCommand
from certify.sandbox.driven import DrivenSource
from certify.sandbox.protocols import COMMANDS
from certify.sandbox.recorded import Question, Take, asks_of
from certify.sandbox.zygote import Zygote
from certify.subject import Subject
from certify.text import counted


@dataclass(frozen=True)
class _Again:
    """What a scene came to when it was played: the run, and what a command said to a question."""

    run: Run
    said: tuple[Mapping[str, Any], ...] = ()


def planted_for(contract: Contract, subject: Subject, live: LiveConfig) -> Seeded:
    """The configuration of a replay: the contract's sample, or the live one, with canaries for secrets."""
    if subject.sample_config() is None:
        return seeded(live.config, contract.subject.secrets, contract.digest)
    return planted_config(contract, subject)


def replayed(
    contract: Contract,
    subject: Subject,
    interpreter: Path | None,
    planted: Seeded,
    takes: Mapping[Scene, Take],
    cleared: Mapping[str, Cleared],
    stream: str | None,
) -> dict[str, str]:
    """By the names of scenes: "" where it comes to the same, or why not."""
    cassettes, tokens = _read_back(cleared, contract.digest)
    plan = drive_plan(
        contract,
        subject,
        config=planted.config,
        environment=planted.environment,
        canaries=(*planted.named.values(), *tokens.values()),
        budget=7200.0,
        discovery=cassettes.get(DISCOVER, NOTHING),
    )
    drive = DrivenSource if plan.command is None else DrivenCommand
    with Zygote(interpreter) as zygote, drive(zygote, plan) as source:
        return {
            scene.name: _difference(source, scene, take, cassettes[scene.name], stream)
            for scene, take in takes.items()
        }


def _read_back(cleared: Mapping[str, Cleared], seed: str) -> tuple[dict[str, Cassette], dict[str, str]]:
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


def _difference(
    source: DrivenSource, scene: Scene, take: Take, cassette: Cassette, stream: str | None
) -> str:
    try:
        again = _play(source, scene, cassette, stream)
    except Undecided as error:
        return str(error)
    if again.run.missed:
        return str(again.run.missed[0].miss)
    if not again.run.succeeded:
        return f"the run fails: {ending(again.run)}"
    if again.said != take.said:
        return "it answers otherwise"
    return _other_rows(take.run, again.run)


def _play(source: DrivenSource, scene: Scene, cassette: Cassette, stream: str | None) -> _Again:
    if isinstance(source, DrivenCommand) and source.plan.command is not None:
        asks = asks_of(COMMANDS[source.plan.command.system], scene.question)
        if asks is not None:
            answer = source.ask(asks, cassette)
            return _Again(answer.run, answer.said.messages)
    is_check = scene.question is Question.CHECK
    return _Again(source.run(cassette, stream=stream, state=scene.state, check=is_check))


def _other_rows(live: Run, replayed: Run) -> str:
    if replayed.gives_rows_of(live):
        return ""
    if len(live.rows) != len(replayed.rows):
        return f"{counted(len(replayed.rows), 'row')} instead of {len(live.rows)}"
    changed = replayed.row_counts - live.row_counts
    return "" if all(REDACTED in row for _, row in changed) else f"{counted(changed.total(), 'row')} changed"
