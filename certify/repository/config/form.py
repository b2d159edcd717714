"""Hold a declared form against the configuration schema: keys, types, required and secret flags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from certify.contract.document import KeyPath
from certify.model import Finding, Location
from certify.repository.config.document import ConfigFile, Examined
from certify.repository.config.parts import SchemaTree
from certify.repository.config.problems import nearest, shown
from certify.repository.config.required import same_value
from certify.repository.config.secret_marks import is_marked
from certify.repository.config.settings import settings

_CHOICES = ("dropdown", "enum", "radio", "select")
#: What a form's types give, as JSON Schema calls it. Forms name widgets, schemas name values.
TYPES: dict[str, frozenset[str]] = {
    **dict.fromkeys(("array", "list", "multiselect", "tags"), frozenset({"array"})),
    **dict.fromkeys(("bool", "boolean", "checkbox", "switch", "toggle"), frozenset({"boolean"})),
    **dict.fromkeys(("int", "integer"), frozenset({"integer"})),
    **dict.fromkeys(("float", "number"), frozenset({"number"})),
    **dict.fromkeys(("json", "map", "object"), frozenset({"object"})),
    **dict.fromkeys(
        ("date", "datetime", "email", "password", "secret", "string", "text", "textarea", "uri", "url"),
        frozenset({"string"}),
    ),
    # What is chosen has the type of the choices.
    **dict.fromkeys(_CHOICES, frozenset({"boolean", "integer", "number", "string"})),
}
_SECRET_TYPES = frozenset({"password", "secret"})
#: Properties that say themselves that no form shows them.
_HIDDEN = ("airbyte_hidden", "hidden", "readOnly", "x-hidden")
_MAX_ALTERNATIVES = 50


@dataclass(frozen=True)
class _Field:
    """A field of the form."""

    key: str
    path: KeyPath
    kind: str
    types: frozenset[str] | None
    is_required: bool
    is_secret: bool


@dataclass(frozen=True)
class _Setting:
    """A setting of the schema; None where the schema leaves it open."""

    location: Location
    types: frozenset[str] | None
    is_required: bool | None
    is_secret: bool
    is_hidden: bool


def examine_form(form: ConfigFile, schema: ConfigFile) -> Examined:
    """Compare a form with a schema that can be read."""
    if form.fault is not None:
        return Examined((f"read {form.file}",), (form.fault,))
    if not isinstance(form.value, list):
        asked = "a list of fields with key, type, label, required and secret"
        return Examined(
            (f"read {form.file}",), (Finding(f"the form is {shown(form.value)}", form.at(), asked),)
        )
    fields: dict[str, _Field] = {}
    findings = list(_unusable(form, fields))
    described = _described(schema)
    for field in fields.values():
        setting = described.get(field.key)
        findings += (
            _unknown(form, field, described) if setting is None else _differences(form, field, setting)
        )
    findings += _missing(form, fields, described)
    seen = f"compared {len(fields)} fields of {form.file} with {len(described)} settings of {schema.file}"
    return Examined((seen,), tuple(findings))


def _unusable(form: ConfigFile, found: dict[str, _Field]) -> Iterator[Finding]:
    """What is no field; the fields go into `found`."""
    for index, field in enumerate(form.value):
        key = field.get("key") if isinstance(field, dict) else None
        if not isinstance(key, str) or not key:
            yield Finding(
                "a field without a `key`", form.at((index,)), "`key`, the name of a setting in the schema"
            )
        elif key in found:
            first = form.at(found[key].path)
            yield Finding(
                f"{key} has a field already, in {first}", form.at((index,)), "one field for each setting"
            )
        else:
            kind = str(field.get("type", ""))
            found[key] = _Field(
                key=key,
                path=(index,),
                kind=kind,
                types=TYPES.get(kind),
                is_required=field.get("required") is True,
                is_secret=field.get("secret") is True or kind in _SECRET_TYPES,
            )
            if kind and kind not in TYPES and nearest(kind, TYPES):
                said = f"{key}: {kind!r} is no type of a field{nearest(kind, TYPES)}"
                yield Finding(said, form.at((index, "type")), f"one of {', '.join(TYPES)}")


def _unknown(form: ConfigFile, field: _Field, described: dict[str, _Setting]) -> list[Finding]:
    message = f"{field.key}: the schema has no such setting{nearest(field.key, described)}"
    return [Finding(message, form.at((*field.path, "key")), f"one of {', '.join(described)}"[:200])]


def _differences(form: ConfigFile, field: _Field, setting: _Setting) -> Iterator[Finding]:
    where = setting.location
    types = setting.types
    if field.types is not None and types is not None:
        fits = bool(field.types & types) if field.kind in _CHOICES else field.types <= types
        if not fits:
            yield Finding(
                f"{field.key}: type {field.kind!r} here, {' or '.join(sorted(types))} in {where}",
                form.at((*field.path, "type")),
                "a field that gives what the schema takes",
            )
    if setting.is_required is not None and field.is_required is not setting.is_required:
        yield Finding(
            f"{field.key}: {_REQUIRED[field.is_required]} here, {_REQUIRED[setting.is_required]} in {where}",
            form.at((*field.path, "required")),
            "the same in both",
        )
    if field.is_secret is not setting.is_secret:
        yield Finding(
            f"{field.key}: {_SECRET[field.is_secret]} here, {_SECRET[setting.is_secret]} in {where}",
            form.at((*field.path, "secret")),
            "the same in both",
        )


_REQUIRED = {True: "required", False: "not required"}
_SECRET = {True: "secret", False: "not marked as secret"}


def _missing(
    form: ConfigFile, fields: dict[str, _Field], described: dict[str, _Setting]
) -> Iterator[Finding]:
    """Settings without a field. An object has one itself, or fields for what is in it."""
    for name, setting in described.items():
        outer = name.rpartition(".")[0]
        is_asked = not outer or (outer not in fields and any(key.startswith(f"{outer}.") for key in fields))
        has_field = name in fields or any(key.startswith(f"{name}.") for key in fields)
        if is_asked and not has_field and not setting.is_hidden:
            yield Finding(
                f"{name} has no field in {form.file}, and {setting.location} describes it",
                form.at(),
                "one field for each setting of the schema",
                f"add `- {{key: {name}, …}}` to {form.file}",
            )


def _described(schema: ConfigFile) -> dict[str, _Setting]:
    tree = SchemaTree(schema.value)
    found = {}
    for name, places in settings(tree).items():
        schemas = [one for place in places for one in _applied(tree, place)]
        found[name] = _Setting(
            location=schema.at(places[0]),
            types=_types(schemas),
            is_required=_is_required(tree, places, schemas),
            is_secret=any(is_marked(one) or is_marked(one.get("items")) for one in schemas),
            is_hidden=any(one.get(key) is True for one in schemas for key in _HIDDEN),
        )
    return found


def _applied(tree: SchemaTree, place: KeyPath) -> list[dict[str, Any]]:
    schemas = (tree.get(path) for path in same_value(tree, place, _MAX_ALTERNATIVES))
    return [one for one in schemas if isinstance(one, dict)]


def _types(schemas: list[dict[str, Any]]) -> frozenset[str] | None:
    """The types of a setting, null aside: an empty field gives none. None where no schema tells."""
    found: set[str] = set()
    for schema in schemas:
        named = schema.get("type")
        found.update(one for one in (named if isinstance(named, list) else [named]) if isinstance(one, str))
        if named is None and "properties" in schema:
            found.add("object")
    return frozenset(found - {"null"}) if found and "any" not in found else None


def _is_required(tree: SchemaTree, places: list[KeyPath], schemas: list[dict[str, Any]]) -> bool | None:
    """Whether a setting must be given; None where that depends, or where there is a default."""
    if any("default" in schema for schema in schemas):
        return None
    said: set[bool | None] = set()
    for place in places:
        name, around = place[-1], place[:-2]
        own = tree.get(around).get("required")
        is_flagged = any(schema.get("required") is True for schema in schemas)  # as draft 3 says it
        if is_flagged or (isinstance(own, list) and name in own):
            said.add(True)
        else:
            others = (schema.get("required") for schema in _applied(tree, around))
            said.add(None if any(isinstance(one, list) and name in one for one in others) else False)
    return said.pop() if len(said) == 1 else None
