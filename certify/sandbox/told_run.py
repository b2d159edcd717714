"""Make a run of what a fork told of it."""

from __future__ import annotations

from typing import Any

from certify.replay.played import Exchange
from certify.run import (
    Connected,
    Failure,
    Held,
    LogLine,
    Misspoken,
    Places,
    Raised,
    Row,
    Rows,
    Run,
    Unanswered,
    Wait,
)
from certify.sandbox.zygote import Ended

#: Virtual seconds that no run lasts.
LONGEST = 1e12


def observed(ended: Ended, exchanges: tuple[Exchange, ...], virtual_seconds: float) -> Run:
    """The run that a fork's messages tell of."""
    rows: list[Row] = []
    digests = bytearray()
    states: list[str] = []
    covered: list[int] = []
    waits: list[Wait] = []
    log: list[LogLine] = []
    asked_from: list[Places] = []
    unanswered: list[Unanswered] = []
    connected: list[Connected] = []
    held: list[Held] = []
    misspoken: list[Misspoken] = []
    failures: list[Failure] = []
    told: dict[str, Any] = {}
    for message in ended.messages:
        if "rows" in message:
            rows.extend((str(stream), str(row)) for stream, row in message["rows"])
        elif "digests" in message:
            digests += bytes.fromhex(message["digests"])
        elif "state" in message:
            states.append(str(message["state"]))
            covered.append(int(message.get("rows_before", len(rows))))
        elif "wait" in message:
            waits.append(_wait(message["wait"]))
        elif "asks" in message:
            asked_from.append(places_of(message["asks"]))
        elif "unanswered" in message:
            unanswered.append(_unanswered_of(message))
        elif "connects" in message:
            host, port = message["connects"]
            connected.append(Connected(str(host), int(port), places_of(message["places"])))
        elif "holds" in message:
            held.append(Held(str(message["kind"]), str(message["name"]), str(message["holds"])))
        elif "misspoken" in message:
            line, text, why, is_json = message["misspoken"]
            misspoken.append(Misspoken(int(line), str(text), str(why), bool(is_json)))
        elif "failure" in message:
            failures.append(Failure(*map(str, message["failure"])))
        elif "log" in message:
            log.append(LogLine(str(message["level"]), str(message["log"]), _seconds(message["at"])))
        elif "ended" in message:
            told = message["ended"]
    error = told.get("error")
    return Run(
        how=how_ended(ended, told),
        rows=Rows(tuple(rows), bytes(digests)),
        states=tuple(states),
        rows_before=tuple(covered),
        is_told_whole=not any("unsent" in message for message in ended.messages),
        exchanges=exchanges,
        waits=tuple(waits),
        log=tuple(log),
        output=ended.output.decode("utf-8", "replace"),
        raised=raised_by(error) if error else None,
        code=told.get("code", ended.code if ended.signal is None else -ended.signal),
        virtual_seconds=virtual_seconds,
        seconds=ended.seconds,
        peak_kib=ended.peak_kib,
        asked_from=tuple(asked_from),
        unanswered=tuple(unanswered),
        connected=tuple(connected),
        held=tuple(held),
        misspoken=tuple(misspoken),
        failures=tuple(failures),
        cpu_seconds=ended.cpu_seconds,
        output_is_cut=ended.output_bytes > len(ended.output),
    )


def how_ended(ended: Ended, told: dict[str, Any]) -> str:
    """How it ended: by its own last word, unless the sandbox ended it."""
    if ended.why != "exit":
        return ended.why
    if ended.signal is not None:
        return "crashed"
    return str(told.get("how", "vanished"))


def _unanswered_of(told: dict[str, Any]) -> Unanswered:
    return Unanswered(str(told["unanswered"]), _seconds(told["at"]), places_of(told["places"]))


def _seconds(told: Any) -> float:
    """Virtual seconds as the connector's side says they are; it may say anything."""
    seconds = float(told)
    return min(seconds, LONGEST) if seconds > 0 else 0.0


def _wait(told: dict[str, Any]) -> Wait:
    return Wait(str(told["kind"]), _seconds(told["at"]), _seconds(told["seconds"]), places_of(told["places"]))


def raised_by(error: dict[str, Any]) -> Raised:
    """The error that a fork told of."""
    places = places_of(error["places"])
    return Raised(str(error["type"]), str(error["message"]), str(error["traceback"]), places)


def places_of(told: list[Any]) -> Places:
    """The lines that a fork told of."""
    return tuple((str(file), int(line)) for file, line in told)
