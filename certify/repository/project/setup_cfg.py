"""What setup.cfg says, as far as setup.py does not say otherwise; neither is run."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from functools import cached_property

from certify.model import Location
from certify.repository.project.stated import Stated
from certify.repository.tree import Repository

SETUP_CFG, SETUP_PY = "setup.cfg", "setup.py"

#: Values that the build reads from elsewhere.
_READ_BY_THE_BUILD = ("attr:", "file:")


class SetupCfg:
    """Values are None where they are absent, or where only running setup.py can tell."""

    def __init__(self, repository: Repository) -> None:
        self._text = repository.text(SETUP_CFG)
        self._setup_py = repository.text(SETUP_PY)

    def text(self, section: str, key: str) -> Stated | None:
        """A single value."""
        value = self._value(section, key, key)
        return Stated(value, Location(SETUP_CFG, self._line(section, key))) if value else None

    def items(
        self, section: str, key: str, keyword: str | None = None, separator: str = ";"
    ) -> tuple[Stated, ...] | None:
        """A list: one item a line, else parted by `separator`. `keyword` is its name in setup.py."""
        value = self._value(section, key, keyword or key)
        if value is None:
            return None
        lines = value.splitlines() if "\n" in value else value.split(separator)
        found = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
        return tuple(self._located(found, self._line(section, key)))

    def keys(self, section: str, keyword: str) -> tuple[str, ...] | None:
        """The keys of a section; `keyword` is its name in setup.py."""
        if self._parser is None or keyword in self._given_by_setup_py:
            return None
        return tuple(self._parser[section]) if self._parser.has_section(section) else ()

    def _value(self, section: str, key: str, keyword: str) -> str | None:
        # setuptools: an argument of setup() stands above the file.
        if self._parser is None or keyword in self._given_by_setup_py:
            return None
        value = self._parser.get(section, key, fallback="").strip()
        return None if value.startswith(_READ_BY_THE_BUILD) else value

    @cached_property
    def _parser(self) -> configparser.ConfigParser | None:
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(self._text or "")
        except configparser.Error:
            return None
        return parser if self._text is not None else None

    @cached_property
    def _given_by_setup_py(self) -> _Keywords:
        if self._setup_py is None:
            return _Keywords(frozenset(), everything=False)
        try:
            calls = [one for one in ast.walk(ast.parse(self._setup_py)) if isinstance(one, ast.Call)]
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return _Keywords(frozenset(), everything=True)
        names = [keyword.arg for one in calls if _called(one) == "setup" for keyword in one.keywords]
        return _Keywords(frozenset(name for name in names if name), everything=None in names)

    def _located(self, items: list[str], line: int) -> Iterator[Stated]:
        """Each item where it stands, which is not before the one above it."""
        lines = self._lines
        for item in items:
            found = (number for number in range(line, len(lines) + 1) if item in lines[number - 1])
            line = next(found, line)
            yield Stated(item, Location(SETUP_CFG, line))

    @cached_property
    def _lines(self) -> list[str]:
        return (self._text or "").splitlines()

    def _line(self, section: str, key: str) -> int:
        """By search: the section, from there the key; as far as they are found."""
        number = 0
        for pattern in (
            re.compile(rf"\[{re.escape(section)}\]"),
            re.compile(rf"{re.escape(key)}\s*[=:]", re.IGNORECASE),
        ):
            found = (index for index in range(number, len(self._lines)) if pattern.match(self._lines[index]))
            number = next(found, number)
        return number + 1


class _Keywords:
    """The arguments that setup.py gives; `everything` where `**arguments` hides them."""

    def __init__(self, names: frozenset[str], *, everything: bool) -> None:
        self._names = names
        self._everything = everything

    def __contains__(self, name: str) -> bool:
        return self._everything or name in self._names


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else str(getattr(function, "id", ""))
