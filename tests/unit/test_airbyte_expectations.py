"""What acceptance-test-config.yml expects of a read is held against its rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from certify import Unverified
from certify.repository import Repository
from certify.repository.airbyte.acceptance import AcceptanceConfig
from certify.repository.airbyte.expectations import (
    empty_streams,
    expectations,
    future_states,
    not_executed,
)
from certify.repository.config.document import ConfigFile, parse_config
from certify_suites.expected_records import StreamRows, unmet

PRESENT = """\
connector_image: airbyte/source-demo:dev
acceptance_tests:
  basic_read:
    tests:
    - config_path: secrets/config.json
      empty_streams: [{name: refunds, bypass_reason: none in the account}, {name: fees}]
      expect_records: {path: ./expected.jsonl}
      ignored_fields: {orders: [at, {name: lines/*/link, bypass_reason: a new one each time}]}
  incremental:
    tests:
    - future_state: {future_state_path: state.json, missing_streams: [{name: fees, bypass_reason: whole}]}
"""
OLDER = """\
connector_image: airbyte/source-demo:dev
tests:
  basic_read:
  - empty_streams: [refunds]
    expect_records: {path: expected.jsonl}
  incremental:
  - future_state_path: state.json
"""
ORDERS: list[dict[str, Any]] = [
    {"id": 1, "total": 9.0},
    {"id": 2, "total": 5, "lines": [{"link": "a", "n": 1}]},
]


def config(text: str) -> AcceptanceConfig:
    name = "acceptance-test-config.yml"
    return AcceptanceConfig(ConfigFile(name, parse_config(text.encode(), name)))


def told(
    folder: Path, expected: list[Any], rows: list[dict[str, Any]], count: int = 0, **said: bool
) -> list[str]:
    lines = [
        one if isinstance(one, str) else json.dumps({"stream": "orders", "data": one}) for one in expected
    ]
    (folder / "expected.jsonl").write_text("\n".join(lines), encoding="utf-8")
    flags = "".join(f", {name}: {str(value).lower()}" for name, value in said.items())
    text = PRESENT.replace("expected.jsonl", f"expected.jsonl{flags}")
    (expectation,) = expectations(config(text), Repository(folder))
    found = {"shop.orders": StreamRows(tuple(rows), count or len(rows))}
    return [f"{one.location}: {one.message}" for one in unmet(expectation, found)]


def test_both_dialects_name_the_same() -> None:
    present, older = config(PRESENT), config(OLDER)
    assert empty_streams(present) == {"refunds": "none in the account"}
    assert empty_streams(older) == {}, "a name alone is no reason"
    (future,), (older_future,) = future_states(present), future_states(older)
    assert (future.file, future.missing) == ("state.json", frozenset({"fees"}))
    assert (older_future.file, older_future.missing) == ("state.json", frozenset())
    assert not_executed(present) == ["config_path"]


def test_a_file_that_is_not_there_holds_no_records(tmp_path: Path) -> None:
    (expectation,) = expectations(config(OLDER), Repository(tmp_path))
    assert expectation.records is None


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ([{"id": 1, "total": 9}], {}),
        (ORDERS[::-1], {}),
        (ORDERS, {"exact_order": True, "extra_records": False}),
        ([{"id": 2}], {"extra_fields": True}),
        ([{"id": 1, "total": 9, "at": "now"}], {}),
        ([ORDERS[1] | {"lines": [{"link": "another", "n": 1}]}], {}),
    ],
)
def test_what_comes_as_expected_is_not_told(
    tmp_path: Path, expected: list[Any], said: dict[str, bool]
) -> None:
    assert told(tmp_path, expected, ORDERS, **said) == []


@pytest.mark.parametrize(
    ("expected", "said", "finding"),
    [
        ([{"id": 1, "total": 8}], {}, 'in the nearest, {"id": 1, "total": 9.0}, total is 9.0'),
        ([{"id": 1}], {}, "total is 9.0"),
        ([{"id": True, "total": 9}], {}, "id is 1"),
        ([{"id": 1, "total": 9, "tax": 1}], {"extra_fields": True}, "tax is absent"),
        (ORDERS[::-1], {"exact_order": True}, "expected.jsonl:1: orders: "),
        (ORDERS[:1], {"extra_records": False}, "orders gives 2 rows, and extra_records is off"),
        (["[]"], {}, "expected.jsonl:1: holds no record"),
        (["{" * 10_000], {}, "expected.jsonl:1: holds no record"),
        ([{"id": 1, "total": 9}, {"id": 3}], {}, "expected.jsonl:2: orders: "),
    ],
)
def test_what_does_not_come_is_told_with_the_field_that_differs(
    tmp_path: Path, expected: list[Any], said: dict[str, bool], finding: str
) -> None:
    (one,) = told(tmp_path, expected, ORDERS, **said)
    assert finding in one


def test_a_stream_without_rows_has_no_nearest(tmp_path: Path) -> None:
    (one,) = told(tmp_path, [{"id": 1}], [])
    assert "there is none to hold it against" in one


def test_what_may_be_among_the_rows_that_were_not_kept_is_unverified(tmp_path: Path) -> None:
    with pytest.raises(Unverified, match=r"expected\.jsonl:1: not among the first 2 of 20000 rows"):
        told(tmp_path, [{"id": 3}], ORDERS, count=20_000)
    assert told(tmp_path, [ORDERS[0]], ORDERS, count=20_000) == []
