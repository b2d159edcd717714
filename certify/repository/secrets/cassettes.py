"""Search recorded traffic for credentials that were not redacted."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, unquote, urlsplit

from certify.model import Location
from certify.repository.secrets.allowed import Place, has_expired, is_plain, why_allowed
from certify.repository.secrets.candidates import find_forms, lowered
from certify.repository.secrets.cassette_files import (
    MAX_CASSETTE_BYTES,
    Kind,
    Piece,
    TooManyLines,
    read_pieces,
)
from certify.repository.secrets.names import is_harmless, names_a_password, names_a_secret, shown_name
from certify.repository.secrets.randomness import looks_chosen, looks_drawn
from certify.repository.secrets.search import TOO_LONG, Advice, Secret, SecretSearch, secret_of
from certify.repository.secrets.work import CHARACTERS, FIELD, JUDGED, PIECE, Work
from certify.repository.tree import Repository

IN_CASSETTE = Advice(
    "a redacted value, such as REDACTED",
    "revoke it where it was issued; let the recorder leave it out (vcrpy: `filter_headers`, "
    "`filter_query_parameters`, `filter_post_data_parameters`, `before_record_response`), and record anew",
)

#: Cookies that say who is logged in; the others are of load balancers, bot guards and advertisers.
_LOGIN_COOKIE = re.compile(
    r".*(?:sess(?!ion_?track)|auth|token|jwt|login|remember|ticket|identity).*|(?:.*[._-])?s?sid(?:\.sig)?",
    re.IGNORECASE,
)
#: Besides the names that speak for themselves, the short ones that only addresses use.
_IN_ADDRESS = re.compile(r"key|sig|signature|auth|hapikey|appid|sid|session_?id|pass", re.IGNORECASE)
#: Signed addresses name the key that they were signed with.
_SIGNER = re.compile(r"x-(?:amz|goog)-credential", re.IGNORECASE)
_SESSION = re.compile(r".*session[-_]?(?:id|key)|.*sessid|sid", re.IGNORECASE)
_SCHEME = re.compile(
    r"(?:bearer|basic|token|apikey|bot|key|oauth|ssws|pat|digest|zoho-oauthtoken|klaviyo-api-key)\s+",
    re.IGNORECASE,
)
_STEM = re.compile(r"tok|secret|passw|pwd|key|auth|session|credential|jwt|bearer|cookie|passphrase|sid")
_FIELDS = (
    re.compile(r"([\w.@$-]{1,80})\\?\"\s*:\s*\\?\"([^\"\\]{4,4096})"),
    re.compile(r"([\w.\[\]-]{1,80})=([^&\s\"'<>;]{4,4096})"),
    re.compile(r"([\w-]{1,80})(?:\s[^<>]{0,200})?>([^<>]{4,4096})</"),
)
_WORD_BEFORE = re.compile(r"[\w.@$\[\]-]{0,60}\Z")
#: Of a long text, so much is looked at at once: what is made of it takes up to four times as much memory.
_STEP = 1024 * 1024
#: A password is typed; a session's identifier may be short; everything else is as long as a machine makes it.
_LEAST_TYPED = 4


def search_cassettes(repository: Repository, cassettes: Collection[str]) -> SecretSearch:
    """Search these recordings."""
    search = SecretSearch()
    for file in cassettes:
        data = repository.content(file, MAX_CASSETTE_BYTES)
        if data is None:
            limit = MAX_CASSETTE_BYTES // 2**20
            search.unread[file] = f"since it is larger than {limit} MiB, or not to be opened"
        elif search.work.is_over:
            search.unread[file] = TOO_LONG
        else:
            _search_cassette(search, file, data)
    return search


def _search_cassette(search: SecretSearch, file: str, data: bytes) -> None:
    search.read += 1
    seen: set[str] = set()
    try:
        for piece in read_pieces(data):
            for secret, value in _secrets(piece, file, search):
                # The same token stands in every request: once is enough.
                if value not in seen:
                    seen.add(value)
                    search.secrets.append(secret)
            search.work.spend(PIECE + len(piece.text) // CHARACTERS)
            if piece.is_cut:
                search.unread[file] = "to its end, since a body in it is so large when it is unpacked"
            if search.work.is_over:
                search.unread[file] = TOO_LONG
                return
    except TooManyLines:
        search.unread[file] = "to its end, since it has so many lines"


def _secrets(piece: Piece, file: str, search: SecretSearch) -> Iterator[tuple[Secret, str]]:
    """The credentials of a piece, each with its value, which is compared and kept nowhere."""
    named = []
    for name, value in _named(piece, search.work):
        search.work.spend(len(value) // JUDGED)
        if is_plain(value) or has_expired(value) or not _is_credential(piece.kind, name, value):
            search.allowed["redacted, or too plain for a credential"] += 1
            continue
        named.append(value)
        begins = value[:2] if len(value) >= 12 else ""
        words = f"a credential, recorded in {piece.kind.value}"
        where = Location(file, piece.line)
        yield Secret(words, where, shown_name(name, value), len(value), begins, IN_CASSETTE), value
    for position, one in find_forms(piece.text, search.work):
        if any(one.value in value or value in one.value for value in named):
            continue
        if why_allowed(one, Place.SHIPPED) is None:
            told = secret_of(replace(one, file=file, line=piece.line_at(position)))
            words = f"{told.words}, recorded in {piece.kind.value}"
            yield Secret(words, told.location, told.name, told.length, told.begins, IN_CASSETTE), one.value


def _named(piece: Piece, work: Work) -> Iterator[tuple[str, str]]:
    """Names that hold credentials in a piece, and what stands there."""
    if piece.kind is Kind.URI:
        yield from _in_address(piece.text)
    elif piece.kind in (Kind.REQUEST_BODY, Kind.RESPONSE_BODY):
        yield from _in_body(piece.text, work)
    elif piece.name.lower() in ("cookie", "set-cookie"):
        yield from _in_cookie(piece)
    elif piece.name.lower() in ("location", "link", "referer"):
        yield from _in_address(piece.text)
    elif names_a_secret(piece.name):
        yield piece.name, bare_credential(piece.text)


def credentials_in(data: bytes) -> tuple[list[tuple[Secret, str]], SecretSearch]:
    """The credentials of a recording that is not written yet, each with its value, and the search itself."""
    search = SecretSearch()
    found: list[tuple[Secret, str]] = []
    for piece in read_pieces(data):
        found += _secrets(piece, "", search)
        search.work.spend(PIECE + len(piece.text) // CHARACTERS)
        if search.work.is_over:
            search.unread["the recording"] = TOO_LONG
            break
    return found, search


def bare_credential(header: str) -> str:
    """A header's credential without its scheme; of `Basic` the password, or the user where that is all."""
    scheme = _SCHEME.match(header)
    value = header[scheme.end() :].strip() if scheme else header.strip()
    if scheme and scheme[0].lower().startswith("basic"):
        try:
            user, _, password = base64.b64decode(value).decode("utf-8", "replace").partition(":")
        except (binascii.Error, ValueError):
            return value
        # `Basic key:` is a service's key, but a client's name alone is none.
        return password or (user if looks_drawn(user) else "")
    return value


