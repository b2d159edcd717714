"""Pieces of a Markdown page, each cut to a size: words, tables, lists, folds.

`said`, `named`, `at` and `told` escape; whatever takes blocks, lines or cells wants them escaped already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from certify.model import Location
from certify_reports.escape import code, inline, prose

T = TypeVar("T")

#: Characters of one message, one name, one explanation. Longer ones bury the page; the JSON holds them whole.
MESSAGE, NAME, EXPLANATION = 400, 200, 2000


@dataclass(frozen=True)
class Limit:
    """How much of a list is shown: so many items, so many bytes of UTF-8."""

    items: int
    size: int

    def among(self, parts: int) -> Limit:
        """An equal share for each of several lists that stand under one limit."""
        return Limit(self.items, self.size // max(parts, 1))


def said(text: str) -> str:
    """What somebody said, on one line."""
    return inline(clipped(text, MESSAGE))


def named(text: str) -> str:
    """The name of a rule, a file, a digest: as code."""
    return code(clipped(text, NAME))


def at(location: Location | None, message: str) -> str:
    """Where it is, unless the message says so itself."""
    return f" at {named(str(location))}" if location and str(location) not in message else ""


def told(label: str, text: str) -> str:
    """An explanation in paragraphs, after a label in bold."""
    body = prose(clipped(text, EXPLANATION))
    return f"**{label}**{_gap(body)}{body}" if body else ""


def first_paragraph(text: str) -> str:
    """As much of an explanation as fits where there is one line for it; what it announces is left out."""
    return text.strip().partition("\n\n")[0].rstrip(":")


def page(blocks: Iterable[str]) -> str:
    """Blocks under each other, a blank line between them; empty ones leave no trace."""
    return "\n\n".join(block for block in blocks if block)


def table(head: Sequence[str], show: Callable[[T], str], items: Sequence[T], limit: Limit) -> str:
    """A table with a row for each item, as `show` makes it with `row`; nothing when there are none."""
    if not items:
        return ""
    rows = within(show, items, limit)
    lines = [row(*head), row(*("---" for _ in head)), *rows]
    return page(["\n".join(lines), _more(len(items) - len(rows))])


def row(*cells: str) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def bullets(show: Callable[[T], str], items: Sequence[T], limit: Limit) -> str:
    """A list with a dash before each item."""
    return listed(lambda item: f"- {show(item)}", items, limit)


def numbered(show: Callable[[T], str], items: Sequence[T], limit: Limit, first: int = 1) -> str:
    """A numbered list that may go on where another one stopped."""
    pairs = list(enumerate(items, first))
    return listed(lambda pair: f"{pair[0]}. {show(pair[1])}", pairs, limit)


def listed(show: Callable[[T], str], items: Sequence[T], limit: Limit, between: str = "\n") -> str:
    """What `show` makes of each item, as far as the limit allows, and how many are left out."""
    kept = within(show, items, limit)
    return page([between.join(kept), _more(len(items) - len(kept))])


def fold(summary: str, body: str) -> str:
    """A body that a click opens; the blank lines make Markdown of it. `summary` is HTML of one line."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>" if body else ""


def clipped(text: str, length: int) -> str:
    """At most so many characters, with a mark where the rest was."""
    return text if len(text) <= length else text[: length - 1] + "…"


def _gap(body: str) -> str:
    return "\n\n" if body.startswith("```") else " "


def within(show: Callable[[T], str], items: Sequence[T], limit: Limit) -> list[str]:
    """As many as the limit allows, shown. No item is shown for nothing: escaping takes its time."""
    kept: list[str] = []
    room = limit.size
    for item in items[: limit.items]:
        shown = show(item)
        room -= len(shown.encode()) + 2
        if room < 0:
            break
        kept.append(shown)
    return kept


def _more(number: int) -> str:
    return f"… and {number} more, see the JSON." if number else ""
