"""Ask git about a repository without running anything that the repository's own configuration names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_SECONDS = 10.0
#: A file of an older release larger than this is not looked at.
_MAX_BYTES = 64 * 1024 * 1024


def git(root: Path, *arguments: str) -> bytes | None:
    """What a git command prints, or None when there is no git, no repository, or it fails."""
    # fsmonitor, hooks, pagers and external diffs are programs: none of them is run.
    safe = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.devnull, "-c", "core.pager=cat"]
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        # A partial clone fetches what it lacks, by whatever program its configuration names. Not every git
        # knows the first of these; the second leaves it no transport.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "",
        "LC_ALL": "C",
        # A checkout that belongs to somebody else (a container's, a CI runner's) is read all the same.
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *safe, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout[:_MAX_BYTES] if done.returncode == 0 else None
