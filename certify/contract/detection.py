"""Tell which connector system a repository belongs to, from its files alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from certify.contract.bounded_toml import parse_bounded
from certify.contract.document import read_document
from certify.errors import ContractError

#: What is no system's own is judged as a plain Python connector.
GENERIC = "python"

#: Project files are small; what is larger is not read.
_MAX_BYTES = 1024 * 1024

#: A solution has a few projects.
_MOST_PROJECTS = 50

_DEPENDENCY_OF = {
    "dpone": "dpone",
    "singer-sdk": "singer",
    "singer-python": "singer",
    "airbyte-cdk": "airbyte",
}


def detect_system(root: Path) -> str:
    """The system of the connector in `root`; `python` when nothing tells."""
    if (root / "dpone_connector_manifest.json").is_file():
        return "dpone"
    data = _mapping(root / "metadata.yaml").get("data")
    if isinstance(data, dict) and "dockerRepository" in data:
        return "airbyte"
    for name in declared_dependencies(root):
        if name in _DEPENDENCY_OF:
            return _DEPENDENCY_OF[name]
    if isinstance(_mapping(root / "manifest.yaml").get("connectors"), list):
        return "plakar"
    if (root / "connector.yaml").is_file():
        return "planasonix"
    if _references_appseconnect(root):
        return "appseconnect"
    return GENERIC


def declared_dependencies(root: Path) -> list[str]:
    """Names of the distributions that pyproject.toml requires, lower case, in its order."""
    requirements = project_table(root).get("dependencies")
    texts = [one for one in requirements if isinstance(one, str)] if isinstance(requirements, list) else []
    names = [re.match(r"[A-Za-z0-9._-]+", one.strip()) for one in texts]
    return [re.sub(r"[-_.]+", "-", name[0]).lower() for name in names if name]


def project_table(root: Path) -> dict[str, Any]:
    """The `[project]` table of pyproject.toml; empty when there is none that can be read."""
    table = pyproject(root).get("project")
    return table if isinstance(table, dict) else {}


def pyproject(root: Path) -> dict[str, Any]:
    """All of pyproject.toml; empty when there is none that can be read."""
    path = root / "pyproject.toml"
    try:
        if not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return {}
        return parse_bounded(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}


def _mapping(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        value = read_document(path, path.name).value
    except ContractError:
        return {}
    return value if isinstance(value, dict) else {}


def _references_appseconnect(root: Path) -> bool:
    projects = [root / "packages.config", *islice(_projects(root), _MOST_PROJECTS)]
    return any("APPSeCONNECT" in _text(path) for path in projects if path.is_file())


def _projects(root: Path) -> Iterator[Path]:
    """In the root, or in a folder beside the solution."""
    for pattern in ("*.csproj", "*.vbproj", "*/*.csproj", "*/*.vbproj"):
        yield from sorted(root.glob(pattern))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace") if path.stat().st_size <= _MAX_BYTES else ""
    except OSError:
        return ""
