"""Secrets that are none: values in the place of credentials, told wherever they come out."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from certify.replay.cassette import Answer, Cassette
from certify.replay.matching import is_redacted, names_a_token_call
from certify.repository.secrets.names import names_a_secret

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LEAST = 24


@dataclass(frozen=True)
class Seeded:
    """A configuration with canaries in it; `environment` holds those that it referred to as `${NAME}` too.

    `named` tells each canary by the path of the secret whose place it takes.
    """

    config: dict[str, Any]
    environment: dict[str, str]
    named: dict[str, str]


def seeded(config: Mapping[str, Any], secrets: Sequence[str], seed: str) -> Seeded:
    """Put a canary at each secret path (`auth.client_secret`, `keys.0`), the same ones for the same seed."""
    made = copy.deepcopy(dict(config))
    environment: dict[str, str] = {}
    named: dict[str, str] = {}
    for path in secrets:
        holder, _, name = path.rpartition(".")
        place: Any = made
        for key in holder.split(".") if holder else ():
            place = _inner(place, key)
        key = _key(place, name)
        if key is None:
            continue
        said = place.get(key) if isinstance(place, dict) else place[key]
        canary = _canary(f"{seed}:{path}", len(said) if isinstance(said, str) else 0)
        named[path] = canary
        reference = _REFERENCE.fullmatch(said) if isinstance(said, str) else None
        if reference:
            environment[reference[1]] = canary
        place[key] = canary
    return Seeded(made, environment, named)


def replaced(value: Any, text: str, by: str) -> Any:
    """The value with another text in the place of this one, wherever it stands."""
    if isinstance(value, dict):
        return {key: replaced(one, text, by) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, text, by) for one in value]
    return value.replace(text, by) if isinstance(value, str) else value


def _inner(place: Any, name: str) -> Any:
    if isinstance(place, dict):
        return place.setdefault(name, {})
    key = _key(place, name)
    return None if key is None else place[key]


def _key(place: Any, name: str) -> Any:
    """What a name is in a mapping or a list; None where there is no such place."""
    if isinstance(place, dict):
        return name
    is_there = isinstance(place, list) and name.isdecimal() and int(name) < len(place)
    return int(name) if is_there else None


def _canary(seed: str, length: int) -> str:
    digest = hashlib.sha256(seed.encode("utf-8")).hexdigest() * 4
    return ("cfy" + digest)[: max(_LEAST, min(length, 200))]


def with_tokens(cassette: Cassette, seed: str) -> tuple[Cassette, dict[str, str]]:
    """The cassette with a canary for each token that a token call's recorded answer redacts.

    The second value tells each by the name of its field. A token that was recorded as it was stays.
    """
    named: dict[str, str] = {}
    recorded = tuple(
        replace(one, answer=_with_canaries(one.answer, seed, named)) if names_a_token_call(one.asked) else one
        for one in cassette.recorded
    )
    return replace(cassette, recorded=recorded), named


def _with_canaries(answer: Answer, seed: str, named: dict[str, str]) -> Answer:
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return answer
    if not isinstance(said, dict):
        return answer
    for name, value in said.items():
        if isinstance(value, str) and names_a_secret(name):
            if is_redacted(value):
                said[name] = _canary(f"{seed}:answer:{name}", len(value))
            named[name] = said[name]
    return replace(answer, body=json.dumps(said).encode())
