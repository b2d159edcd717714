"""Read a page of Markdown as a value: headings, sections with their steps, code blocks, links, anchors.

CommonMark with tables and strikethrough, as forges show it. Front matter is left out. No I/O.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from certify.repository.docs.anchors import Anchors
from certify.repository.docs.html import read_html
from certify.repository.docs.page import CodeBlock, Heading, Link, Page, Section, Step

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

#: What comes after is not read. The longest page in forty connectors had 60 KiB.
MAX_CHARACTERS = 256 * 1024
#: What the parser takes its time for, about 12 µs for each; brackets that are never closed, three times that.
#: A usual page has 90 in a KiB, a table 200.
MAX_MARKS = 50_000
_WEIGHTS = {**dict.fromkeys("\n!*_~<|`&\\", 1), "[": 3}
#: More than this share of a page's characters are marks in nothing that a person wrote.
_USUAL_SHARE = 8
#: What stands in more quotes and lists within one another is left out by the parser.
_MAX_NESTING = 50
#: A code span that goes over more lines was never closed.
_HIDDEN_BREAKS = 20
#: Targets are looked for no further along a line.
_MAX_LINE = 2000


def read_page(file: str, text: str) -> Page:
    """Parse a page; what is past `MAX_CHARACTERS` or `MAX_MARKS` is left out, and `is_cut` says so."""
    bounded = _bounded(text)
    body, front_title = _without_front_matter(bounded)
    environment: dict[str, Any] = {}
    tokens = _parser().parse(body, environment)
    reader = _Reader(environment.get("references", {}))
    reader.read(tokens)
    first = next((one.text for one in reader.headings if one.level == 1), "")
    return Page(
        file=file,
        title=first or front_title,
        headings=tuple(reader.headings),
        sections=tuple(reader.finished()),
        code_blocks=tuple(reader.code_blocks),
        links=tuple(reader.links),
        anchors=reader.anchors.known,
        is_cut=len(bounded) < len(text) or reader.is_cut or _is_too_deep(tokens),
        has_front_title=bool(front_title),
    )


@cache
def _parser() -> MarkdownIt:
    options = {"store_labels": True, "maxNesting": _MAX_NESTING}
    from markdown_it import MarkdownIt  # 50 ms, which most commands need not spend

    return MarkdownIt("commonmark", options).enable(["table", "strikethrough"])


def unusual_marks_in(text: str) -> int:
    """How much longer the part of a text that is read takes to parse than a usual one of its length."""
    bounded = _bounded(text)
    return max(0, _marks_in(bounded) - len(bounded) // _USUAL_SHARE)


def _marks_in(text: str) -> int:
    return sum(text.count(mark) * weight for mark, weight in _WEIGHTS.items())


def _bounded(text: str) -> str:
    beginning = text[:MAX_CHARACTERS]
    if _marks_in(beginning) > MAX_MARKS:
        marks = accumulate(_WEIGHTS.get(character, 0) for character in beginning)
        beginning = beginning[: next(at for at, many in enumerate(marks) if many > MAX_MARKS)]
    if len(beginning) == len(text):
        return text
    whole_lines = beginning.rfind("\n") + 1
    return beginning[: whole_lines or None]


def _without_front_matter(text: str) -> tuple[str, str]:
    """The text with its front matter blanked, so that lines keep their numbers; and the title in it."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return text, ""
    ends = (at for at, line in enumerate(lines[1:200], 1) if line.rstrip() in ("---", "..."))
    end = next(ends, None)
    if end is None:
        return text, ""
    titles = (line.partition(":")[2].strip(" \"'\r") for line in lines[1:end] if line.startswith("title:"))
    return "\n".join([""] * (end + 1) + lines[end + 1 :]), next(titles, "")


def _is_too_deep(tokens: Sequence[Token]) -> bool:
    return any(token.level >= _MAX_NESTING - 1 for token in tokens)


