"""Ask the live API what a connector asks on the wire, and note what comes back: a run that is recorded.

Recorded here and not inside the connector: below every HTTP client, of whatever language, and where the
connector itself has no network. certify verifies the API's certificate in its stead.
"""

from __future__ import annotations

import email.utils
import ssl
import threading
import urllib.request
from collections.abc import Callable, Collection
from dataclasses import replace
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from certify.replay.cassette import Answer, Asked, Cassette, Recorded
from certify.replay.faults import HAPPY_PATH
from certify.replay.matching import CassetteIndex
from certify.replay.played import Exchange, Played
from certify.repository.secrets.cassette_files import MAX_CASSETTE_BYTES
from certify.repository.source.hosts import is_covered
from certify.text import one_line

if TYPE_CHECKING:
    import urllib3

#: Seconds to connect, and between two bytes of an answer.
_PATIENCE = (20.0, 120.0)
#: What speaks of one connection, and not of the request that goes on over another one (RFC 9110, 7.6.1).
_HOP_BY_HOP = frozenset(
    {
        *("connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"),
        *("te", "trailer", "transfer-encoding", "upgrade", "content-length", "expect", "host"),
    }
)
#: Encodings that can be undone here: what is recorded is searched for secrets, and read by people.
_ENCODINGS = ("gzip", "deflate", "x-gzip")
_PIECE = 256 * 1024
_MOST_REQUESTS = 100_000


class NoAnswer(Exception):
    """The API gave no answer; `for_good`: it will give none the next time either."""

    def __init__(self, said: str, for_good: bool = False) -> None:
        super().__init__(said)
        self.for_good = for_good


class LiveApi:
    """Sends one request as it came, follows nothing, repeats nothing. Safe to use from several threads.

    Where `hosts` are declared, no other is asked: real credentials are at stake.
    """

    def __init__(self, hosts: Collection[str] = (), limit: int = MAX_CASSETTE_BYTES) -> None:
        self._hosts = hosts
        self._lock = threading.Lock()
        self._limit = self._left = limit
        self._pools: dict[str, urllib3.PoolManager] = {}

    def rewind(self) -> None:
        """Begin another recording."""
        self._left = self._limit

    def ask(self, asked: Asked) -> Answer:
        """The answer, with its body as it was before it was packed. Raises NoAnswer."""
        import urllib3.exceptions

        host = urlsplit(f"//{asked.host}").hostname or ""
        if self._hosts and not is_covered(host, self._hosts):
            raise NoAnswer("policy.egress_hosts does not name this host", for_good=True)
        try:
            return self._asked(asked)
        except (urllib3.exceptions.HTTPError, HTTPException, OSError, ValueError) as error:
            raise _told(error) from error

    def _asked(self, asked: Asked) -> Answer:
        import urllib3

        scheme = "https" if asked.is_encrypted else "http"
        got = self._pool(scheme, asked.host).urlopen(
            asked.method,
            f"{scheme}://{asked.host}{asked.target}",
            body=asked.body or None,
            headers=_forwarded(asked),
            redirect=False,
            retries=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=_PATIENCE[0], read=_PATIENCE[1]),
        )
        try:
            return self._answer(got)
        finally:
            got.release_conn()

    def _answer(self, got: Any) -> Answer:
        headers = [(str(name).lower(), str(value)) for name, value in got.headers.iteritems()]
        encoding = str(got.headers.get("content-encoding") or "identity").lower()
        if encoding not in (*_ENCODINGS, "identity"):
            raise NoAnswer(f"the answer is packed as {one_line(encoding, 40)}, unasked", for_good=True)
        kept = [pair for pair in headers if pair[0] not in _HOP_BY_HOP | {"content-encoding"}]
        if "date" not in dict(kept):  # RFC 9110, 6.6.1: whoever receives it then notes when
            kept.append(("date", email.utils.formatdate(usegmt=True)))
        return Answer(got.status, tuple(kept), self._body(got), str(got.reason or ""))

    def _body(self, got: Any) -> bytes:
        body = bytearray()
        for piece in got.stream(_PIECE, decode_content=True):
            body += piece
            with self._lock:
                self._left -= len(piece)
            if self._left < 0:
                size = self._limit // 2**20
                raise NoAnswer(f"the answers are larger than {size} MiB; record fewer rows", for_good=True)
        return bytes(body)

    def _pool(self, scheme: str, host: str) -> urllib3.PoolManager:
        """Straight to the host, or through the proxy of certify's own environment."""
        import urllib3

        proxy = "" if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get(scheme, "")
        with self._lock:
            if proxy not in self._pools:
                named: Any = {"ssl_context": _trusting(), "maxsize": 8}
                made = urllib3.ProxyManager(proxy, **named) if proxy else urllib3.PoolManager(**named)
                self._pools[proxy] = made
            return self._pools[proxy]


