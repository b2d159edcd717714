"""The clock's library is imported without the test framework that it looks for."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from certify.sandbox.inside.clock import traveller


@pytest.fixture(autouse=True)
def not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "time_machine", raising=False)


def test_pytest_is_there_again_afterwards() -> None:
    travels = traveller.__wrapped__()
    assert travels.HAVE_PYTEST is False
    assert sys.modules["pytest"] is pytest


def test_where_it_was_not_there_it_is_not_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "pytest")
    assert isinstance(traveller.__wrapped__(), ModuleType)
    assert "pytest" not in sys.modules


def test_without_the_library_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "time_machine", None)
    assert traveller.__wrapped__() is None
    assert sys.modules["pytest"] is pytest
