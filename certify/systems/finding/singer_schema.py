"""Read the configuration that a tap or target declares in its source: `config_jsonschema`, required keys."""

from __future__ import annotations

import ast
import re
from typing import Any

from certify.model import Location
from certify.repository.source.modules import PythonSource, PythonSources
from certify.repository.syntax import Syntax
from certify.systems.finding.classes import literal
from certify.systems.finding.fact import ConfigSchema

_MENTIONS = re.compile("config_jsonschema|REQUIRED_CONFIG_KEYS|CONFIG_KEYS")
_REQUIRED_KEYS = re.compile(r"REQUIRED_CONFIG_KEYS\w*|\w*_CONFIG_KEYS|REQUIRED_CONFIG")
#: The SDK's types by their names, as JSON Schema.
_TYPES: dict[str, dict[str, Any]] = {
    "StringType": {"type": "string"},
    "IntegerType": {"type": "integer"},
    "NumberType": {"type": "number"},
    "DecimalType": {"type": "string"},
    "BooleanType": {"type": "boolean"},
    "DateTimeType": {"type": "string", "format": "date-time"},
    "DateType": {"type": "string", "format": "date"},
    "TimeType": {"type": "string", "format": "time"},
    "DurationType": {"type": "string", "format": "duration"},
    "EmailType": {"type": "string", "format": "email"},
    "HostnameType": {"type": "string", "format": "hostname"},
    "IPv4Type": {"type": "string", "format": "ipv4"},
    "IPv6Type": {"type": "string", "format": "ipv6"},
    "URIType": {"type": "string", "format": "uri"},
    "UUIDType": {"type": "string", "format": "uuid"},
    "ArrayType": {"type": "array"},
    "ObjectType": {"type": "object"},
    "PropertiesList": {"type": "object"},
}
_MAX_DEPTH = 8


def declared_schema(sources: PythonSources) -> ConfigSchema | None:
    """The SDK's `config_jsonschema`, as far as it is literal; else the keys that singer-python checks."""
    required: ConfigSchema | None = None
    for source in sources:
        syntax = source.syntax if source.mentions(_MENTIONS) else None
        for node in syntax.nodes if syntax else ():
            if syntax is None or not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                continue
            name = _target(node)
            if name == "config_jsonschema" and (found := _properties_list(node.value, syntax)):
                return ConfigSchema(found, _place(source, node))
            if required is None and _REQUIRED_KEYS.fullmatch(name):
                required = _required_keys(source, node)
    return required


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def _place(source: PythonSource, node: ast.stmt) -> str:
    return str(Location(source.file, node.lineno))


def _required_keys(source: PythonSource, node: ast.Assign | ast.AnnAssign) -> ConfigSchema | None:
    value = literal(node.value)
    keys = [one for one in value if isinstance(one, str)] if isinstance(value, list | tuple | set) else []
    if not keys:
        return None
    names = sorted(keys) if isinstance(value, set) else keys
    schema = {"type": "object", "properties": {name: {} for name in names}, "required": names}
    return ConfigSchema(schema, _place(source, node))


def _properties_list(node: ast.expr, syntax: Syntax) -> dict[str, Any] | None:
    """`th.PropertiesList(th.Property(…), …).to_dict()`, or a schema that is written out."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "to_dict":
        node = node.func.value
    if isinstance(node, ast.Name):
        node = syntax.constants.get(node.id, node)
    if isinstance(node, ast.Call):
        schema = _type(node, 0)
        return schema if "properties" in schema else None
    value = literal(node)
    return value if isinstance(value, dict) and isinstance(value.get("properties"), dict) else None


def _type(node: ast.expr, depth: int) -> dict[str, Any]:
    """A type of the SDK as JSON Schema; `{}`, which takes anything, for what is told at run time."""
    called = node.func if isinstance(node, ast.Call) else node
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    schema = dict(_TYPES.get(name, {}))
    if not isinstance(node, ast.Call) or depth > _MAX_DEPTH:
        return schema
    if schema.get("type") == "array" and node.args:
        schema["items"] = _type(node.args[0], depth + 1)
    elif schema.get("type") == "object":
        fields = [one for one in (_property(arg, depth) for arg in node.args) if one is not None]
        schema["properties"] = {name: inner for name, inner, _ in fields}
        schema["required"] = [name for name, _, is_required in fields if is_required]
    else:
        schema |= _keywords(node, {"allowed_values": "enum", "pattern": "pattern"})
    return schema


def _property(node: ast.expr, depth: int) -> tuple[str, dict[str, Any], bool] | None:
    """A `th.Property`: its name, its schema, and whether it is required."""
    if not isinstance(node, ast.Call):
        return None
    named = {one.arg: one.value for one in node.keywords}
    values = dict(zip(("name", "wrapped", "required", "default", "description"), node.args, strict=False))
    values |= {key: value for key, value in named.items() if key is not None}
    name = literal(values.get("name"))
    if not isinstance(name, str):
        return None
    schema = _type(values["wrapped"], depth + 1) if "wrapped" in values else {}
    schema |= _keywords(
        node, {"default": "default", "allowed_values": "enum", "examples": "examples", "secret": "secret"}
    )
    if (default := literal(values.get("default"))) is not None:
        schema["default"] = default
    return name, schema, literal(values.get("required")) is True


def _keywords(node: ast.Call, wanted: dict[str, str]) -> dict[str, Any]:
    values = {wanted[one.arg]: literal(one.value) for one in node.keywords if one.arg in wanted}
    return {key: value for key, value in values.items() if value is not None}
