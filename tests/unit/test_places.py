"""Which lines are the connector's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from certify.sandbox.inside.places import lies_in, own


@pytest.fixture(autouse=True)
def nowhere() -> Iterator[None]:
    yield
    lies_in([])


@pytest.mark.parametrize(
    ("file", "is_own"),
    [
        ("/repo/src/orders/client.py", True),
        ("/elsewhere/tool.py", True),
        ("/usr/lib/python3/site-packages/requests/api.py", False),
        ("/venv/lib/site-packages/example/src/orders/client.py", False),
        ("<string>", False),
    ],
)
def test_what_is_installed_is_not_its_own(file: str, is_own: bool) -> None:
    assert own([(file, 7)]) == ([[file, 7]] if is_own else [])


def test_what_lies_in_its_folder_is_its_own_wherever_that_is() -> None:
    lies_in(["/venv/lib/site-packages/example/src"])
    own_file = "/venv/lib/site-packages/example/src/orders/client.py"
    beside = "/venv/lib/site-packages/example/src/.venv/lib/site-packages/requests/api.py"
    assert own([(own_file, 7), (beside, 8)]) == [[own_file, 7]]
