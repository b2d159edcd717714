"""What connector systems call their capabilities, and the role that rules speak of."""

from __future__ import annotations

from collections.abc import Iterable

#: Planasonix has names of its own for reading and for loading.
ROLE_OF = {"batch_extract": "source", "streaming": "source", "load": "sink"}


def roles(capabilities: Iterable[str]) -> frozenset[str]:
    """The capabilities claimed, and what rules call them."""
    claimed = frozenset(capabilities)
    return claimed | {ROLE_OF[name] for name in claimed if name in ROLE_OF}
