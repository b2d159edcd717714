"""Find the installed suites of rules by entry point, and hold all their rules by id.

A distribution adds a suite with

    [project.entry-points."certify.suites"]
    acme = "acme_certify_rules"

which names a package whose modules are areas, or a single module that is one.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType

from certify.errors import SuiteError
from certify.model import SuiteFacts
from certify.rules import ATTRIBUTE, Rule

GROUP = "certify.suites"


@dataclass(frozen=True)
class Registry:
    """Every installed rule by id, the modules they stand in (by area), and the suites they came from."""

    rules: dict[str, Rule]
    modules: tuple[str, ...]
    suites: tuple[SuiteFacts, ...]

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas, in the order of their modules."""
        return tuple(dict.fromkeys(rule.area for rule in self.rules.values()))


def load_registry(before_import: Callable[[str], None] = lambda package: None) -> Registry:
    """Import all installed suites; `before_import` is told each top-level package first.

    Raises SuiteError, naming the suite, when one cannot be imported or two define the same rule.
    """
    points = sorted(metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value))
    rules: dict[str, Rule] = {}
    modules: list[str] = []
    suites: list[SuiteFacts] = []
    for point in points:
        before_import(point.module)
        root = _import(point.module, point)
        areas = [_import(name, point) for name in _module_names(root)]
        for module in areas:
            modules.append(module.__name__)
            _add(rules, _rules_of(module))
        version = point.dist.version if point.dist else "0"
        suites.append(SuiteFacts(point.name, version, _digest(root), root.__name__))
    return Registry(rules, tuple(dict.fromkeys(modules)), tuple(suites))


def _import(name: str, point: metadata.EntryPoint) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (SuiteError, KeyboardInterrupt):
        raise
    except BaseException as error:  # sys.exit, or pytest's own skip, at the top of a suite
        owner = point.dist.name if point.dist else point.name
        raise SuiteError(
            f"suite {point.name!r} of {owner}: cannot import {name}: {type(error).__name__}: {error}"
        ) from error


def _module_names(root: ModuleType) -> list[str]:
    """A package's public modules, in the order of its `__all__`; a module is its own only area."""
    if not hasattr(root, "__path__"):
        return [root.__name__]
    order = {name: place for place, name in enumerate(getattr(root, "__all__", ()))}
    found = sorted(one.name for one in pkgutil.iter_modules(root.__path__) if not one.name.startswith("_"))
    found.sort(key=lambda name: order.get(name, len(order)))
    return [f"{root.__name__}.{name}" for name in found]


def _rules_of(module: ModuleType) -> Iterable[Rule]:
    for value in list(vars(module).values()):
        noted = getattr(value, ATTRIBUTE, None)
        if isinstance(noted, Rule) and noted.module == module.__name__:
            yield noted


def _add(rules: dict[str, Rule], new: Iterable[Rule]) -> None:
    for rule in new:
        old = rules.get(rule.id)
        if old is not None and old != rule:
            raise SuiteError(f"rule {rule.id!r} is defined twice: in {old.module} and in {rule.module}")
        rules[rule.id] = rule


def _digest(root: ModuleType) -> str:
    """Over all files of the suite by their names: areas, what they import from beside them, data."""
    digest = hashlib.sha256()
    for name, file in sorted(_own_files(root)):
        digest.update(name.encode() + b"\0" + hashlib.sha256(file.read_bytes()).digest())
    return "sha256:" + digest.hexdigest()


def _own_files(root: ModuleType) -> Iterable[tuple[str, Path]]:
    for folder in map(Path, getattr(root, "__path__", ())):
        for file in folder.rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(folder).as_posix(), file
    if not hasattr(root, "__path__") and root.__file__:
        yield Path(root.__file__).name, Path(root.__file__)
