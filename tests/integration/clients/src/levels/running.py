"""The walk with a client of asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from .api import Request, TokenExpired, Walk, ask_page, ask_token

Fetch = Callable[[Request], Awaitable[dict[str, Any]]]


class Source:
    """Reads every page in an event loop of its own; `opened` opens the client."""

    def __init__(
        self, config: Mapping[str, Any], opened: Callable[[], AbstractAsyncContextManager[Fetch]]
    ) -> None:
        self._config = config
        self._opened = opened

    def read(self) -> Iterator[dict[str, Any]]:
        with asyncio.Runner() as runner:
            rows = self._rows()
            while (row := runner.run(anext(rows, None))) is not None:
                yield {"type": "RECORD", "stream": "readings", "record": row}

    async def _rows(self) -> AsyncIterator[dict[str, Any]]:
        walk = Walk()
        async with self._opened() as fetch:
            token = await self._token(fetch)
            while True:
                try:
                    page = await fetch(ask_page(token, walk.cursor))
                except TokenExpired:
                    token = await self._token(fetch)
                    page = await fetch(ask_page(token, walk.cursor))
                for row in walk.rows(page):
                    yield row
                if walk.cursor is None:
                    return

    async def _token(self, fetch: Fetch) -> str:
        return str((await fetch(ask_token(self._config)))["access_token"])
