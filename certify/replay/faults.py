"""What the world does to a connector, as data: each fault one value, sent by the wire as it stands here."""

from __future__ import annotations

import email.utils
import re
from dataclasses import dataclass, replace
from enum import Enum


class How(Enum):
    """In which way an answer goes wrong below HTTP; ANSWER is a whole one."""

    ANSWER = "answer"
    RESET = "reset"
    RESET_MID_BODY = "reset mid-body"
    HANG = "hang"
    SHORT_LENGTH = "short body"
    CUT_CHUNKS = "cut chunks"
    CUT_AT_CLOSE = "cut at close"
    BAD_GZIP = "bad gzip"
    BAD_GZIP_CHECKSUM = "bad gzip checksum"
    CUT_GZIP = "cut gzip"
    AGAIN = "the page before"
    NO_CONNECTION = "no connection"
    UNKNOWN_AUTHORITY = "unknown authority"
    EXPIRED = "expired certificate"
    WRONG_HOST = "certificate of another host"
    CLIENT_CERTIFICATE = "client certificate"


#: The server shows a certificate that nobody should trust, on every connection of the run.
UNTRUSTED = frozenset({How.UNKNOWN_AUTHORITY, How.EXPIRED, How.WRONG_HOST})
#: They are met in the handshake of TLS.
OF_HANDSHAKES = UNTRUSTED | {How.CLIENT_CERTIFICATE}
#: They strike connections, before there is a request.
OF_CONNECTIONS = OF_HANDSHAKES | {How.NO_CONNECTION}


