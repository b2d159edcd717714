"""Find what is wrong with a configuration schema itself, and with the sample that should fit it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from jsonschema import ValidationError

from certify.contract.document import KeyPath
from certify.model import Finding
from certify.repository.config.document import ConfigFile, Examined
from certify.repository.config.drafts import METASCHEMAS, NAMES, draft_of, is_checked
from certify.repository.config.parts import Broken, SchemaTree, property_name, references, ways
from certify.repository.config.patterns import fault_of
from certify.repository.config.problems import closest, dotted, nearest, problem_of, shown
from certify.repository.config.required import circles, unknown_names
from certify.repository.config.secret_marks import carries_secret, is_marked
from certify.repository.config.validation import SchemaValidator, TooMuchWork

#: What an author reads in one go. Whoever has more mistakes mends some and looks again.
MAX_FINDINGS = 40

_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")


def examine_schema(schema: ConfigFile, sample: ConfigFile | None, secrets: tuple[str, ...] = ()) -> Examined:
    """Examine a schema, and the sample configuration if there is one.

    `secrets` are the sample's settings that hold something else in earnest: they are not looked at.
    """
    value = schema.value
    if schema.fault is not None:
        return Examined((f"read {schema.file}",), (schema.fault,))
    if not isinstance(value, dict):
        wrong = Finding(f"{shown(value)} is no schema", schema.at(), "an object with `properties`")
        return Examined((f"read {schema.file}",), (wrong,))
    draft = draft_of(value)
    if draft is None:
        return Examined((f"read {schema.file}",), (_unknown_draft(schema, value["$schema"]),))
    tree = SchemaTree(value)
    named = value.get("properties")
    seen = [f"read {schema.file}: {len(named) if isinstance(named, dict) else 0} properties at the top"]
    structure = _Structure(schema, tree)
    findings = list(structure.findings(draft))
    if not structure.is_broken:
        findings += _values(schema, tree, sample, secrets, seen)
    told = {(one.location, one.message): one for one in findings}
    return Examined(tuple(seen), tuple(told.values())[:MAX_FINDINGS])


def _unknown_draft(schema: ConfigFile, address: Any) -> Finding:
    return Finding(
        f"`$schema` names no draft of JSON Schema: {shown(address)}{nearest(address, NAMES)}",
        schema.at(("$schema",)),
        f"one of {', '.join(NAMES)}",
    )


class _Structure:
    """What can be told without a value: the metaschema, references, patterns, required names."""

    def __init__(self, schema: ConfigFile, tree: SchemaTree) -> None:
        self._schema = schema
        self._tree = tree
        #: Whether values cannot be validated, since jsonschema would stumble.
        self.is_broken = False

    def findings(self, draft: Any) -> Iterator[Finding]:
        for finding in (*self._malformed(draft), *self._circles(), *self._no_texts()):
            self.is_broken = True
            yield finding
        yield from self._references()
        yield from self._patterns()
        if not self.is_broken:
            yield from self._required()

    def _finding(self, path: KeyPath, message: str, expected: str | None = None) -> Finding:
        name = property_name(path)
        return Finding(f"{name}: {message}" if name else message, self._schema.at(path), expected)

    def _malformed(self, draft: Any) -> list[Finding]:
        """Where the schema breaks the metaschema of its draft."""
        found: dict[tuple[KeyPath, str], Finding] = {}
        metaschema = draft(draft.META_SCHEMA, registry=METASCHEMAS)
        for root in self._roots(draft):
            try:
                for error in islice(metaschema.iter_errors(self._tree.get(root)), MAX_FINDINGS * 8):
                    finding = self._malformed_part(root, error)
                    found.setdefault((tuple(error.absolute_path), finding.message), finding)
            except RecursionError:
                deep = Finding(
                    "nested too deeply to be checked", self._schema.at(root), "fewer than 30 levels"
                )
                found.setdefault((root, "deep"), deep)
        return list(found.values())

    def _roots(self, draft: Any) -> list[KeyPath]:
        """Places to check: the metaschema does not go where only a reference does, or a later keyword."""
        checked: dict[str, bool] = {}
        found = {root: None for root in self._tree.roots if isinstance(self._tree.get(root), dict)}
        for part in self._tree.parts:
            *_, last = ((), *ways(part.path))
            keyword = str(last[0]) if last else ""
            if keyword and not checked.setdefault(keyword, is_checked(draft, keyword)):
                found[part.path] = None
        return list(found)

    def _malformed_part(self, root: KeyPath, error: ValidationError) -> Finding:
        best = closest(error)
        path = (*root, *best.absolute_path)
        keyword = next((key for key in reversed(path) if isinstance(key, str)), "")
        if keyword == "type" and best.validator in ("anyOf", "enum", "type"):
            message = f"{shown(best.instance)} is no type of JSON Schema{nearest(best.instance, _TYPES)}"
            return self._finding(path, f"`type`: {message}", f"one of {', '.join(_TYPES)}, or a list of them")
        return self._finding(
            path, f"`{keyword}`: {problem_of(best).message}" if keyword else problem_of(best).message
        )

    def _circles(self) -> Iterator[Finding]:
        for path in islice(circles(self._tree), 1):
            yield self._finding(
                path,
                "`$ref` comes back to where it began before it comes to a value",
                "a reference that leads to a property, an item, or a schema without a reference",
            )

    def _no_texts(self) -> Iterator[Finding]:
        """References that are no text; the metaschemas before draft 7 say nothing of `$ref`."""
        for part in self._tree.parts:
            reference = part.schema.get("$ref", "")
            if not isinstance(reference, str):
                said = f"`$ref`: {shown(reference)} is not a text"
                yield self._finding(
                    (*part.path, "$ref"), said, "the place of a schema, such as `#/$defs/name`"
                )

    def _references(self) -> Iterator[Finding]:
        for part in self._tree.parts:
            for keyword, reference in references(part.schema):
                target = self._tree.resolve(reference, part.path)
                if isinstance(target, Broken):
                    said = f"`{keyword}` {shown(reference)} {target.reason}"
                    yield self._finding((*part.path, keyword), said, target.expected)
                elif isinstance(target, tuple) and not isinstance(self._tree.get(target), dict | bool):
                    said = f"`{keyword}` {shown(reference)} leads to what is no schema"
                    yield self._finding((*part.path, keyword), said, "the place of a schema in this file")

    def _patterns(self) -> Iterator[Finding]:
        for part in self._tree.parts:
            named = part.schema.get("patternProperties")
            patterns = [
                (("patternProperties", one), one) for one in (named if isinstance(named, dict) else ())
            ]
            for way, pattern in [(("pattern",), part.schema.get("pattern")), *patterns]:
                fault = fault_of(pattern) if isinstance(pattern, str) else None
                if fault:
                    said = f"the pattern {shown(pattern)} does not compile: {fault}"
                    yield self._finding((*part.path, *way), said, "a regular expression")

    def _required(self) -> Iterator[Finding]:
        for unknown in unknown_names(self._tree):
            said = f"`required` names {unknown.name!r}, which is no property"
            yield self._finding(
                unknown.path, said + nearest(unknown.name, unknown.known), "names that stand in `properties`"
            )


def _values(
    schema: ConfigFile,
    tree: SchemaTree,
    sample: ConfigFile | None,
    secrets: tuple[str, ...],
    seen: list[str],
) -> Iterator[Finding]:
    """What does not fit the schema of those values that its author wrote: defaults, examples, the sample."""
    validator = SchemaValidator(tree)
    try:
        yield from _own_values(schema, tree, validator, seen)
        if sample is not None:
            yield from _sample(schema, validator, sample, secrets)
            seen.append(f"held {sample.file} against it")
    except TooMuchWork as error:
        yield Finding(
            f"cannot be validated against: {error}", schema.at(), "a schema that takes a second at most"
        )
    if validator.not_run:
        seen.append(
            f"compiled and did not run, since that could take long: {len(validator.not_run)} patterns"
        )


def _own_values(
    schema: ConfigFile, tree: SchemaTree, validator: SchemaValidator, seen: list[str]
) -> Iterator[Finding]:
    count = 0
    for part in tree.parts:
        if is_marked(part.schema) or carries_secret(part.path):
            continue  # whether a secret has one at all is told by another rule
        name = property_name(part.path)
        for way, value in _written(part.schema):
            count += 1
            for problem in validator.problems(value, part.path)[:1]:
                inner = f"{dotted(problem.path)}: " if problem.path else ""
                kind = "default" if way == ("default",) else "example"
                yield Finding(
                    f"{name}{': ' if name else ''}the {kind} does not fit: {inner}{problem.message}",
                    schema.at((*part.path, *way)),
                    "a value that the schema itself accepts",
                )
    seen.append(f"held {count} defaults and examples against their own schemas")


def _written(part: dict[str, Any]) -> Iterator[tuple[KeyPath, Any]]:
    if "default" in part:
        yield ("default",), part["default"]
    examples = part.get("examples")
    yield from (
        (("examples", index), one) for index, one in enumerate(examples if isinstance(examples, list) else ())
    )


def _sample(
    schema: ConfigFile, validator: SchemaValidator, sample: ConfigFile, secrets: Iterable[str]
) -> Iterator[Finding]:
    if sample.fault is not None:
        yield sample.fault
        return
    for problem in validator.problems(_without(sample.value, secrets)):
        where = dotted(problem.path)
        yield Finding(
            f"{where}{': ' if where else ''}{problem.message}",
            sample.at(problem.path),
            f"a configuration that {schema.at()} accepts",
        )


def _without(config: Any, secrets: Iterable[str]) -> Any:
    """The same with an environment reference at each secret: `auth.token`, `keys[].secret`."""
    for secret in secrets:
        config = _replaced(config, secret.replace("[]", "").split("."))
    return config


def _replaced(value: Any, keys: list[str]) -> Any:
    if isinstance(value, list):
        return [_replaced(one, keys) for one in value]
    if not keys:
        return "${SECRET}" if isinstance(value, str) else value
    if isinstance(value, dict) and keys[0] in value:
        return value | {keys[0]: _replaced(value[keys[0]], keys[1:])}
    return value
