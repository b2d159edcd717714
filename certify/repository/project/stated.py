"""The words of this folder: texts with the place where they stand, and the package that is released."""

from __future__ import annotations

from dataclasses import dataclass

from certify.model import Location


@dataclass(frozen=True)
class Stated:
    """What a file says, and where; `origin` names what says it when that is no file of the tree."""

    text: str
    location: Location | None
    origin: str = ""

    @property
    def place(self) -> str:
        """Where, in words."""
        return str(self.location) if self.location else self.origin


@dataclass(frozen=True)
class Declared:
    """A requirement as it stands in a file (PEP 508), and the extra that asks for it."""

    text: str
    location: Location | None
    extra: str | None = None


@dataclass(frozen=True)
class ImportPackage:
    """The package that is released: its dotted name, and its folder (or module) in the tree."""

    name: str
    folder: str

    @property
    def path(self) -> str:
        """Where it lies once it is installed."""
        inside = self.name.replace(".", "/")
        return f"{inside}.py" if self.folder.endswith(".py") else inside
