"""Read C# source: its classes, the APIs that it names, its string literals. With the extra alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from certify.model import Location

#: A chain of names as long as this takes the parser a second; adapters have some hundred lines a file.
MAX_BYTES = 128 * 1024
_MAX_NAME = 300
_DECLARES = {"class_declaration", "struct_declaration", "record_declaration"}
_LITERALS = {
    "string_literal",
    "verbatim_string_literal",
    "raw_string_literal",
    "interpolated_string_expression",
}
_CONSTANTS = {
    "boolean_literal",
    "integer_literal",
    "real_literal",
    "null_literal",
    "string_literal",
    "default_expression",
}


@dataclass(frozen=True)
class Text:
    """Some text of the source, and where it stands: a literal's content, or the name of an API."""

    text: str
    location: Location


@dataclass(frozen=True)
class Method:
    """A method; `constant` is what it returns where it does nothing else."""

    name: str
    location: Location
    constant: str = ""


@dataclass(frozen=True)
class Class:
    """A class: the names after its colon without their namespaces, its members, its constructors' lengths."""

    name: str
    location: Location
    bases: tuple[str, ...]
    methods: tuple[Method, ...]
    properties: tuple[str, ...]
    constructors: tuple[int, ...]

    @property
    def has_default_constructor(self) -> bool:
        """Whether it can be made without an argument."""
        return not self.constructors or 0 in self.constructors


@dataclass(frozen=True)
class Source:
    """One file of C#."""

    file: str
    classes: tuple[Class, ...]
    #: Namespaces that names may be short for, and what other names stand for.
    namespaces: tuple[str, ...]
    aliases: dict[str, str]
    #: Types whose members are named without them.
    statics: tuple[Text, ...]
    names: tuple[Text, ...]
    literals: tuple[Text, ...]
    #: Of the whole assembly: `AssemblyVersion` and its argument.
    attributes: tuple[tuple[str, Text], ...]
    empty_catches: tuple[Location, ...]
    #: Whether all of it could be made sense of.
    is_whole: bool = True


def parse_csharp(content: bytes, file: str) -> Source:
    """Parse a file; what is no C# gives what can be made of it. Raises ImportError without the extra."""
    import tree_sitter
    import tree_sitter_c_sharp

    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c_sharp.language()))
    reader = _Reader(file)
    root = parser.parse(content).root_node
    for node in _each(root):
        reader.take(node)
    return replace(reader.source(), is_whole=not root.has_error)


def _each(root: Any) -> Iterator[Any]:
    """Every node, parents first, without recursion."""
    cursor = root.walk()
    while True:
        yield cursor.node
        if cursor.goto_first_child() or cursor.goto_next_sibling():
            continue
        while cursor.goto_parent():
            if cursor.goto_next_sibling():
                break
        else:
            return


class _Reader:
    def __init__(self, file: str) -> None:
        self._file = file
        self._classes: list[Class] = []
        self._namespaces: list[str] = []
        self._aliases: dict[str, str] = {}
        self._statics: list[Text] = []
        self._names: list[Text] = []
        self._literals: list[Text] = []
        self._attributes: list[tuple[str, Text]] = []
        self._empty_catches: list[Location] = []

    def source(self) -> Source:
        """What was read."""
        return Source(
            self._file,
            tuple(self._classes),
            tuple(self._namespaces),
            self._aliases,
            tuple(self._statics),
            tuple(self._names),
            tuple(self._literals),
            tuple(self._attributes),
            tuple(self._empty_catches),
        )

    def take(self, node: Any) -> None:
        """Note what a node says, if anything."""
        kind = node.type
        if kind == "using_directive":
            self._take_using(node)
        elif kind in _DECLARES:
            self._classes.append(self._class(node))
        elif kind in _LITERALS:
            self._literals.append(Text(_content(node), self._at(node)))
        elif kind == "member_access_expression" and node.parent.type != kind:
            self._names.append(Text(_name(node), self._at(node)))
        elif kind == "object_creation_expression" and node.child_by_field_name("type"):
            self._names.append(Text(_name(node.child_by_field_name("type")), self._at(node)))
        elif kind == "global_attribute":
            self._take_attribute(node)
        elif kind == "catch_clause" and _is_empty(node.child_by_field_name("body")):
            self._empty_catches.append(self._at(node))

    def _at(self, node: Any) -> Location:
        return Location(self._file, node.start_point[0] + 1)

    def _take_using(self, node: Any) -> None:
        named = node.named_children
        words = {child.type for child in node.children}
        if not named:
            return
        if len(named) == 2:
            self._aliases[_name(named[0])] = _name(named[1])
        elif "static" in words:
            self._statics.append(Text(_name(named[0]), self._at(node)))
        else:
            self._namespaces.append(_name(named[0]))

    def _take_attribute(self, node: Any) -> None:
        for attribute in (one for one in node.named_children if one.type == "attribute"):
            literal = next((one for one in _each(attribute) if one.type in _LITERALS), None)
            if literal is not None and attribute.named_children:
                name = _name(attribute.named_children[0]).rpartition(".")[2].removesuffix("Attribute")
                self._attributes.append((name, Text(_content(literal), self._at(literal))))

    def _class(self, node: Any) -> Class:
        body = node.child_by_field_name("body")
        members = body.named_children if body is not None else []
        bases: list[Any] = next(
            (one.named_children for one in node.named_children if one.type == "base_list"), []
        )
        return Class(
            name=_field(node, "name"),
            location=self._at(node),
            bases=tuple(_name(one).rpartition(".")[2] for one in bases),
            methods=tuple(self._method(one) for one in members if one.type == "method_declaration"),
            properties=tuple(_field(one, "name") for one in members if one.type == "property_declaration"),
            constructors=tuple(_arity(one) for one in members if one.type == "constructor_declaration"),
        )

    def _method(self, node: Any) -> Method:
        return Method(_field(node, "name"), self._at(node), _constant(node.child_by_field_name("body")))


def _arity(constructor: Any) -> int:
    parameters = constructor.child_by_field_name("parameters")
    return sum(one.type == "parameter" for one in parameters.named_children) if parameters else 0


def _constant(body: Any) -> str:
    """What a method's body says, where it does no more than return a constant or refuse."""
    statements = [one for one in body.named_children if one.type != "comment"] if body is not None else []
    if len(statements) != 1:
        return ""
    only = statements[0]
    values = only.named_children if only.type in ("return_statement", "throw_statement") else [only]
    if len(values) != 1:
        return ""
    is_stub = only.type == "throw_statement" and b"NotImplemented" in values[0].text[:_MAX_NAME]
    if values[0].type in _CONSTANTS or is_stub:
        return " ".join(only.text[:80].decode("utf-8", "replace").split())
    return ""


def _is_empty(block: Any) -> bool:
    return block is not None and not block.named_children


def _field(node: Any, field: str) -> str:
    found = node.child_by_field_name(field)
    return _name(found) if found is not None else ""


def _name(node: Any) -> str:
    """A name without blanks, type arguments and `global::`."""
    text = node.text[:_MAX_NAME].decode("utf-8", "replace")
    return re.sub(r"\s+", "", text).partition("<")[0].removeprefix("global::")


def _content(literal: Any) -> str:
    """The text of a literal, as it is written; what is filled in is left out."""
    if literal.type == "verbatim_string_literal":
        return str(literal.text.decode("utf-8", "replace"))[2:-1]
    parts = [one for one in literal.named_children if one.type.endswith("content")]
    return "".join(one.text.decode("utf-8", "replace") for one in parts)
