"""Examples are the same wherever certify is installed, and whatever else a run has imported."""

from __future__ import annotations

from hypothesis import Phase, given
from hypothesis import strategies as st
from hypothesis.internal import charmap
from hypothesis.internal.conjecture import providers

from certify.examples import fixed_settings, texts


def chosen() -> list[int]:
    found: list[int] = []

    @fixed_settings(20, Phase.generate)
    @given(st.integers())
    def choose(number: int) -> None:
        found.append(number)

    choose()
    return found


def test_examples_are_the_same_each_time() -> None:
    assert chosen() == chosen()
    assert len(chosen()) > 10


def test_no_module_is_read_for_its_constants() -> None:
    chosen()
    assert not providers.is_local_module_file(__file__)  # type: ignore[attr-defined]


def test_texts_of_some_letters_need_no_table_of_all_letters() -> None:
    found: set[str] = set()

    @fixed_settings(50, Phase.generate)
    @given(texts("aé\0", 4))
    def choose(text: str) -> None:
        found.add(text)

    table, charmap._charmap = charmap._charmap, None
    try:
        choose()
        assert charmap._charmap is None
    finally:
        charmap._charmap = table
    assert {"", "a"} <= found
    assert set().union(*found) == set("aé\0")
    assert max(map(len, found)) == 4
