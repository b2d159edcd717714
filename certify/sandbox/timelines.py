"""Tell a run as a timeline: what was asked and answered, what was waited for, and how it ended."""

from __future__ import annotations

from certify.model import Moment, MomentKind, Timeline
from certify.replay.faults import How
from certify.replay.played import HANDSHAKE, Exchange
from certify.run import Run

#: Moments that are listed; of a longer run its beginning shows what goes on.
_MOST = 40
_SHORTEST_WAIT = 0.001
_BROKEN = {
    How.RESET: "connection reset",
    How.RESET_MID_BODY: "{} and a connection reset within the body",
    How.HANG: "nothing",
    How.SHORT_LENGTH: "{} with less than was announced",
    How.CUT_CHUNKS: "{} in chunks, without the last",
    How.CUT_AT_CLOSE: "{} cut where the connection closes",
    How.BAD_GZIP: "{} labelled gzip, which it is not",
    How.BAD_GZIP_CHECKSUM: "{} with a wrong gzip checksum",
    How.CUT_GZIP: "{} cut within gzip",
    How.AGAIN: "{} with the page before",
    How.UNKNOWN_AUTHORITY: "a certificate of an unknown authority",
    How.EXPIRED: "a certificate that has expired",
    How.WRONG_HOST: "a certificate of another host",
}
#: Headers of an answer that decide what a client does next.
_TELLING = ("retry-after", "x-ratelimit-reset", "location")


def timeline_of(run: Run, scenario: str, ending: str) -> Timeline:
    """Its moments in order; at one moment, what was asked comes before what is waited for."""
    moments = [
        *map(_request, run.exchanges),
        *(Moment(one.at, MomentKind.REQUEST, "connect", one.host, "nothing") for one in run.unanswered),
        *(
            Moment(wait.at, MomentKind.WAIT, wait.kind, seconds=wait.seconds)
            for wait in run.waits
            if wait.seconds >= _SHORTEST_WAIT
        ),
    ]
    moments.sort(key=lambda moment: (round(moment.at, 3), moment.kind.value))
    end = Moment(round(run.virtual_seconds, 3), MomentKind.END, ending)
    return Timeline(scenario, (*moments[:_MOST], end), max(0, len(moments) - _MOST))


def _request(exchange: Exchange) -> Moment:
    asked = exchange.asked
    text = "connect" if asked.method == HANDSHAKE else f"{asked.method} {asked.path}"
    return Moment(exchange.at, MomentKind.REQUEST, text, asked.host, _answer(exchange))


def _answer(exchange: Exchange) -> str:
    if exchange.miss is not None:
        return "not recorded"
    status = str(exchange.status or "")
    if exchange.fault is not None and exchange.fault.how in _BROKEN:
        return _BROKEN[exchange.fault.how].format(status)
    headers = exchange.sent.headers if exchange.sent is not None and exchange.fault is not None else ()
    told = [f"{name}: {value}" for name, value in headers if name in _TELLING]
    named = exchange.fault.name if exchange.fault is not None and not told else ""
    words = [status, *told, *([named] if named and not named.startswith(status) else [])]
    return ", ".join(word for word in words if word)
