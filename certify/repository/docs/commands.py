"""Hold the commands that a page tells its readers to type against what the repository provides."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from certify.model import Finding, Location
from certify.repository.docs.anchors import normal
from certify.repository.docs.page import Page
from certify.repository.docs.programs import Programs, is_environment
from certify.repository.docs.shell import Command, commands_in

_PYTHON = re.compile(r"(?:py|python|pypy)(?:3(?:\.\d+)?)?|ipython|\$?\{?PYTHON\}?")
_SHELLS = frozenset({"sh", "bash", "zsh", "source", "."})
#: Options of Python that take the next word.
_PYTHON_VALUES = frozenset({"-W", "-X", "--check-hash-based-pycs"})
_MAKE_VALUES = frozenset({"-f", "-C", "-I", "-o", "-W", "--file", "--directory", "-l"})
_SCRIPT = re.compile(r".+\.(?:py|sh|bash)")
#: Letters of a path that somebody means; all else is a variable, a pattern or a placeholder.
_PLAIN_PATH = re.compile(r"[\w@+.-]+(?:/[\w@+.-]*)*")
#: Words in a path that stand for the reader's own.
_READERS_OWN = re.compile(r"(?:^|/)(?:path(?:[-_]?to)?|your|my|some|foo|bar|example|xxx|\.\.\.?)(?:[-_/]|$)")
#: Folders that repositories have, and not what a reader happens to have.
_FOLDERS = frozenset(
    {"scripts", "tools", "bin", "tests", "test", "examples", "certification", "ci", "hack", "dev"}
)
#: A longer name is none that a reader could type.
_MAX_SHOWN = 100
_ENVIRONMENTS = frozenset({".venv", "venv", "env", ".env", "virtualenv", ".tox", ".nox"})


def absent_files(page: Page, programs: Programs) -> Iterator[Finding]:
    """The commands of a page that run what the repository does not have: scripts, modules, targets, tests."""
    for command in commands_of(page):
        wrong = _defect(command, programs)
        if wrong:
            yield _finding(page, command, *wrong)


def absent_scripts(page: Page, programs: Programs, own_names: Iterable[str]) -> Iterator[Finding]:
    """The commands of a page that pass for the package's own, and that installing it does not give."""
    owned = _owned(programs, own_names)
    for command in commands_of(page):
        wrong = _no_script(command, programs, owned)
        if wrong:
            yield _finding(page, command, *wrong)


def commands_of(page: Page) -> tuple[Command, ...]:
    """All commands in the page's shell blocks."""
    return tuple(command for block in page.code_blocks for command in commands_in(block))


_Wrong = tuple[str, str, str]


def _finding(page: Page, command: Command, wrong: str, expected: str, fix: str) -> Finding:
    shown = " ".join(command.words)
    shown = shown if len(shown) <= 120 else shown[:119] + "…"
    return Finding(f"`{shown}`: {wrong}", Location(page.file, command.line), expected, fix)


def _owned(programs: Programs, names: Iterable[str]) -> frozenset[str]:
    """Names that only this package's command would have: of several words, or one it has a command for."""
    forms = {normal(name) for name in (*names, programs.distribution) if name}
    commands = {normal(name) for name in programs.scripts.known}
    return frozenset(form for form in forms if "_" in form or form in commands)


def _no_script(command: Command, programs: Programs, owned: frozenset[str]) -> _Wrong | None:
    name = command.words[0]
    scripts = programs.scripts
    if name in scripts.known or not scripts.complete or normal(name) not in owned or "/" in name:
        return None
    there = ", ".join(f"`{one}`" for one in sorted(scripts.known)[:10] if len(one) < _MAX_SHOWN)
    return (
        f"installing the package gives no command '{name}'",
        f"one of its commands: {there}" if there else "a command that is declared in [project.scripts]",
        f"write {there}" if there else f"declare '{name}' in [project.scripts], or take the line out",
    )


def _defect(command: Command, programs: Programs) -> _Wrong | None:
    if command.folder is None or (command.folder and not programs.repository.exists(command.folder)):
        return None  # somewhere else, or in a folder made on the way
    program, *rest = command.words
    if _PYTHON.fullmatch(program):
        return _python(rest, command, programs)
    if program in ("pytest", "py.test"):
        return _pytest(rest, command, programs)
    if program in _SHELLS or program.startswith("./"):
        script = program if program.startswith("./") else next((one for one in rest if one[:1] != "-"), "")
        return _no_file(script, command, programs, "script") if _SCRIPT.fullmatch(script) else None
    if program == "make":
        return _make(rest, command, programs)
    if program == "tox":
        return _tox(rest, programs)
    if program in ("pip", "pip3") and rest[:1] == ["install"]:
        named = (value for flag, value in pairwise(rest) if flag in ("-r", "--requirement"))
        return next((wrong for one in named if (wrong := _no_file(one, command, programs, "file"))), None)
    return None


