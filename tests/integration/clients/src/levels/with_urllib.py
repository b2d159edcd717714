"""The standard library's urllib, in a loop of its own."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from .api import TIMEOUT, Answer, Request
from .blocking import Source, in_loop

ERRORS = (OSError, http.client.HTTPException)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def make_source(config: Mapping[str, Any]) -> Source:
    opener = urllib.request.build_opener(_NoRedirect)

    def send(request: Request) -> Answer:
        asked = urllib.request.Request(
            request.url, request.body, dict(request.headers), method=request.method
        )
        try:
            got = opener.open(asked, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            got = error
        with got:
            return Answer(got.status, {key.lower(): value for key, value in got.headers.items()}, got.read())

    return Source(config, in_loop(send, ERRORS))
