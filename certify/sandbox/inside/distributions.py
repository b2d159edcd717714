"""Tell which distributions are installed in this interpreter, and which modules only optional ones bring."""

from __future__ import annotations

import importlib.util
import os
import re
from importlib import metadata
from typing import Any

#: A licence may stand among them as a text.
_MOST_HEADERS = 200_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def describe(required: list[str], optional: list[str]) -> dict[str, Any]:
    """`absent`: required names that are not installed; `optional`: modules to hide, by distribution.

    A module that a required distribution needs too, directly or not, is not optional. What is not installed
    is taken to bring a module of its own name.
    """
    needed = _closure(required)
    kept = {module for name in needed for module in _modules(name)}
    return {
        "absent": [name for name in required if _find(name) is None],
        "versions": {name: found.version for name in required if (found := _find(name)) is not None},
        "optional": {
            name: sorted(set(_modules(name)) - kept) for name in optional if _normal(name) not in needed
        },
    }


def locate(package: str) -> dict[str, Any]:
    """Where a package of this dotted name is installed, and what its distribution says of itself.

    Nothing is imported for it. `folder` is None where it is not installed (the module's file, where it is no
    folder), `metadata` and `described` (the folder of the metadata) where no distribution brings it.
    """
    top, *inner = package.split(".")
    spec = importlib.util.find_spec(top)
    places = list(spec.submodule_search_locations or ()) if spec else []
    paths = [os.path.join(place, *inner) for place in places]
    if not inner and spec is not None and spec.origin is not None and not places:
        paths = [spec.origin]
    elif inner:
        paths += [f"{path}.py" for path in paths]
    found = next((path for path in paths if os.path.exists(path)), None)
    brings = None if found is None else _bringer(top)
    return {
        "folder": found,
        "metadata": brings and _headers(brings),
        "described": brings and str(getattr(brings, "_path", "")),
    }


def _bringer(module: str) -> metadata.Distribution | None:
    """The distribution that brings a top-level module."""
    return next((one for one in metadata.distributions() if module in _brought(one)), None)


def _headers(found: metadata.Distribution) -> str:
    """Its metadata without the README below."""
    text = found.read_text("METADATA") or found.read_text("PKG-INFO") or ""
    return text.partition("\n\n")[0][:_MOST_HEADERS]


def _closure(names: list[str]) -> set[str]:
    """These distributions and all that they require without an extra, as far as it is installed."""
    seen: set[str] = set()
    waiting = [_normal(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        found = _find(name)
        for requirement in (found.requires or []) if found else []:
            match = _NAME.match(requirement)
            if match and "extra ==" not in requirement.replace("extra==", "extra =="):
                waiting.append(_normal(match[0]))
    return seen


def _find(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except (metadata.PackageNotFoundError, ValueError):
        return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _modules(name: str) -> list[str]:
    """The top-level modules a distribution brings."""
    found = _find(name)
    return [_normal(name).replace("-", "_")] if found is None else _brought(found)


def _brought(found: metadata.Distribution) -> list[str]:
    listed = (found.read_text("top_level.txt") or "").split()
    if listed:
        return listed
    tops = {str(file).partition("/")[0] for file in found.files or ()}
    names = {top[:-3] if top.endswith(".py") else top.partition(".")[0] for top in tops}
    return sorted(one for one in names if one.isidentifier() and one != "__pycache__")
