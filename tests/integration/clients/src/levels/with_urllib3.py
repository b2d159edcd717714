"""urllib3, which asks again by its own Retry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import urllib3
from urllib3.util import Retry

from .api import ATTEMPTS, LONGEST_WAIT, TIMEOUT, Answer, ApiError, Request, TryAgain, read
from .blocking import Source


class _Patient(Retry):
    """A Retry with a ceiling, which also reads what it is told to wait for in a date."""

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        wait = super().get_retry_after(response)
        if wait is not None and wait > LONGEST_WAIT:
            raise ApiError(f"status {response.status}: asked to wait for {wait:.0f} s")
        return wait

    def sleep(self, response: urllib3.BaseHTTPResponse | None = None) -> None:
        asked = (self.get_retry_after(response) if response else 0) or 0
        if asked < self.get_backoff_time():
            self._sleep_backoff()
        else:
            super().sleep(response)


def make_source(config: Mapping[str, Any]) -> Source:
    def retry(methods: tuple[str, ...], statuses: tuple[int, ...], **limits: Any) -> Retry:
        return _Patient(
            total=ATTEMPTS,
            backoff_factor=1,
            allowed_methods=methods,
            status_forcelist=statuses,
            raise_on_status=False,
            redirect=False,
            **limits,
        )

    # Retry's habit is not to wait before the second attempt; counted as the third, it waits.
    get = retry(("GET",), (429, 500, 502, 503, 504)).increment("GET", "/")
    post = retry(("POST",), (429,), connect=0, read=0).increment("POST", "/")
    pool = urllib3.PoolManager(timeout=TIMEOUT)

    def fetch(request: Request) -> dict[str, Any]:
        for attempt in range(ATTEMPTS):
            got = pool.request(
                request.method,
                request.url,
                body=request.body,
                headers=dict(request.headers),
                retries=get if request.method == "GET" else post,
                redirect=False,
            )
            answer = Answer(got.status, {key.lower(): value for key, value in got.headers.items()}, got.data)
            try:
                return read(request, answer)
            except TryAgain:
                if got.status != 200 or attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError

    return Source(config, fetch)
