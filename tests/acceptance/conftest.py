"""What several acceptance tests ask for."""

from __future__ import annotations

import pytest

from tests.acceptance.connectors import GOOD, Certified, certify


@pytest.fixture(scope="session")
def certified_good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certified]:
    """Each good connector, certified once, by its system."""
    return {
        system: certify(folder, tmp_path_factory.mktemp(f"good_{system}")) for system, folder in GOOD.items()
    }
