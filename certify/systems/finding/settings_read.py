"""Tell a configuration from the source that reads it: `config["token"]`, `config.get("page_size", 100)`."""

from __future__ import annotations

import ast
import re
from typing import Any

from certify.model import Location
from certify.repository.source.modules import PythonSources
from certify.repository.words import words_of
from certify.systems.finding.classes import literal
from certify.systems.finding.fact import ConfigSchema

_MENTIONS = re.compile(r"config\w*(?:\[|\.get\()", re.IGNORECASE)
_NAME = re.compile(r"_?(?:raw_|self_)?config(?:uration)?", re.IGNORECASE)
_TYPE_NAMES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
_MAX_SETTINGS = 30


def schema_read(sources: PythonSources) -> ConfigSchema | None:
    """What is read by `[…]` is required, what by `get` has its default; None where nothing is read so."""
    properties: dict[str, dict[str, Any]] = {}
    required: list[str] = []
    origin = ""
    for source in sources:
        syntax = source.syntax if source.mentions(_MENTIONS) else None
        for node in syntax.nodes if syntax else ():
            name, default = _read(node)
            if not words_of(name) or len(properties) >= _MAX_SETTINGS:
                continue
            properties.setdefault(name, {})
            if default is ...:
                required.append(name)
            elif type(default) in _TYPE_NAMES:
                properties[name] = {"type": _TYPE_NAMES[type(default)], "default": default}
            origin = origin or str(Location(source.file, getattr(node, "lineno", 1)))
    if not properties:
        return None
    schema = {"type": "object", "properties": properties, "required": list(dict.fromkeys(required))}
    return ConfigSchema(schema, f"{origin}, as the source reads it")


def _read(node: ast.AST) -> tuple[str, Any]:
    """The setting that an expression reads, and its default (`...` where it has to be there); "" for none."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_config(node.value):
        key = literal(node.slice)
        return (key, ...) if isinstance(key, str) else ("", None)
    is_get = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
    if is_get and _is_config(node.func.value) and node.args:  # type: ignore[attr-defined]  # a call of a method
        name, *rest = map(literal, node.args)  # type: ignore[attr-defined]  # the same
        return (name, rest[0] if rest else None) if isinstance(name, str) else ("", None)
    return "", None


def _is_config(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return _NAME.fullmatch(name) is not None
