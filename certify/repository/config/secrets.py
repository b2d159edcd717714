"""Find properties of a configuration schema that carry a secret and are not treated as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from certify.contract import Contract
from certify.contract.document import KeyPath
from certify.model import Finding, Location
from certify.repository.config.document import ConfigFile, Examined
from certify.repository.config.parts import SchemaTree, property_name
from certify.repository.config.problems import nearest
from certify.repository.config.required import same_value
from certify.repository.config.secret_marks import Marks, is_marked, marks_of
from certify.repository.config.secret_names import Meaning, Reading, names_a_secret, read_name
from certify.repository.config.settings import settings
from certify.repository.config.validation import mentions_reference
from certify.repository.secrets.randomness import looks_drawn

#: Schemas looked at for one property; alternatives of alternatives are rarely a dozen.
_MAX_ALTERNATIVES = 50
#: What authors write where a secret would stand.
_PLACEHOLDERS = (
    "…",
    "...",
    "***",
    "xxx",
    "<",
    "{",
    "your",
    "example",
    "sample",
    "dummy",
    "placeholder",
    "redacted",
)


@dataclass(frozen=True)
class Claim:
    """A setting that the contract names as secret, and where it does."""

    name: str
    location: Location

    @property
    def setting(self) -> str:
        """The name without what stands for the entries of a list: `keys[].secret` and `keys.0.secret`."""
        words = self.name.replace("[]", "").replace("[*]", "").split(".")
        return ".".join(word for word in words if not word.isdecimal())


@dataclass(frozen=True)
class _Property:
    """A property of a schema: what all schemas for its value say together, and the marks that count."""

    tree: SchemaTree
    path: KeyPath
    marks: Marks

    @property
    def name(self) -> str:
        return property_name(self.path)

    @cached_property
    def reading(self) -> Reading | None:
        return read_name(str(self.path[-1]))

    @property
    def is_named_so(self) -> bool:
        """Whether it carries a secret by its name."""
        if self.reading is None or not self.holds_text:
            return False
        beside = (read_name(str(name)) for name in self.tree.get(self.path[:-1]))
        has_beside = any(one is not None and one.meaning is Meaning.SECRET for one in beside)
        return self.reading.meaning is Meaning.SECRET or (
            self.reading.meaning is Meaning.HOLDER and not has_beside
        )

    @cached_property
    def schemas(self) -> list[tuple[KeyPath, dict[str, Any]]]:
        """The schemas for its value, and for the entries if it is a list."""
        own = _schemas(self.tree, self.path)
        lists = [path for path, schema in own if isinstance(schema.get("items"), dict)]
        return own + [one for path in lists for one in _schemas(self.tree, (*path, "items"))]

    @cached_property
    def is_marked(self) -> bool:
        """Whether the property is marked, or one that it stands in."""
        around = (self.tree.get(self.path[:end]) for end in range(len(self.path)))
        own = (schema for _, schema in self.schemas)
        return any(is_marked(schema, self.marks) for schema in (*own, *around))

    @cached_property
    def holds_text(self) -> bool:
        """Whether its value can be a text of the user's own: no object, no number, no choice of a few."""
        kinds = {kind for _, schema in self.schemas for kind in _types(schema)}
        is_choice = any("const" in schema or "enum" in schema for _, schema in self.schemas)
        return not is_choice and ("string" in kinds or not kinds)

    def written(self) -> Iterator[tuple[KeyPath, str]]:
        """The texts that its author wrote as values: the keyword's place, and the text."""
        for path, schema in self.schemas:
            for keyword in ("default", "const", "example"):
                if isinstance(schema.get(keyword), str):
                    yield (*path, keyword), schema[keyword]
            for keyword in ("examples", "enum"):
                values = schema.get(keyword)
                for index, value in enumerate(values if isinstance(values, list) else ()):
                    if isinstance(value, str):
                        yield (*path, keyword, index), value


def examine_secrets(schema: ConfigFile, contract: Contract) -> Examined:
    """Examine a schema that can be read; what `subject.secrets` names, where given, is secret too."""
    named = contract.subject.secrets
    claims = [Claim(name, contract.at("subject", "secrets", index)) for index, name in enumerate(named)]
    tree, marks = SchemaTree(schema.value), marks_of(contract.system)
    properties = [
        _Property(tree, (*part.path, "properties", name), marks)
        for part in tree.parts
        for name, inner in _properties(part.schema)
        if isinstance(inner, dict)
    ]
    findings = [
        *_unmarked(schema, properties, marks),
        *_given_away(schema, properties),
        *_contract(schema, tree, claims, contract),
    ]
    return Examined(_seen(schema, properties), tuple(findings))


def _unmarked(schema: ConfigFile, properties: list[_Property], marks: Marks) -> Iterator[Finding]:
    for one in properties:
        if one.is_named_so and not one.is_marked:
            reason = one.reading.reason if one.reading else ""
            yield Finding(
                f"{one.name} carries a secret by its name ({reason}), and is not marked as one",
                schema.at(one.path),
                _wanted(marks),
                f"add {_best(marks)} to {one.name} in {schema.file}",
            )


