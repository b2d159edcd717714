"""Hold the rows of a read against the records that acceptance-test-config.yml expects."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from certify import Finding, Unverified
from certify.repository.airbyte.expectations import Expectation, ExpectedRecord
from certify.sandbox.reads import Read
from certify_suites.readings import LISTED, rows, shown

_FIX = "mend the record that is read; where the account has changed, record and expect anew"
Values = dict[str, Any]
_ABSENT = object()


@dataclass(frozen=True)
class StreamRows:
    """What one stream gave: the rows that were kept, and how many there were."""

    kept: tuple[Values, ...] = ()
    count: int = 0

    @property
    def are_all_kept(self) -> bool:
        """Whether each of them can be looked at."""
        return len(self.kept) == self.count


def rows_by_stream(read: Read) -> dict[str, StreamRows]:
    """The rows of a read, by the names of their streams."""
    kept: dict[str, list[Values]] = {}
    for stream, text in read.run.rows.kept:
        # As it was spoken: a text such as `date:tomorrow` is no value of Python's here.
        kept.setdefault(stream, []).append(json.loads(text))
    seen = read.audit.streams
    return {name: StreamRows(tuple(kept.get(name, ())), seen[name].rows) for name in seen}


def given_by(stream: str, found: Mapping[str, StreamRows]) -> StreamRows:
    """The rows of a stream; it may be named without its namespace."""
    if stream in found:
        return found[stream]
    return next((one for name, one in found.items() if is_named(name, stream)), StreamRows())


def is_named(stream: str, name: str) -> bool:
    """Whether this is a stream's name, with its namespace or without."""
    return stream == name or stream.endswith(f".{name}")


def unmet(expectation: Expectation, found: Mapping[str, StreamRows]) -> Iterator[Finding]:
    """What was expected and did not come, or came otherwise. Unverified when too many rows came to tell."""
    yield from islice(expectation.faults, LISTED)
    by_stream: dict[str, list[ExpectedRecord]] = {}
    for record in expectation.records or ():
        by_stream.setdefault(record.stream, []).append(record)
    for stream, records in by_stream.items():
        yield from _unmet(expectation, stream, records, given_by(stream, found))


def _unmet(
    expectation: Expectation, stream: str, records: Sequence[ExpectedRecord], given: StreamRows
) -> Iterator[Finding]:
    ignored = next((paths for name, paths in expectation.ignored.items() if is_named(stream, name)), ())
    kept = [_without(row, ignored) for row in given.kept]
    wanted = [(one, _without(one.data, ignored)) for one in records]
    compared = _in_order if expectation.in_order else _anywhere
    missing = list(islice(compared(wanted, kept, expectation.more_fields), LISTED))
    is_beyond = not expectation.in_order or any(nearest is None for _, nearest in missing)
    if missing and is_beyond and not given.are_all_kept:
        first = missing[0][0].place
        raise Unverified(f"{first}: not among the first {len(kept):,} of {rows(given.count)} of {stream}")
    for record, nearest in missing:
        yield _missing(record, _without(record.data, ignored), nearest)
    if given.count > len(records) and not expectation.more_records:
        said = f"{stream} gives {rows(given.count)}, and extra_records is off"
        expected = f"the {rows(len(records))} of {expectation.file}"
        yield Finding(said, expectation.place, expected, _FIX)


Wanted = Sequence[tuple[ExpectedRecord, Values]]
#: A record that did not come, and the row that comes nearest to it.
Missing = tuple[ExpectedRecord, Values | None]


def _anywhere(wanted: Wanted, kept: Sequence[Values], more_fields: bool) -> Iterator[Missing]:
    whole = {_text(row) for row in kept}
    for record, data in wanted:
        if _text(data) not in whole and not any(_agrees(row, data, more_fields) for row in kept):
            yield record, max(kept, key=lambda row: _likeness(row, data), default=None)


def _in_order(wanted: Wanted, kept: Sequence[Values], more_fields: bool) -> Iterator[Missing]:
    for place, (record, data) in enumerate(wanted):
        row = kept[place] if place < len(kept) else None
        if row is None or not _agrees(row, data, more_fields):
            yield record, row
            return  # what follows may only have moved


def _missing(record: ExpectedRecord, data: Values, nearest: Values | None) -> Finding:
    said = f"{record.stream}: {shown(data)} is not among the rows"
    if nearest is None:
        said += "; there is none to hold it against"
    else:
        name, value = next(_different(nearest, data), ("", _ABSENT))
        differs = f"{name} is absent" if value is _ABSENT else f"{name} is {shown(value)}"
        said += f"; in the nearest, {shown(nearest)}, {differs}"
    return Finding(said, record.place, f"a row of {record.stream} as this line has it", _FIX)


def _different(row: Values, data: Values) -> Iterator[tuple[str, Any]]:
    """The fields that are others in the row, with its values; those that were expected come first."""
    for name in (*data, *(name for name in row if name not in data)):
        if name not in row or name not in data or not _agrees(row[name], data[name], False):
            yield name, row.get(name, _ABSENT)


def _likeness(row: Values, data: Values) -> int:
    return sum(name in row and _agrees(row[name], value, False) for name, value in data.items())


def _agrees(row: Any, wanted: Any, more_fields: bool) -> bool:
    """Whether a value is what was expected, or more where it may be: 1 is 1.0, and neither is true."""
    if isinstance(row, dict) and isinstance(wanted, dict):
        same = wanted.keys() <= row.keys() if more_fields else wanted.keys() == row.keys()
        return same and all(_agrees(row[name], value, more_fields) for name, value in wanted.items())
    if isinstance(row, list) and isinstance(wanted, list):
        pairs = zip(row, wanted, strict=False)
        return len(row) == len(wanted) and all(_agrees(*pair, more_fields) for pair in pairs)
    return isinstance(row, bool) is isinstance(wanted, bool) and bool(row == wanted)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _without(row: Mapping[str, Any], paths: Sequence[str]) -> Values:
    """The row without what is ignored: `a/b` is b in a, and `*` any key or place."""
    kept: Any = row
    for path in paths:
        kept = _left(kept, path.split("/"))
    return dict(kept)


def _left(value: Any, keys: Sequence[str]) -> Any:
    if isinstance(value, list):
        numbered = _left({str(place): one for place, one in enumerate(value)}, keys)
        return list(numbered.values())
    if not isinstance(value, Mapping):
        return value
    if len(keys) == 1:
        return {key: one for key, one in value.items() if keys[0] not in ("*", key)}
    return {key: _left(one, keys[1:]) if keys[0] in ("*", key) else one for key, one in value.items()}
