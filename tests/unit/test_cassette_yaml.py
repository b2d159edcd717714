"""One pass gives what vcrpy's own reader gives."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from vcr.serializers import yamlserializer

from certify.replay import cassette_yaml

unhurried = settings(deadline=None, max_examples=300)

#: Pieces of YAML that do something; joined they come near to documents.
PIECES = st.sampled_from(
    [
        *("a: ", "- ", "? ", ": ", "\n", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ",", " # "),
        *("&x ", "*x", "<<: ", "<<: *x", "!!int ", "!!str ", "!!binary ", "! ", "!!python/tuple ", "!y "),
        *("=", "~", "0x1f", "0b1", "0o7", "1_000", ".inf", "-.nan", "1:2:3", "2026-02-30", "2026-02-03"),
        *("yes", "Null", "'it''s'", '"\\u00e9"', "|\n", ">-\n", "%YAML 1.1\n", "---\n", "...\n", "YWJj"),
    ]
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(),
        st.binary(),
        st.dates(),
        st.datetimes(),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.one_of(st.text(), st.integers()), inner)),
    max_leaves=20,
)


def read_by(reader: Any, text: str) -> str:
    """What it makes of the text; of two errors either may be met first."""
    try:
        return repr(reader(text))
    except Exception:  # PyYAML lets anything out
        return "refused"


@unhurried
@given(st.lists(PIECES, max_size=25).map("".join))
@example("a: &x {b: 1}\nc: *x\n")
@example("<<: {b: 1}\nc: 2\n")
@example("=: 1\n")
@example("a: =\n")
@example("a: 1\na: 2\n")
@example("body: !!binary YWJj\n")
@example("a: 1\n---\nb: 2\n")
@example("? [1, 2]\n: 3\n")
@example("")
def test_any_text_is_read_as_vcrpy_reads_it(text: str) -> None:
    assert read_by(cassette_yaml.deserialize, text) == read_by(yamlserializer.deserialize, text)


@unhurried
@given(VALUES, st.sampled_from([None, "'", '"']), st.booleans())
def test_any_value_comes_back(value: Any, quotes: str | None, in_flow: bool) -> None:
    text = yaml.safe_dump(value, default_style=quotes, default_flow_style=in_flow, allow_unicode=True)
    assert read_by(cassette_yaml.deserialize, text) == read_by(yamlserializer.deserialize, text)


@pytest.mark.parametrize("begins", ["", "a: &x 1\nb: *x\nc: "], ids=["plain", "with an alias"])
def test_what_is_nested_without_end_is_refused(begins: str) -> None:
    deep = begins + "[" * 100_000
    with pytest.raises(ValueError, match="more than 200 levels within each other"):
        cassette_yaml.deserialize(deep)
