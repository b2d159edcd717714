"""Name files as GitHub looks for them: from the workspace, where a connector may lie in a folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

_FILE = re.compile(r"^(::[a-z]+ file=)", re.MULTILINE)
#: As in a property of a workflow command, actions/toolkit packages/core/src/command.ts.
_ESCAPED = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def from_workspace(annotations: str, root: Path) -> str:
    """Workflow commands, a line each, whose files are told from `root`; as they are outside a workspace."""
    workspace = Path(os.path.realpath(os.environ.get("GITHUB_WORKSPACE") or root))
    if root == workspace or not root.is_relative_to(workspace):
        return annotations
    within = f"{root.relative_to(workspace).as_posix()}/".translate(_ESCAPED)
    return _FILE.sub(lambda found: found[1] + within, annotations)
