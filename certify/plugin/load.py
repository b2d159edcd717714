"""Import what a run would import late, for forks of this process: they find it here."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable

from certify.plugin.engine import import_fixtures
from certify.plugin.isolated import run_nothing
from certify.plugin.planning import installed_rules
from certify.repository.docs.markdown import read_page
from certify.repository.secrets.formats import has_high_entropy

#: What only connectors of a system need; where it is not installed, their rules say so.
_OF_SYSTEM = {
    "plakar": ("certify.sandbox.plakar.plugin_run",),
    "appseconnect": ("dnfile", "tree_sitter_c_sharp"),
}


def load_for(systems: Iterable[str]) -> None:
    """Load pytest, the rules, and what they use on connectors of these systems."""
    installed_rules()
    import_fixtures()
    run_nothing()
    read_page("README.md", "")
    has_high_entropy("")
    for system in systems:
        for name in _OF_SYSTEM.get(system, ()):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
