"""Read the name and the console scripts that a setup.py gives literally; it is not run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import Any

from certify.repository import Repository
from certify.repository.source.modules import parse
from certify.systems.finding.classes import last_name, literal

SETUP_PY = "setup.py"
_SCRIPT = re.compile(r"^\s*([\w.-]+)\s*=\s*[\w.]+:", re.MULTILINE)


@dataclass(frozen=True)
class Setup:
    """The arguments of its `setup()`: the distribution's name, and the names of its scripts."""

    name: str | None = None
    scripts: tuple[str, ...] = ()


def read_setup(repository: Repository) -> Setup:
    """What can be read of it; nothing where there is none, or all is told at run time."""
    tree = parse(repository.text(SETUP_PY) or "")
    for node in tree.body if tree else ():
        call = node.value if isinstance(node, ast.Expr) else None
        if isinstance(call, ast.Call) and last_name(call.func) == "setup":
            said = {one.arg: literal(one.value) for one in call.keywords}
            name = said.get("name")
            return Setup(name if isinstance(name, str) else None, _scripts(said.get("entry_points")))
    return Setup()


def _scripts(points: Any) -> tuple[str, ...]:
    """Of a mapping, or of the text of an INI file."""
    if isinstance(points, dict):
        listed = points.get("console_scripts")
        text = "\n".join(map(str, listed)) if isinstance(listed, list | tuple) else str(listed or "")
    else:
        text = str(points or "").partition("[console_scripts]")[2].partition("[")[0]
    return tuple(_SCRIPT.findall(text))
