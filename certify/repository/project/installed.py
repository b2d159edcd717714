"""A package that is installed beside its contract, and not in the repository."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certify.repository.project.wheel_file import CoreMetadata


@dataclass(frozen=True)
class Installed:
    """Its folder (or file), what its distribution says, and the folder where that is said."""

    folder: Path
    metadata: CoreMetadata | None = None
    described: Path | None = None


_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)["']""")

#: Looks for a package, by its dotted name, in the interpreter that a run uses.
FindsInstalled = Callable[[str], Installed | None]


def project_of(metadata: CoreMetadata) -> dict[str, Any]:
    """The `[project]` table that would be built into these metadata, as far as it is asked for."""
    dependencies: list[str] = []
    extras: dict[str, list[str]] = {}
    for requirement in metadata.requires:
        extra = _EXTRA.search(requirement)
        (extras.setdefault(extra[1], []) if extra else dependencies).append(requirement)
    return {
        "name": metadata.name,
        "version": metadata.version,
        "requires-python": metadata.requires_python,
        "dependencies": dependencies,
        "optional-dependencies": extras,
    }


def not_installed(name: str) -> None:
    """Nothing is installed."""
