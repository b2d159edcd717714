"""The Python source of a connector's package, parsed once and within bounds; nothing of it is run."""

from __future__ import annotations

import ast
import gc
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from certify.repository.syntax import Syntax
from certify.repository.tree import Repository

#: A larger module was generated; its tree would take thirty times as much memory.
MAX_SOURCE_BYTES = 1024 * 1024
#: Source whose trees are kept, in characters: 30 to 50 bytes of tree each, measured over 1,000 modules.
_MAX_KEPT = 3 * 1024 * 1024
#: Of each of these characters; what has more is a table. A million numbers take 5 s and 500 MB, and fields of
#: an f-string the square of their number.
_MOST = {",": 100_000, "(": 100_000, "{": 20_000}
#: Files of a package that are not what its users run.
_TESTS = re.compile(r"(?:.*/)?(?:tests?|testing)/.*|(?:.*/)?(?:test_[^/]*|[^/]*_test|conftest)\.py")


@dataclass(eq=False)
class PythonSource:
    """One module: its path as reports show it, and its text."""

    file: str
    text: str = field(repr=False)
    keep: bool = field(default=True, repr=False)
    #: Whether it was parsed, and could not be.
    unparsable: bool = False
    _syntax: Syntax | None = field(default=None, repr=False)

    def mentions(self, words: re.Pattern[str]) -> bool:
        """Whether one of these stands in it: what does not even mention a thing need not be parsed for it."""
        return words.search(self.text) is not None

    @property
    def syntax(self) -> Syntax | None:
        """Its syntax tree; None where Python cannot parse it, or it is too large to be code."""
        if self._syntax is not None:
            return self._syntax
        tree = None if self.unparsable else parse(self.text)
        self.unparsable = tree is None
        syntax = None if tree is None else Syntax(tree)
        if self.keep:
            self._syntax = syntax
        return syntax


@dataclass
class PythonSources:
    """The modules of a connector's package, its tests left out, and how many files were not read and why."""

    package: str
    modules: tuple[PythonSource, ...]
    unread: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[PythonSource]:
        return iter(self.modules)

    def unjudged(self, words: re.Pattern[str]) -> list[str]:
        """What a search for these words did not see: modules with one that were not parsed, or not read."""
        unread = [f"{count} {why}" for why, count in sorted(self.unread.items())]
        return unread + [one.file for one in self.modules if one.unparsable and one.mentions(words)]

    def notes(self) -> list[str]:
        """The same in sentences, for evidence."""
        notes = [f"read {len(self.modules)} modules of {self.package}"]
        notes += [f"not read: {count} {why}" for why, count in sorted(self.unread.items())]
        return notes + [f"not parsed: {one.file}" for one in self.modules if one.unparsable]


def read_package(repository: Repository, name: str, folder: Path) -> PythonSources:
    """Read a package (or a single module) that lies in the repository, or is installed elsewhere."""
    place = folder.resolve()
    shown = ""
    if not place.is_relative_to(repository.root):
        repository = Repository(place if place.is_dir() else place.parent)
        shown = f"{repository.root.as_posix()}/"
    inside = place.relative_to(repository.root).as_posix()
    unread: Counter[str] = Counter()
    modules: list[PythonSource] = []
    kept = 0
    for file in _files_of(repository, inside):
        text = _read(repository, file, unread)
        if text is not None:
            kept += len(text)
            modules.append(PythonSource(shown + file, text, keep=kept <= _MAX_KEPT))
    return PythonSources(name, tuple(modules), unread)


def _files_of(repository: Repository, inside: str) -> Iterator[str]:
    """The source files below a folder, or the one file; without the tests that lie in the package."""
    prefix = "" if inside == "." else f"{inside}/"
    for file in repository.files("*.py"):
        if file == inside or (file.startswith(prefix) and not _TESTS.fullmatch(file.removeprefix(prefix))):
            yield file


def _read(repository: Repository, file: str, unread: Counter[str]) -> str | None:
    data = repository.content(file, MAX_SOURCE_BYTES)
    if data is None:
        unread[f"modules larger than {MAX_SOURCE_BYTES // 1024} KiB"] += 1
        return None
    return data.decode("utf-8-sig", "replace")


def parse(text: str) -> ast.Module | None:
    """Parse source; None for whatever Python's parser refuses, and for what is too large to be code."""
    if any(text.count(character) > most for character, most in _MOST.items()):
        return None
    with _quietly():
        try:
            return ast.parse(text)
        # Too deep is a RecursionError or a MemoryError, and never a crash: tried with a hundred thousand
        # levels of each operator on 3.11, 3.12 and 3.13. A null byte is a ValueError in the oldest.
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


@contextmanager
def _quietly() -> Iterator[None]:
    """Without warnings about escapes, and without the collector, with which it takes three times as long."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if collecting:
            gc.enable()
