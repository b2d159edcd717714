"""Turn text into HTML: paragraphs, code between backticks, blocks indented by four spaces; else text."""

from __future__ import annotations

from textwrap import dedent

from markupsafe import Markup, escape

from certify_reports.escape import BLOCK_GAP, CODE_SPAN, visible

_CODE = Markup("<code>{}</code>")


def inline(text: str) -> Markup:
    """One line; what stands between two backticks is code."""
    first, *rest = CODE_SPAN.split(" ".join(visible(text).split()))
    shown = escape(first)
    for place, piece in enumerate(rest):
        shown += escape(piece) if place % 2 else _CODE.format(piece)
    return shown


def prose(text: str) -> Markup:
    """Paragraphs and blocks of code."""
    return Markup("").join(
        _block(block) for block in BLOCK_GAP.split(visible(text).strip("\n")) if block.strip()
    )


def _block(block: str) -> Markup:
    if block.startswith("    "):
        return Markup('<pre tabindex="0"><code>{}</code></pre>').format(dedent(block).strip("\n"))
    return Markup("<p>{}</p>").format(inline(block))
