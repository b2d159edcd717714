"""What a run tells of its imports, so that the next ones find them done."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from certify.sandbox.inside.drive import imported_since


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ([], ["demolition", "elsewhere"]),  # the connector is installed
        (["/work/src"], ["elsewhere"]),
    ],
)
def test_the_connectors_own_modules_are_not_imported_for_it(
    monkeypatch: pytest.MonkeyPatch, own: list[str], told: list[str]
) -> None:
    before = frozenset(sys.modules)
    for name, folder in (
        ("demo", "/lib"),
        ("demo.late", "/lib"),
        ("demolition", "/work/src"),
        ("elsewhere", "/lib"),
    ):
        module = ModuleType(name)
        module.__file__ = f"{folder}/{name}.py"
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "built_in", ModuleType("built_in"))
    assert imported_since(before, own, "demo") == told
