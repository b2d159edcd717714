"""Tell which commands a repository provides: console scripts, make targets, tox environments, modules."""

from __future__ import annotations

import ast
import configparser
import itertools
import re
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from certify.contract.bounded_toml import HostileToml, parse_bounded
from certify.repository.tree import Repository

_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_TARGETS = re.compile(r"([^\s#=:][^#=:]*)::?(?!=)")
#: Factors that tox knows by itself.
_TOX_OWN = re.compile(r"(?:py|pypy|cpython|python|jython|graalpy)[\d.]*t?")
_MAX_ENVIRONMENTS = 5000
#: Nobody writes longer ones. `configparser` takes a time that grows with the square of what is wrong.
_MAX_CHARACTERS = 64 * 1024


@dataclass(frozen=True)
class Names:
    """Names that are there; unless `complete`, there may be others."""

    known: frozenset[str] = frozenset()
    complete: bool = True


@dataclass
class Programs:
    """What can be run in a repository."""

    repository: Repository
    _made: dict[str, Names | None] = field(default_factory=dict)

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """pyproject.toml; empty when there is none that can be read."""
        try:
            return parse_bounded(self._text("pyproject.toml"))
        except (HostileToml, tomllib.TOMLDecodeError, RecursionError):
            return {}

    @cached_property
    def setup_cfg(self) -> dict[str, dict[str, str]]:
        """setup.cfg by section."""
        return _sections(self._text("setup.cfg"))

    def _text(self, name: str) -> str:
        """A file that configures; empty where it is absent or not read."""
        text = self.repository.text(name) or ""
        return "" if len(text) > _MAX_CHARACTERS else text

    def _is_unread(self, *names: str) -> bool:
        there = [name for name in names if self.repository.exists(name)]
        return any(not self._text(name) and self.repository.text(name) != "" for name in there)

    @cached_property
    def scripts(self) -> Names:
        """The console scripts that installing the package gives."""
        project, tool = self.pyproject.get("project"), self.pyproject.get("tool")
        tables = [_table(project, "scripts"), _table(project, "gui-scripts")]
        tables += [_table(tool, name, "scripts") for name in ("poetry", "flit")]
        known = {str(name) for table in tables for name in table}
        dynamic = project.get("dynamic") if isinstance(project, dict) else None
        sure = isinstance(project, dict) or bool(_table(tool, "poetry")) or bool(self.setup_cfg)
        listed = self.setup_cfg.get("options.entry_points", {}).get("console_scripts", "")
        known.update(_script_names(listed))
        setup = self._text("setup.py")
        if setup:
            from_setup = scripts_in_setup(setup)
            known |= from_setup.known
            sure = from_setup.complete
        unsaid = isinstance(dynamic, list) and bool({"scripts", "gui-scripts"} & set(map(str, dynamic)))
        unread = self._is_unread("pyproject.toml", "setup.cfg", "setup.py")
        return Names(frozenset(known), sure and not unread and (not unsaid or bool(setup)))

    @property
    def distribution(self) -> str:
        """The name under which the package is installed; empty when it is not told."""
        for table in (self.pyproject.get("project"), _table(self.pyproject.get("tool"), "poetry")):
            if isinstance(table, dict) and isinstance(table.get("name"), str):
                return str(table["name"])
        return self.setup_cfg.get("metadata", {}).get("name", "")

    @property
    def readme(self) -> str:
        """The file that the package index shows, as the project names it; empty when it names none."""
        project, poetry = self.pyproject.get("project"), _table(self.pyproject.get("tool"), "poetry")
        for table in (project, poetry):
            named = table.get("readme") if isinstance(table, dict) else None
            named = named.get("file") if isinstance(named, dict) else named
            named = named[0] if isinstance(named, list) and named else named
            if isinstance(named, str):
                return named.removeprefix("./")
        return ""

    @property
    def urls(self) -> dict[str, Any]:
        """What the project links to, by name."""
        tool = self.pyproject.get("tool")
        return {**_table(self.pyproject.get("project"), "urls"), **_table(tool, "poetry", "urls")}

    def make_targets(self, folder: str) -> Names | None:
        """The targets of the Makefile in a folder; None when there is none."""
        if folder not in self._made:
            prefix = f"{folder}/" if folder else ""
            file = next((prefix + one for one in _MAKEFILES if self.repository.exists(prefix + one)), None)
            self._made[folder] = None if file is None else targets_in(self._text(file) or "include")
        return self._made[folder]

    @cached_property
    def tox_environments(self) -> Names | None:
        """The environments that tox is configured with; None when it is not."""
        tool = _table(self.pyproject.get("tool"), "tox")
        if self.repository.exists("tox.toml") or (tool and "legacy_tox_ini" not in tool):
            return Names(complete=False)
        ini = self._text("tox.ini") or str(tool.get("legacy_tox_ini") or "")
        sections = _sections(ini) or {key: value for key, value in self.setup_cfg.items() if "tox" in key}
        if not sections and (ini or self._is_unread("tox.ini", "setup.cfg", "pyproject.toml")):
            return Names(complete=False)
        return environments_in(sections) if sections else None

    def has_module(self, name: str) -> bool | None:
        """Whether `python -m NAME` finds something to run; None when the name belongs to somebody else."""
        path = name.replace(".", "/")
        top = path.partition("/")[0]
        places = [place for place in ("src/", "") if self._is_package(place + top)]
        if not places:
            return None
        ends = (".py", "/__main__.py", "/__main__.pyc")
        return any(self.repository.exists(place + path + end) for place in places for end in ends)

    def _is_package(self, folder: str) -> bool:
        return any(
            name.startswith(folder + "/") and name.endswith(".py") for name in self.repository.all_files
        )


