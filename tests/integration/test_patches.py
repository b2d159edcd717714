"""Who replaced a function of another package: the connector's lines, or a library that it imports."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from certify.sandbox.imports import observe_import
from certify.sandbox.limits import Limits
from certify.sandbox.observed_import import ImportPlan
from certify.sandbox.zygote import Zygote

LIMITS = Limits(wall_seconds=20.0, stall_seconds=20.0)
REPLACES = "import textwrap\ntextwrap.dedent = len\n"


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with Zygote() as started:
        yield started


@pytest.mark.parametrize(
    ("connector", "library", "line"),
    [
        ("import textwrap\nimport library\ntextwrap.dedent = len\n", "", 3),
        (REPLACES + "import library\n", "", 2),
        (
            "import textwrap, library\nlibrary.patch()\n",
            "def patch():\n    import textwrap\n    textwrap.dedent = len",
            2,
        ),
        ("from . import inner\n", "", None),
        ("import library\n", REPLACES, None),
    ],
    ids=["after an import", "before an import", "by a call", "by none", "by a library"],
)
def test_a_replaced_function_is_blamed_on_the_lines_that_did_it(
    zygote: Zygote, tmp_path: Path, connector: str, library: str, line: int | None
) -> None:
    package = tmp_path / "demo"
    package.mkdir()
    (package / "__init__.py").write_text(connector)
    (package / "inner.py").write_text("")
    (tmp_path / "library.py").write_text(textwrap.dedent(library))
    plan = ImportPlan("demo", tmp_path, (package,), ("demo", "demo.inner"), tmp_path)
    seen = observe_import(zygote, plan, LIMITS)
    assert [one.location and one.location.line for one in seen.effects if one.kind == "patch"] == (
        [line] if line else []
    )
    assert seen.complete
