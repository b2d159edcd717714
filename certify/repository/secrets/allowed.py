"""What looks like a credential and is none: the reasons, as data first.

False alarms are worse than misses: whoever has read three of them reads no fourth.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from dataclasses import dataclass
from enum import Enum

from certify.repository.secrets.candidates import NAMED, PASSWORD, UNNAMED, Candidate
from certify.repository.secrets.formats import PRIVATE_KEY, URL_PASSWORD, WEB_TOKEN
from certify.repository.secrets.names import is_about_something_else, names_a_password, says_made_up
from certify.repository.secrets.randomness import looks_chosen, looks_drawn
from certify.repository.secrets.samples import sample_of


class Place(Enum):
    """What kind of file a candidate stands in: what is written to be read holds made-up credentials."""

    SHIPPED = "source, configuration, examples"
    TESTS = "tests"
    DOCS = "documentation"


class Part(Enum):
    """What an allowance looks at."""

    VALUE = "the value"
    #: A service's own prefix (`secret_…`, `key-…`) says nothing about text that is drawn.
    CHOSEN = "the value, unless it looks drawn"
    #: A known form is no reference: the address of a Slack webhook is the secret itself.
    UNFORMED = "the value, if it is known by its name or its looks alone"
    #: And it is one on any line.
    LINE = "the whole line, if the value is known by its name or its looks alone"


@dataclass(frozen=True)
class Allowance:
    """A reason why something is no credential, and what shows it."""

    reason: str
    part: Part
    pattern: re.Pattern[str]

    def holds(self, one: Candidate) -> bool:
        """Whether it does for this candidate."""
        if self.part in (Part.LINE, Part.UNFORMED) and one.words not in _GENERIC:
            return False
        if self.part is Part.CHOSEN and looks_drawn(one.value):
            return False
        return self.pattern.search(one.text if self.part is Part.LINE else one.value) is not None


def _allow(reason: str, part: Part, *patterns: str) -> Allowance:
    return Allowance(reason, part, re.compile("|".join(patterns), re.IGNORECASE))


_GENERIC = (NAMED, PASSWORD, UNNAMED)
#: The comment by which an author says that this one is known; evidence lists it.
COMMENT = "allowed by a comment"
PLACEHOLDER = "a placeholder"
TEMPLATE = "a template"
MADE_UP = "made up for a test or a page"

ALLOWANCES = (
    _allow(
        PLACEHOLDER,
        Part.VALUE,
        r"example|sample|dummy|fake|mock|test|demo|placeholder|change[-_]?me|your|insert|replace|lorem|canary",
        r"redact|masked|hidden|removed|filtered|sanitized|not[-_ ]?a?[-_ ]?real|invalid|revoked|expired",
        r"todo|foobar|qwerty",
        r"deadbeef|xxx|\*\*\*|\.\.\.|…|1234|0000|abcd",
    ),
    _allow(
        PLACEHOLDER,
        Part.CHOSEN,
        r"p[a4@][s$5]{2}|s[e3]cr[e3]t|token|key|cred|hunter2|letmein|foo|bar|admin|user|login|account",
    ),
    _allow(TEMPLATE, Part.VALUE, r"[<>]|\$\{|\{\{|\{[^}]*\}|%\(|%s|\$\(|^\$[a-z_]|\[\["),
    _allow(
        "a reference to where the secret is kept",
        Part.UNFORMED,
        r"environ|getenv|^env[.:]|vault|secretsmanager|^op://|^ssm:|^arn:|^projects/|^secrets[./]|^https?://|^/",
    ),
    _allow(
        "the name of an algorithm",
        Part.VALUE,
        r"hmac|sha-?(?:1|224|256|384|512)\b|aes-?\d{3}|x25519|ed25519|secp\d|mlkem",
    ),
    _allow("encrypted", Part.LINE, r"ENC\[|\$ANSIBLE_VAULT|encrypted|\bgAAAAA|SealedSecret"),
    _allow("a commit in a workflow", Part.LINE, r"\buses:\s*[\"']?[\w./-]+@[0-9a-f]{40}"),
    _allow("an image or a font", Part.LINE, r";base64,"),
    _allow("a checksum", Part.LINE, r"--hash[= ]|sha(?:1|256|384|512)[-:=$]|\bmd5[:=]|integrity"),
    _allow(
        "a public key", Part.LINE, r"ssh-(?:rsa|dss|ed25519)\s|ecdsa-sha2-|BEGIN (?:PUBLIC KEY|CERTIFICATE)"
    ),
)

_COMMENT = re.compile(r"pragma: ?(?:allow|white)list[ -]secret")
_COMMENT_BEFORE = re.compile(r"pragma: ?allowlist[ -]nextline[ -]secret")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SIGNER = re.compile(r"\bCredential(?:=|%3D)[\"']?\Z", re.IGNORECASE)
_SCOPE = re.compile(r"(?:/|%2F)\d{8}(?:/|%2F)", re.IGNORECASE)
#: The older form of AWS's signed addresses; a file of keys has the same name, and no signature.
_OLDER_SIGNER = re.compile(r"\bAWSAccessKeyId=\Z")
_SIGNATURE = re.compile(r"[?&]Signature=")
#: `$` would take the end of the line before for it.
_IDENTIFIER = re.compile(r"[A-Za-z0-9]\Z")
_NEARBY = re.compile(
    r"(?:localhost|127\.|0\.0\.0\.0|\[?::1|host\.docker|[\w-]+(?:[:/?#\"'\s]|$)|[\w.-]*\bexample\b)"
)
#: A token without any of these says nothing about anybody: RFC 7519, 4.1, and what OAuth servers add.
_CLAIM = re.compile(r'"(?:iss|sub|aud|exp|jti|azp|client_id|scope|scp|uid|user_id)"')
_EXPIRES = re.compile(r'"exp"\s*:\s*(\d{9,10})\b')
_KEY_BODY = re.compile(r"[A-Za-z0-9+/=]{40,}")
#: Drawn text in tests and documentation counts from this length on, words before it (`sk_live_`) not counted:
#: what is made up there is shorter.
_LEAST_IN_TEXT = 24
_WORDS_BEFORE = re.compile(r"(?:[A-Za-z]{1,12}[-_])+")
#: Unnamed text between these lengths is a credential; shorter is an identifier, longer is data.
_UNNAMED_LENGTHS = range(32, 201)


def why_allowed(one: Candidate, place: Place) -> str | None:
    """Why this candidate is no credential; None when it is one."""
    if _COMMENT.search(one.text) or _COMMENT_BEFORE.search(one.line_before):
        return COMMENT
    if one.words == PRIVATE_KEY:
        return _why_no_private_key(one)
    for allowance in ALLOWANCES:
        if allowance.holds(one):
            return allowance.reason
    sample = sample_of(one.value)
    if sample is not None:
        return sample
    if place is not Place.SHIPPED and says_made_up(one.name):
        return MADE_UP
    if one.words == URL_PASSWORD:
        return _why_no_url_password(one, place)
    if one.words == WEB_TOKEN:
        return _why_no_web_token(one)
    if one.words in _GENERIC:
        return _why_not_generic(one, place)
    return _why_no_form(one)


def is_plain(value: str) -> bool:
    """Whether the value alone says that it is none: a placeholder, a template, a reference."""
    left_out = (Part.LINE, Part.CHOSEN) if looks_drawn(value) else (Part.LINE,)
    return any(allowance.pattern.search(value) for allowance in ALLOWANCES if allowance.part not in left_out)


def _why_no_form(one: Candidate) -> str | None:
    """A token's form inside of longer text is chance; a key's identifier in a signature is no key."""
    signs = _OLDER_SIGNER.search(one.before) and _SIGNATURE.search(one.text)
    if signs or _SIGNER.search(one.before) or _SCOPE.match(one.after):
        return "the identifier of a key, in a signature"
    # Not by what follows: services make their tokens longer over the years, and plugins know the first ones.
    return "part of a longer text" if _IDENTIFIER.search(one.before) else None


def _why_no_private_key(one: Candidate) -> str | None:
    """The heading alone is what programs compare with; a key follows it within a few lines."""
    body = one.after[:500].partition("-----END")[0]
    if any(looks_drawn(run) for run in _KEY_BODY.findall(body)):
        return None
    return PLACEHOLDER


def _why_no_url_password(one: Candidate, place: Place) -> str | None:
    host = one.after.removeprefix("@")
    if _NEARBY.match(host):
        return "a host on this machine, or one that nobody has"
    if looks_drawn(one.value):
        return None
    if place is not Place.SHIPPED:
        return MADE_UP
    return None if looks_chosen(one.value, kinds=2) else PLACEHOLDER


def has_expired(value: str) -> bool:
    """Whether it is a web token whose time is over: it opens nothing any more."""
    parts = value.split(".")
    until = _EXPIRES.search(_plain_text(parts[1]) or "") if len(parts) == 3 else None
    return until is not None and int(until[1]) < time.time()


def _why_no_web_token(one: Candidate) -> str | None:
    if has_expired(one.value):
        return "a web token that has expired"
    parts = one.value.split(".")
    if len(parts) < 3 or len(parts[2]) < 20:
        return "a web token without a signature"
    claims = _plain_text(parts[1]) or ""
    made_up = ALLOWANCES[0].pattern.search(claims) or "John Doe" in claims or not _CLAIM.search(claims)
    return PLACEHOLDER if made_up else None


def _why_not_generic(one: Candidate, place: Place) -> str | None:
    if _UUID.search(one.value):
        return "a UUID"
    plain = _plain_text(one.value.rpartition("=")[2] or one.value.rstrip("=").rpartition("=")[2] or one.value)
    if plain is not None and not _holds_credential(plain):
        return "base64 of plain words"
    if one.words == UNNAMED and is_about_something_else(one.name):
        return "an identifier or a hash, by its name"
    if one.words == UNNAMED and (len(one.value) not in _UNNAMED_LENGTHS or one.value.startswith("MII")):
        return "data"
    if place is Place.SHIPPED:
        return None
    issued = one.words == NAMED and not names_a_password(one.name)
    words = _WORDS_BEFORE.match(one.value)
    length = len(one.value) - (words.end() if words else 0)
    return None if issued and length >= _LEAST_IN_TEXT else MADE_UP


def _holds_credential(plain: str) -> bool:
    """Whether decoded text, such as `user:password`, holds a credential itself."""
    value = plain.rpartition(":")[2]
    return not ALLOWANCES[0].pattern.search(value) and (looks_drawn(value) or looks_chosen(value))


def _plain_text(text: str) -> str | None:
    """What base64 text decodes to, where that is mostly printable ASCII."""
    padded = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        decoded = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    printable = sum(32 <= byte < 127 for byte in decoded)
    # Drawn bytes are printable in 37 of 100 cases.
    return decoded.decode("ascii", "replace") if decoded and printable >= len(decoded) * 0.7 else None
