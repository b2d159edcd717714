"""What several acceptance tests ask for."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable

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


@pytest.fixture(scope="session")
def certified_good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certified]:
    """Each good connector, certified once, by its system; with several workers, by the first that asks."""

    def certified() -> dict[str, Certified]:
        make = tmp_path_factory.mktemp
        return {system: certify(folder, make(f"good_{system}")) for system, folder in GOOD.items()}

    return _once("certified_good", certified, tmp_path_factory)


@pytest.fixture(scope="session")
def certified_broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certified]:
    """The broken connectors of systems that are certified at once, by their names."""

    def certified() -> dict[str, Certified]:
        found: dict[str, Certified] = {}
        for system, only in AT_ONCE.items():
            broken = [one for one in each_broken() if one.system == system]
            folders = [one.lay_out(tmp_path_factory.mktemp("broken")) for one in broken]
            found |= dict(zip(map(str, broken), certify_together(folders, only), strict=True))
        return found

    return _once("certified_broken", certified, tmp_path_factory)


def _once(
    name: str, make: Callable[[], dict[str, Certified]], factory: pytest.TempPathFactory
) -> dict[str, Certified]:
    """Made by the first of several workers that asks, and kept for the others."""
    ours = factory.getbasetemp()
    kept = (ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours) / name
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            kept.write_bytes(pickle.dumps(make()))
    found: dict[str, Certified] = pickle.loads(kept.read_bytes())
    return found
