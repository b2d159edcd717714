"""Tides of one port, behind an API key: all of them, or those after the state of an earlier run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import requests

TIMEOUT = 20.0


def make_source(config: Mapping[str, Any], *, stream: str | None = None, state: Any = None) -> Source:
    return Source(config, stream or "tides", state)


class Source:
    def __init__(self, config: Mapping[str, Any], stream: str, state: Any) -> None:
        self._base = config["base_url"]
        self._stream = stream
        self._since = state["day"] if state else 0
        self._session = requests.Session()
        self._session.headers["x-api-key"] = _resolved(config["api_key"])

    def check(self) -> bool:
        return bool(self._get("/v1/me", {})["name"])

    def read(self) -> Iterator[dict[str, Any]]:
        since: int | None = self._since
        while since is not None:
            page = self._get(f"/v1/{self._stream}", {"since": str(since)})
            for row in page["data"]:
                yield {"type": "RECORD", "stream": self._stream, "record": row}
            if page["data"]:
                yield {"type": "STATE", "value": {"day": page["data"][-1]["day"]}}
            since = page["next"]

    def _get(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        answer = self._session.get(self._base + path, params=params, timeout=TIMEOUT)
        if not answer.ok:
            raise RuntimeError(f"{path}: status {answer.status_code}: {answer.text[:200]}")
        read: dict[str, Any] = answer.json()
        return read


def _resolved(value: str) -> str:
    reference = re.fullmatch(r"\$\{(\w+)\}", value)
    return os.environ[reference[1]] if reference else value
