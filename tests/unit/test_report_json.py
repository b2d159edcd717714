from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.model import (
    Connector,
    Evidence,
    Finding,
    ItemResult,
    Location,
    Moment,
    Report,
    RuleResult,
    RunFacts,
    SuiteFacts,
    Timeline,
    WaiverResult,
    digest_of,
    from_json,
    sealed,
    to_json,
)
from certify_reports import schema
from tests.unit.report_samples import SAMPLES, certified, not_certified, unhurried

_SECONDS = st.floats(allow_nan=False, allow_infinity=False)
#: JSON numbers beyond 64 bits are no lines.
_LINES = st.none() | st.integers(-(2**63), 2**63 - 1)


def several(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


def reports() -> st.SearchStrategy[Report]:
    """Any report with figures that JSON has and text that Unicode has."""
    place = st.none() | st.builds(Location, line=_LINES)
    finding = st.builds(Finding, location=place)
    moment = st.builds(Moment, at=_SECONDS, seconds=_SECONDS)
    timeline = st.builds(Timeline, moments=several(moment), left_out=st.integers(0, 2**31))
    rule = st.builds(
        RuleResult,
        seconds=_SECONDS,
        location=place,
        findings=several(finding),
        evidence=several(st.builds(Evidence, timeline=st.none() | timeline)),
        items=several(st.builds(ItemResult, seconds=_SECONDS)),
        waiver=st.none() | st.from_type(WaiverResult),
    )
    run = st.builds(RunFacts, seconds=_SECONDS, suites=several(st.from_type(SuiteFacts)))
    return st.builds(
        Report,
        exit_code=st.integers(0, 255),
        reasons=st.just(()) | st.just(not_certified().reasons),
        connector=st.from_type(Connector),
        rules=several(rule),
        run=run,
        coverage=st.just(certified().coverage),
        required=st.just(certified().required),
    )


@unhurried
@given(reports())
def test_a_report_comes_back_from_its_json(report: Report) -> None:
    assert from_json(to_json(report)) == report


@unhurried
@given(reports())
def test_a_report_that_came_back_holds_its_digest(report: Report) -> None:
    back = from_json(to_json(sealed(report)))
    assert back.footer.digest == digest_of(back)


@unhurried
@given(reports())
def test_any_report_fits_the_schema(report: Report) -> None:
    VALIDATOR.validate(json.loads(to_json(report)))


def changed(value: Any) -> Iterator[tuple[str, Any]]:
    """Every way to change one leaf of a value, with the path to it."""
    if is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            for path, other in changed(getattr(value, field.name)):
                yield f".{field.name}{path}", replace(value, **{field.name: other})
    elif isinstance(value, tuple):
        yield "[+]", (*value, value[0] if value else "more")
        for place, item in enumerate(value):
            for path, other in changed(item):
                yield f"[{place}]{path}", (*value[:place], other, *value[place + 1 :])
    elif isinstance(value, dict):
        yield "{+}", {**value, "more": 1}
    else:
        yield "", other_than(value)


def other_than(leaf: Any) -> Any:
    if isinstance(leaf, Enum):
        return next(member for member in type(leaf) if member is not leaf)
    if isinstance(leaf, bool):
        return not leaf
    return "something" if leaf is None else leaf + leaf if leaf else 7


CHANGES = {path: report for path, report in changed(not_certified()) if path != ".footer.digest"}


@pytest.mark.parametrize("path", CHANGES)
def test_the_digest_changes_with_every_field(path: str) -> None:
    assert digest_of(CHANGES[path]) != digest_of(not_certified())


def test_the_digest_does_not_change_with_itself() -> None:
    assert digest_of(
        replace(not_certified(), footer=replace(not_certified().footer, digest="x"))
    ) == digest_of(not_certified())


SCHEMA = json.loads(schema.render())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_beside_the_renderers_is_the_models() -> None:
    """`python -m certify_reports.schema > reports/certify_reports/certification_report.schema.json`."""
    shipped = files("certify_reports").joinpath(schema.FILE_NAME).read_text(encoding="utf-8")
    assert shipped == schema.render()


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == "https://certify.example/schemas/certification_report-1.1.json"
    assert SCHEMA["title"] == "Certification report"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_fits_the_schema(name: str) -> None:
    VALIDATOR.validate(json.loads(to_json(SAMPLES[name]())))


@pytest.mark.parametrize("key", ["verdict", "rules", "footer"])
def test_a_record_without_a_required_key_does_not_fit(key: str) -> None:
    record = json.loads(to_json(certified()))
    del record[key]
    with pytest.raises(jsonschema.ValidationError, match=f"'{key}' is a required property"):
        VALIDATOR.validate(record)


def test_a_record_with_an_unknown_status_does_not_fit() -> None:
    record = json.loads(to_json(certified()))
    record["rules"][0]["status"] = "splendid"
    with pytest.raises(jsonschema.ValidationError, match="splendid"):
        VALIDATOR.validate(record)