def _table(value: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _sections(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {name: dict(parser[name]) for name in parser.sections()}


def _script_names(text: str) -> Iterator[str]:
    """`name = module:function`, one a line."""
    for line in text.splitlines():
        name, equals, _ = line.partition("=")
        if equals and name.strip():
            yield name.strip()


def scripts_in_setup(source: str) -> Names:
    """The console scripts in a setup.py that says them in so many words; it is read, never run."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Names(complete=False)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _calls_setup(node.func)]
    given = [keyword for call in calls for keyword in call.keywords]
    if any(one.arg is None for one in given):
        return Names(complete=False)
    known: set[str] = set()
    for one in given:
        if one.arg == "scripts":
            return Names(complete=False)
        if one.arg != "entry_points":
            continue
        try:
            known.update(_from_entry_points(ast.literal_eval(one.value)))
        except (ValueError, TypeError, RecursionError, MemoryError):
            return Names(complete=False)
    return Names(frozenset(known), complete=True)


def _calls_setup(function: ast.expr) -> bool:
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name == "setup"


def _from_entry_points(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        value = {name: "\n".join(f"{key}=x" for key in keys) for name, keys in _sections(value).items()}
    scripts = value.get("console_scripts", ()) if isinstance(value, dict) else ()
    yield from _script_names(scripts if isinstance(scripts, str) else "\n".join(map(str, scripts)))


def targets_in(makefile: str) -> Names:
    """The targets of a Makefile; not complete where it includes another, or makes up names."""
    left = [match[1] for line in makefile.splitlines() if (match := _TARGETS.match(line))]
    known = {name for names in left for name in names.split()}
    made_up = any("%" in name or "$" in name for name in known)
    included = re.search(r"^-?s?include\b", makefile, re.MULTILINE) is not None
    return Names(frozenset(known), not (made_up or included))


def environments_in(sections: dict[str, dict[str, str]]) -> Names:
    """The environments of a tox.ini, generative names such as `py3{11,12}-{a,b}` written out."""
    listed = ",".join(
        body.get(key, "") for body in sections.values() for key in ("envlist", "env_list") if body.get(key)
    )
    sections_named = [name.partition(":")[2] for name in sections if name.startswith("testenv:")]
    names = itertools.chain.from_iterable(map(_written_out, [*sections_named, *_outside_braces(listed)]))
    known = set(itertools.islice(names, _MAX_ENVIRONMENTS))
    factors = {factor for name in known for factor in name.split("-")}
    return Names(frozenset(known | factors), next(names, None) is None)


def is_environment(name: str, environments: Names) -> bool:
    """Whether tox would take a name: one that is listed, or made of factors that are."""
    parts = name.split("-")
    known = environments.known
    return name in known or all(part in known or _TOX_OWN.fullmatch(part) for part in parts)


def _outside_braces(text: str) -> Iterator[str]:
    """The parts between commas and line breaks that stand in no braces."""
    depth, part = 0, ""
    for one in [*text, ","]:
        depth += (one == "{") - (one == "}")
        if one in ",\n" and depth <= 0:
            if part.strip():
                yield part.strip()
            part = ""
        else:
            part += one


def _written_out(name: str) -> Iterator[str]:
    pieces = re.split(r"\{([^{}]*)\}", name)
    choices = [piece.split(",") if at % 2 else [piece] for at, piece in enumerate(pieces)]
    for chosen in itertools.product(*choices):
        yield "".join(one.strip() for one in chosen)
