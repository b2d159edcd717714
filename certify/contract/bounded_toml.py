"""Parse TOML that may have been made to take all day."""

from __future__ import annotations

import re
import tomllib
from typing import Any

#: `tomllib` takes a time that grows with the square of a dotted key's length: 2 MB of it would take hours.
_ENDLESS_KEY = re.compile(
    r"(?<![A-Za-z0-9_-])(?:(?:[A-Za-z0-9_-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}"
)


class HostileToml(ValueError):
    """TOML, perhaps, that is not read."""


def parse_bounded(text: str) -> dict[str, Any]:
    """The values of a document. Raises HostileToml, and what `tomllib.loads` raises."""
    if _ENDLESS_KEY.search(text):
        raise HostileToml("a dotted key has more than a hundred parts")
    return tomllib.loads(text)
