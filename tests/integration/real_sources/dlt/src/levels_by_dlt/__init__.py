"""Read a list with dlt's `rest_api` source."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from dlt.sources.rest_api import rest_api_source

#: What dlt imports when it is used for the first time: once will do for all runs.
for name in ("dlt.__plugins__", "dlt.common.configuration.plugins", "dlt.sources.helpers.requests"):
    importlib.import_module(name)


def make_source(config: Mapping[str, Any]) -> Source:
    """Make the source."""
    return Source(dict(config))


class Source:
    """The stations, page by page."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield each station as a message."""
        source = rest_api_source(
            {
                "client": {
                    "base_url": self._config["base_url"],
                    "auth": {"type": "bearer", "token": self._config["bearer_token"]},
                    "paginator": {"type": "cursor", "cursor_path": "next_page", "cursor_param": "page"},
                },
                "resources": [
                    {
                        "name": "stations",
                        "primary_key": "id",
                        "endpoint": {"path": "stations", "data_selector": "stations"},
                    }
                ],
            }
        )
        for row in source.resources["stations"]:
            yield {"type": "RECORD", "stream": "stations", "record": row}
