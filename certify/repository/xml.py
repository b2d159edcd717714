"""Read XML that nobody vouches for: bounded, without document types and so without entities, with lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from certify.errors import ContractError
from certify.text import one_line

#: Project files are written by hand or by an editor; none has as much.
MAX_BYTES = 1024 * 1024
_MAX_ELEMENTS = 20_000


@dataclass
class Element:
    """One element: its name without a namespace, its attributes, its own text, its line, what is in it."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def each(self, name: str) -> Iterator[Element]:
        """Those of a name among this element and all below it, in order."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            if one.name == name:
                yield one
            waiting.extend(reversed(one.children))

    def everything(self) -> Iterator[Element]:
        """All elements, itself first."""
        waiting = [self]
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(reversed(one.children))

    def first(self, name: str) -> Element | None:
        """The first element of a name."""
        return next(self.each(name), None)


class _Refused(Exception):
    """What the parser is not asked to go on after."""


def parse_xml(content: bytes, name: str) -> Element:
    """Parse a document. Raises ContractError, its message beginning with `NAME:LINE: `."""
    if len(content) > MAX_BYTES:
        raise ContractError(f"{name}:1: more than {MAX_BYTES // 1024} KiB are not read")
    parser = expat.ParserCreate()
    reader = _Reader(parser)
    try:
        parser.Parse(content, True)
    except _Refused as refused:
        raise ContractError(f"{name}:{parser.CurrentLineNumber}: {refused}") from refused
    except expat.ExpatError as error:
        said = one_line(expat.ErrorString(error.code), 100)
        raise ContractError(f"{name}:{error.lineno}: is not well-formed XML: {said}") from error
    except (LookupError, ValueError) as error:
        raise ContractError(f"{name}:{parser.CurrentLineNumber}: cannot be decoded") from error
    return reader.root.children[0]


class _Reader:
    """Builds the tree; a document type, which is where entities are declared, is refused."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.root = Element("", {}, 1)
        self._parser = parser
        self._open = [self.root]
        self._count = 0
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def _refuse(self, *_: object) -> None:
        raise _Refused("has a document type: what it declares is not expanded")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > _MAX_ELEMENTS:
            raise _Refused(f"has more than {_MAX_ELEMENTS:,} elements")
        element = Element(name.rpartition(":")[2], attributes, self._parser.CurrentLineNumber)
        self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text
