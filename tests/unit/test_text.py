from __future__ import annotations

import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from certify.text import counted, one_line, visible

#: Any code point, lone surrogates too.
_ANY_TEXT = st.text(st.characters())
_LOADED = st.lists(
    st.sampled_from(
        [
            *"\x00\x07\x08\t\n\x0b\x0c\r\x1b\x7f\x85\x9b\xad\u200b\u200e\u2028\u2029\u202e\u2066",
            *("\ufeff", "\ufffe", "\uffff", "\ud800", "\udfff", "\U000e0041", " ", "word", "é", "😀"),
        ]
    )
).map("".join)
texts = _ANY_TEXT | _LOADED
unhurried = settings(deadline=None)

#: Of the invisible characters these are let through: line feed and tab.
_LAYOUT = "\n\t"
#: Format characters (Cf) that have a shape of their own, or shape the letters beside them.
_SHAPING = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred\x1b[0m", "\\u001b[31mred\\u001b[0m"),
        ("over\rwritten", "over\\u000dwritten"),
        ("access\u202elevel", "access\\u202elevel"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("soft\xadhyphen", "soft\\u00adhyphen"),
        ("half \ud83d of a pair", "half \\ud83d of a pair"),
        ("tagged\U000e0069", "tagged\\U000e0069"),
        ("été 😀 中文 עברית", "été 😀 中文 עברית"),
    ],
)
def test_what_cannot_be_seen_is_written_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@unhurried
@given(texts)
def test_no_control_and_no_change_of_direction_comes_through(text: str) -> None:
    for character in visible(text):
        assert character in _LAYOUT or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in {
            *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
        }


@unhurried
@given(st.integers(0, 0xFFFF) | st.integers(0xE0000, 0xE0FFF))
@example(0x061C)
@example(0x180E)
@example(0x206F)
def test_no_format_character_of_the_basic_plane_hides(code: int) -> None:
    shown = visible(chr(code))
    if unicodedata.category(chr(code)) == "Cf" and chr(code) not in _SHAPING:
        assert shown.isascii()
        assert len(shown) in (6, 10)


@unhurried
@given(texts)
def test_what_is_visible_goes_into_utf8_and_xml(text: str) -> None:
    shown = visible(text)
    assert shown.encode("utf-8").decode("utf-8") == shown
    element = ElementTree.Element("text")
    element.text = shown
    assert ElementTree.fromstring(ElementTree.tostring(element)).text == (shown or None)


@unhurried
@given(texts)
def test_what_is_visible_stays_as_it_is(text: str) -> None:
    assert visible(visible(text)) == visible(text)
    assert one_line(one_line(text)) == one_line(text)


@unhurried
@given(texts, st.integers(1, 60))
def test_no_text_is_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(visible(text, limit)) <= limit
    assert len(one_line(text, limit)) <= limit


@unhurried
@given(texts)
def test_one_line_is_one_line(text: str) -> None:
    line = one_line(text)
    assert line.splitlines() in ([], [line])
    assert "\t" not in line
    assert line == line.strip()


@unhurried
@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5), max_size=20))
def test_one_line_keeps_the_words(words: list[str]) -> None:
    assert one_line(" \n\t ".join(words)).split(" ") == (words or [""])


def test_what_is_cut_says_so_and_what_fits_does_not() -> None:
    assert visible("x" * 10, 10) == "x" * 10
    assert visible("x" * 11, 10) == "x" * 9 + "…"
    assert one_line("word " * 3, 14) == "word word word"
    assert one_line("word " * 3, 13) == "word word wor"[:12] + "…"


def test_escapes_count_towards_the_limit() -> None:
    assert visible("\x00" * 10, 12) == "\\u0000\\u000…"


@pytest.mark.parametrize(("count", "said"), [(0, "0 code blocks"), (1, "1 code block"), (2, "2 code blocks")])
def test_one_thing_is_counted_in_the_singular(count: int, said: str) -> None:
    assert counted(count, "code block") == said
