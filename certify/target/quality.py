"""The rules that a sink says it checks in every batch, and batches that break one of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from certify.contract.document import Document
from certify.contract.explanation import nearest
from certify.errors import ContractError
from certify.model import Location
from certify.target.contents import Row
from certify.text import one_line

_FORM = "expected columns, each with its rules: `columns: {id: {not_null: true, unique: true}}`"


@dataclass(frozen=True)
class Check:
    """One rule about one column: its name, what it is given (`minimum: 0`), and where it is written."""

    column: str
    rule: str
    bound: Any
    location: Location

    def __str__(self) -> str:
        return f"{self.column} {self.rule}" + ("" if self.bound is True else f" {self.bound}")

    def broken_by(self, value: Any, others: Sequence[Any]) -> bool:
        """Whether a value breaks it, beside those that other rows have; NULL breaks `not_null` alone."""
        if value is None or self.rule == "not_null":
            return value is None and self.rule == "not_null"
        return _BREAKS[self.rule](value, self.bound, others)

    def violation(self, values: Sequence[Any], place: int) -> Any:
        """A value for this place among a column's values that breaks it. ValueError where none is known."""
        made = _MAKES[self.rule](values[place], self.bound, values[place - 1])
        if not self.broken_by(made, [*values[:place], *values[place + 1 :]]):
            raise ValueError(f"no value is known that breaks it where {values[place]!r} stands")
        return made

    def holds_in(self, rows: Sequence[Row]) -> bool:
        """Whether no row breaks it."""
        values = [row.get(self.column) for row in rows]
        return not any(self.broken_by(one, values[:place]) for place, one in enumerate(values))

    def is_named_in(self, message: str) -> bool:
        """Whether a message names the column, or the rule."""
        words = (re.escape(self.column), "[ _-]?".join(self.rule.split("_")))
        return any(re.search(rf"(?<![^\W_]){one}(?![^\W_])", message, re.IGNORECASE) for one in words)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool | str | bytes | list | dict)


_BREAKS: dict[str, Callable[[Any, Any, Sequence[Any]], bool]] = {
    "unique": lambda value, _, others: value in others,
    "minimum": lambda value, bound, _: _is_number(value) and value < bound,
    "maximum": lambda value, bound, _: _is_number(value) and value > bound,
    "accepted_values": lambda value, bound, _: value not in bound,
    "min_length": lambda value, bound, _: isinstance(value, str) and len(value) < bound,
    "max_length": lambda value, bound, _: isinstance(value, str) and len(value) > bound,
}

_MAKES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "not_null": lambda value, bound, other: None,
    "unique": lambda value, bound, other: other,
    "minimum": lambda value, bound, other: bound - 1,
    "maximum": lambda value, bound, other: bound + 1,
    "accepted_values": lambda value, bound, other: (
        f"not {value}" if isinstance(value, str) else max(one for one in bound if _is_number(one)) + 1
    ),
    "min_length": lambda value, bound, other: value[: bound - 1] if isinstance(value, str) else value,
    "max_length": lambda value, bound, other: "x" * (bound + 1),
}

_FLAG, _NUMBER, _COUNT, _LIST = "true", "a number", "a whole number of 1 or more", "a list of values"
_TAKES = {
    "not_null": _FLAG,
    "unique": _FLAG,
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "accepted_values": _LIST,
    "min_length": _COUNT,
    "max_length": _COUNT,
}
_IS: dict[str, Callable[[Any], bool]] = {
    _FLAG: lambda bound: bound is True,
    _NUMBER: lambda bound: isinstance(bound, int | float) and not isinstance(bound, bool),
    _COUNT: lambda bound: isinstance(bound, int) and not isinstance(bound, bool) and bound > 0,
    _LIST: lambda bound: isinstance(bound, list) and bool(bound),
}


def read_quality(document: Document) -> tuple[Check, ...]:
    """The rules that `target.quality` leads to. Raises ContractError, in one line, for what is none."""
    top = document.value
    columns = top.get("columns") if isinstance(top, dict) else None
    if not isinstance(columns, dict) or not columns:
        raise ContractError(f"{document.file}:{document.line(('columns',))}: {_FORM}")
    if len(top) > 1:
        other = next(key for key in top if key != "columns")
        raise _error(document, (other,), f"unknown key{nearest(str(other), ['columns'])}")
    return tuple(_checks(document, columns))


def _checks(document: Document, columns: dict[str, Any]) -> Iterator[Check]:
    for column, rules in columns.items():
        if not isinstance(rules, dict) or not rules:
            raise _error(document, ("columns", column), "expected rules, such as not_null: true")
        for rule, bound in rules.items():
            path = ("columns", column, rule)
            if rule not in _TAKES:
                raise _error(document, path, f"unknown rule{nearest(str(rule), list(_TAKES))}")
            if not _IS[_TAKES[rule]](bound):
                raise _error(document, path, f"expected {_TAKES[rule]}, found {one_line(repr(bound), 60)}")
            yield Check(str(column), rule, bound, Location(document.file, document.line(path)))


def _error(document: Document, path: tuple[Any, ...], said: str) -> ContractError:
    dotted = one_line(".".join(map(str, path)), 120)
    return ContractError(f"{document.file}:{document.line(path)}: {dotted}: {said}")
