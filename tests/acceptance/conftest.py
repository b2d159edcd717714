"""What several acceptance tests ask for."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.connectors import GOOD, Certified, certify, certify_together, each_broken

#: The broken connectors of these systems are certified by one command: whole where that takes a moment, else
#: by these rules.
AT_ONCE = {
    "appseconnect": (),
    "plakar": (),
    "planasonix": (
        "planasonix",
        "manifest",
        "dependencies_are_allowlisted",
        "required_methods_exist",
        "batch_limit_is_respected",
    ),
}


class CertifiedGood(Mapping[str, Certified]):
    """Each good connector by its system, certified once: by whichever worker asks for it first."""

    def __init__(self, shared: Path) -> None:
        self._shared = shared
        self._known: dict[str, Certified] = {}

    def __getitem__(self, system: str) -> Certified:
        if system not in self._known:
            make = partial(certify, GOOD[system], self._shared / f"good_{system}_report")
            self._known[system] = _once(self._shared / f"good_{system}", make)
        return self._known[system]

    def __iter__(self) -> Iterator[str]:
        return iter(GOOD)

    def __len__(self) -> int:
        return len(GOOD)


@pytest.fixture(scope="session")
def certified_good(tmp_path_factory: pytest.TempPathFactory) -> CertifiedGood:
    """Each good connector, certified."""
    return CertifiedGood(_shared(tmp_path_factory))


@pytest.fixture(scope="session")
def certified_broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certified]:
    """The broken connectors of systems that are certified at once, by their names."""
    found: dict[str, Certified] = {}
    for system, only in AT_ONCE.items():

        def certified(system: str = system, only: tuple[str, ...] = only) -> dict[str, Certified]:
            broken = [one for one in each_broken() if one.system == system]
            folders = [one.lay_out(tmp_path_factory.mktemp("broken")) for one in broken]
            return dict(zip(map(str, broken), certify_together(folders, only), strict=True))

        found |= _once(_shared(tmp_path_factory) / f"broken_{system}", certified)
    return found


def _shared(factory: pytest.TempPathFactory) -> Path:
    """A folder of all workers."""
    ours = factory.getbasetemp()
    return ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours


def _once(kept: Path, make: Callable[[], Any]) -> Any:
    """Made by the first of several workers that asks, and kept for the others."""
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make()))
    return pickle.loads(kept.read_bytes())
