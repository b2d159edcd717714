"""Read from a Makefile which programs it builds; variables it defines itself are put in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from certify.model import Location
from certify.repository.tree import Repository

_NAMES = ("GNUmakefile", "makefile", "Makefile")
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*[:?]{0,2}=\s*(.*)")
_USED = re.compile(r"\$[({]([A-Za-z_][A-Za-z0-9_]*)[)}]")
_TARGET = re.compile(r"([^\s:=#$]{1,200})\s*:(?!=)")
#: `-o NAME`, or `-o=NAME`, of whatever command.
_OUTPUT = re.compile(r"(?:^|\s)-o[ =]+(\S+)")
_BUILD = re.compile(r"\bbuild\b")
#: Each line is looked at for a few variables; hostile ones refer to each other.
_MAX_LINES, _MAX_LINE, _MOST_REPLACED = 5_000, 2_000, 20


@dataclass(frozen=True)
class Built:
    """A program that a Makefile builds, and where it says so."""

    name: str
    location: Location


@dataclass(frozen=True)
class Makefile:
    """What a Makefile builds with `go build -o`, and the targets it has."""

    file: str
    built: tuple[Built, ...]
    targets: frozenset[str]

    def builds(self, executable: str) -> bool:
        """Whether it builds a program of this name, by any folder before it that is not known."""
        return executable in self.targets or any(_same(one.name, executable) for one in self.built)


def read_makefile(repository: Repository) -> Makefile | None:
    """The Makefile at the top of a repository; None where there is none that can be read."""
    file = next((one for one in _NAMES if repository.exists(one)), None)
    text = repository.text(file) if file else None
    if file is None or text is None:
        return None
    variables: dict[str, str] = {}
    built: list[Built] = []
    targets: set[str] = set()
    for number, line in _lines(text):
        variable = None if line.startswith("\t") else _VARIABLE.match(line)
        target = None if line.startswith("\t") or variable else _TARGET.match(line)
        if variable:
            variables[variable[1]] = _with_variables(variable[2].strip(), variables)
        if target:
            targets.add(_plain(target[1]))
        if line.startswith("\t") and _BUILD.search(line):
            found = _OUTPUT.findall(_with_variables(line, variables))
            built += [Built(_plain(one), Location(file, number)) for one in found]
    return Makefile(file, tuple(built), frozenset(targets))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; one that a backslash goes on with is one."""
    begun, start = "", 0
    for number, line in enumerate(text.splitlines()[:_MAX_LINES], 1):
        start = start or number
        if line.endswith("\\") and len(begun) < _MAX_LINE:
            begun += line[:-1] + " "
            continue
        yield start, (begun + line)[:_MAX_LINE]
        begun, start = "", 0
    if begun:
        yield start, begun[:_MAX_LINE]


def _with_variables(text: str, variables: dict[str, str]) -> str:
    return _USED.sub(lambda used: variables.get(used[1], used[0]), text, count=_MOST_REPLACED)[:_MAX_LINE]


def _plain(name: str) -> str:
    return name.strip("\"'").removeprefix("./")


def _same(built: str, executable: str) -> bool:
    """`$(BIN)/x` builds x, wherever that folder is; `${EXT}` may add an ending."""
    name = _USED.sub("", built)
    return _plain(executable) in (name, name.lstrip("/")) or (name != built and executable in name)