@dataclass(frozen=True)
class Fault:
    """One fault. A `status`, `headers` or `body` that is None is that of the recorded answer."""

    name: str
    how: How = How.ANSWER
    status: int | None = None
    headers: tuple[tuple[str, str], ...] | None = None
    body: bytes | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is an answer of its own, and needs no recorded one."""
        return self.how is How.ANSWER and self.body is not None

    @property
    def is_redirect(self) -> bool:
        """Whether it sends the client elsewhere, which may ask in another way there."""
        return self.status == 302

    @property
    def is_harmless(self) -> bool:
        """Whether the recorded answer arrives all the same, under another label."""
        return self.how is How.ANSWER and self.body is None and self.status is None

    def at(self, moment: float, target: str) -> Fault:
        """The fault as it is sent at a POSIX time, in answer to a target: with headers that speak of them."""
        if not self.headers or all(value[:1] != _SPOKEN for _, value in self.headers):
            return self
        headers = tuple((name, _told(value, moment, target)) for name, value in self.headers)
        return replace(self, headers=headers)

    def __str__(self) -> str:
        return self.name


#: Begins the value of a header that is known only when it is sent.
_SPOKEN = "@"
_ITSELF = "@itself"


def http_date(seconds: int) -> str:
    """The value of a header: an HTTP-date, so many seconds from when it is sent."""
    return f"@date{seconds:+d}"


def epoch(seconds: int) -> str:
    """The same as a POSIX time."""
    return f"@epoch{seconds:+d}"


def _told(value: str, moment: float, target: str) -> str:
    if value == _ITSELF:
        return target
    if value.startswith("@date"):
        return email.utils.formatdate(moment + int(value[5:]), usegmt=True)
    return str(int(moment) + int(value[6:])) if value.startswith("@epoch") else value


def _in_words(value: str) -> str:
    """A value as it is told before it is sent."""
    found = re.fullmatch(r"@(date|epoch)([+-])(\d+)", value)
    if found is None:
        return value
    what = "a date" if found[1] == "date" else "the time"
    return f"{what} in {found[3]} s" if found[2] == "+" else f"{what} {found[3]} s ago"


@dataclass(frozen=True)
class Scenario:
    """A fault, the request that it hits, and how often; no fault at all is the happy path.

    `position` counts the requests from 0. The fault stands for that request and each time it is sent again,
    `times` times in all (None: always). Other requests get their recorded answers; where it stands
    `everywhere`, there are none.
    """

    fault: Fault | None = None
    position: int = 0
    times: int | None = 1
    everywhere: bool = False

    def __str__(self) -> str:
        if self.fault is None:
            return "the happy path"
        if self.fault.how in OF_CONNECTIONS:
            return f"{self.fault}, {self.often}"
        if self.everywhere:
            return f"{self.fault} at every request"
        return f"{self.fault} at request {self.position + 1}, {self.often}"

    @property
    def often(self) -> str:
        """How often the fault stands, in words."""
        return {None: "every time", 1: "once"}.get(self.times, f"{self.times} times")


HAPPY_PATH = Scenario()

_JSON = ("content-type", "application/json")
_HTML = ("content-type", "text/html; charset=utf-8")
#: Stands in the answers of faults, so that a message that quotes the API's reason can be told.
REASON = "quota of the sandbox tenant is used up"


def refusal(status: int, *headers: tuple[str, str], reason: str = REASON) -> Fault:
    """An answer with a status, and a reason in JSON."""
    body = f'{{"error": {{"code": {status}, "message": "{reason}"}}}}'.encode()
    shown = ", ".join(f"{name}: {_in_words(value)}" for name, value in headers)
    return Fault(f"{status}{f' with {shown}' if shown else ''}", How.ANSWER, status, (_JSON, *headers), body)


RESET = Fault("a connection reset", How.RESET)
RESET_MID_BODY = Fault("a connection reset within the body", How.RESET_MID_BODY)
HANG = Fault("an answer that never comes", How.HANG)
SHORT_BODIES = (
    Fault("a body shorter than its Content-Length", How.SHORT_LENGTH),
    Fault("a chunked body without its end", How.CUT_CHUNKS),
    Fault("a body cut where the connection closes", How.CUT_AT_CLOSE),
)
CORRUPT_GZIP = (
    Fault("a body labelled gzip that is none", How.BAD_GZIP),
    Fault("a gzip body with a wrong checksum", How.BAD_GZIP_CHECKSUM),
    Fault("a gzip body without its trailer", How.CUT_GZIP),
)
MALFORMED_JSON = Fault("malformed JSON", How.ANSWER, 200, (_JSON,), b"{not json")
EMPTY_BODY = Fault("an empty body", How.ANSWER, 200, None, b"")
_PAGE = b"<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>" + b"<p>...</p>" * 200
HTML_PAGE = Fault("a page of HTML with status 200", How.ANSWER, 200, (_HTML,), _PAGE)
#: The recorded bytes, under a label that is wrong.
LATIN_1_LABEL = Fault(
    "JSON labelled latin-1", How.ANSWER, None, (("content-type", "application/json; charset=iso-8859-1"),)
)
REDIRECT_LOOP = Fault("a redirect to itself", How.ANSWER, 302, (("location", _ITSELF),), b"")
#: Where nothing of a connector's has any business.
ELSEWHERE = "elsewhere.example"
REDIRECT_ELSEWHERE = Fault(
    "a redirect to another host", How.ANSWER, 302, (("location", f"https://{ELSEWHERE}/"),), b""
)
REPEATED_PAGE = Fault("the page before once more", How.AGAIN)
SERVER_IS_AHEAD = Fault(
    "a server whose clock is an hour ahead", How.ANSWER, None, (("date", http_date(3600)),)
)
SERVER_IS_BEHIND = Fault(
    "a server whose clock is an hour behind", How.ANSWER, None, (("date", http_date(-3600)),)
)
NO_CONNECTION = Fault("a connection that is never accepted", How.NO_CONNECTION)
UNTRUSTED_CERTIFICATES = (
    Fault("a certificate of an unknown authority", How.UNKNOWN_AUTHORITY),
    Fault("a certificate that has expired", How.EXPIRED),
    Fault("a certificate of another host", How.WRONG_HOST),
)
#: No fault of the server's: where both sides authenticate, a client without one gets no further.
CLIENT_CERTIFICATE = Fault("a server that demands a client certificate", How.CLIENT_CERTIFICATE)
