"""Read what acceptance-test-config.yml expects of a read: records, empty streams, a state of the future."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from certify.model import Finding, Location
from certify.repository.airbyte.acceptance import AcceptanceConfig, Test
from certify.repository.tree import Repository

_FIX = 'write one line for each record: {"stream": "orders", "data": {"id": 1}}'


@dataclass(frozen=True)
class ExpectedRecord:
    """A record that a read is expected to give, and the line that says so."""

    stream: str
    data: Mapping[str, Any]
    place: Location


@dataclass(frozen=True)
class Expectation:
    """A file of expected records, and how rows are held against them; `ignored` are paths by stream.

    `records` is None where the file is not there; `faults` are its lines that hold no record.
    """

    file: str
    place: Location
    records: tuple[ExpectedRecord, ...] | None
    faults: tuple[Finding, ...] = ()
    in_order: bool = False
    more_records: bool = True
    more_fields: bool = False
    ignored: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class FutureState:
    """A state from which nothing is left to read: its file, and the streams that it is not meant for."""

    file: str
    place: Location
    missing: frozenset[str]


def expectations(acceptance: AcceptanceConfig, repository: Repository) -> Iterator[Expectation]:
    """The files of expected records that the tests of `basic_read` name."""
    for test in _of(acceptance, "basic_read"):
        said = test.value.get("expect_records")
        name = said.get("path") if isinstance(said, dict) else None
        if isinstance(said, dict) and isinstance(name, str):
            file = name.removeprefix("./")
            content = repository.text(file)
            records, faults = _records(content, file) if content is not None else (None, ())
            yield Expectation(
                file,
                acceptance.at((*test.path, "expect_records", "path")),
                records,
                faults,
                in_order=said.get("exact_order") is True,
                more_records=said.get("extra_records") is not False,
                more_fields=said.get("extra_fields") is True,
                ignored=_ignored(test),
            )


def empty_streams(acceptance: AcceptanceConfig) -> dict[str, str]:
    """The streams that may give no record, with the reasons; one without a reason is none of them."""
    listed = (one for test in _of(acceptance, "basic_read") for one in _listed(test.value, "empty_streams"))
    objects = [one for one in listed if isinstance(one, dict)]
    reasons = {str(one.get("name")): one.get("bypass_reason") for one in objects}
    return {name: said for name, said in reasons.items() if isinstance(said, str) and said.strip()}


def not_executed(acceptance: AcceptanceConfig) -> list[str]:
    """What the tests of `basic_read` say besides."""
    executed = ("empty_streams", "expect_records", "ignored_fields")
    said = {str(key) for test in _of(acceptance, "basic_read") for key in test.value}
    return sorted(said.difference(executed))


def future_states(acceptance: AcceptanceConfig) -> Iterator[FutureState]:
    """The states of the future that the tests of `incremental` name, in either dialect."""
    for test in _of(acceptance, "incremental"):
        said = test.value.get("future_state")
        nested = said if isinstance(said, dict) else {}
        for keys, name in (
            (("future_state", "future_state_path"), nested.get("future_state_path")),
            (("future_state_path",), test.value.get("future_state_path")),
        ):
            if isinstance(name, str):
                missing = frozenset(map(_name, _listed(nested, "missing_streams")))
                yield FutureState(name.removeprefix("./"), acceptance.at((*test.path, *keys)), missing)


def _of(acceptance: AcceptanceConfig, section: str) -> list[Test]:
    return [test for test in acceptance.tests if test.section == section]


def _records(text: str, file: str) -> tuple[tuple[ExpectedRecord, ...], tuple[Finding, ...]]:
    records, faults = [], []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        place = Location(file, number)
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        value = value if isinstance(value, dict) else {}
        stream, data = value.get("stream"), value.get("data")
        if isinstance(stream, str) and isinstance(data, dict):
            space = value.get("namespace")
            name = f"{space}.{stream}" if isinstance(space, str) and space else stream
            records.append(ExpectedRecord(name, data, place))
        else:
            faults.append(Finding("holds no record", place, "a JSON object with stream and data", _FIX))
    return tuple(records), tuple(faults)


def _ignored(test: Test) -> dict[str, tuple[str, ...]]:
    said = test.value.get("ignored_fields")
    fields = said if isinstance(said, dict) else {}
    return {str(stream): tuple(map(_name, _listed(fields, stream))) for stream in fields}


def _listed(value: Mapping[Any, Any], key: Any) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []


def _name(value: Any) -> str:
    return str(value.get("name")) if isinstance(value, dict) else str(value)