def _python(rest: list[str], command: Command, programs: Programs) -> _Wrong | None:
    while rest and rest[0].startswith("-") and rest[0] not in ("-m", "-c", "-"):
        rest = rest[2 if rest[0] in _PYTHON_VALUES else 1 :]
    if not rest or rest[0] in ("-c", "-"):
        return None
    if rest[0] != "-m":
        return _no_file(rest[0], command, programs, "script") if _SCRIPT.fullmatch(rest[0]) else None
    if not rest[1:]:
        return None
    module, *arguments = rest[1:]
    if module == "pytest":
        return _pytest(arguments, command, programs)
    if module == "pip":
        return _defect(Command(("pip", *arguments), command.line, command.folder, command.made), programs)
    if not command.folder and re.fullmatch(r"\w+(\.\w+)*", module) and programs.has_module(module) is False:
        return (
            f"there is no module '{module}' to run",
            f"{module.replace('.', '/')}.py, or a package of that name with a __main__.py",
            "correct the module's name, or add it",
        )
    return None


def _pytest(rest: list[str], command: Command, programs: Programs) -> _Wrong | None:
    for before, argument in zip(["", *rest], rest, strict=False):
        path = argument.partition("::")[0]
        looks = path.endswith(".py") or "/" in path or path in ("tests", "test")
        is_value = before.startswith("--") and "=" not in before
        if looks and not argument.startswith("-") and not is_value and before not in ("-c", "-k", "-m", "-p"):
            wrong = _no_file(path, command, programs, "file or folder of tests")
            if wrong:
                return wrong
    return None


def _no_file(path: str, command: Command, programs: Programs, kind: str) -> _Wrong | None:
    name = posixpath.normpath(posixpath.join(command.folder or "", path))
    parts = name.split("/")
    claimed = len(parts) > 1 and (parts[0] in _FOLDERS or any(parts[0] == top for top in _tops(programs)))
    claimed = claimed or name == "setup.py" or (path.startswith("./") and _SCRIPT.fullmatch(path) is not None)
    claimed = claimed or kind != "script"
    foreign = name.startswith("..") or parts[0] in _ENVIRONMENTS or _READERS_OWN.search(name)
    if not claimed or foreign or not _PLAIN_PATH.fullmatch(name):
        return None
    if programs.repository.exists(name) or any(
        name == one or name.startswith(one + "/") for one in command.made
    ):
        return None
    same = [one for one in programs.repository.all_files if one.rpartition("/")[2] == parts[-1]]
    return (
        f"there is no {name}",
        f"a {kind} that is in the repository, from where the command runs",
        f"write {same[0]}" if len(same) == 1 else "correct the path, or take the command out",
    )


def _tops(programs: Programs) -> frozenset[str]:
    return frozenset(name.partition("/")[0] for name in programs.repository.all_files if "/" in name)


def _make(rest: list[str], command: Command, programs: Programs) -> _Wrong | None:
    folder = command.folder or ""
    targets = []
    while rest:
        if rest[0] in ("-C", "--directory") and rest[1:]:
            folder = posixpath.normpath(posixpath.join(folder, rest[1]))
        elif rest[0] in ("-f", "--file"):
            return None
        elif not rest[0].startswith("-") and "=" not in rest[0]:
            targets.append(rest[0])
        rest = rest[2 if rest[0] in _MAKE_VALUES else 1 :]
    if (
        not all(re.fullmatch(r"[\w./-]+", one) for one in (*targets, folder or "."))
        or "configure" in command.made
    ):
        return None
    known = programs.make_targets(folder)
    if known is None:
        where = f"in {folder}" if folder else "in the root"
        return (f"there is no Makefile {where}", "a Makefile", "add it, or write what to type instead")
    absent = [one for one in targets if one not in known.known]
    if not absent or not known.complete or programs.repository.exists(posixpath.join(folder, absent[0])):
        return None
    there = _listed(known.known - {".PHONY"})
    return (f"the Makefile has no target '{absent[0]}'", f"one of its targets: {there}", "correct the target")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(name for name in names if len(name) < _MAX_SHOWN)[:10])


def _tox(rest: list[str], programs: Programs) -> _Wrong | None:
    if any(one in ("-c", "--conf", "--root", "--workdir") for one in rest):
        return None
    environments = programs.tox_environments
    if environments is None:
        expected = "tox.ini, tox.toml or [tool.tox] in pyproject.toml"
        return ("tox is not configured here", expected, "configure it, or write what to type instead")
    named = [value for flag, value in pairwise(rest) if flag in ("-e", "--env")]
    wanted = [one for names in named for one in names.split(",") if re.fullmatch(r"[\w.-]+", one)]
    absent = [one for one in wanted if one != "ALL" and not is_environment(one, environments)]
    if not absent or not environments.complete:
        return None
    there = _listed(environments.known)
    return (f"tox has no environment '{absent[0]}'", f"one of {there}", "correct its name, or configure it")
