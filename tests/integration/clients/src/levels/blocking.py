"""The walk with a client that blocks, in a loop of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .api import Answer, Request, TokenExpired, TryAgain, Walk, ask_page, ask_token, read, wait_before

Send = Callable[[Request], Answer]
Fetch = Callable[[Request], dict[str, Any]]


def in_loop(send: Send, errors: tuple[type[Exception], ...]) -> Fetch:
    """Ask until there is an answer; `errors` are the client's own that may pass."""

    def fetch(request: Request) -> dict[str, Any]:
        attempt = 0
        while True:
            attempt += 1
            try:
                return once(send, errors, request)
            except TryAgain as error:
                time.sleep(wait_before(attempt, error))

    return fetch


def once(send: Send, errors: tuple[type[Exception], ...], request: Request) -> dict[str, Any]:
    """One attempt."""
    try:
        return read(request, send(request))
    except errors as error:
        if request.method != "GET":
            raise
        raise TryAgain(f"{request.method}: {type(error).__name__}") from error


class Source:
    """Reads every page; a token that has expired is renewed once."""

    def __init__(self, config: Mapping[str, Any], fetch: Fetch) -> None:
        self._config = config
        self._fetch = fetch

    def read(self) -> Iterator[dict[str, Any]]:
        walk = Walk()
        token = self._token()
        while True:
            try:
                page = self._fetch(ask_page(token, walk.cursor))
            except TokenExpired:
                token = self._token()
                page = self._fetch(ask_page(token, walk.cursor))
            for row in walk.rows(page):
                yield {"type": "RECORD", "stream": "readings", "record": row}
            if walk.cursor is None:
                return

    def _token(self) -> str:
        return str(self._fetch(ask_token(self._config))["access_token"])
