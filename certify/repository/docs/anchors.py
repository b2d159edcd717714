"""Make names comparable, name headings as forges do, and hold the other marks that a link may lead to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

#: The Unicode categories that GitHub keeps beside letters, digits, hyphens and spaces (`\p{Word}` of Ruby).
#: https://github.com/gjtorikian/html-pipeline/blob/v2.14.3/lib/html/pipeline/toc_filter.rb
_KEPT = frozenset({"Mn", "Mc", "Me", "Pc", "Nl"})
#: `{#name}` beside any text (MkDocs, Docusaurus, Pandoc).
_MARK = re.compile(r"\{:?\s*#([\w.:-]+)[^{}]*\}")
#: `(name)=` before a heading (MyST).
_MYST = re.compile(r"\(([\w.:/-]+)\)=")


def normal(name: str) -> str:
    """`orders_api` of `Orders API`, `orders-api` and `orders.api`."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def slug(text: str) -> str:
    """The anchor of the first heading with this text."""
    kept = (one for one in text.lower() if one.isalnum() or one in "- " or unicodedata.category(one) in _KEPT)
    return "".join(kept).replace(" ", "-")


def loose(anchor: str) -> str:
    """What all ways of naming headings agree on: no hyphens, no number at the end."""
    return re.sub(r"[\W_]+|\d+$", "", anchor.lower())


@dataclass
class Anchors:
    """The anchors of one page; a heading that comes again gets `-1`, `-2` …."""

    _names: set[str] = field(default_factory=set)
    _times: dict[str, int] = field(default_factory=dict)

    @property
    def known(self) -> frozenset[str]:
        """All that a link may lead to."""
        return frozenset(self._names)

    def add_heading(self, text: str, own: str = "") -> str:
        """Note a heading and say its anchor; `own` is one that it gives itself."""
        name = base = slug(text)
        # As github-slugger: `a`, `a`, `a-1` become `a`, `a-1`, `a-1-1`.
        while name in self._times:
            self._times[base] += 1
            name = f"{base}-{self._times[base]}"
        self._times[name] = 0
        self.add([name, own] if own else [name])
        return own or name

    def add(self, names: Iterable[str]) -> None:
        """Note the ids and names of HTML elements."""
        self._names.update(names)

    def add_marks(self, text: str) -> None:
        """Note what a paragraph marks itself with."""
        self.add(match[1] for match in _MARK.finditer(text[:2000]))
        myst = _MYST.fullmatch(text[:200])
        if myst:
            self.add([myst[1]])
