"""Tell by its name whether a value is a secret, and find the name that a value stands under."""

from __future__ import annotations

import re
from itertools import pairwise

from certify.repository.secrets.randomness import looks_chosen, looks_drawn
from certify.repository.words import word_set, words_of

#: A name with one of these words, or one that ends so, holds a secret,
_SECRET_WORDS = word_set(
    "secret secrets token tokens password passwords passwd passwort pwd pass passphrase credential "
    "credentials authorization auth bearer jwt apikey contraseña contrasena sas hmac"
)
_SECRET_ENDINGS = ("token", "secret", "password", "passwd", "passphrase", "apikey", "authkey", "accesskey")
#: and so does one with `key` after one of these,
_KEYS_OF = word_set(
    "api access auth private service account client signing encryption master shared subscription "
    "consumer storage db database app application secret license deploy webhook"
)
#: unless one of these says that it is about the secret, or that it is public: a type, a place, a position.
_HARMLESS_WORDS = word_set(
    "type types url urls uri endpoint name names path paths file files filename field fields header "
    "headers id ids arn expires expiry expiration expire count length limit size page next previous "
    "prev continuation sync cursor delta csrf xsrf csrftoken xsrftoken "
    "csrfmiddlewaretoken public publishable hash hashes hashed digest sha "
    "sha1 sha256 sha512 md5 checksum integrity fingerprint etag primary foreign partition sort cache "
    "idempotency dedup row scope scopes algorithm alg format schema regex pattern label title "
    "description placeholder hint example examples version start end separator index max min num resume "
    "offset bookmark upload prefix suffix ref revision commit"
)

_OTHER_WORDS = _HARMLESS_WORDS | word_set(
    "nonce opaque salt iv uuid guid signature sig customer invoice order charge event object account "
    "user commit tree blob digest image thumbnail icon logo data body content payload html text query "
    "document font by"
)

_PASSWORD_WORDS = ("pass", "pwd", "contrase")
_MADE_UP_WORDS = word_set(
    "expired invalid bad wrong bogus fake dummy mock mocked example sample test tests revoked unknown old"
)

#: The text before a value, ending in the name it is given to: `name = "`, `"name": "`, `["name"] = "`,
#: `name: str = "`, `--name `, `("NAME", "`, `?name=`; `Bearer` and its kind may stand between.
_SCHEME = r"(?:(?:Bearer|Basic|Token|token|ApiKey|Bot|Key|OAuth|SSWS|PAT)\s{1,3})?"
_NAME = r"(?<![\w/])(?<!::)([A-Za-z_$][\w.$-]{0,80})[\\\"'`\]\)]{0,4}"
_ANNOTATED = r"\s{0,3}:\s{1,3}[\w\[\], |.]{1,60}?\s{0,3}=\s{0,8}"
_GIVEN = r"\s{0,40}(?::=|=>|={1,2}|[:,(])\s{0,8}\(?\s{0,8}"
_BEFORE = re.compile(
    rf"{_NAME}(?:{_ANNOTATED}|{_GIVEN}|(?<=\w)\s{{1,3}})"
    + r"(?:[rbufRBUF]{0,2}\\?[\"'`]{1,3})?[\[({<]{0,2}\s{0,3}"
    + _SCHEME
    + "$"
)
#: The same at the end of the line before, where the value stands alone on its own.
_LINE_BEFORE = re.compile(_NAME + r"\s{0,40}(?::=|=>|[=:,])\s{0,8}[|>(\[{-]{0,3}\s*\\?$")
_NO_NAME_HERE = re.compile(r"[\s\"'`\-rbuf(\[]*" + _SCHEME)
#: Names that only say that a value follows: what it is called stands before, `name="api_key" value="…"`.
_VALUE = re.compile(r"value|default|content", re.IGNORECASE)
_NAMED = re.compile(r"[\"']([A-Za-z_][\w.-]{0,80})[\"']?[,\s]{1,4}[\"']?$")

#: Characters before a value among which its name is sought.
_NEAR = 120
#: Longer names are not shown.
_MAX_NAME = 60


def name_before(text: str, line_before: str) -> str:
    """The name under which the value stands that follows this text, or ""."""
    near = text[-_NEAR:]
    found = _BEFORE.search(near)
    if found is None and _NO_NAME_HERE.fullmatch(near):
        found = _LINE_BEFORE.search(line_before.rstrip()[-_NEAR:])
    elif found is not None and _VALUE.fullmatch(found[1]):
        found = _NAMED.search(near[: found.start(1)]) or found
    return found[1] if found else ""


def names_a_secret(name: str) -> bool:
    """Whether what stands under this name is meant to be secret."""
    words = words_of(name.rpartition(".")[2] or name)
    if is_harmless(name):
        return False
    key_of = any(first in _KEYS_OF and second in ("key", "keys") for first, second in pairwise(words))
    return key_of or any(word in _SECRET_WORDS or word.endswith(_SECRET_ENDINGS) for word in words)


def is_harmless(name: str) -> bool:
    """Whether the name says that what stands under it is public, or is only about a secret."""
    return not _HARMLESS_WORDS.isdisjoint(words_of(name.rpartition(".")[2] or name))


def names_a_password(name: str) -> bool:
    """Whether it is a person's secret, not one that a service issues."""
    return any(word.startswith(_PASSWORD_WORDS) for word in words_of(name))


def is_about_something_else(name: str) -> bool:
    """Whether text under this name is drawn for another reason than to be secret: an id, a hash, a nonce."""
    return not _OTHER_WORDS.isdisjoint(words_of(name))


def says_made_up(name: str) -> bool:
    """Whether the name itself says that what stands under it opens nothing."""
    return not _MADE_UP_WORDS.isdisjoint(words_of(name))


def shown_name(name: str, value: str) -> str:
    """The name as a finding may print it: "" where it could be a secret, or shares text with this one."""
    low = value.lower()
    shares = any(name[start : start + 4].lower() in low for start in range(max(1, len(name) - 3)))
    could_be_one = looks_drawn(name) or (looks_chosen(name) and not names_a_secret(name))
    return "" if shares or len(name) > _MAX_NAME or could_be_one else name
