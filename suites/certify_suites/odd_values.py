"""Values that are seldom tried and do occur, one family at a time: a column holds one kind of value."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from certify import RuleBroken, SinkRuns
from certify.examples import fixed_settings, texts
from certify.target.cells import difference, quoted
from certify_suites.loading import broken

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from certify.sandbox.observed_load import Load

#: The column that holds them, beside those of the sample.
COLUMN = "certify_value"
#: Loads that Hypothesis chooses the values of, for each family; a load takes some 10 ms.
_LOADS = 3
#: Values of one load.
_MOST = 8

_UTC = datetime.UTC
#: Characters of all sorts: control, quoting, combining, right to left, invisible, of one to four bytes.
#: Named one by one, the simplest first: Hypothesis takes long to sort all of Unicode.
_LETTERS = (
    "aZ09 _.-'\"\\;%\t\n\r\0\x7f\x80\xe9\u0301\xdf\u017c\u0416\u05d0"
    "\u200b\u202e\u2028\ufeff\ufffd\u914d\U0001f69a\U0010ffff"
)
#: What is tried of each family beside what Hypothesis chooses, all in one load where that is not refused.
PLAIN: dict[str, tuple[Any, ...]] = {
    "texts": (
        "",
        " ",
        "a\0b",
        "007",
        "1e5",
        "NULL",
        "true",
        "żółć 配達 \U0001f69a",
        "'; --",
        '"',
        "\\",
        "\r\n\t",
    ),
    "whole numbers": (0, 2**53 + 1, 2**63 - 1, -(2**63)),
    "numbers": (0.1, 1e308, 5e-324, 2.0**53),
    "decimals": (Decimal("0.10"), Decimal("12345678901234567890.123456789")),
    "truth values": (True, False),
    "bytes": (b"", b"\0\xff"),
    "days": (datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
    "moments": (datetime.datetime(2026, 3, 29, 2, 30, 0, 999_999, tzinfo=_UTC), datetime.datetime(1, 1, 1)),
    "nested values": ({}, [], {"a": [{"b": None, "c": 2**53 + 1}]}, {"text": "\0 \U0001f69a"}, [[[[1]]]]),
}
#: The families, by name.
FAMILIES = tuple(PLAIN)
#: What few databases take: each in a load of its own, since refusing one says nothing of the others.
HARDLY_TAKEN: dict[str, tuple[Any, ...]] = {
    "texts": ("\ud800",),
    "whole numbers": (2**63, 10**30),
    "numbers": (float("nan"), float("inf")),
    "decimals": (Decimal("NaN"),),
}


def _chosen_from(family: str) -> SearchStrategy[Any]:
    """What Hypothesis chooses from. Importing it takes 200 ms: not before it is needed."""
    from hypothesis import strategies as st

    letters = texts(_LETTERS, 40)
    numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    zones = st.just(_UTC) | st.just(datetime.timezone(datetime.timedelta(hours=5.5)))
    earliest, latest = datetime.datetime(2, 1, 1), datetime.datetime(9998, 1, 1)
    families: dict[str, SearchStrategy[Any]] = {
        "texts": letters,
        "whole numbers": st.integers(-(2**63), 2**63 - 1),
        "numbers": st.floats(allow_nan=False, allow_infinity=False),
        "decimals": st.decimals(
            allow_nan=False, allow_infinity=False, places=9, min_value=-(10**18), max_value=10**18
        ),
        "truth values": st.booleans(),
        "bytes": st.binary(max_size=40),
        "days": st.dates(),
        "moments": st.datetimes() | st.datetimes(earliest, latest, timezones=zones),
        "nested values": st.dictionaries(
            letters, letters | numbers | st.none() | st.lists(letters, max_size=3), max_size=4
        ),
    }
    return families[family]


@dataclass
class Tried:
    """How many loads came back as they were given, and how many were refused.

    `unsaid` are the values that no message carries, where messages are loaded.
    """

    came_back: int = 0
    refused: int = 0
    unsaid: int = 0

    def __str__(self) -> str:
        unsaid = f", {self.unsaid} values have no form in JSON" if self.unsaid else ""
        return f"{self.came_back} loads came back, {self.refused} were refused{unsaid}"


def come_back(runs: SinkRuns, strategy: str, family: str) -> Tried:
    """Load values of a family, each load into an empty target.

    Raises RuleBroken for the first that changed; of those that Hypothesis chose, for the smallest.
    """
    from hypothesis import Phase, given
    from hypothesis import strategies as st

    tried = Tried()
    if not _try(runs, strategy, PLAIN[family], tried):
        for value in PLAIN[family]:
            _try(runs, strategy, [value], tried)
    for value in HARDLY_TAKEN.get(family, ()):
        _try(runs, strategy, [value], tried)

    @fixed_settings(_LOADS, Phase.generate, Phase.shrink)
    @given(st.lists(_chosen_from(family), min_size=1, max_size=_MOST))
    def chosen(values: list[Any]) -> None:
        _try(runs, strategy, values, tried)

    chosen()
    return tried


def _try(runs: SinkRuns, strategy: str, values: Sequence[Any], tried: Tried) -> bool:
    """Whether a load of these values was taken. Raises RuleBroken where they came back changed."""
    said = runs.sayable(values)
    tried.unsaid += len(values) - len(said)
    if not said:
        return True
    values = said
    plain = runs.sample.many(len(values))
    rows = [row | {COLUMN: value} for row, value in zip(plain, values, strict=True)]
    load = runs.load_anew(strategy, rows)
    if not load.succeeded:
        tried.refused += 1
        return False
    if difference(rows, load.after) is not None:
        for value in values if len(values) > 1 else ():
            _try(runs, strategy, [value], tried)  # raises for the one that changed
        raise RuleBroken((broken(runs, load, f"{strategy}: {_told(values, load)}", "the same, or an error"),))
    tried.came_back += 1
    return True


def _told(values: Sequence[Any], load: Load) -> str:
    """What became of the values, in words."""
    read = [row.get(COLUMN) for row in load.after.as_rows]
    given = ", ".join(map(quoted, values))
    return f"{given} given, {', '.join(map(quoted, read)) or 'nothing'} read back"
