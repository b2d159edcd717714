"""Tell what a run imports for itself, so that what it is forked from imports it for all later ones."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any


class LateImports:
    """What this run imports, of a connector whose entry is `module:name`; once it is known, nobody looks.

    To look at the name of every module copies the page of each, which takes 2 ms where there are a thousand.
    """

    def __init__(self, task: dict[str, Any], entry: str) -> None:
        self._own: list[str] = task["path"]
        self._package = package_of(entry)
        self._before = frozenset(sys.modules) if not task["import_first"] else None

    def tell(self, say: Callable[..., None]) -> None:
        """Tell it, unless a thread was left behind: forks lose those."""
        if self._before is not None and threading.active_count() == 1:
            say(imported=imported_since(self._before, self._own, self._package))


def package_of(name: str) -> str:
    """The top-level package in `package.module:factory`."""
    return name.partition(":")[0].partition(".")[0]


def imported_since(before: frozenset[str], own: list[str], package: str) -> list[str]:
    """The modules that this run imported but the connector's own, in the order in which it did.

    Its own lie in its folders, or in its top-level package: one that is installed has no folders here.
    """
    files = {name: getattr(sys.modules[name], "__file__", None) for name in list(sys.modules)}
    return [
        name
        for name, file in files.items()
        if name not in before
        and file is not None
        and not file.startswith(tuple(own))
        and name.partition(".")[0] != package
    ]
