"""requests, in a loop of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from requests import exceptions

from .api import TIMEOUT, Answer, Request
from .blocking import Send, Source, in_loop

ERRORS = (
    exceptions.ConnectionError,
    exceptions.Timeout,
    exceptions.ChunkedEncodingError,
    exceptions.ContentDecodingError,
)


def sends(session: requests.Session) -> Send:
    def send(request: Request) -> Answer:
        got = session.request(
            request.method,
            request.url,
            data=request.body,
            headers=dict(request.headers),
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        return Answer(
            got.status_code, {key.lower(): value for key, value in got.headers.items()}, got.content
        )

    return send


def make_source(config: Mapping[str, Any]) -> Source:
    return Source(config, in_loop(sends(requests.Session()), ERRORS))