@dataclass
class _Reader:
    """Walks the tokens once."""

    references: dict[str, Any]
    headings: list[Heading] = field(default_factory=list)
    code_blocks: list[CodeBlock] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    anchors: Anchors = field(default_factory=Anchors)
    is_cut: bool = False
    _sections: list[tuple[Heading | None, list[_Draft]]] = field(default_factory=lambda: [(None, [])])
    #: The list items and the table row that are open, innermost last.
    _open: list[_Draft] = field(default_factory=list)
    _in_head: bool = False

    def read(self, tokens: Sequence[Token]) -> None:
        for at, token in enumerate(tokens):
            if token.type == "heading_open":
                self._heading(int(token.tag[1]), tokens[at + 1])
            elif token.type == "inline":
                self._inline(token, is_heading=tokens[at - 1].type == "heading_open")
            elif token.type in ("fence", "code_block"):
                self._code(token)
            elif token.type == "html_block":
                self._html(token.content, _line(token))
            elif token.type in ("list_item_open", "tr_open"):
                self._begin("item" if token.tag == "li" else "row", _line(token))
            elif token.type in ("list_item_close", "tr_close"):
                self._open.pop()
            elif token.tag == "thead":
                self._in_head = token.nesting > 0

    def finished(self) -> Iterable[Section]:
        """The sections; steps without a word are left out."""
        for heading, drafts in self._sections:
            steps = (Step(one.kind, one.separator.join(one.parts), one.line) for one in drafts)
            yield Section(heading, tuple(step for step in steps if step.text.strip()))

    def _begin(self, kind: str, line: int) -> _Draft:
        draft = _Draft(kind, line)
        if not self._in_head:
            self._sections[-1][1].append(draft)
        if kind in ("item", "row"):
            self._open.append(draft)
        return draft

    def _add(self, kind: str, text: str, line: int) -> None:
        draft = self._open[-1] if self._open else self._begin(kind, line)
        draft.parts.append(text)

    def _heading(self, level: int, inline: Token) -> None:
        text, own_anchor = _custom_anchor(_words(inline.children or []))
        self._enter(level, text, _line(inline), own_anchor)

    def _enter(self, level: int, text: str, line: int, own_anchor: str = "") -> None:
        heading = Heading(level, text, line, self.anchors.add_heading(text, own_anchor))
        self.headings.append(heading)
        self._sections.append((heading, []))

    def _code(self, token: Token) -> None:
        fenced = token.type == "fence"
        first = _line(token) + (1 if fenced else 0)
        self.code_blocks.append(CodeBlock(_language(token.info), token.content, first))
        self._add("code", token.content, first)

    def _html(self, source: str, line: int) -> None:
        html = read_html(source)
        self.is_cut |= html.is_cut
        self.links.extend(Link(target, line + offset) for target, offset in html.links)
        self.anchors.add(html.anchors)
        for level, text, offset in html.headings:
            self._enter(level, text, line + offset)
        words = " ".join("".join(html.words).split())
        if words:
            self._add("paragraph", words, line)

    def _inline(self, token: Token, *, is_heading: bool) -> None:
        text = _words(token.children or [])
        if not is_heading:
            self._add("paragraph", text, _line(token))
            self.anchors.add_marks(text)
        block = _Block(_line(token), token.content.split("\n"))
        line = block.first
        for child in _flat(token.children or []):
            if child.type in ("softbreak", "hardbreak"):
                line += 1
            elif child.type == "html_inline":
                self._html(child.content, line)
                line += child.content.count("\n")
            elif child.type in ("link_open", "image"):
                target = str(child.attrGet("href" if child.type == "link_open" else "src") or "")
                definition = self.references.get(child.meta.get("label", ""))
                place = int(definition["map"][0]) + 1 if definition else block.line_of(target, line)
                self.links.append(Link(target, place))


@dataclass
class _Block:
    """The lines of a block of text; `first` is the number of the first."""

    first: int
    lines: list[str]

    def line_of(self, target: str, at_least: int) -> int:
        """Where a target stands, a little further down than breaks tell: a code span hides its own."""
        start = at_least - self.first
        spellings = {target, unquote(target)} - {""}
        for number, line in enumerate(self.lines[start : start + _HIDDEN_BREAKS], at_least):
            if any(one in line[:_MAX_LINE] for one in spellings):
                return number
        return at_least


@dataclass
class _Draft:
    """A step that is being read."""

    kind: str
    line: int
    parts: list[str] = field(default_factory=list)

    @property
    def separator(self) -> str:
        return " | " if self.kind == "row" else "\n"


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1


def _flat(tokens: Iterable[Token]) -> Iterable[Token]:
    """Inline tokens with the ones inside an image's description."""
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def _words(tokens: Iterable[Token]) -> str:
    """Inline tokens as they are read; an image says nothing."""
    texts = (
        token.content
        if token.type in ("text", "code_inline")
        else " "
        if token.type.endswith("break")
        else ""
        for token in tokens
    )
    return "".join(texts).strip()


def _custom_anchor(text: str) -> tuple[str, str]:
    """A heading's words, and the anchor that `{#name}` at its end gives it (Docusaurus, MkDocs, Pandoc)."""
    match = re.search(r"\s*\{:?\s*#([\w.:-]+)[^{}]*\}$", text[-200:])
    return (text.removesuffix(match[0]), match[1]) if match else (text, "")


def _language(info: str) -> str:
    """`py` of `py title="x"`, `{.py .copy}` and `py{1,3}`; of a directive such as `{note}` nothing."""
    words = re.match(r"\s*\{?\s*\.?([\w+#-]+)", info)
    if words is None or re.match(r"\s*\{\s*\w", info):
        return ""
    return words[1].lower()
