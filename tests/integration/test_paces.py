"""Made answers, read by small sources of several kinds through the wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from certify.contract import Contract
from certify.contract.contract import Performance, SubjectPlan
from certify.model import Location
from certify.replay import Answer, Asked, Cassette, Recorded
from certify.rules import Unverified
from certify.sandbox.driven import DrivenSource, DrivePlan
from certify.sandbox.fault_runs import FaultRuns
from certify.sandbox.leaks import LeakSearch
from certify.sandbox.paces import Paces
from certify.sandbox.reads import SourceReads
from certify.sandbox.zygote import Zygote
from certify_suites.measures import not_each_row

HOST = "api.example"
#: Reads pages while `following` says how; `{most}` pages at most.
SOURCE = """
import json, urllib.parse, urllib.request

class Source:
    def read(self):
        said, pages = {first}, 0
        while said is not None and pages < {most}:
            url = "http://api.example/things?" + urllib.parse.urlencode(said)
            with urllib.request.urlopen(url, timeout=10) as answer:
                page, link = json.load(answer), answer.headers.get("Link")
            for thing in page["data"]:
                yield {{"id": thing["id"], "name": thing["name"]}}
            pages += 1
            said = {following}

def make_source(config):
    return Source()
"""
BY_CURSOR = {"first": {}, "following": 'page["next"] and {"after": page["next"]}'}
BY_OFFSET = {
    "first": {"offset": 0},
    "following": '{"offset": said["offset"] + len(page["data"])} if len(page["data"]) == 3 else None',
}
BY_NUMBER = {
    "first": {"page": 1},
    "following": '{"page": said["page"] + 1} if said["page"] < page["pages"] else None',
}
BY_HEADER = {
    "first": {"page": 1},
    "following": 'dict(urllib.parse.parse_qsl(link.partition(">")[0].partition("?")[2])) if link else None',
}

Made = Callable[..., Paces]


def recording(queries: list[dict[str, Any]], **more: list[Any]) -> Cassette:
    """Pages of three things, the last of two, each with what `more` says of it."""
    made = []
    for number, query in enumerate(queries):
        size = 3 if number < len(queries) - 1 else 2
        things = [{"id": 3 * number + one, "name": f"thing {one}"} for one in range(1, size + 1)]
        said = {key: values[number] for key, values in more.items()}
        headers = [("content-type", "application/json")]
        if link := said.pop("link", None):
            headers.append(("link", f'<http://{HOST}/things?{link}>; rel="next"'))
        body = json.dumps({"data": things, **said}).encode()
        asked = Asked("GET", HOST, "/things", urlencode(query))
        made.append(Recorded(asked, Answer(200, tuple(headers), body)))
    return Cassette("things.yaml", tuple(made))


CURSORS = recording([{}, {"after": "a"}, {"after": "b"}], next=["a", "b", None])


@pytest.fixture
def paces_of(tmp_path: Path) -> Iterator[Made]:
    with ExitStack() as stack:

        def make(kind: dict[str, Any], cassette: Cassette, most: int = 1_000_000) -> Paces:
            (tmp_path / "things.py").write_text(SOURCE.format(**kind, most=most))
            plan = DrivePlan("things:make_source", (str(tmp_path),), ("things",), {})
            zygote, beside = stack.enter_context(Zygote()), stack.enter_context(Zygote())
            source = stack.enter_context(DrivenSource(zygote, plan))
            subject = SubjectPlan(source="things:make_source", primary_keys={"things": ("id",)})
            asked = Performance(minimum_rows=1000, wide_columns=10)
            contract = Contract(tmp_path, "c.yaml", "", "t", "python", {}, subject=subject, performance=asked)
            runs = FaultRuns(source, cassette, tmp_path, Location("c.yaml", 1), LeakSearch({}))
            reads = SourceReads(runs, contract, {"full_refresh": cassette})
            return Paces(reads, runs, None, beside)

        yield make


@pytest.mark.parametrize(
    ("kind", "cassette"),
    [
        (BY_CURSOR, CURSORS),
        (BY_OFFSET, recording([{"offset": 0}, {"offset": 3}, {"offset": 6}], total=[8, 8, 8])),
        (BY_NUMBER, recording([{"page": 1}, {"page": 2}, {"page": 3}], pages=[3, 3, 3])),
        (BY_HEADER, recording([{"page": 1}, {"page": 2}, {"page": 3}], link=["page=2", "page=3", None])),
    ],
    ids=["cursor", "offset", "number", "header"],
)
def test_every_made_row_comes_once_however_the_list_is_paged(
    paces_of: Made, kind: dict[str, Any], cassette: Cassette
) -> None:
    paces = paces_of(kind, cassette)
    assert paces.at_size().has_each_of(1000)
    assert list(not_each_row(paces)) == []


def test_a_source_that_stops_after_some_pages_loses_rows(paces_of: Made) -> None:
    paces = paces_of(BY_CURSOR, CURSORS, most=5)
    assert [one.message for one in not_each_row(paces)] == ["of 1,000 rows 500 never come"]


def test_a_source_that_does_not_take_made_pages_is_not_blamed(paces_of: Made) -> None:
    known = {**BY_CURSOR, "following": '{"a": {"after": "a"}, "b": {"after": "b"}}.get(page["next"])'}
    with pytest.raises(Unverified, match="of 299 rows made like the recorded ones it gives 100"):
        _ = paces_of(known, CURSORS).rehearsal


def test_a_list_of_one_page_cannot_be_made_longer(paces_of: Made) -> None:
    with pytest.raises(Unverified, match="cannot be told"):
        _ = paces_of(BY_CURSOR, recording([{}], next=[None])).rehearsal


def test_memory_and_parsing_are_measured_beside_the_interpreters_own(paces_of: Made) -> None:
    paces = paces_of(BY_CURSOR, CURSORS)
    small, large = paces.loads
    assert (small.rows, large.rows) == (1000, 4000)
    assert large.memory_mib < 64
    assert 0 < paces.parse_seconds * 1000 < large.cpu_seconds
    assert paces.first_row().columns == 2
