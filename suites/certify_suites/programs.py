"""Programs of operations that Hypothesis makes, and the smallest of them that shows what is wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from certify import Make, Operation, Read, Undecided, Write
from certify.examples import fixed_settings, texts

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")
W = TypeVar("W")

#: Programs that are tried, and seconds for which the first wrong one is made smaller.
EXAMPLES = 25
_SHRINKING = 5.0
#: Keys that a file system, a pattern, a collation or somebody's tidiness may take for one another.
_ALIKE = (
    *(("orders", "Orders"), ("orders", "orders "), ("a/b", "a_b"), ("a/../b", "b"), ("a%", "a_")),
    *(("é", "e\u0301"), ("1", "01"), ("", " "), ("'", "''"), ("a\\b", "a/b"), ("x" * 256, "x" * 257)),
)
_ODD_KEYS = tuple(dict.fromkeys(key for pair in _ALIKE for key in pair))
#: What is quoted, escaped, folded, composed or cut somewhere. Sampled from: of all of Unicode, and of an
#: alphabet that it is given, Hypothesis makes a table first, which takes a second.
_LETTERS = "ab AZ09_%'\"\\/.:${}\n\t\x00éße\u0301ıİ漢\u202e\ufeff\uffff😀"
#: Longer than a VARCHAR, than MySQL's TEXT; whole numbers that no float holds.
_LONG = (256, 5_000, 70_000)
_LARGE = (2**53 + 1, 2**63, -(2**63) - 1, 10**30)


class _Found(Exception):
    """Carries what is wrong through Hypothesis, which makes its example smaller."""


def smallest(
    programs: SearchStrategy[T], wrong: Callable[[T], W | None], *, examples: int = EXAMPLES
) -> W | None:
    """What is wrong with the smallest program that shows it, the same one each time; None when all are right.

    What `wrong` raises, where it could not decide, is raised.
    """
    from hypothesis import Phase, given

    known: dict[str, W | None] = {}
    undecided: list[Undecided] = []
    until: list[float] = []

    @fixed_settings(examples, Phase.generate, Phase.shrink)
    @given(programs)
    def search(program: T) -> None:
        shown = repr(program)
        if shown not in known:
            if undecided or (until and time.monotonic() > until[0]):
                return
            try:
                known[shown] = wrong(program)
            except Undecided as error:
                undecided.append(error)
                return
        if known[shown] is not None:
            until[:] = until or [time.monotonic() + _SHRINKING]
            raise _Found(known[shown])

    try:
        search()
    except _Found as found:
        said: W = found.args[0]
        return said
    if undecided:
        raise undecided[0]
    return None


def alike() -> Iterator[tuple[Operation, ...]]:
    """Every odd key at once, and then pair by pair those that are taken for one another most easily."""
    for some in (_ODD_KEYS, *_ALIKE):
        writes = [Write(key, {"key": number}) for number, key in enumerate(some)]
        yield (*writes, Make(anew=True), *map(Read, some))


def keys() -> SearchStrategy[str]:
    """Keys of states."""
    from hypothesis import strategies as st

    return st.sampled_from(_ODD_KEYS) | texts(_LETTERS, 20)


def states() -> SearchStrategy[dict[str, Any]]:
    """States: objects of JSON, deep and wide, with long texts and large numbers."""
    from hypothesis import strategies as st

    numbers = st.integers() | st.sampled_from(_LARGE) | st.floats(allow_nan=False, allow_infinity=False)
    words = texts(_LETTERS, 20) | st.sampled_from(_LONG).map(lambda length: "x" * length)
    leaves = st.none() | st.booleans() | numbers | words
    names = texts(_LETTERS, 10)
    values = st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
        max_leaves=6,
    )
    return st.dictionaries(names, values, max_size=5)


def state_programs() -> SearchStrategy[tuple[Operation, ...]]:
    """Writes and reads of a few keys, by several instances and processes."""
    from hypothesis import strategies as st

    def of(some: list[str]) -> SearchStrategy[tuple[Operation, ...]]:
        key = st.sampled_from(some)
        one = st.builds(Write, key, states()) | st.builds(Read, key) | st.builds(Make, st.booleans())
        return st.lists(one, max_size=8).map(lambda these: (*these, *_looks(some)))

    return st.lists(keys(), min_size=1, max_size=3, unique=True).flatmap(of)


def _looks(some: list[str]) -> list[Operation]:
    """Every key, read by the instance that wrote it, by a new one, and in another process."""
    reads: list[Operation] = [Read(key) for key in some]
    return [*reads, Make(), *reads, Make(anew=True), *reads]


def pipeline_programs(failures: int) -> SearchStrategy[tuple[int | None, ...]]:
    """Loads one after the other: each by the number of its failure, None for one that comes to its end."""
    from hypothesis import strategies as st

    one = st.none() | st.integers(0, failures - 1)
    return st.lists(one, min_size=2, max_size=4).map(tuple)
