"""Find what no longer is what its module made it, and tell where the connector may have done that."""

from __future__ import annotations

import functools
import sys
import time
import types
from collections.abc import Iterator
from typing import Any

_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, type)
#: Processor seconds for looks around the connector's lines, 20 ms each with a large SDK. Beyond that it is
#: left open who did it, and one more import tells.
_MOST_SECONDS = 0.5
_clock = time.thread_time


class Patches:
    """Knows the functions, classes and constants of modules as they were once executed."""

    def __init__(self) -> None:
        self.namespaces: dict[str, dict[str, Any]] = {}
        self.members: dict[str, tuple[type, dict[str, Any]]] = {}
        self._before: dict[str, Any] = {}
        #: What changed while the connector's own lines ran; None once looking took too long.
        self._while_own: set[str] | None = set()
        self._seconds = 0.0

    def note(self, name: str, module: types.ModuleType) -> None:
        """Note what a module looks like, now that it was executed."""
        space = vars(module)
        kept = {key: one for key, one in space.items() if isinstance(one, _FUNCTIONS) or key.isupper()}
        self.namespaces[name] = kept
        for key, one in kept.items():
            if isinstance(one, type) and one.__module__ == name:
                self.members[f"{name}.{key}"] = (one, dict(vars(one)))

    def begin_own(self) -> None:
        """Lines of the connector's own run from now on."""
        self._before = self._looked()

    def end_own(self) -> None:
        """They ran until now."""
        for name, new in self._looked().items():
            if self._while_own is not None and self._before.get(name, self) is not new:
                self._while_own.add(name)
        self._before = {}

    def leave_open(self) -> None:
        """Some of the connector's lines ran unseen: it may have made any."""
        self._while_own = None

    def _looked(self) -> dict[str, Any]:
        if self._while_own is None:
            return {}
        began = _clock()
        found = dict(self._found())
        self._seconds += _clock() - began
        if self._seconds > _MOST_SECONDS:
            self.leave_open()
        return found

    def that_may_be_own(self) -> list[tuple[str, str]]:
        """`(module.attribute, module of the new value)` for those that the connector may have made."""
        return [
            (name, _made_in(new))
            for name, new in self._found()
            if self._while_own is None or name in self._while_own
        ]

    def _found(self) -> Iterator[tuple[str, Any]]:
        for name, before in self.namespaces.items():
            now = vars(sys.modules.get(name, types.ModuleType(name)))
            for key, one in before.items():
                new = now.get(key, one)
                if new is not one and _is_patch(name, new):
                    yield f"{name}.{key}", new
        yield from self._foreign_members()

    def _foreign_members(self) -> Iterator[tuple[str, Any]]:
        """Methods of classes of other packages that no longer are what they were."""
        for name, (owner, before) in self.members.items():
            for member, new in list(vars(owner).items()):
                if new is not before.get(member) and callable_member(new) and _is_patch(name, new):
                    yield f"{name}.{member}", new


def _made_in(value: Any) -> str:
    return str(getattr(value, "__module__", None) or "")


def _is_patch(name: str, new: Any) -> bool:
    """A third party that replaces its own functions is at home; in Python's modules nobody is."""
    top = name.partition(".")[0]
    if top == "_certify_inside":
        return False
    return top in sys.stdlib_module_names or _made_in(new).partition(".")[0] != top


def callable_member(value: Any) -> bool:
    """A method in any of its forms; caches and registries that a class fills for itself are none."""
    return callable(value) or isinstance(
        value, (staticmethod, classmethod, property, functools.partialmethod)
    )
