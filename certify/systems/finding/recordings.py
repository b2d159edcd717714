"""Find recorded traffic that can be replayed, or that a full read could be taken from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from certify.repository.secrets.cassette_files import find_cassettes
from certify.systems.finding.checkout import Checkout
from certify.systems.finding.fact import Fact

#: What a replay takes for the happy path; see `certify record`.
_HAPPY_PATH = "full_refresh"
_URI = re.compile(rb"^\s*\"?uri\"?\s*:\s*[\"']?https?://([A-Za-z0-9.-]{1,253})", re.MULTILINE)
_HEAD = 256 * 1024


def recordings(checkout: Checkout) -> tuple[str, ...]:
    """The cassettes of the repository."""
    return find_cassettes(checkout.repository, None).files


def facts(checkout: Checkout) -> Iterator[Fact]:
    """The folder whose cassettes are replayed: one with a full read."""
    for file in recordings(checkout):
        path = PurePosixPath(file)
        if path.stem == _HAPPY_PATH and len(path.parts) > 1:
            yield Fact(("replay", "cassettes"), path.parent.as_posix(), file)


def recorded_hosts(checkout: Checkout) -> list[str]:
    """The hosts that the recordings asked, as far as their beginnings tell."""
    found: dict[str, None] = {}
    for file in recordings(checkout)[:20]:
        for host in _URI.findall(checkout.repository.beginning(file, _HEAD)):
            found[host.decode().lower()] = None
    return list(found)
