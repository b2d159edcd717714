"""Take credentials out of recorded traffic, and tell where a known one is left.

What the connector sends is cleared of all that is known, and of all that is named like a credential. What
the API answers is data: there only tokens, and fields named like a credential that hold one, are replaced.
A known secret anywhere else in an answer is not cleared without a word: it is told, and nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from urllib.parse import parse_qsl, unquote_plus

from certify.replay.cassette import Answer, Asked, Recorded
from certify.replay.known_secrets import KnownSecret, KnownSecrets
from certify.replay.matching import REDACTED, names_a_token_call
from certify.replay.recorded_texts import Change, in_fields, in_json, text_of
from certify.repository.secrets import names
from certify.repository.secrets.allowed import is_plain
from certify.repository.secrets.cassettes import bare_credential
from certify.repository.secrets.randomness import looks_chosen, looks_drawn

#: Besides the names that speak for themselves.
_COOKIES = ("cookie", "set-cookie")
_IN_ADDRESS = re.compile(r"key|sig|signature|auth|hapikey|appid|sid|session_?id|pass", re.IGNORECASE)
#: In the answer to a call for a token, fields that elsewhere hold no credential.
_TOKEN_FIELD = re.compile(r"id_?token|.*session[-_]?(?:id|key)|sid", re.IGNORECASE)
_WITH_QUERY = re.compile(r"[^\s?]*\?[^\s=]+=\S*")
#: What is learned from traffic alone and is shorter is not looked for elsewhere.
_LEAST_LEARNED = 8
#: Answers after which a connector asks again, and gets the page.
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})

#: The names of fields stand in every row.
names_a_secret = lru_cache(4096)(names.names_a_secret)


def without_retries(recorded: Iterable[Recorded]) -> tuple[Recorded, ...]:
    """The happy path: without the errors after which the same request was answered."""
    kept: list[Recorded] = []
    answered: set[tuple[str, str, str, bytes]] = set()
    for one in reversed(list(recorded)):
        if one.answer.status in _RETRIED and one.asked.essence in answered:
            continue
        answered.add(one.asked.essence)
        kept.append(one)
    return tuple(reversed(kept))


def learn(recorded: Iterable[Recorded], known: KnownSecrets) -> None:
    """Take up what the traffic itself shows to be a credential: what was sent as one, tokens that came."""
    for one in recorded:
        for name, value in (*_sent(one.asked), *_issued(one)):
            if len(value) >= _LEAST_LEARNED and not is_plain(value) and _opens_something(value):
                known.add(KnownSecret(name, value))


def redact(one: Recorded, known: KnownSecrets) -> tuple[Recorded, int]:
    """One request and its answer without credentials, and in how many places there were any."""
    redactor = _Redactor(known)
    made = Recorded(redactor.asked(one.asked), redactor.answer(one.answer, names_a_token_call(one.asked)))
    return made, redactor.places


# --- what is known by the traffic -----------------------------------------------------------------


def _sent(asked: Asked) -> Iterator[tuple[str, str]]:
    for name, value in asked.headers.items():
        if name == "cookie":
            for part in value.split(";"):
                cookie, _, content = part.strip().partition("=")
                yield f"the cookie {cookie}", content
        elif names_a_secret(name):
            yield f"the header {name}", bare_credential(value)
    for name, value in _pairs(asked.query):
        if names_a_secret(name) or _IN_ADDRESS.fullmatch(name):
            yield f"the parameter {name}", value


def _issued(one: Recorded) -> Iterator[tuple[str, str]]:
    if not names_a_token_call(one.asked):
        return
    noted: list[tuple[str, str]] = []

    def note(name: str, value: str) -> str:
        if _names_a_token(name):
            noted.append((f"the {name} that {one.asked.host} issued", value))
        return value

    in_fields(text_of(one.answer.body), note)
    yield from noted


def _names_a_token(name: str) -> bool:
    return names_a_secret(name) or _TOKEN_FIELD.fullmatch(name) is not None


def _opens_something(value: str) -> bool:
    return looks_drawn(value) or looks_chosen(value, kinds=2)


# --- what is replaced -----------------------------------------------------------------------------


class _Redactor:
    """Makes one request and answer anew, and counts what it replaces."""

    def __init__(self, known: KnownSecrets) -> None:
        self._known = known
        self.places = 0

    def asked(self, asked: Asked) -> Asked:
        headers = {
            name: self._counted(value, self._sent_header(name, value))
            for name, value in asked.headers.items()
        }
        return replace(
            asked,
            path=self._counted(asked.path, self._known.redacted(asked.path)),
            query=self._form(asked.query, self._sent_parameter),
            headers=headers,
            body=self._sent_body(asked.body, asked.headers.get("content-type", "")),
        )

    def answer(self, answer: Answer, is_token: bool) -> Answer:
        headers = tuple(
            (name, self._counted(value, self._header(name, value))) for name, value in answer.headers
        )
        change = self._token_field if is_token else self._field
        try:
            text = answer.body.decode("utf-8")
        except UnicodeDecodeError:
            return replace(answer, headers=headers)
        fields = in_fields(text, lambda name, value: self._counted(value, change(name, value)), is_token)
        return replace(answer, headers=headers, body=fields.encode("utf-8"))

    def _counted(self, before: str, after: str) -> str:
        self.places += before != after
        return after

    def _sent_header(self, name: str, value: str) -> str:
        if name in _COOKIES or names_a_secret(name):
            return REDACTED
        return self._known.redacted(value)

    def _header(self, name: str, value: str) -> str:
        if name == "set-cookie":
            return re.sub(r"=[^;]*", f"={REDACTED}", value, count=1)
        if names_a_secret(name):
            return REDACTED
        return self._address(value) if name in ("location", "link", "content-location", "refresh") else value

    def _sent_parameter(self, name: str, value: str) -> str:
        if value and (names_a_secret(name) or (_IN_ADDRESS.fullmatch(name) and _opens_something(value))):
            return REDACTED
        return self._known.redacted(value)

    def _sent_body(self, body: bytes, kind: str) -> bytes:
        if not body:
            return body
        text = text_of(body)
        if "urlencoded" in kind:
            changed = self._form(text, self._sent_parameter)
        elif text.lstrip()[:1] in ("{", "["):
            changed = in_json(
                text, lambda name, value: self._counted(value, self._sent_parameter(name, value))
            )
        else:
            changed = self._counted(text, self._known.redacted(text))
        return body if changed == text else changed.encode("utf-8", "surrogateescape")

    def _form(self, text: str, change: Change) -> str:
        """A query or a form, as it is written but for what is replaced."""
        parts = []
        for part in text.split("&"):
            name, equals, value = part.partition("=")
            before = unquote_plus(value)
            after = self._counted(before, change(unquote_plus(name), before)) if equals else before
            parts.append(f"{name}={after}" if equals and after != before else part)
        return "&".join(parts)

    def _token_field(self, name: str, value: str) -> str:
        return REDACTED if _names_a_token(name) and value else self._field(name, value)

    def _field(self, name: str, value: str) -> str:
        if names_a_secret(name) and not is_plain(value) and _opens_something(value):
            return REDACTED
        return self._address(value) if "?" in value else value

    def _address(self, text: str) -> str:
        """A text with addresses in it, such as that of the next page: their credentials are replaced."""
        return _WITH_QUERY.sub(lambda found: self._address_query(found[0]), text)

    def _address_query(self, address: str) -> str:
        place, _, query = address.partition("?")
        parts = []
        for part in query.split("&"):
            name, equals, value = part.partition("=")
            is_secret = names_a_secret(name) or (
                _IN_ADDRESS.fullmatch(name) and _opens_something(unquote_plus(value))
            )
            parts.append(f"{name}={REDACTED}" if equals and value and is_secret else part)
        return f"{place}?{'&'.join(parts)}"


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, max_num_fields=1000)
    except ValueError:
        return []
