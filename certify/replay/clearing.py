"""Make a recording fit to be written: by what is known, by names, and by what looks drawn at random."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from certify.replay.cassette import Recorded
from certify.replay.known_secrets import KnownSecret, KnownSecrets
from certify.replay.redaction import redact
from certify.replay.survivors import survivors
from certify.replay.writing import cassette_text
from certify.repository.secrets.cassettes import credentials_in

#: What is found, once it is replaced, may have hidden something else.
_ROUNDS = 3


@dataclass(frozen=True)
class Cleared:
    """A recording as it may be written, unless something is `left`: one sentence a place, without values.

    `is_unsure`: it is too large to be searched to its end for what is not known.
    """

    recorded: tuple[Recorded, ...]
    text: str
    places: int
    left: tuple[str, ...]
    is_unsure: bool


def clear(recorded: Iterable[Recorded], known: KnownSecrets) -> Cleared:
    """Take credentials out, and tell what could not be taken out."""
    redacted = [redact(one, known) for one in recorded]
    pairs = tuple(one for one, _ in redacted)
    places = sum(count for _, count in redacted)
    for _ in range(_ROUNDS):
        text = cassette_text(pairs)
        found, search = credentials_in(text.encode("utf-8"))
        if not found:
            break
        drawn = KnownSecrets(KnownSecret("", value) for _, value in found)
        pairs = tuple(_without(one, drawn) for one in pairs)
        places += len(found)
    else:
        text = cassette_text(pairs)
    unknown = [f"line {one.location.line}: {one.words}" for one, _ in found]
    left = [*map(str, survivors(pairs, known)), *unknown]
    return Cleared(pairs, text, places, tuple(left), bool(search.unread))


def _without(one: Recorded, drawn: KnownSecrets) -> Recorded:
    asked, answer = one.asked, one.answer
    return Recorded(
        replace(
            asked,
            path=drawn.redacted(asked.path),
            query=drawn.redacted(asked.query),
            headers={name: drawn.redacted(value) for name, value in asked.headers.items()},
            body=_cleared(asked.body, drawn),
        ),
        replace(
            answer,
            headers=tuple((name, drawn.redacted(value)) for name, value in answer.headers),
            body=_cleared(answer.body, drawn),
        ),
    )


def _cleared(body: bytes, drawn: KnownSecrets) -> bytes:
    text = body.decode("utf-8", "surrogateescape")
    return drawn.redacted(text).encode("utf-8", "surrogateescape")