def _wanted(marks: Marks) -> str:
    """The marks, of which one is enough, in words."""
    named = ", ".join(f"`{key}: {str(value).lower()}`" for key, value in marks)
    return f"one of {named}" if len(marks) > 1 else f"{named}, the one mark that the platform reads"


def _best(marks: Marks) -> str:
    """The mark to add: JSON Schema's own, or the one that the platform reads."""
    key = next(iter(marks))[0] if len(marks) == 1 else "writeOnly"
    return f'`"{key}": true`'


def _given_away(schema: ConfigFile, properties: list[_Property]) -> Iterator[Finding]:
    """Values of secrets that stand in the schema. The finding never repeats one."""
    told: set[KeyPath] = set()
    for one in properties:
        is_named = names_a_secret(str(one.path[-1]))
        if not is_named and not (one.is_marked and one.holds_text):
            continue
        for path, text in one.written():
            keyword = next(key for key in reversed(path) if isinstance(key, str))
            # A default is used as it stands, whatever it looks like. An example may be plainly invented, and
            # what is marked beyond need (a tenant, a client's id) may have a default that everyone shares.
            is_used = keyword == "default" and is_named
            if path not in told and _is_value(text) and (is_used or looks_drawn(text)):
                told.add(path)
                yield Finding(
                    f"{one.name} is a secret, and its `{keyword}` is a value ({len(text)} characters)",
                    schema.at(path),
                    "no value of a secret in the schema: everyone who installs the connector has it",
                    "remove it, and replace the secret if it was ever in use",
                )


def _is_value(text: str) -> bool:
    """Whether a text can be meant as a value; a reference or a placeholder stands for another."""
    low = text.lower()
    return (
        bool(text.strip()) and not mentions_reference(text) and not any(one in low for one in _PLACEHOLDERS)
    )


def _contract(
    schema: ConfigFile, tree: SchemaTree, claims: Sequence[Claim], contract: Contract
) -> Iterator[Finding]:
    marks, at = marks_of(contract.system), contract.at("subject", "secrets")
    known = {
        name: [_Property(tree, path, marks) for path in places]
        for name, places in (settings(tree) if claims else {}).items()
    }
    for claim in claims:
        inner = [one for name in known if _is_in(name, claim.setting) for one in known[name]]
        if not inner:
            yield Finding(
                f"the schema {schema.file} has no setting {claim.name!r}{nearest(claim.setting, known)}",
                claim.location,
                "a setting that the schema describes: `name`, or `outer.name`",
            )
        elif not any(one.is_marked or one.is_named_so for one in inner):
            yield Finding(
                f"{claim.name} is not marked as a secret, and {claim.location} says that it is one",
                schema.at(inner[0].path),
                _wanted(marks),
                f"add {_best(marks)} to {claim.name} in {schema.file}",
            )
    for name, places in known.items():
        marked = [one for one in places if one.is_marked and one.holds_text]
        if marked and not any(_is_in(name, claim.setting) for claim in claims):
            yield Finding(
                f"subject.secrets does not name {name}, which {schema.at(marked[0].path)} marks as a secret",
                at,
                "every setting that the schema marks, or no list: then all that are marked are taken",
                f"add `{name}`",
            )


def _is_in(name: str, setting: str) -> bool:
    return name == setting or name.startswith(f"{setting}.")


def _seen(schema: ConfigFile, properties: list[_Property]) -> tuple[str, ...]:
    marked = [one.name for one in properties if one.is_marked and one.holds_text]
    about = {
        f"{one.name} ({one.reading.reason})"
        for one in properties
        if one.reading is not None and one.reading.meaning is Meaning.ABOUT_ONE
    }
    seen = [f"read {schema.file}: {len(properties)} properties, marked as secret: {_some(marked) or 'none'}"]
    if about:
        seen.append(f"not taken for secrets: {_some(sorted(about))}")
    return tuple(seen)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more


def _properties(schema: dict[str, Any]) -> list[tuple[str, Any]]:
    named = schema.get("properties")
    return list(named.items()) if isinstance(named, dict) else []


def _types(schema: dict[str, Any]) -> list[Any]:
    """The types of a value; an object or a list of no named type is one all the same."""
    named = schema.get("type")
    if isinstance(named, str):
        return [named]
    if isinstance(named, list):
        return named
    return [kind for keyword, kind in (("properties", "object"), ("items", "array")) if keyword in schema]


def _schemas(tree: SchemaTree, path: KeyPath) -> list[tuple[KeyPath, dict[str, Any]]]:
    found = [(one, tree.get(one)) for one in same_value(tree, path, _MAX_ALTERNATIVES)]
    return [(one, schema) for one, schema in found if isinstance(schema, dict)]
