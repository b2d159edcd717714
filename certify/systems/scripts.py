"""Find what a console script calls, in a tree that is not installed."""

from __future__ import annotations

from pathlib import Path

from certify.contract.detection import pyproject


def script_in(root: Path, name: str) -> str:
    """The `module:function` behind a script in pyproject.toml; empty where it names no such script.

    Many taps are made with Poetry, which had a table of its own before there was a standard one.
    """
    whole = pyproject(root)
    tool = whole.get("tool")
    poetry = tool.get("poetry") if isinstance(tool, dict) else None
    for table in (whole.get("project"), poetry):
        scripts = table.get("scripts") if isinstance(table, dict) else None
        called = scripts.get(name) if isinstance(scripts, dict) else None
        if isinstance(called, str):
            return called.partition("[")[0].strip()
    return ""
