"""The sandboxes that a run opens, and how what ran in them was isolated."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.sandbox.zygote import Zygote

_OPENED = pytest.StashKey[list[Zygote]]()
#: The weakest counts.
_WEAKEST_FIRST = ("hook", "namespace")


def sandbox(config: pytest.Config, interpreter: str | None, within: Path | None = None) -> Zygote:
    """A sandbox in an interpreter, or in ours; it starts with what is first run in it.

    Its files lie `within` a folder, or else where temporary ones do.
    """
    opened = Zygote(Path(interpreter) if interpreter else None, within=within)
    config.stash.setdefault(_OPENED, []).append(opened)
    return opened


def granted_isolation(config: pytest.Config) -> str | None:
    """The isolation that every sandbox had until now; None where none was started."""
    granted = {one.ready.get("isolation") for one in config.stash.get(_OPENED, [])}
    return next((one for one in _WEAKEST_FIRST if one in granted), None)
