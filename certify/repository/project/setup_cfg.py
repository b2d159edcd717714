"""What setup.cfg says, as far as setup.py does not say otherwise; neither is run."""

from __future__ import annotations

import ast
import configparser
import re
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
        return Stated(value, self._at(section, key)) if value else None

    def items(
        self, section: str, key: str, keyword: str | None = None, separator: str = ";"
    ) -> tuple[Stated, ...] | None:
        """A list: one item a line, else parted by `separator`. `keyword` is its name in setup.py."""
        value = self._value(section, key, keyword or key)
        if value is None:
            return None
        lines = value.splitlines() if "\n" in value else value.split(separator)
        found = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
        return tuple(Stated(item, self._at(section, key, item)) for item in found)

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

    def _at(self, section: str, key: str, item: str = "") -> Location:
        """By search: the section, from there the key, from there the item; as far as they are found."""
        lines = (self._text or "").splitlines()
        wanted = [
            re.compile(rf"\[{re.escape(section)}\]"),
            re.compile(rf"{re.escape(key)}\s*[=:]", re.IGNORECASE),
            re.compile(rf".*{re.escape(item)}"),
        ]
        number = 0
        for pattern in wanted:
            found = [index for index in range(number, len(lines)) if pattern.match(lines[index])]
            number = found[0] if found else number
        return Location(SETUP_CFG, number + 1)


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
