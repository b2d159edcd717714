"""What a run tells of its imports, so that the next ones find them done."""

from __future__ import annotations

import sys
import threading
from types import ModuleType

import pytest

from certify.sandbox.inside.late_imports import LateImports, imported_since


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


@pytest.mark.parametrize(("known", "told"), [([], ["elsewhere"]), (["elsewhere"], None)])
def test_what_a_run_imports_is_told_until_it_is_known(
    monkeypatch: pytest.MonkeyPatch, known: list[str], told: list[str] | None
) -> None:
    said: dict[str, list[str]] = {}
    late = LateImports({"import_first": known, "path": []}, "demo:run")
    module = ModuleType("elsewhere")
    module.__file__ = "/lib/elsewhere.py"
    monkeypatch.setitem(sys.modules, "elsewhere", module)
    late.tell(said.update)
    assert said.get("imported") == told


def test_what_a_run_imports_is_not_told_where_it_leaves_a_thread_behind() -> None:
    said: dict[str, list[str]] = {}
    goes = threading.Event()
    left = threading.Thread(target=goes.wait)
    late = LateImports({"import_first": [], "path": []}, "demo:run")
    left.start()
    late.tell(said.update)
    goes.set()
    left.join()
    assert said == {}
