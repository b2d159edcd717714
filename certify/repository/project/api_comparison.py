"""Tell which of griffe's differences between two APIs are certain to break somebody."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certify.model import Location
from certify.repository.project.stated import ImportPackage

if TYPE_CHECKING:
    from griffe import Alias, Breakage, Object

#: What makes callers fail. Changed values, defaults and annotations change behaviour, or nothing at all.
_SIGNATURE = {
    "PARAMETER_REMOVED": "no longer takes {name!r}",
    "PARAMETER_ADDED_REQUIRED": "requires {name!r}, which it did not know",
    "PARAMETER_CHANGED_REQUIRED": "requires {name!r}, which had a default",
    "PARAMETER_MOVED": "takes {name!r} at another position",
    "PARAMETER_CHANGED_KIND": "takes {name!r} as {now}, formerly {before}",
}
#: Module globals that are made for the module itself.
_PLUMBING = ("getLogger(", "get_logger(", "TypeVar(", "ParamSpec(")
#: Bases from elsewhere that bring nothing which a removed member could be found in.
_PLAIN_BASES = frozenset(
    {"object", "ABC", "Protocol", "Generic", "NamedTuple", "TypedDict", "Enum", "IntEnum", "StrEnum", "Flag"}
    | {name for name, value in vars(builtins).items() if isinstance(value, type)}
)


@dataclass(frozen=True)
class Broken:
    """A public object that its users can no longer use as before."""

    path: str
    what: str
    location: Location


class ApiComparison:
    """Keeps of griffe's differences what is certain to break somebody."""

    def __init__(
        self, package: ImportPackage, base: Path, files: Iterable[str], called: frozenset[str], new: Object
    ) -> None:
        self.package = package.name
        self.folder = package.folder
        self.base = base
        self.files = frozenset(files)
        self.called = called
        self.new = new

    def broken(self, old: Object) -> list[Broken]:
        """Each object once, with all that is different about it."""
        import griffe

        promised = _promised(old, self.called)
        said: dict[str, dict[str, None]] = {}
        shown: dict[str, str] = {}
        for breakage in griffe.find_breaking_changes(old, self.new):
            what = self._what(breakage)
            path = breakage.obj.path
            # One object may be reached by several roads: it is told once, by the shortest.
            home = _home(breakage.obj)
            if what is None or self._is_internal(path):
                continue
            if promised is not None and not any(_is_in(one, promised) for one in (path, home)):
                continue
            shown[home] = min(shown.get(home, path), path, key=_length)
            said.setdefault(home, {})[what] = None
        return [
            Broken(shown[home], ", ".join(whats), self._place(shown[home])) for home, whats in said.items()
        ]

    def _what(self, breakage: Breakage) -> str | None:
        kind, before, now = breakage.kind.name, breakage.old_value, breakage.new_value
        if kind == "OBJECT_REMOVED":
            return "is gone" if self._is_certainly_gone(breakage.obj) else None
        if kind == "OBJECT_CHANGED_KIND":
            kinds = (before.value, now.value)
            certain = kinds == ("class", "function") or kinds[1] == "module"
            return f"is a {now.value}, formerly a {before.value}" if certain else None
        if kind not in _SIGNATURE:
            return None
        name = (before or now).name
        variadic = before is not None and before.kind.value.startswith("variadic")
        if name.startswith("_") or (kind == "PARAMETER_REMOVED" and variadic):
            return None
        before_kind, now_kind = (one.kind.value if one is not None else "" for one in (before, now))
        return _SIGNATURE[kind].format(name=name, before=before_kind, now=now_kind)

    def _is_internal(self, path: str) -> bool:
        inner = path.removeprefix(self.package).lstrip(".").split(".")
        return any(name.startswith("_") and not name.endswith("__") for name in inner)

    def _is_certainly_gone(self, gone: Object | Alias) -> bool:
        name = gone.name
        owner = self._find(gone.path.rpartition(".")[0])
        if owner is None or "__getattr__" in owner.members:
            return False  # its module is told of already, or gives names that its source does not show
        if gone.is_alias:
            return gone.parent is not None and name in _exports(gone.parent)
        if gone.is_module:
            return not (name.startswith("_") or self._has_file(gone.path))
        if owner.is_class:
            return not hasattr(object, name) and name != "__slots__" and self._bases_are_known(owner, name)
        value = str(getattr(gone, "value", None) or "")
        return not name.startswith("__") and not any(one in value for one in _PLUMBING)

    def _has_file(self, path: str) -> bool:
        """Whether a module is there that griffe could not read."""
        inner = path.removeprefix(self.package).lstrip(".").replace(".", "/")
        return not self.files.isdisjoint({f"{inner}.py", f"{inner}.pyi", f"{inner}/__init__.py"})

    def _bases_are_known(self, owner: Any, name: str) -> bool:
        for one in [owner, *_mro(owner)]:
            unknown = [str(base).partition("[")[0].rpartition(".")[2] for base in one.bases]
            known = {base.name for base in one.resolved_bases} | _PLAIN_BASES
            if not known.issuperset(unknown) or any(
                hasattr(vars(builtins).get(base), name) for base in unknown
            ):
                return False
        return True

    def _find(self, path: str) -> Any:
        """The object of this path in the present API; None when there is none."""
        found: Any = self.new
        for name in path.removeprefix(self.package).lstrip(".").split("."):
            with contextlib.suppress(Exception):  # griffe's aliases raise where they lead nowhere
                found = found.final_target if found.is_alias else found
            if name:
                found = found.members.get(name) if not found.is_alias else None
            if found is None:
                return None
        return found

    def _place(self, path: str) -> Location:
        """Where the object stands, or what is left of where it stood."""
        while path:
            found = self._find(path)
            if found is not None and not found.is_alias and (found.lineno or found.is_module):
                break
            path = path.rpartition(".")[0]
        else:
            return Location(self.folder)
        inside = isinstance(found.filepath, Path) and found.filepath.is_relative_to(self.base)
        inner = found.filepath.relative_to(self.base).as_posix() if inside else ""
        file = f"{self.folder}/{inner}" if inner else self.folder
        return Location(file, found.lineno or 1)


def _mro(owner: Any) -> list[Any]:
    try:
        return list(owner.mro())
    except ValueError:
        return []


def _promised(root: Any, called: frozenset[str]) -> frozenset[str] | None:
    """The paths of what is named as public, aliases and their homes; None where the root names nothing."""
    if not _exports(root):
        return None
    found = set(called)
    waiting = [root]
    while waiting:
        module = waiting.pop()
        for name in _exports(module):
            found.add(f"{module.path}.{name}")
            if name in module.members:
                found.add(_home(module.members[name]))
        waiting += [one for one in module.members.values() if not one.is_alias and one.is_module]
    return frozenset(found)


def _exports(module: Any) -> frozenset[str]:
    """The names in `__all__`, as far as they are written out."""
    return frozenset(one for one in getattr(module, "exports", None) or () if isinstance(one, str))


def _is_in(path: str, promised: frozenset[str]) -> bool:
    """Whether this, or what it is a part of, is promised."""
    parts = path.split(".")
    return any(".".join(parts[:length]) in promised for length in range(1, len(parts) + 1))


def _home(obj: Object | Alias) -> str:
    """The path by which an object is defined, whichever it was reached by."""
    try:
        return obj.canonical_path
    except Exception:  # griffe's aliases raise where they lead nowhere
        return obj.path


def _length(path: str) -> tuple[int, str]:
    return path.count("."), path
