from __future__ import annotations

from typing import Any

import pytest

from certify.contract.document import parse_document
from certify.errors import ContractError
from certify.model import Location
from certify.target.quality import Check, read_quality

_PLACE = Location("quality.yaml", 1)


def checks(text: str) -> list[str]:
    return [f"{one.location}: {one}" for one in read_quality(parse_document(text.encode(), "quality.yaml"))]


def test_each_rule_of_each_column_is_a_check_with_its_line() -> None:
    text = "columns:\n  id: {not_null: true, unique: true}\n  status:\n    accepted_values: [open, paid]\n"
    assert checks(text) == [
        "quality.yaml:2: id not_null",
        "quality.yaml:2: id unique",
        "quality.yaml:4: status accepted_values ['open', 'paid']",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- id", "quality.yaml:1: expected columns, each with its rules"),
        ("columns: {}", "quality.yaml:1: expected columns"),
        ("column: {id: {unique: true}}", "quality.yaml:1: expected columns"),
        ("columns: {id: {unique: true}}\nrows: 3", "quality.yaml:2: rows: unknown key"),
        ("columns:\n  id: [unique]", "quality.yaml:2: columns.id: expected rules, such as not_null: true"),
        ("columns:\n  id: {uniqe: true}", "columns.id.uniqe: unknown rule; did you mean 'unique'?"),
        ("columns:\n  id: {unique: false}", "columns.id.unique: expected true, found False"),
        ("columns:\n  a: {minimum: '0'}", "columns.a.minimum: expected a number, found '0'"),
        ("columns:\n  a: {max_length: 0}", "columns.a.max_length: expected a whole number of 1 or more"),
        ("columns:\n  a: {accepted_values: []}", "columns.a.accepted_values: expected a list of values"),
    ],
)
def test_what_is_no_rule_is_told_in_one_line(text: str, told: str) -> None:
    with pytest.raises(ContractError) as raised:
        checks(text)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("rule", "bound", "values", "made"),
    [
        ("not_null", True, [1, 2, 3], None),
        ("unique", True, [1, 2, 3], 1),
        ("minimum", 0, [5, 6, 7], -1),
        ("maximum", 2.5, [1, 2, 1], 3.5),
        ("accepted_values", ["a", "b"], ["a", "b", "a"], "not b"),
        ("accepted_values", [1, 2], [1, 2, 1], 3),
        ("min_length", 3, ["EUR", "USD", "EUR"], "US"),
        ("max_length", 3, ["EUR", "USD", "EUR"], "xxxx"),
    ],
)
def test_a_violation_breaks_its_rule_and_the_values_before_do_not(
    rule: str, bound: Any, values: list[Any], made: Any
) -> None:
    check = Check("c", rule, bound, _PLACE)
    assert check.holds_in([{"c": one} for one in values])
    assert check.violation(values, 1) == made
    assert not check.holds_in([{"c": one} for one in (values[0], made, values[2])])


def test_null_breaks_not_null_alone() -> None:
    assert Check("c", "minimum", 0, _PLACE).holds_in([{"c": None}, {}])
    assert Check("c", "unique", True, _PLACE).holds_in([{"c": None}, {"c": None}])
    assert not Check("c", "not_null", True, _PLACE).holds_in([{}])


def test_where_no_violation_can_be_made_that_is_said() -> None:
    with pytest.raises(ValueError, match="no value is known"):
        Check("c", "min_length", 3, _PLACE).violation([[1], [2]], 1)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("row 5 breaks amount_not_negative", True),
        ("row 5: AMOUNT is -1", True),
        ("the minimum is 0", True),
        ("amounts differ", False),
        ("CHECK constraint failed", False),
    ],
)
def test_a_message_names_the_column_or_the_rule(message: str, expected: bool) -> None:
    assert Check("amount", "minimum", 0, _PLACE).is_named_in(message) is expected
