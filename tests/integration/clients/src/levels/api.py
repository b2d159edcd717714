"""What the API says, whichever client brings it: requests, answers, errors and when to ask again."""

from __future__ import annotations

import email.utils
import json
import time
import urllib.parse
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

PLACE = "https://api.levels.example/v1/readings"
TOKEN_PLACE = "https://auth.levels.example/oauth/token"
ATTEMPTS = 5
LONGEST_WAIT = 120.0
TIMEOUT = 20.0
_AGAIN = (429, 500, 502, 503, 504)


class ApiError(Exception):
    """The API refused, or answered what is no page."""


class TryAgain(ApiError):
    """It may be different next time; `wait` is what the API asks for."""

    def __init__(self, said: str, wait: float = 0.0) -> None:
        super().__init__(said)
        self.wait = wait


class TokenExpired(ApiError):
    """A 401."""


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def ask_token(config: Mapping[str, Any]) -> Request:
    fields = {"grant_type": "client_credentials", "client_id": config["client_id"]}
    form = urllib.parse.urlencode({**fields, "client_secret": config["client_secret"]})
    return Request(
        "POST", TOKEN_PLACE, {"content-type": "application/x-www-form-urlencoded"}, form.encode("ascii")
    )


def ask_page(token: str, cursor: str | None, place: str = PLACE) -> Request:
    query = urllib.parse.urlencode({"limit": 2, **({"cursor": cursor} if cursor else {})})
    return Request("GET", f"{place}?{query}", {"authorization": f"Bearer {token}"})


def read(request: Request, answer: Answer) -> dict[str, Any]:
    """The answer's JSON object; raises TryAgain, TokenExpired or ApiError."""
    place = f"{request.method} {urllib.parse.urlsplit(request.url).path}"
    if answer.status == 401:
        raise TokenExpired(f"{place}: status 401; check client_secret")
    if answer.status in _AGAIN and (request.method == "GET" or answer.status == 429):
        raise TryAgain(f"{place}: status {answer.status}", _asked_wait(answer.headers))
    if answer.status != 200:
        raise ApiError(f"{place}: status {answer.status}: {_reason(answer.body)}")
    try:
        read = json.loads(_unpacked(answer))
    except ValueError as error:
        raise TryAgain(f"{place}: no JSON: {str(error)[:80]}") from error
    if not isinstance(read, dict):
        raise ApiError(f"{place}: no object")
    return read


def _unpacked(answer: Answer) -> bytes:
    """Of clients that leave that to their callers."""
    if answer.headers.get("content-encoding") != "gzip" or answer.body[:1] in b"{[":
        return answer.body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(answer.body)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not unpacker.eof:
        raise ValueError("cut off")
    return body


def _reason(body: bytes) -> str:
    try:
        return str(json.loads(body)["error"]["message"])[:200]
    except (ValueError, KeyError, TypeError):
        return "no reason given"


def _asked_wait(headers: Mapping[str, str]) -> float:
    said = headers.get("retry-after", "")
    if said.isdigit():
        return float(said)
    moment = email.utils.parsedate_to_datetime(said) if said else None
    return max(0.0, moment.timestamp() - time.time()) if moment else 0.0


def wait_before(attempt: int, error: TryAgain) -> float:
    """Seconds before the next attempt, the first of which is 1; raises the error when there is none."""
    wait = max(2.0 ** (attempt - 1), error.wait)
    if attempt >= ATTEMPTS or wait > LONGEST_WAIT:
        raise error
    return wait


class Walk:
    """Where the walk over the pages stands: what was seen, and what is asked next."""

    def __init__(self) -> None:
        self.cursor: str | None = None
        self._seen: set[str | None] = {None}
        self._ids: set[int] = set()

    def rows(self, page: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """The rows that are new on a page; raises ApiError when it leads back."""
        if not isinstance(page.get("data"), list) or "next_cursor" not in page:
            raise ApiError("GET /v1/readings: no page")
        self.cursor = page["next_cursor"]
        if self.cursor is not None and self.cursor in self._seen:
            raise ApiError("GET /v1/readings: a cursor that came before")
        self._seen.add(self.cursor)
        for row in page["data"]:
            if row["id"] not in self._ids:
                self._ids.add(row["id"])
                yield row
