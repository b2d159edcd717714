"""Look at an icon without trusting it: no document type's entities, nothing loaded, nothing run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from xml.parsers import expat

from certify.model import Finding, Location

#: An icon of more bytes or elements is a drawing.
MAX_BYTES = 1024 * 1024
_MAX_ELEMENTS = 10_000
#: More dangers than this tell nothing new.
_MAX_FINDINGS = 20
#: Exporters round: 23.999 by 24 is square.
_TOLERANCE = 0.01
#: Elements that run or embed what is not a drawing.
_ACTIVE = frozenset({"script", "foreignObject", "iframe", "embed", "object", "audio", "video"})
_W3C = re.compile(r"https?://www\.w3\.org/")
_SVG = "http://www.w3.org/2000/svg"
_URL = re.compile(r"url\(\s*[\"']?\s*([^\"')]*)|@import\s+[\"']?([^\"';]*)", re.IGNORECASE)
_LENGTH = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][+-]?\d+)?)\s*(px|pt|pc|mm|cm|in|em|rem|ex)?\s*")


class _Refused(Exception):
    """What the parser is not asked to go on after."""


@dataclass
class _Icon:
    """What was seen of an icon."""

    root: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    elements: int = 0
    unsafe: list[tuple[str, int]] = field(default_factory=list)
    #: The style sheet that is being read, and the line it begins on.
    style: list[str] = field(default_factory=list)
    style_line: int | None = None


def icon_defects(file: str, data: bytes | None) -> Iterator[Finding]:
    """Why an icon cannot be shown, or should not be; `data` is None where it cannot be read."""
    if data is None or len(data) > MAX_BYTES:
        yield _finding(file, 1, "cannot be read, or is larger than 1 MiB", "a small file")
        return
    parser = expat.ParserCreate()
    icon = _Icon()
    _listen(parser, icon)
    try:
        parser.Parse(data, True)
    except _Refused as refused:
        yield _finding(file, parser.CurrentLineNumber, str(refused), "an SVG that stands by itself")
        return
    except (LookupError, ValueError) as error:
        yield _finding(file, parser.CurrentLineNumber, f"cannot be decoded: {error}", "an SVG in UTF-8")
        return
    except expat.ExpatError as error:
        words = expat.errors.messages.get(error.code, "") or expat.ErrorString(error.code)
        yield _finding(file, error.lineno, f"is not well-formed XML: {words}", "an SVG that parses")
        return
    if icon.root != "svg":
        yield _finding(file, 1, f"is no SVG: its outermost element is <{icon.root}>", "an <svg> element")
        return
    if _SVG not in icon.attributes.values():
        yield _finding(file, 1, "does not say that it is SVG, and browsers show nothing", f'xmlns="{_SVG}"')
    for message, line in icon.unsafe[:_MAX_FINDINGS]:
        yield _finding(file, line, message, "shapes alone: whoever shows the icon runs and loads nothing")
    shape = _shape_defect(icon.attributes)
    if shape:
        yield _finding(file, 1, shape, "as wide as high, such as viewBox='0 0 64 64'")


def _finding(file: str, line: int, message: str, expected: str) -> Finding:
    return Finding(
        f"the icon {message}", Location(file, max(line, 1)), expected, "export it as a plain square SVG"
    )


def _listen(parser: expat.XMLParserType, icon: _Icon) -> None:
    def start(name: str, attributes: dict[str, str]) -> None:
        icon.elements += 1
        if icon.elements > _MAX_ELEMENTS:
            raise _Refused(f"has more than {_MAX_ELEMENTS:,} elements")
        local = name.rpartition(":")[2]
        if not icon.root:
            icon.root, icon.attributes = local, attributes
        line = parser.CurrentLineNumber
        if local in _ACTIVE:
            icon.unsafe.append((f"holds a <{local}>", line))
        for key, value in attributes.items():
            icon.unsafe.extend((words, line) for words in _dangers(key.rpartition(":")[2], value))
        if local == "style":
            icon.style, icon.style_line = [], line

    def text(data: str) -> None:
        if icon.style_line is not None:
            icon.style.append(data)

    def end(name: str) -> None:
        if icon.style_line is not None and name.rpartition(":")[2] == "style":
            first = icon.style_line
            icon.unsafe.extend((words, first + below) for words, below in _loaded("".join(icon.style)))
            icon.style_line = None

    def doctype(name: str, system: str | None, public: str | None, has_subset: bool) -> None:
        # A bare one, as drawing programs write it, changes nothing: nobody fetches it here.
        if has_subset:
            raise _Refused("declares a document type of its own, which can hold entities")
        if system and not _W3C.match(system):
            icon.unsafe.append((f"takes its document type from {system[:100]}", parser.CurrentLineNumber))

    def entity(*declaration: object) -> None:
        raise _Refused("declares an entity")

    def instruction(target: str, data: str) -> None:
        if target == "xml-stylesheet":
            icon.unsafe.append(("takes a style sheet from outside", parser.CurrentLineNumber))

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = entity
    parser.ProcessingInstructionHandler = instruction


def _dangers(key: str, value: str) -> Iterator[str]:
    if re.fullmatch(r"on[a-z]+", key.lower()):
        yield f"runs a script: {key}"
    if key.lower() in ("href", "src") and not _stays_inside(value):
        yield f"refers to something outside: {value.strip()[:100]}"
    if "(" in value or "@" in value:
        yield from (words for words, _ in _loaded(value))


def _loaded(style: str) -> Iterator[tuple[str, int]]:
    """What a style takes from outside, and how many lines below its beginning."""
    for match in islice(_URL.finditer(style), _MAX_FINDINGS):
        target = match[1] or match[2] or ""
        if not _stays_inside(target):
            yield f"refers to something outside: {target.strip()[:100]}", style.count("\n", 0, match.start())


def _stays_inside(target: str) -> bool:
    target = target.strip().lower()
    image = target.startswith("data:image/") and not target.startswith("data:image/svg")
    return not target or target.startswith("#") or image or target.startswith("data:font/")


def _shape_defect(attributes: dict[str, str]) -> str | None:
    width, height = (_LENGTH.fullmatch(attributes.get(key, "")) for key in ("width", "height"))
    if width and height:
        across, up = float(width[1]), float(height[1])
        if width[2] != height[2] and {width[2], height[2]} != {None, "px"}:
            return f"is {width[0].strip()} wide and {height[0].strip()} high, in different units"
        return None if _is_square(across, up) else f"is {across:g} wide and {up:g} high"
    box = re.findall(r"[^\s,]+", attributes.get("viewBox", ""))
    try:
        numbers = [float(one) for one in box]
    except ValueError:
        numbers = []
    if len(numbers) != 4:
        return "has neither a viewBox nor a width and a height"
    return None if _is_square(*numbers[2:]) else f"is {numbers[2]:g} wide and {numbers[3]:g} high"


def _is_square(across: float, up: float) -> bool:
    return 0 < across < float("inf") and abs(across - up) <= _TOLERANCE * across
