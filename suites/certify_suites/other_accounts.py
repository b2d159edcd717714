"""Tell records that a connector lost from those that the account of the recording never had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from certify.repository.airbyte.expectations import Expectation, ExpectedRecord
from certify.sandbox.reads import SourceReads

#: Characters of a value that is hardly anywhere by chance.
_TELLING = 5


def texts_of(reads: SourceReads) -> list[str]:
    """What was recorded and what came of it, as texts to look for values in; none where nothing was asked."""
    if reads.asks_nothing:
        return []
    answers = [one.answer.body.decode("utf-8", "replace") for one in reads.cassette.recorded]
    return [*answers, *(text for _, text in reads.full.run.rows.kept)]


def known_of(
    expectation: Expectation, texts: Sequence[str]
) -> tuple[Expectation, tuple[ExpectedRecord, ...]]:
    """What can be held against this recording, and the records of which it has no telling value."""
    records = expectation.records or ()
    strange = tuple(one for one in records if texts and _is_strange(one.data, texts))
    if not strange:
        return expectation, ()
    known = tuple(one for one in records if one not in strange)
    # Where some are from elsewhere, nobody knows which come first, and that there are no others.
    return replace(expectation, records=known, in_order=False, more_records=True), strange


def _is_strange(data: Mapping[str, Any], texts: Sequence[str]) -> bool:
    telling = [word for word in _words(data) if len(word) >= _TELLING and word.isascii()]
    return bool(telling) and not any(word in text for word in telling for text in texts)


def _words(value: Any) -> Iterator[str]:
    """The texts and numbers of a record, at any depth."""
    if isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _words(one)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
