"""httpx, which tenacity calls again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from .api import TIMEOUT, Answer, Request, TryAgain, wait_before
from .blocking import Source, once

ERRORS = (httpx.TransportError, httpx.DecodingError)


def how_long(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, TryAgain)
    return wait_before(state.attempt_number, error)


def answer_of(got: httpx.Response) -> Answer:
    return Answer(got.status_code, dict(got.headers), got.content)


def make_source(config: Mapping[str, Any]) -> Source:
    client = httpx.Client(timeout=TIMEOUT)

    def send(request: Request) -> Answer:
        return answer_of(
            client.request(request.method, request.url, content=request.body, headers=dict(request.headers))
        )

    again = Retrying(retry=retry_if_exception_type(TryAgain), wait=how_long, reraise=True)
    return Source(config, lambda request: again(once, send, ERRORS, request))
