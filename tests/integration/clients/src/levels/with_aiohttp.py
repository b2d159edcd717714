"""aiohttp, in a loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from .api import TIMEOUT, Answer, Request, TryAgain, read, wait_before
from .running import Fetch, Source

ERRORS = (aiohttp.ClientError, asyncio.TimeoutError)


@asynccontextmanager
async def opened() -> AsyncIterator[Fetch]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT)) as session:

        async def once(request: Request) -> dict[str, Any]:
            try:
                async with session.request(
                    request.method,
                    request.url,
                    data=request.body,
                    headers=request.headers,
                    allow_redirects=False,
                ) as got:
                    headers = {key.lower(): value for key, value in got.headers.items()}
                    answer = Answer(got.status, headers, await got.read())
            except ERRORS as error:
                if request.method != "GET":
                    raise
                raise TryAgain(f"GET: {type(error).__name__}") from error
            return read(request, answer)

        async def fetch(request: Request) -> dict[str, Any]:
            attempt = 0
            while True:
                attempt += 1
                try:
                    return await once(request)
                except TryAgain as error:
                    await asyncio.sleep(wait_before(attempt, error))

        yield fetch


def make_source(config: Mapping[str, Any]) -> Source:
    return Source(config, opened)
