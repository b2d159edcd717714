from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from markdown_it import MarkdownIt

from certify_reports.escape import code, fenced, html, inline, prose, visible
from tests.unit.report_samples import hostile_texts, unhurried

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])

#: What `inline` may make of a text: words, code, and the code that holds a pipe or a backtick.
HARMLESS = {"text", "text_special", "code_inline", "html_inline"}


def seen(markdown: str) -> str:
    """What a reader sees of one paragraph; fails when there is anything but words and code."""
    opening, content, closing = MARKDOWN.parse(markdown)
    assert (opening.type, content.type, closing.type) == ("paragraph_open", "inline", "paragraph_close")
    children = content.children or []
    assert {child.type for child in children} <= HARMLESS
    assert {child.content for child in children if child.type == "html_inline"} <= {"<code>", "</code>"}
    return "".join(child.content for child in children if child.type != "html_inline")


def bare(text: str) -> str:
    """Without what `inline` may add or drop: zero-width spaces, white space, backticks that mean code."""
    return re.sub(r"[\u200b`\s]", "", text)


@unhurried
@given(hostile_texts())
@example(r"\[a](b)")
@example(r"\`a` \: b")
def test_a_reader_of_inline_text_sees_the_text_and_nothing_else(text: str) -> None:
    assert bare(seen(inline(text))) == bare(visible(text))


@unhurried
@given(hostile_texts())
def test_a_code_span_shows_the_text_on_one_line(text: str) -> None:
    assert seen(code(text)).replace("\u200b", "") == " ".join(visible(text).split()).replace("\u200b", "")


@unhurried
@given(hostile_texts())
def test_inline_text_and_code_stay_in_their_cell(text: str) -> None:
    tokens = MARKDOWN.parse(f"| a | b |\n| --- | --- |\n| {inline(text)} | {code(text)} |")
    assert [token.type for token in tokens].count("td_open") == 2
    assert tokens[-1].type == "table_close"
    cells = [token.content for token in tokens if token.type == "inline"]
    assert len(cells) == 4
    assert cells[2:] == [inline(text), code(text)]


@unhurried
@given(hostile_texts())
def test_a_fence_holds_all_of_its_text(text: str) -> None:
    (block,) = MARKDOWN.parse(fenced(text, "yaml"))
    assert (block.type, block.info) == ("fence", "yaml")
    assert block.content == visible(text).strip("\n") + "\n"


@unhurried
@given(hostile_texts())
def test_prose_has_paragraphs_and_fences_alone(text: str) -> None:
    blocks = {token.type for token in MARKDOWN.parse(prose(text))}
    assert blocks <= {"paragraph_open", "inline", "paragraph_close", "fence"}


@unhurried
@given(hostile_texts())
def test_visible_text_can_be_written_and_is_left_alone_the_second_time(text: str) -> None:
    shown = visible(text)
    assert shown.encode().decode() == shown
    assert visible(shown) == shown


@unhurried
@given(hostile_texts())
def test_text_in_an_html_element_holds_no_tag_and_no_line_end(text: str) -> None:
    assert not re.search(r"[<>\n]", html(text))


def test_prose_keeps_an_indented_block_as_it_stands() -> None:
    assert (
        prose("Add:\n\n    a:\n      b: `c`\n\nThen `go`.") == "Add:\n\n```\na:\n  b: `c`\n```\n\nThen `go`."
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", r"a\u0000b"),
        ("\x1b[31mred", r"\u001b[31mred"),
        ("\ud800", r"\ud800"),
        ("safe\u202etxt.exe", r"safe\u202etxt.exe"),
        ("two\u2028lines", r"two\u2028lines"),
        ("\ufffe", r"\ufffe"),
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("tab\tstays, é 漢 🎉", "tab\tstays, é 漢 🎉"),
    ],
)
def test_what_cannot_be_seen_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("full_refresh of demo_api 1.4.0", "full_refresh of demo_api 1.4.0"),
        ("`import x` wrote a file", "`import x` wrote a file"),
        ("_not_ *this* ~~way~~", r"\_not\_ \*this\* \~\~way\~\~"),
        ("[click](http://x)", r"\[click\](http:&#8203;//x)"),
        ("<b> & </b>", "&lt;b&gt; &amp; &lt;/b&gt;"),
        ("a | b", "a &#124; b"),
        ("1. first", r"1\. first"),
        ("# no heading", r"\# no heading"),
        ("two\nlines", "two lines"),
        ("", ""),
    ],
)
def test_inline_text_stays_readable_where_nothing_threatens(text: str, markdown: str) -> None:
    assert inline(text) == markdown


@pytest.mark.parametrize(
    "text", ["@team", "me@example.org", "fixes #12", "GH-7", "http://a.b", "www.a.b", "WWW.a.b"]
)
def test_what_github_would_link_is_parted(text: str) -> None:
    linked = re.compile(r"@\w|#\d|GH-\d|://|www\.", re.IGNORECASE)
    assert linked.search(text)
    assert not linked.search(seen(inline(text)))


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("a_b", "`a_b`"),
        ("a`b", r"<code>a\`b</code>"),
        ("a|b", "<code>a&#124;b</code>"),
        ("", "` `"),
    ],
)
def test_a_code_span_that_backticks_cannot_hold_is_an_element(text: str, markdown: str) -> None:
    assert code(text) == markdown
