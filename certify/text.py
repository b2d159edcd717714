"""Make text fit to show: no control, no direction changes, no surrogates, and no `1 rows`."""

from __future__ import annotations

import re

#: C0 and C1 controls but line feed and tab, bidirectional overrides, line and paragraph separators,
#: zero-width characters, tags (text that no reader sees and every program does), lone surrogates, and what
#: XML has no place for.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str, limit: int = 4000) -> str:
    """The text with every such character written as an escape, cut to a length."""
    shown = _UNSEEN.sub(_escape, text[: limit + 1])
    return cut(shown, limit)


def cut(text: str, limit: int) -> str:
    """The text, or as much of it as goes into so many characters with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def one_line(text: str, limit: int = 500) -> str:
    """The same on a single line."""
    return visible(" ".join(text.split()), limit)


def counted(count: int, noun: str) -> str:
    """`1 row`, `2 rows`, `0 rows`: nouns whose plural ends in `s`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
