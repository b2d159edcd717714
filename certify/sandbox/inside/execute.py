"""Become another program: what the isolated child does instead of Python work."""

from __future__ import annotations

import os
from typing import Any


def execute(task: dict[str, Any]) -> None:
    """Replace this process by `argv`, in `cwd`, with `environment` added. Does not return.

    Its standard input is the file `stdin`, or empty.
    """
    os.chdir(task["cwd"])
    environment = {**os.environ, **task["environment"]}
    with open(task.get("stdin") or os.devnull, "rb", buffering=0) as given:
        os.dup2(given.fileno(), 0)
    os.execve(task["argv"][0], task["argv"], environment)
