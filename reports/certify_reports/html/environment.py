"""Jinja2 as every template here has it: all that is shown is escaped, and made visible before that."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from certify_reports import blocks, scenarios, words
from certify_reports.blocks import EXPLANATION, MESSAGE, clipped
from certify_reports.escape import visible
from certify_reports.html.compiled import Compiled
from certify_reports.html.prose import inline, prose

_FOLDER = Path(__file__).with_name("templates")

#: What templates may call by name: words, never anything with an effect.
_WORDS: dict[ModuleType, tuple[str, ...]] = {
    words: (
        *("NOT_CLAIMED", "SYMBOLS", "VERDICTS", "VERIFIES"),
        *("capitalised", "counts_of", "day", "days_left", "first_expiry", "isolation_words", "number_of"),
        *("required_counts", "sentence", "standing", "status_word", "tier_words"),
    ),
    scenarios: ("ending", "seconds"),
    blocks: ("first_paragraph",),
}


@cache
def environment() -> Environment:
    """The only one: templates are compiled once."""
    made = Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        finalize=_shown,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=Compiled(Path(__file__)),
    )
    made.globals |= {name: getattr(module, name) for module, names in _WORDS.items() for name in names}
    made.filters |= {
        "inline": inline,
        "prose": prose,
        "said": _said,
        "explained": _explained,
        "fragment": _fragment,
    }
    return made


def piece(template: str, macro: str, *values: Any) -> Markup:
    """What a macro of a template makes of some values."""
    made: Markup = getattr(environment().get_template(template).module, macro)(*values)
    return made


@cache
def asset(name: str) -> tuple[Markup, str]:
    """A style sheet or script of ours, and its hash as a Content-Security-Policy names it."""
    text = (_FOLDER / name).read_text("utf-8").strip()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"


def _shown(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _fragment(name: str) -> str:
    """A name as it stands in a link to its place on the page."""
    return quote(visible(name))


def _said(text: str, length: int = MESSAGE) -> Markup:
    """What somebody said, on one line; code between backticks."""
    return inline(clipped(text, length))


def _explained(text: str) -> Markup:
    """An explanation, in paragraphs."""
    return prose(clipped(text, EXPLANATION))
