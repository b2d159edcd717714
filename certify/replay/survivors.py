"""Tell where a known secret is left in recorded traffic."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from certify.replay.cassette import Recorded
from certify.replay.known_secrets import KnownSecrets, Sighting
from certify.replay.recorded_texts import json_texts, text_of


@dataclass(frozen=True)
class Survivor:
    """A known secret that is left: where, which one, and in which form."""

    where: str
    name: str
    form: str

    def __str__(self) -> str:
        return f"{self.where}: holds {self.name}, {self.form}"


def survivors(recorded: Iterable[Recorded], known: KnownSecrets) -> list[Survivor]:
    """Where a known secret is left, each place once."""
    found: dict[Survivor, None] = {}
    for number, one in enumerate(recorded, 1):
        shown = known.redacted(f"{one.asked}")
        for part, text in _texts(one, known):
            for seen in _sightings(text, known):
                found[Survivor(f"request {number} ({shown}): {part}", seen.name, seen.form)] = None
    return list(found)


def _sightings(text: str, known: KnownSecrets) -> Iterator[Sighting]:
    """Also where some of its characters are URL-encoded, and others need not be."""
    plain = (unquote(text), unquote_plus(text)) if "%" in text else ()
    for form in (text, *plain):
        found = list(known.sightings(form))
        if found:
            yield from found
            return


def _texts(one: Recorded, known: KnownSecrets) -> Iterator[tuple[str, str]]:
    """All that a cassette keeps of it, each with its place."""
    asked, answer = one.asked, one.answer
    yield "the address", f"{asked.host}{asked.target}"
    for name, value in asked.headers.items():
        yield f"the header {known.redacted(name)}", value
    yield from _body_texts("the body", asked.body, known)
    yield "the reason of the answer", answer.reason
    for name, value in answer.headers:
        yield f"the header {known.redacted(name)} of the answer", value
    yield from _body_texts("the answer", answer.body, known)


def _body_texts(words: str, body: bytes, known: KnownSecrets) -> Iterator[tuple[str, str]]:
    text = text_of(body)
    try:
        places = list(json_texts(json.loads(text)))
    except (ValueError, RecursionError):
        yield words, text
        return
    # All at once: hardly any answer holds one, and most are long.
    if any(_sightings("\0".join(value for _, value in places), known)):
        for path, value in places:
            yield f"{words} at {known.redacted(path)}", value
    else:
        yield words, text  # across the borders of its values, or in what its reader drops
