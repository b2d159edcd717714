"""Keep text that a connector supplied from being read as anything but text.

`visible` is for every format; the others are for Markdown as CommonMark and GitHub read it. What `inline`
and `code` return holds no line end and no bare pipe, so both also fit a table cell.
"""

from __future__ import annotations

import re
from textwrap import dedent

#: What XML 1.0 forbids or discourages (controls, lone surrogates, U+FFFE, U+FFFF), what reorders a line as it
#: is read (bidi controls, see "Trojan Source"), and the separators that some readers take for a line end.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)

#: Code between two backticks, and the gap between two blocks of prose.
CODE_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
BLOCK_GAP = re.compile(r"\n[ \t]*\n")

#: Characters that begin a construct wherever they stand (an underscore between two letters begins none),
#: and the beginnings of what GitHub links by itself: mentions, issues and bare addresses.
_MARKUP = re.compile(
    r"""(?P<punctuation>[\\`*~\[\]] | (?<![^\W_])_ | _(?![^\W_]))
      | (?P<entity>[&<>|$])
      | (?P<linking>@ | \#(?=\d) | \bGH-(?=\d) | :(?=//) | \bwww(?=\.))""",
    re.VERBOSE | re.IGNORECASE,
)

#: A backslash saves none of these from every reader: a pipe splits cells first, a dollar may begin maths.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "$": "&#36;"}

#: A zero-width space parts what would be linked; a backslash does not, since GitHub links after parsing.
_APART = "&#8203;"

#: What begins a heading, a list, a rule or an underline when it begins a line.
_BLOCK_START = re.compile(r"^(?:(?=[#+=-])|(\d{1,9})(?=[.)](?: |$)))")


def visible(text: str) -> str:
    r"""The text with line ends as `\n`, and what cannot be seen or written as `\uXXXX`."""
    return _UNSEEN.sub(_named, text.replace("\r\n", "\n").replace("\r", "\n"))


def inline(text: str) -> str:
    """One line of Markdown that reads as the text; what stands between two backticks is shown as code."""
    pieces = CODE_SPAN.split(_one_line(text))
    shown = [code(piece) if place % 2 else _literal(piece) for place, piece in enumerate(pieces)]
    return _BLOCK_START.sub(r"\1\\", "".join(shown))


def code(text: str) -> str:
    """A code span, also within a table, where no run of backticks could keep a pipe."""
    line = _one_line(text)
    if not line:
        return "` `"
    return f"<code>{_literal(line)}</code>" if "`" in line or "|" in line else f"`{line}`"


def html(text: str) -> str:
    """One line within an HTML element, where Markdown is not read."""
    return _MARKUP.sub(_unlinked, _one_line(text))


def fenced(text: str, language: str = "") -> str:
    """A fenced block; its fence is longer than any run of backticks within."""
    body = visible(text).strip("\n")
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", body))])
    return f"{fence}{language}\n{body}\n{fence}"


def prose(text: str) -> str:
    """Paragraphs of Markdown; a block indented by four spaces is shown as it stands."""
    blocks = BLOCK_GAP.split(visible(text).strip("\n"))
    shown = [fenced(dedent(block)) if block.startswith("    ") else inline(block) for block in blocks]
    return "\n\n".join(block for block in shown if block)


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())


def _named(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def _literal(text: str) -> str:
    return _MARKUP.sub(_escaped, text)


def _unlinked(match: re.Match[str]) -> str:
    return match[0] if match["punctuation"] else _escaped(match)


def _escaped(match: re.Match[str]) -> str:
    if match["entity"]:
        return _ENTITIES[match[0]]
    return match[0] + _APART if match["linking"] else "\\" + match[0]
