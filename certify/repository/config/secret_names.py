"""Tell by its name whether a setting carries a secret: tables of words, each with its reason.

A name is read from its end, as English is: an `api_token` is a token, a `token_url` is an address. What
the tables do not know is taken for no secret: a wrong alarm teaches authors to ignore the right ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache

#: What lets whoever has it act as its owner.
SECRETS: dict[tuple[str, ...], str] = {
    ("access", "key"): "signs requests in its owner's name",
    ("api", "key"): "all that most APIs ask for",
    ("apikey",): "the same in one word",
    ("auth", "key"): "an API key by another name",
    ("bearer",): "a token, named by the scheme that sends it",
    ("credential",): "whatever proves who one is",
    ("credentials",): "whatever proves who one is",
    ("encryption", "key"): "opens what was encrypted with it",
    ("passphrase",): "opens a private key",
    ("passwd",): "a password, shortened",
    ("password",): "proves who one is",
    ("private", "key"): "proves who one is, and opens what was meant for one alone",
    ("pwd",): "a password, shortened",
    ("sas", "token"): "a token of Azure storage",
    ("secret",): "it says so itself",
    ("secret", "key"): "signs requests in its owner's name",
    ("service", "account", "info"): "Google's key file, with a private key in it",
    ("service", "account", "json"): "Google's key file, with a private key in it",
    ("service", "account", "key"): "Google's key file, with a private key in it",
    ("shared", "key"): "an account key of Azure storage",
    ("signing", "key"): "makes signatures that others trust",
    ("storage", "account", "key"): "an account key of Azure storage",
    ("token",): "all that its bearer has to show",
    ("tokens",): "several of them",
    ("api", "keys"): "several of them",
    ("passwords",): "several of them",
    ("secrets",): "several of them",
}

#: What holds a secret unless there is a setting of its own for it, such as a password beside.
HOLDERS: dict[tuple[str, ...], str] = {
    ("connection", "string"): "holds a password among host and port",
    ("conn", "string"): "holds a password among host and port",
}

#: Words that may follow, and the whole is still the secret itself.
FORMS = frozenset(
    {*("base64", "body", "content", "contents", "data", "json", "pem", "plaintext", "text", "value")}
)

#: Words that may follow, after which it is only about a secret.
ABOUT: dict[str, str] = {
    "arn": "names where the secret is kept",
    "count": "a number",
    "endpoint": "an address",
    "env": "names the variable that holds it",
    "expiration": "a time",
    "expiry": "a time",
    "field": "names where the secret goes",
    "file": "a place on a disk",
    "format": "a way of writing",
    "header": "names where the secret goes",
    "id": "the public part of a pair: sent with each request, and useless without the other",
    "key": "names a field or an entry",
    "length": "a number",
    "lifetime": "a time",
    "limit": "a number",
    "location": "names where the secret goes",
    "method": "one of a few ways",
    "mode": "one of a few ways",
    "name": "names where the secret is kept",
    "param": "names where the secret goes",
    "parameter": "names where the secret goes",
    "path": "a place on a disk or in a vault",
    "policy": "rules about it",
    "prefix": "a word that is put before it",
    "provider": "names a service",
    "ref": "names where the secret is kept",
    "region": "a place",
    "scope": "what it may be used for",
    "scopes": "what it may be used for",
    "source": "names where the secret comes from",
    "store": "names where the secret is kept",
    "title": "what a form shows",
    "ttl": "a time",
    "type": "one of a few kinds",
    "uri": "an address",
    "url": "an address",
    "username": "who, not the proof",
    "variable": "names the variable that holds it",
    "version": "a number",
}

#: Words before it that make it something else.
NOT_OF: dict[str, str] = {
    "cancellation": "stops a task",
    "completion": "counts what a language model wrote",
    "continuation": "a place in a listing",
    "cursor": "a place in a listing",
    "input": "counts what a language model reads",
    "max": "a limit",
    "maximum": "a limit",
    "min": "a limit",
    "next": "a place in a listing",
    "num": "a number",
    "output": "counts what a language model writes",
    "page": "a place in a listing",
    "pagination": "a place in a listing",
    "prompt": "counts what a language model reads",
    "public": "meant to be known",
    "publishable": "meant to be known",
    "resume": "a place in a stream",
    "start": "a place in a listing",
    "stop": "a word at which a language model ends",
    "sync": "a place in a stream of changes",
    "total": "a number",
}

_WORD = re.compile(r"[Bb]ase64|BASE64|[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
#: Words that authors write together: `dbpassword`, `accesstoken`.
_GLUED = re.compile(r"(.+?)(token|secret|passw(?:or)?d|(?:api|access|private|secret)key)")
_LONGEST = max(map(len, SECRETS | HOLDERS))
#: Names of settings are short; a longer one is prose.
_MAX_NAME = 80


class Meaning(Enum):
    """What a name that speaks of a secret stands for."""

    SECRET = "a secret"
    HOLDER = "a secret among other things, where it has no setting of its own"
    ABOUT_ONE = "about a secret"


@dataclass(frozen=True)
class Reading:
    """What a name means, and why."""

    meaning: Meaning
    reason: str


@cache
def read_name(name: str) -> Reading | None:
    """What a setting of this name has to do with a secret; None when nothing, or nobody can tell."""
    words = _words(name)
    while words and (words[-1] in FORMS or words[-1].isdecimal()) and _secret_at_end(words) is None:
        words.pop()
    found = _secret_at_end(words)
    if found is None:
        about = words[-1] if words[:-1] and words[-1] in ABOUT and _secret_at_end(words[:-1]) else None
        return Reading(Meaning.ABOUT_ONE, ABOUT[about]) if about else None
    before = "".join(words[: -len(found)][-1:])
    of = next((word for word in NOT_OF if before == word or (len(word) > 3 and before.endswith(word))), None)
    if of is not None:
        return Reading(Meaning.ABOUT_ONE, NOT_OF[of])
    return (
        Reading(Meaning.HOLDER, HOLDERS[found])
        if found in HOLDERS
        else Reading(Meaning.SECRET, SECRETS[found])
    )


def names_a_secret(name: str) -> bool:
    """Whether a setting of this name carries a secret, or may."""
    reading = read_name(name)
    return reading is not None and reading.meaning is not Meaning.ABOUT_ONE


def _words(name: str) -> list[str]:
    if len(name) > _MAX_NAME:
        return []
    words = [word.lower() for word in _WORD.findall(name)]
    # `apikey` is one of the table's own words; `dbapikey` is not.
    return [part for word in words for part in _parted(word)]


def _parted(word: str) -> list[str]:
    glued = None if (word,) in SECRETS else _GLUED.fullmatch(word)
    if glued is None:
        return [word]
    name = glued[2].removesuffix("key")
    return [*_parted(glued[1]), *([glued[2]] if name == glued[2] else [name, "key"])]


def _secret_at_end(words: list[str]) -> tuple[str, ...] | None:
    for length in range(min(_LONGEST, len(words)), 0, -1):
        end = tuple(words[-length:])
        if end in SECRETS or end in HOLDERS:
            return end
    return None
