"""What several acceptance tests ask for."""

from __future__ import annotations

import fcntl
import os
import pickle
from pathlib import Path

import pytest

from tests.acceptance.connectors import GOOD, Certified, certify


@pytest.fixture(scope="session")
def certified_good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certified]:
    """Each good connector, certified once, by its system; with several workers, by the first that asks."""
    ours = tmp_path_factory.getbasetemp()
    shared = ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours
    with (shared / "certified_good.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _certified(shared / "certified_good", tmp_path_factory)


def _certified(kept: Path, factory: pytest.TempPathFactory) -> dict[str, Certified]:
    if not kept.exists():
        good = {system: certify(folder, factory.mktemp(f"good_{system}")) for system, folder in GOOD.items()}
        kept.write_bytes(pickle.dumps(good))
    found: dict[str, Certified] = pickle.loads(kept.read_bytes())
    return found
