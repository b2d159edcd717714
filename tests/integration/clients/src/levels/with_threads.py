"""requests in three threads: each station has a list of its own, and all are read beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from .api import PLACE, TokenExpired, Walk, ask_page, ask_token
from .blocking import in_loop
from .with_requests import ERRORS, sends

STATIONS = ("elbe", "main", "oder")


class Source:
    """Each thread has a session of its own, and the token is theirs together."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    def read(self) -> Iterator[dict[str, Any]]:
        token = str(in_loop(sends(requests.Session()), ERRORS)(ask_token(self._config))["access_token"])
        with ThreadPoolExecutor(len(STATIONS)) as pool:
            for rows in pool.map(lambda station: self._rows(station, token), STATIONS):
                for row in rows:
                    yield {"type": "RECORD", "stream": "readings", "record": row}

    def _rows(self, station: str, token: str) -> list[dict[str, Any]]:
        fetch = in_loop(sends(requests.Session()), ERRORS)
        walk = Walk()
        rows: list[dict[str, Any]] = []
        while True:
            request = ask_page(token, walk.cursor, f"{PLACE}/{station}")
            try:
                page = fetch(request)
            except TokenExpired:
                token = str(fetch(ask_token(self._config))["access_token"])
                page = fetch(ask_page(token, walk.cursor, f"{PLACE}/{station}"))
            rows += walk.rows(page)
            if walk.cursor is None:
                return rows


def make_source(config: Mapping[str, Any]) -> Source:
    return Source(config)
