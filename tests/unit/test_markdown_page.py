"""A page of Markdown as a value: what is read of it, and on which line."""

from __future__ import annotations

import time

import pytest

from certify.repository.docs import markdown
from certify.repository.docs.anchors import slug
from certify.repository.docs.markdown import read_page
from certify.repository.docs.page import CodeBlock, Link

PAGE = """\
---
title: From the front matter
---
# The `title` ![badge](badge.svg)

An introduction
of two lines.

## Steps {#own-name}

1. First, with [a link](one.md "title")

   ```python title="x.py"
   import one
   ```

2. Second
   - nested

| key | meaning |
|---|---|
| a | [two](two.md) |

### Deeper

Text.

## Steps
"""


def test_headings_have_levels_lines_and_anchors_and_lose_their_markup() -> None:
    seen = [(one.level, one.text, one.line, one.anchor) for one in read_page("p.md", PAGE).headings]
    assert seen == [
        (1, "The title", 4, "the-title"),
        (2, "Steps", 9, "own-name"),
        (3, "Deeper", 24, "deeper"),
        (2, "Steps", 28, "steps-1"),
    ]


def test_a_heading_with_a_name_of_its_own_is_reached_by_both() -> None:
    assert {"own-name", "steps", "steps-1"} <= read_page("p.md", PAGE).anchors


def test_the_title_is_the_first_heading_or_the_front_matters() -> None:
    assert read_page("p.md", PAGE).title == "The title"
    assert read_page("p.md", "---\ntitle: 'Named'\n---\n\ntext").title == "Named"
    assert read_page("p.md", "text").title == ""


def test_front_matter_is_no_heading_and_keeps_the_lines_below_it() -> None:
    page = read_page("p.md", "---\nname: x\n---\n\n# Here\n")
    assert [(one.text, one.line) for one in page.headings] == [("Here", 5)]


def test_a_rule_at_the_top_is_no_front_matter() -> None:
    page = read_page("p.md", "---\n\n# Here\n\ntext\n")
    assert page.headings[0].line == 3


def test_a_section_holds_its_own_steps_and_the_page_those_within_it() -> None:
    page = read_page("p.md", PAGE)
    steps = page.sections[2]
    assert [(one.kind, one.line) for one in steps.steps] == [
        ("item", 11),
        ("item", 17),
        ("item", 18),
        ("row", 22),
    ]
    assert "Text." not in steps.text
    assert page.within(steps)[-1].text == "Text."


def test_a_list_item_is_one_step_with_its_code() -> None:
    item = read_page("p.md", PAGE).sections[2].steps[0]
    assert (item.kind, item.text) == ("item", "First, with a link\nimport one\n")


def test_a_table_row_is_a_step_and_its_head_is_none() -> None:
    rows = [one.text for one in read_page("p.md", PAGE).sections[2].steps if one.kind == "row"]
    assert rows == ["a | two"]


def test_code_blocks_claim_a_language_and_begin_on_their_first_line() -> None:
    assert read_page("p.md", PAGE).code_blocks == (CodeBlock("python", "import one\n", 14),)


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("Python", "python"),
        ('py title="x"', "py"),
        ("{.yaml .copy}", "yaml"),
        ("json{1,3}", "json"),
        ("{note}", ""),
        ("{code-block} python", ""),
        ("", ""),
        ("shell-session", "shell-session"),
    ],
)
def test_the_language_is_the_first_word_of_the_fence(info: str, language: str) -> None:
    assert read_page("p.md", f"```{info}\nx\n```\n").code_blocks[0].language == language


def test_an_indented_block_claims_nothing() -> None:
    assert read_page("p.md", "text\n\n    $ run\n").code_blocks == (CodeBlock("", "$ run\n", 3),)


def test_links_stand_on_the_line_of_their_target() -> None:
    text = "one [a](a.md)\n`code\nspan` ![b](b.png) [c\nc](c%20d.md)\n\n[e][ref]\n\n\n[ref]: e.md\n"
    assert read_page("p.md", text).links == (
        Link("a.md", 1),
        Link("b.png", 3),
        Link("c%20d.md", 4),
        Link("e.md", 9),
    )


