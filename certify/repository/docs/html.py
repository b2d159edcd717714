"""Read the HTML that stands in Markdown: its links, its anchors, its headings, its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

#: A block of HTML that a person wrote is shorter; the standard parser is quadratic in some longer ones.
_MAX_CHARACTERS = 20_000
_HEADINGS = {f"h{level}": level for level in range(1, 7)}


@dataclass
class Html:
    """Targets and headings with their line, counted from 0 where the HTML begins; and what else is read."""

    links: list[tuple[str, int]] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    headings: list[tuple[int, str, int]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    is_cut: bool = False


def read_html(source: str) -> Html:
    """Read a block or a single tag; comments, scripts and what is not HTML are passed over."""
    reader = _Reader()
    reader.feed(source[:_MAX_CHARACTERS])
    reader.html.is_cut = len(source) > _MAX_CHARACTERS
    return reader.html


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.html = Html()
        self._level = 0
        self._line = 0
        self._words: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        line = self.getpos()[0] - 1
        for name, value in attributes:
            if not value:
                continue
            if (tag, name) in (("a", "href"), ("img", "src")):
                # An attribute may stand on a later line than its tag.
                before = (self.get_starttag_text() or "").partition(value)[0]
                self.html.links.append((value.strip(), line + before.count("\n")))
            elif name == "id" or (tag, name) == ("a", "name"):
                self.html.anchors.append(value)
        if tag in _HEADINGS:
            self._level, self._line, self._words = _HEADINGS[tag], line, []

    def handle_endtag(self, tag: str) -> None:
        if self._level and _HEADINGS.get(tag) == self._level:
            self.html.headings.append((self._level, " ".join("".join(self._words).split()), self._line))
            self._level = 0

    def handle_data(self, data: str) -> None:
        if self._level:
            self._words.append(data)
        elif self.lasttag not in ("script", "style"):
            self.html.words.append(data)
