"""Hold rows against their JSON Schema: fast, since there may be a million of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from certify.text import cut

#: Characters of a value that is shown.
_SHOWN = 80


@dataclass(frozen=True)
class Mismatch:
    """Where a row is not as its schema says: `path` within it, the value there, and what was expected."""

    path: str
    value: str
    expected: str
    row: int = 0

    def in_row(self, number: int) -> Mismatch:
        """The same, of the row with this number."""
        return replace(self, row=number)


class RowSchema:
    """The schema of a stream's rows. Raises ValueError when it is none."""

    def __init__(self, text: str) -> None:
        import jsonschema_rs  # compiled; a core install has it, and few commands need it

        self._validator = jsonschema_rs.validator_for(
            json.loads(text), validate_formats=True, retriever=_refuse
        )

    def mismatches(self, row: Any) -> Iterator[Mismatch]:
        """What is wrong with one row."""
        if self._validator.is_valid(row):
            return
        for error in self._validator.iter_errors(row):
            path = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in error.instance_path)
            yield Mismatch(f"${path}", _shown(error.instance), error.message[:400])


def _refuse(uri: str) -> Any:
    """A schema from a connector may point anywhere; nothing is fetched for it."""
    raise ValueError(f"{uri} lies outside the schema")


def _shown(value: Any) -> str:
    return cut(json.dumps(value, ensure_ascii=False, default=str), _SHOWN)