def test_links_in_tables_and_lists_have_their_lines() -> None:
    assert [(one.target, one.line) for one in read_page("p.md", PAGE).links] == [
        ("badge.svg", 4),
        ("one.md", 11),
        ("two.md", 22),
    ]


def test_links_in_code_and_comments_are_none() -> None:
    assert read_page("p.md", "`[a](a.md)`\n\n```\n[b](b.md)\n```\n\n<!-- [c](c.md) -->\n").links == ()


def test_html_gives_links_anchors_and_headings() -> None:
    page = read_page(
        "p.md",
        '<h1 align="center">\n  The <em>name</em>\n</h1>\n<p>\n<a\n  href="a.md">'
        '<img src="b.png"></a></p>\n\n'
        'text <a name="here"></a> <span id="there"></span>\n',
    )
    assert page.title == "The name"
    assert page.links == (Link("a.md", 6), Link("b.png", 6))
    assert {"here", "there", "the-name"} <= page.anchors


def test_words_in_html_are_read_and_scripts_are_not() -> None:
    page = read_page("p.md", "<p>It reads orders.</p>\n\n<script>\nlet x;\n</script>\n")
    assert [step.text for section in page.sections for step in section.steps] == ["It reads orders."]


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        ("Rate limits", "rate-limits"),
        ("What's new?", "whats-new"),
        ("Retry-After & 429", "retry-after--429"),
        ("HTTP/2.0", "http20"),
        ("snake_case", "snake_case"),
        ("Überblick", "überblick"),
        ("हिन्दी", "हिन्दी"),
        ("🚀 Launch", "-launch"),
    ],
)
def test_anchors_are_made_as_github_makes_them(text: str, anchor: str) -> None:
    assert slug(text) == anchor


def test_headings_that_come_again_are_numbered_past_those_that_are_taken() -> None:
    page = read_page("p.md", "# a\n\n# a\n\n# a-1\n\n# a\n")
    assert [one.anchor for one in page.headings] == ["a", "a-1", "a-1-1", "a-2"]


def test_marks_of_site_generators_are_anchors() -> None:
    assert {"mark", "label"} <= read_page("p.md", "(label)=\n\n## H\n\ntext {#mark .x}\n").anchors


@pytest.mark.parametrize(
    "unit",
    ["[", "![", "[a](", "> ", "- ", "1. - ", "|a|\n|-|\n", "<a ", "<!--", "`", "&amp;"],
)
def test_a_mebibyte_of_anything_is_read_in_seconds_and_cut(unit: str) -> None:
    began = time.process_time()
    page = read_page("p.md", unit * (2**20 // len(unit)))
    assert page.is_cut
    assert time.process_time() - began < 10  # measured: up to 1 s


def test_deep_quotes_end_where_the_parser_stops_counting() -> None:
    page = read_page("p.md", "> " * 10_000 + "x\n\n[after](a.md)\n")
    assert page.links == (Link("a.md", 3),)
    assert page.is_cut
    assert not read_page("p.md", "> " * 45 + "x\n").is_cut


def test_a_page_of_the_largest_size_is_read_whole_and_a_line_more_is_cut() -> None:
    line = "x" * 63 + "\n"
    whole = line * (markdown.MAX_CHARACTERS // 64)
    assert not read_page("p.md", whole).is_cut
    cut = read_page("p.md", whole + "[late](late.md)\n")
    assert (cut.is_cut, cut.links) == (True, ())


def test_what_takes_time_to_parse_is_counted_too() -> None:
    text = "*x*\n\n" * (markdown.MAX_MARKS // 4)
    assert not read_page("p.md", text).is_cut
    assert read_page("p.md", text + "*y*").is_cut
    assert read_page("p.md", "[x" * (markdown.MAX_MARKS // 2)).is_cut
