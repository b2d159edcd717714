"""What a console script calls, in a tree that is not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.systems.scripts import script_in


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ('[project.scripts]\ntap = "tap.command:main"', "tap.command:main"),
        ('[tool.poetry.scripts]\ntap = "tap:Tap.cli"', "tap:Tap.cli"),
        ('[project.scripts]\ntap = "tap.command:main [fast]"', "tap.command:main"),
        ('[project.scripts]\nother = "tap.command:main"', ""),
        ('[tool]\npoetry = 3\n[project]\nscripts = "none"', ""),
        ('[tool.poetry.scripts]\ntap = {reference = "bin/tap.sh", type = "file"}', ""),
        ("[project", ""),
    ],
)
def test_a_script_is_found_in_either_table(tmp_path: Path, text: str, called: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert script_in(tmp_path, "tap") == called


def test_a_tree_without_a_project_has_no_script(tmp_path: Path) -> None:
    assert script_in(tmp_path, "tap") == ""
