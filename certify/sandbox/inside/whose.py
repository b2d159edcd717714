"""Tell whose code a frame is: the connector's, a third party's, Python's own, or ours."""

from __future__ import annotations

import os
import sys
import sysconfig
from types import FrameType

OURS, PYTHON, CONNECTOR, THIRD_PARTY = "certify", "python", "connector", "third party"

_INSIDE = os.path.dirname(os.path.abspath(__file__)) + os.sep
#: Looked up while everything still is as it was.
_STDLIB = tuple(
    os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib")
) + tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib"))
_SITE = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)


class Whose:
    """Knows the connector's folders and attributes frames and modules by their files."""

    def __init__(self, folders: list[str], package: str) -> None:
        self.folders = tuple(folder.rstrip(os.sep) + os.sep for folder in folders)
        self.package = package
        self._known: dict[str, str] = {}

    def file(self, name: str) -> str:
        """Whose file this is; what has no file (`<string>`, `<frozen …>`) counts as Python's."""
        owner = self._known.get(name)
        if owner is None:
            owner = self._known[name] = self._look(name)
        return owner

    def _look(self, name: str) -> str:
        if name.startswith(_INSIDE):
            return OURS
        if name.startswith(self.folders):
            return CONNECTOR
        if name.startswith("<") or not name:
            return PYTHON
        if name.startswith(_STDLIB) and not any(site in name for site in _SITE):
            return PYTHON
        return THIRD_PARTY

    def module(self, name: str) -> str:
        """Whose module this is, by its top-level name."""
        top = name.partition(".")[0]
        if name == self.package or name.startswith(self.package + "."):
            return CONNECTOR
        return PYTHON if top in sys.stdlib_module_names else THIRD_PARTY

    def blame(self, frame: FrameType | None) -> Blame:
        """The innermost frame that is not Python's own, and the innermost of the connector's."""
        culprit = line = None
        while frame is not None:
            owner = self.file(frame.f_code.co_filename)
            if owner == CONNECTOR:
                line = (frame.f_code.co_filename, frame.f_lineno)
                return Blame(culprit or self.package, culprit is None, *line)
            if owner == THIRD_PARTY and culprit is None:
                culprit = _distribution(frame)
            frame = frame.f_back
        return Blame(culprit, False, None, None)


class Blame:
    """Who did it (a top-level package, or None when nothing tells), and the connector's line."""

    def __init__(self, package: str | None, is_connector: bool, file: str | None, line: int | None) -> None:
        self.package = package
        self.is_connector = is_connector
        self.file = file
        self.line = line


def _distribution(frame: FrameType) -> str:
    name = frame.f_globals.get("__name__")
    if isinstance(name, str) and name != "__main__":
        return name.partition(".")[0]
    return os.path.basename(os.path.dirname(frame.f_code.co_filename))


def stack_passes_through(frame: FrameType | None, file: str, function: str) -> bool:
    """Whether a caller further out is this function of this file of the standard library."""
    files = [folder + file for folder in _STDLIB]
    while frame is not None:
        if frame.f_code.co_name == function and frame.f_code.co_filename in files:
            return True
        frame = frame.f_back
    return False
