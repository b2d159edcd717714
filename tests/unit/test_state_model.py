from __future__ import annotations

from typing import Any

import pytest

from certify import NOTHING, HarnessFault, Kept, Make, Operation, Read, Write
from certify.run import Raised
from certify.sandbox.operations import Odd
from certify_suites.programs import smallest
from certify_suites.state_model import departure, same

_ERROR = Raised("acme.StateError", "no", "")


def done(*operations: Operation | Kept) -> list[Kept]:
    return [one if isinstance(one, Kept) else Kept(one) for one in operations]


def test_what_was_written_last_is_given() -> None:
    ran = done(Write("a", {"n": 1}), Write("a", {"n": 2}), Kept(Read("a"), {"n": 2}), Kept(Read("b")))
    assert departure(ran) is None


@pytest.mark.parametrize("given", [NOTHING, {"n": 1}, {"n": 2.5}, {"n": True}, Odd("list: (2,)")])
def test_anything_else_is_told(given: Any) -> None:
    found = departure(done(Write("a", {"n": 1}), Write("a", {"n": 2}), Kept(Read("a"), given)))
    assert found is not None
    assert str(found) == (
        f"after write_state('a', {{'n': 1}}), then write_state('a', {{'n': 2}}), "
        f"read_state('a') gives {given!r}"
    )
    assert found.expected == "{'n': 2}"


def test_who_asks_is_told() -> None:
    ran = done(Make(), Write("a", {"n": 1}), Make(anew=True), Kept(Read("a"), NOTHING))
    assert "read_state('a') in another process gives nothing" in str(departure(ran))


def test_a_write_that_is_refused_changes_nothing() -> None:
    refused = Kept(Write("a", {"n": 2}), raised=_ERROR)
    assert departure(done(Write("a", {"n": 1}), refused, Kept(Read("a"), {"n": 1}))) is None
    found = departure(done(Write("a", {"n": 1}), refused, Kept(Read("a"), {"n": 2})))
    assert found is not None
    assert "(refused)" in str(found)


@pytest.mark.parametrize("operation", [Make(), Read("b"), Write("a", {})])
def test_what_comes_to_no_end_departs(operation: Operation) -> None:
    found = departure(done(Write("a", {"n": 1}), Kept(operation, hangs=True)))
    assert str(found).endswith("comes to no end, and is stopped after 20 s")


def test_an_error_is_as_good_as_nothing_where_nothing_was_written() -> None:
    assert departure(done(Kept(Read("a"), raised=_ERROR))) is None
    found = departure(done(Write("a", {"n": 1}), Kept(Read("a"), raised=_ERROR)))
    assert str(found).endswith("read_state('a') raises StateError: no")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"a": [1, {"b": None}]}, {"a": [1.0, {"b": None}]}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": 2**53 + 1}, {"a": float(2**53)}, False),
        ({}, NOTHING, True),
        ({"a": None}, {}, False),
        ({"a": "1"}, {"a": 1}, False),
        ([1], [1, 1], False),
    ],
)
def test_values_are_compared_as_json_has_them(one: Any, other: Any, expected: bool) -> None:
    assert same(one, other) is same(other, one) is expected


def test_the_smallest_wrong_program_is_found_and_it_is_the_same_each_time() -> None:
    from hypothesis import strategies as st

    numbers = st.lists(st.integers(0, 100), max_size=10)
    found = [smallest(numbers, lambda one: one if sum(one) > 50 else None) for _ in range(2)]
    assert found == [[51], [51]]
    assert smallest(numbers, lambda one: None) is None


def test_what_could_not_be_decided_is_no_verdict() -> None:
    from hypothesis import strategies as st

    def fail(number: int) -> str | None:
        raise HarnessFault("lost")

    with pytest.raises(HarnessFault):
        smallest(st.integers(), fail)
