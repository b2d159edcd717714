"""One run on the wire: choose an answer for each request, let the fault strike, and note what happened."""

from __future__ import annotations

import email.utils
import threading
from dataclasses import dataclass, field, replace

from certify.replay.cassette import Answer, Asked
from certify.replay.faults import ELSEWHERE, OF_CONNECTIONS, OF_HANDSHAKES, Fault, How, Scenario
from certify.replay.matching import CassetteIndex, Key, Miss

#: What is noted of a request's body.
_NOTED_BODY = 64 * 1024
_NOT_RECORDED = 599
_NOBODY = Answer(404, (("content-type", "application/json"),), b"{}")
#: What is noted in the place of a request where a connection met the fault.
HANDSHAKE = "TLS"


@dataclass
class Exchange:
    """One request as it arrived, and what was done to it. Times are virtual seconds since the run began.

    `status` is None where no status was sent; `delivered` tells whether the answer, or the fault in its
    place, went out.
    """

    number: int
    asked: Asked
    at: float
    key: Key
    status: int | None = None
    fault: Fault | None = None
    sent: Answer | None = field(default=None, repr=False)
    delivered: bool = False
    miss: Miss | None = None

    @property
    def address(self) -> tuple[str, str, str]:
        """What the pages of one list have in common."""
        return self.asked.address

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing, so that it may be sent again (RFC 9110, 9.2.1)."""
        return self.asked.method in ("GET", "HEAD", "OPTIONS")

    @property
    def has_body(self) -> bool:
        """Whether the answer had one."""
        return self.sent is not None and len(self.sent.body) > 1

    @property
    def is_json(self) -> bool:
        """Whether the answer is JSON."""
        kind = (self.sent.header("content-type") or "") if self.sent else ""
        return self.sent is not None and ("json" in kind or self.sent.body.lstrip()[:1] in (b"{", b"["))

    @property
    def is_faulty(self) -> bool:
        """Whether the fault was delivered here."""
        return self.fault is not None and self.delivered


@dataclass(frozen=True)
class Aim:
    """The request that a fault is meant for: the one with this key that comes after so many others with it.

    Requests sent beside each other arrive in no order; by its number in the happy path, a fault would hit one
    and then another.
    """

    key: Key
    before: int = 0


class Played:
    """One run: the scenario, and every exchange of it. Safe to use from several threads."""

    def __init__(
        self,
        index: CassetteIndex,
        scenario: Scenario,
        *,
        start: float = 0.0,
        max_requests: int = 10_000,
        aim: Aim | None = None,
    ) -> None:
        self.index = index
        self.scenario = scenario
        self.start = start
        self.max_requests = max_requests
        self.aim = aim
        self._lock = threading.Lock()
        self._over = False
        self._exchanges: list[Exchange] = []
        self._victim: Key | None = None
        self._passed_by = 0
        self._hits = 0
        self._pages: dict[tuple[str, str, str], Answer | None] = {}
        index.rewind()

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Those that were so far."""
        with self._lock:
            return tuple(self._exchanges)

    @property
    def is_flooded(self) -> bool:
        """Whether more requests came than any run needs; they are no longer answered."""
        return len(self._exchanges) >= self.max_requests

    def finish(self) -> tuple[Exchange, ...]:
        """End the run: what comes later is no part of it."""
        with self._lock:
            self._over = True
            return tuple(self._exchanges)

    @property
    def certificate(self) -> How:
        """Which certificate the server shows; ANSWER is one to be trusted."""
        fault = self.scenario.fault
        return fault.how if fault is not None and fault.how in OF_HANDSHAKES else How.ANSWER

    def shook_hands(self, host: str, at: float) -> None:
        """Note that a client met the fault in its handshake."""
        if self.certificate is How.ANSWER:
            return
        with self._lock:
            if not self._over:
                asked = Asked(HANDSHAKE, host, "", is_encrypted=True)
                shown = Exchange(len(self._exchanges), asked, at, (HANDSHAKE, host, "", "", ""))
                shown.fault, shown.delivered = self.scenario.fault, True
                self._exchanges.append(shown)

    def begin(self, asked: Asked, at: float) -> Exchange | None:
        """Note a request and choose what is sent; None when the run is over, or flooded."""
        key = self.index.key(asked)
        with self._lock:
            if self._over or self.is_flooded:
                return None
            noted = replace(asked, body=asked.body[:_NOTED_BODY])
            exchange = Exchange(len(self._exchanges), noted, at, key)
            self._exchanges.append(exchange)
            exchange.fault = self._fault(exchange)
            exchange.sent, exchange.miss = self._choose(exchange, asked)
            if exchange.miss is not None:
                self._take_back(exchange)
            silent = exchange.fault is not None and exchange.fault.how in (How.RESET, How.HANG)
            exchange.status = None if silent else exchange.sent.status
            return exchange

    def delivered(self, exchange: Exchange) -> None:
        """The answer went out, or the fault struck."""
        with self._lock:
            exchange.delivered = exchange.delivered or not self._over
            if not self.index.keeps_answers and exchange.sent is not None:
                exchange.sent = replace(exchange.sent, body=b"")
            elif exchange.fault is None:
                self._pages[exchange.address] = exchange.sent
        self.index.prepare()

    def undelivered(self, exchange: Exchange) -> None:
        """The client was gone before: a fault that it never met stands for the next time."""
        with self._lock:
            self._take_back(exchange)

    def _take_back(self, exchange: Exchange) -> None:
        if exchange.fault is not None:
            exchange.fault = None
            self._hits -= 1

    def _fault(self, exchange: Exchange) -> Fault | None:
        scenario = self.scenario
        if scenario.fault is None or scenario.fault.how in OF_CONNECTIONS:
            return None
        if self._victim is None and self._is_aimed_at(exchange):
            self._victim = exchange.key
        if not self._is_victim(exchange.key) or (scenario.times is not None and self._hits >= scenario.times):
            return None
        self._hits += 1
        return scenario.fault.at(self.start + exchange.at, exchange.asked.target)

    def _is_victim(self, key: Key) -> bool:
        """Whether the fault is for this request; a redirected POST comes back as a GET without its body."""
        if self.scenario.everywhere:
            return True
        if self.scenario.fault is not None and self.scenario.fault.is_redirect and self._victim is not None:
            return key[1:4] == self._victim[1:4]
        return key == self._victim

    def _is_aimed_at(self, exchange: Exchange) -> bool:
        if self.aim is None:
            return exchange.number == self.scenario.position
        if exchange.key != self.aim.key:
            return False
        self._passed_by += 1
        return self._passed_by > self.aim.before

    def _choose(self, exchange: Exchange, asked: Asked) -> tuple[Answer, Miss | None]:
        """What is sent; a recorded answer is used up only by a request that gets it whole."""
        fault = exchange.fault
        if asked.host == ELSEWHERE and ELSEWHERE not in self.index.hosts:
            return _NOBODY, None
        if fault is not None and (fault.is_whole or self.scenario.everywhere):
            return _changed(fault, None, self.start + exchange.at), None
        found = self.index.find(asked, use_up=fault is None or fault.is_harmless)
        if isinstance(found, Miss):
            text = str(found).encode("utf-8", "replace")
            return Answer(_NOT_RECORDED, (), text, "not recorded"), found
        if fault is None:
            return found, None
        if fault.how is How.AGAIN:
            return self._pages.get(exchange.address) or found, None
        return _changed(fault, found, self.start + exchange.at), None


def _changed(fault: Fault, found: Answer | None, moment: float) -> Answer:
    """The answer as the fault has it; with the recorded body, the other recorded headers stay too."""
    found = found or Answer(200, (("date", email.utils.formatdate(moment, usegmt=True)),))
    named = {name for name, _ in fault.headers or ()}
    if fault.body is not None:
        named.add("content-encoding")
    kept = tuple(pair for pair in found.headers if pair[0] not in named)
    return Answer(
        found.status if fault.status is None else fault.status,
        (*kept, *(fault.headers or ())),
        found.body if fault.body is None else fault.body,
        found.reason if fault.status is None else "",
    )
