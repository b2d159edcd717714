"""httpx in an event loop, which tenacity calls again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type

from .api import TIMEOUT, Request, TryAgain, read
from .running import Fetch, Source
from .with_httpx import ERRORS, answer_of, how_long


@asynccontextmanager
async def opened() -> AsyncIterator[Fetch]:
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:

        async def once(request: Request) -> dict[str, Any]:
            try:
                got = await client.request(
                    request.method, request.url, content=request.body, headers=dict(request.headers)
                )
            except ERRORS as error:
                if request.method != "GET":
                    raise
                raise TryAgain(f"GET: {type(error).__name__}") from error
            return read(request, answer_of(got))

        async def fetch(request: Request) -> dict[str, Any]:
            again = AsyncRetrying(retry=retry_if_exception_type(TryAgain), wait=how_long, reraise=True)
            return await again(once, request)

        yield fetch


def make_source(config: Mapping[str, Any]) -> Source:
    return Source(config, opened)
