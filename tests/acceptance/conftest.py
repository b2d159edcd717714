"""What several acceptance tests ask for."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.acceptance.connectors import GOOD, Certified, certify


class CertifiedGood(Mapping[str, Certified]):
    """Each good connector by its system, certified once: by whichever worker asks for it first."""

    def __init__(self, shared: Path) -> None:
        self._shared = shared
        self._known: dict[str, Certified] = {}

    def __getitem__(self, system: str) -> Certified:
        if system not in self._known:
            kept = self._shared / f"good_{system}"
            with kept.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not kept.exists():
                    made = certify(GOOD[system], self._shared / f"good_{system}_report")
                    kept.write_bytes(pickle.dumps(made))
            self._known[system] = pickle.loads(kept.read_bytes())
        return self._known[system]

    def __iter__(self) -> Iterator[str]:
        return iter(GOOD)

    def __len__(self) -> int:
        return len(GOOD)


@pytest.fixture(scope="session")
def certified_good(tmp_path_factory: pytest.TempPathFactory) -> CertifiedGood:
    """Each good connector, certified."""
    ours = tmp_path_factory.getbasetemp()
    return CertifiedGood(ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours)
