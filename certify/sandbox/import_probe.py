"""Answer what rules ask about importing one package."""

from __future__ import annotations

import ast
from functools import cached_property
from pathlib import Path
from typing import Any

from certify.errors import SandboxError
from certify.model import Location
from certify.sandbox.imports import measure_import, observe_import
from certify.sandbox.limits import Limits
from certify.sandbox.observed_import import ImportCost, ImportObservation, ImportPlan
from certify.sandbox.zygote import Zygote


class ImportProbe:
    """What rules ask about importing one package; every answer is observed once and kept."""

    def __init__(
        self, zygote: Zygote, plan: ImportPlan, required: tuple[str, ...], optional: tuple[str, ...]
    ) -> None:
        self._zygote = zygote
        self._plan = plan
        self._required = required
        self._optional = optional
        self._limits = Limits()

    @cached_property
    def observation(self) -> ImportObservation:
        """The import of everything, as the connector's users have it."""
        return observe_import(self._zygote, self._plan, self._limits)

    @cached_property
    def _distributions(self) -> dict[str, Any]:
        task = {"do": "distributions", "required": list(self._required), "optional": list(self._optional)}
        ended = self._zygote.run(task, self._limits)
        for message in ended.messages:
            if "done" in message:
                return dict(message["done"])
        raise SandboxError("the installed distributions of the connector's interpreter cannot be listed")

    def absent_requirements(self) -> tuple[str, ...]:
        """Distributions that the connector requires and its interpreter has not."""
        return tuple(self._distributions["absent"])

    def optional_modules(self) -> tuple[str, ...]:
        """Top-level modules that only extras bring."""
        by_distribution = self._distributions["optional"]
        return tuple(sorted({module for modules in by_distribution.values() for module in modules}))

    def without(self, hidden: tuple[str, ...]) -> ImportObservation:
        """The same import while these modules cannot be found."""
        return observe_import(self._zygote, self._plan, self._limits, hidden, blame=False)

    def cheapest_of(self, times: int) -> ImportCost | None:
        """The cheapest of some repeated imports, each in a fresh process."""
        costs = [measure_import(self._zygote, self._plan, self._limits) for _ in range(times)]
        return min((cost for cost in costs if cost), key=lambda cost: cost.total_seconds, default=None)

    def line_of(self, module: str, path: str | None = None) -> Location | None:
        """Where a module binds a name (`path` may go on into a class: `Client.session`), or line 1."""
        file = self._file_of(module)
        if file is None:
            return None
        shown = file.relative_to(self._plan.root) if file.is_relative_to(self._plan.root) else file
        return Location(shown.as_posix(), _binding_line(file, path.split(".")) if path else 1)

    def _file_of(self, module: str) -> Path | None:
        folder = self._plan.folders[0]
        inner = (
            module.removeprefix(self._plan.package).strip(".").split(".")
            if module != self._plan.package
            else []
        )
        if folder.is_file():
            return folder
        base = folder.joinpath(*inner)
        return next((one for one in (base / "__init__.py", base.with_suffix(".py")) if one.is_file()), None)


def _binding_line(file: Path, names: list[str]) -> int:
    """The line where nested names are bound in a source file; 1 when that cannot be told."""
    try:
        body: list[ast.stmt] = ast.parse(file.read_bytes()).body
    except (SyntaxError, ValueError, OSError, RecursionError):
        return 1
    line = 1
    for name in names:
        bound = next((one for one in body if name in _bound_names(one)), None)
        if bound is None:
            break
        line = bound.lineno
        body = getattr(bound, "body", [])
    return line


def _bound_names(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return {statement.name}
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        return {
            one.id
            for one in ast.walk(statement)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        }
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {one.asname or one.name for one in statement.names}
    return set()