def _in_cookie(piece: Piece) -> Iterator[tuple[str, str]]:
    # Set-Cookie has one cookie and its attributes, Cookie as many as there are.
    parts = piece.text.split(";")[: 1 if piece.name.lower() == "set-cookie" else 100]
    for part in parts:
        name, _, value = part.strip().partition("=")
        if _LOGIN_COOKIE.fullmatch(name) and not is_harmless(name):
            yield f"{piece.name} {name}", value


def _in_address(text: str) -> Iterator[tuple[str, str]]:
    try:
        parts = urlsplit(text.strip())
        pairs = parse_qsl(parts.query, max_num_fields=1000)
    except ValueError:
        return
    if parts.password:
        yield "password", unquote(parts.password)
    for name, value in pairs:
        if (names_a_secret(name) or _IN_ADDRESS.fullmatch(name)) and not _SIGNER.fullmatch(name):
            yield name, value


def _in_body(text: str, work: Work) -> Iterator[tuple[str, str]]:
    """Fields of JSON, of a form, and elements of XML, wherever in the text they stand."""
    seen = -1
    for stem in _stems(text):
        work.spend(FIELD)
        if work.is_over:
            return
        before = _WORD_BEFORE.search(text, max(0, stem - 60), stem)
        start = before.start() if before else stem
        if start <= seen:
            continue
        seen = start
        for form in _FIELDS:
            found = form.match(text, start)
            if found and (names_a_secret(found[1]) or _SESSION.fullmatch(found[1])):
                yield found[1], bare_credential(unquote(found[2]) if form is _FIELDS[1] else found[2])
                break


def _stems(text: str) -> Iterator[int]:
    """Where a part of a secret's name stands."""
    for start in range(0, len(text), _STEP):
        part = lowered(text[start : start + _STEP + 20])
        yield from (start + stem.start() for stem in _STEM.finditer(part))


def _is_credential(kind: Kind, name: str, value: str) -> bool:
    """Whether the value could open something: what a client sends is taken for one sooner."""
    if looks_drawn(value):
        return True
    sent = kind in (Kind.REQUEST_HEADER, Kind.REQUEST_BODY, Kind.URI)
    if sent and names_a_password(name):
        return len(value) >= _LEAST_TYPED
    return sent and looks_chosen(value, kinds=2)