class Recording(Played):
    """One run whose answers are the live API's.

    `failure` is why it gave none to a request that was not answered later, `is_ended` whether the run was
    ended for that. `told` is called with the number of requests answered so far, `stop` to end the run.
    """

    def __init__(self, api: LiveApi, told: Callable[[int], None], stop: Callable[[], None]) -> None:
        super().__init__(CassetteIndex(Cassette("", ())), HAPPY_PATH, max_requests=_MOST_REQUESTS)
        api.rewind()
        self.is_ended = False
        self._failures: dict[tuple[str, str, str, bytes], str] = {}
        self._api = api
        self._told = told
        self._stop = stop
        self._noted: dict[int, Recorded] = {}

    @property
    def failure(self) -> str | None:
        """Of several, the last; where the run was ended, what it was ended for."""
        with self._lock:
            return next(reversed(self._failures.values()), None)

    @property
    def recorded(self) -> tuple[Recorded, ...]:
        """What was answered, in the order in which it was asked."""
        with self._lock:
            return tuple(self._noted[number] for number in sorted(self._noted))

    def begin(self, asked: Asked, at: float) -> Exchange | None:
        """Note a request and ask it; the connection breaks off where the API gives no answer."""
        exchange = super().begin(asked, at)
        if exchange is None:
            return None
        try:
            answer = self._api.ask(asked)
        except NoAnswer as error:
            exchange.sent = exchange.status = None
            self._fail(asked, error)
            return exchange
        exchange.sent, exchange.status = answer, answer.status
        # The length of a body would tell the length of the secret that was in it.
        kept = {name: value for name, value in asked.headers.items() if name not in _HOP_BY_HOP}
        with self._lock:
            self._noted[exchange.number] = Recorded(replace(asked, headers=kept), answer)
            if not self.is_ended:
                self._failures.pop(asked.essence, None)
            count = len(self._noted)
        self._told(count)
        return exchange

    def _choose(self, exchange: Exchange, asked: Asked) -> tuple[Answer, None]:
        """Nothing yet: the API is asked when others may go on."""
        return Answer(0), None

    def _fail(self, asked: Asked, error: NoAnswer) -> None:
        """A connector that retries is let to; not where it never had an answer, or will not get this one."""
        with self._lock:
            if self.is_ended:
                return
            self._failures.pop(asked.essence, None)  # or it would keep its place before others
            self._failures[asked.essence] = f"{asked}: {error}"
            self.is_ended = error.for_good or not self._noted
            is_ended = self.is_ended
        if is_ended:
            self._stop()


def _forwarded(asked: Asked) -> dict[str, str]:
    from urllib3.util import SKIP_HEADER

    headers = {name: value for name, value in asked.headers.items() if name not in _HOP_BY_HOP}
    packed = [one for one in _ENCODINGS[:2] if one in headers.get("accept-encoding", "").lower()]
    added = {"user-agent": SKIP_HEADER} if "user-agent" not in headers else {}
    return headers | {"accept-encoding": ", ".join(packed) or "identity"} | added


def _trusting() -> ssl.SSLContext:
    """The system's authorities, those of requests, and those that the environment names."""
    import os

    import requests.utils

    context = ssl.create_default_context()
    bundles = [os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")]
    for bundle in (requests.utils.DEFAULT_CA_BUNDLE_PATH, *bundles):
        if bundle and os.path.isfile(bundle):  # noqa: PTH113  a name from the environment
            context.load_verify_locations(bundle)
    return context


def _told(error: Exception) -> NoAnswer:
    """In words, without addresses of objects."""
    from urllib3 import exceptions

    innermost: BaseException = error
    while (deeper := innermost.__cause__ or innermost.__context__) is not None:
        innermost = deeper
    if isinstance(error, exceptions.SSLError) or isinstance(innermost, ssl.SSLError):
        why = getattr(innermost, "verify_message", "") or type(innermost).__name__
        return NoAnswer(f"no TLS with it: {why}", for_good=True)
    if isinstance(error, exceptions.NameResolutionError):
        return NoAnswer("cannot be reached: the name is not known")
    if isinstance(innermost, OSError) and innermost.strerror:
        return NoAnswer(f"cannot be reached: {innermost.strerror}")
    return NoAnswer(f"gave no whole answer: {type(innermost).__name__}")
