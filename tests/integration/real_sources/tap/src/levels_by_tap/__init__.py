"""Run tap-rest-api-msdk as its command does, and take the messages that it writes."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from tap_rest_api_msdk.tap import TapRestApiMsdk


def make_source(config: Mapping[str, Any]) -> Tap:
    """Make the source; the tap itself is made when it runs: making it asks the API for its schema."""
    return Tap(dict(config))


class Tap:
    """One run of the tap."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield what the tap writes to its standard output, also when it fails after that."""
        written = io.StringIO()
        try:
            with contextlib.redirect_stdout(written):
                TapRestApiMsdk(config=self._config).sync_all()
        finally:
            yield from map(json.loads, written.getvalue().splitlines())
