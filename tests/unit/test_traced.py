"""Which records of a recording are those of a stream, where several streams' stand at one place."""

from __future__ import annotations

import json
from typing import Any

from certify.replay import Answer, Asked, Cassette, Recorded
from certify.replay.records import Records, put
from certify.sandbox.reads import _traced

ITEMS = ("items",)
RIVERS: list[dict[str, Any]] = [{"id": "r1", "name": "Rhein"}, {"id": "r2", "name": "Mosel"}]
GAUGES: list[dict[str, Any]] = [{"id": "g1", "river": "r1"}, {"id": "g2", "river": "r1"}]


def recording(**answers: list[dict[str, Any]]) -> Records:
    """The lists that each path was answered with; `_` stands for `/`."""
    recorded = (
        Recorded(
            Asked("GET", "api.example", "/" + path.replace("_", "/")),
            Answer(200, (), json.dumps({"items": items}).encode()),
        )
        for path, items in answers.items()
    )
    return Records(Cassette("full_refresh", tuple(recorded)), (ITEMS,))


def test_records_of_another_stream_are_not_lost_from_this_one() -> None:
    found = recording(rivers=RIVERS, rivers_r1_gauges=GAUGES)
    rivers = _traced("rivers", RIVERS, found, ("id",))
    assert (rivers.records, rivers.answers) == (RIVERS, frozenset({0}))
    gauges = _traced("gauges", GAUGES, found, ("id",))
    assert (gauges.records, gauges.answers) == (GAUGES, frozenset({1}))


def test_an_answer_that_gave_no_row_counts_with_those_of_its_kind() -> None:
    found = recording(rivers=RIVERS, rivers_r1_gauges=GAUGES[:1], rivers_r2_gauges=GAUGES[1:])
    gauges = _traced("gauges", GAUGES[1:], found, ("id",))
    assert gauges.lineage is not None
    assert gauges.lineage.lost(gauges.records, gauges.rows) == GAUGES[:1]


def test_a_column_that_another_stream_s_records_hold_is_no_column_of_this_one() -> None:
    rows = [{"id": one["id"], "of": "r1"} for one in [{"id": "g1"}, {"id": "g2"}]]
    found = recording(rivers=RIVERS, gauges=[{"id": "g1"}, {"id": "g2"}])
    assert _traced("gauges", rows, found, ("id", "of")).lineage is None


def test_a_field_that_a_record_lacks_can_be_put_there() -> None:
    assert put({"at": {}}, ("at", "city"), "Turin") == {"at": {"city": "Turin"}}
