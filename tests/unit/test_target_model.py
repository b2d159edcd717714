"""The sample makes each strategy leave something else, and the model says what."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from certify.target.contents import Row
from certify.target.model import MODELS
from certify.target.sample import (
    SIZE,
    Sample,
    TooFew,
    emptied,
    generated,
    grown,
    make_sample,
    whole_number_column,
)


@pytest.fixture
def sample() -> Sample:
    return make_sample(generated(("id",), "day"), ("id",), "rows", "day")


def ids(rows: Any) -> list[int]:
    return sorted(row["id"] for row in rows)


@pytest.mark.parametrize(
    ("strategy", "left"),
    [
        ("full_refresh", [2, 4, 6, 7, 8, 9, 10, 11]),
        ("incremental_append", [1, 2, 2, 3, 4, 4, 5, 6, 7, 8, 9, 10, 11]),
        ("incremental_merge", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        ("replace", [1, 2, 3, 4, 6, 7, 8, 9, 10, 11]),
    ],
)
def test_each_strategy_leaves_other_rows_and_the_same_when_repeated(
    strategy: str, left: list[int], sample: Sample
) -> None:
    once = MODELS[strategy](sample, sample.before, sample.changing)
    assert ids(once) == left
    assert ids(MODELS[strategy](sample, once, sample.changing)) == left


def test_a_load_touches_a_slice_between_two_that_it_leaves_alone(sample: Sample) -> None:
    touched = {row["day"] for row in sample.changing}
    left = sorted(row["day"] for row in sample.before if row["day"] not in touched)
    assert len(left) == 2
    assert len(touched) == 1


def test_changed_rows_have_the_key_of_one_that_is_there_and_all_else_of_another(sample: Sample) -> None:
    before = {row["id"]: row for row in sample.before}
    changed = [row for row in sample.changing if row["id"] in before]
    assert ids(changed) == [2, 4]
    assert all(row["name"] != before[row["id"]]["name"] for row in changed)


@pytest.mark.parametrize("key", [7, "seven", datetime.date(2026, 3, 1)])
def test_few_rows_grow_by_keys_of_their_own(key: Any) -> None:
    rows = grown([{"id": key, "name": "a"}], ("id",), 40)
    assert len({row["id"] for row in rows}) == len(rows) == 40


def test_rows_without_a_key_that_can_be_made_are_too_few() -> None:
    with pytest.raises(TooFew, match=f"there are 1 different rows, and it takes {SIZE}"):
        make_sample([{"name": "a"}, {"name": "a"}], (), "rows")


def test_rows_with_the_same_key_or_none_are_left_out() -> None:
    odd: list[Row] = [{"id": 1}, {"id": None}, {"id": 1}, {}]
    rows = [*odd, *({"id": number} for number in range(2, SIZE + 1))]
    assert ids(make_sample(rows, ("id",), "rows").rows) == list(range(1, SIZE + 1))


def test_what_rules_change_is_found_in_the_rows(sample: Sample) -> None:
    assert whole_number_column(sample) == "amount"
    image = emptied(sample)
    assert image is not None
    assert (image["id"], image["name"]) == (1, None)
