"""Secrets whose values are known: find them in a text in every form in which a credential travels."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus

from certify.replay.matching import REDACTED
from certify.repository.secrets.names import names_a_secret
from certify.repository.secrets.randomness import looks_drawn

#: Shorter ones stand in any text by chance.
LEAST = 6
#: Shorter ones are found as words alone,
_LEAST_WITHIN = 8
#: and shorter encoded ones not at all.
_LEAST_ENCODED = 8
_ESCAPE = re.compile(r"%[0-9a-fA-F]{2}")
_WORD, _BASE64 = re.compile(r"\w"), re.compile(r"[A-Za-z0-9+/=_-]")


@dataclass(frozen=True)
class KnownSecret:
    """A secret and what it is called."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class Sighting:
    """A known secret that stands in a text: its name, in which form, and from where to where."""

    name: str
    form: str
    start: int
    end: int


class KnownSecrets:
    """All that are known of one recording; those too short to be told from other text are `too_short`."""

    def __init__(self, secrets: Iterable[KnownSecret] = ()) -> None:
        self._forms: dict[str, tuple[str, str]] = {}
        self._any: re.Pattern[str] | None = None
        self.too_short: list[str] = []
        for one in secrets:
            self.add(one)

    def add(self, secret: KnownSecret) -> None:
        """Take one up, and what is secret within it, where it is a key or a key file."""
        for one in (secret, *_parts(secret)):
            if len(one.value) < LEAST:
                self.too_short.append(one.name)
                continue
            for text, form in forms_of(one.value):
                self._forms.setdefault(_in_one_case(text), (one.name, form))
        self._any = None

    def __bool__(self) -> bool:
        return bool(self._forms)

    def sightings(self, text: str) -> Iterator[Sighting]:
        """Where they stand, from left to right."""
        if self._any is None:
            longest_first = sorted(map(re.escape, self._forms), key=len, reverse=True)
            self._any = re.compile("|".join(longest_first) or r"(?!)")
        for found in self._any.finditer(_in_one_case(text)):
            name, form = self._forms[found[0]]
            start, end = found.span()
            if len(found[0]) >= _LEAST_WITHIN or _stands_alone(text, start, end):
                yield Sighting(name, form, start, end)

    def redacted(self, text: str) -> str:
        """The text without them."""
        made, position = [], 0
        for one in self.sightings(text):
            start, end = _whole(text, one)
            if start >= position:
                made += [text[position:start], REDACTED]
                position = end
        return "".join([*made, text[position:]])


def _parts(secret: KnownSecret) -> Iterator[KnownSecret]:
    for line in secret.value.splitlines() if "\n" in secret.value.strip() else ():
        if looks_drawn(line.strip()):
            yield KnownSecret(f"{secret.name} (a line)", line.strip())
    if not secret.value.lstrip().startswith("{"):
        return
    try:
        document = json.loads(secret.value)
    except (ValueError, RecursionError):
        return
    for key, value in document.items() if isinstance(document, dict) else ():
        if isinstance(value, str) and (names_a_secret(key) or looks_drawn(value)):
            part = KnownSecret(f"{secret.name} ({key})", value)
            yield part
            yield from _parts(part)


def forms_of(value: str) -> Iterable[tuple[str, str]]:
    """The texts that a value becomes, each with the words for it."""
    forms = {value: "as it is"}
    for encoded in (quote(value, safe=""), quote(value), quote_plus(value)):
        forms.setdefault(encoded, "URL-encoded")
        forms.setdefault(quote(encoded, safe=""), "URL-encoded twice")
    for escaped in (_in_json(value), _in_json(value, ensure_ascii=False)):
        forms.setdefault(escaped, "JSON-escaped")
        forms.setdefault(escaped.replace("/", "\\/"), "JSON-escaped")
        forms.setdefault(_in_json(escaped), "JSON-escaped twice")
    forms.setdefault(html.escape(value), "escaped for HTML")
    data = value.encode("utf-8", "surrogatepass")
    if len(data) >= _LEAST_ENCODED:
        forms.setdefault(data.hex(), "in hexadecimal digits")
        forms.setdefault(data.hex().upper(), "in hexadecimal digits")
        for middle in _base64_middles(data):
            forms.setdefault(middle, "in base64")
            forms.setdefault(quote(middle, safe=""), "in base64, URL-encoded")
    return forms.items()


def _in_one_case(text: str) -> str:
    """The text, as long as before, with `%2f` as `%2F`: both are written (RFC 3986, 2.1)."""
    return _ESCAPE.sub(lambda found: found[0].upper(), text) if "%" in text else text


def _in_json(value: str, **how: Any) -> str:
    return json.dumps(value, **how)[1:-1]


def _base64_middles(data: bytes) -> Iterator[str]:
    """What every base64 of a text with this in it holds: the digits at its ends depend on what is beside.

    `Basic` is the base64 of `user:password`, so a password begins at any of three places of a group.
    """
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            digits = encode(bytes(before) + data).decode("ascii").rstrip("=")
            yield digits[-(-8 * before // 6) : len(digits) - bool((before + len(data)) % 3)]


def _stands_alone(text: str, start: int, end: int) -> bool:
    return not (_WORD.match(text[start - 1 : start]) or _WORD.match(text[end : end + 1]))


def _whole(text: str, one: Sighting) -> tuple[int, int]:
    """From where to where it is replaced: all of the base64 that it stands in."""
    start, end = one.start, one.end
    if "base64" in one.form:
        while start and _BASE64.match(text[start - 1]):
            start -= 1
        while end < len(text) and _BASE64.match(text[end]):
            end += 1
    return start, end
