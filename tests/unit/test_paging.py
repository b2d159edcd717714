from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from certify.replay import Answer, Asked, Cassette, Exchange, Miss, Recorded
from certify.replay.made_rows import MadeRows
from certify.replay.paging import HEADER, Count, Link, Paging, find_paging
from certify.replay.records import Path
from certify.replay.synthetic import Synthetic, SyntheticIndex

HOST = "api.example"


def exchanges(*pages: tuple[str, Any], path: str = "/v1/things") -> list[Exchange]:
    """Requests by their query (or JSON body, when it begins with a brace), each with its answer's JSON."""
    made = []
    for number, (said, document) in enumerate(pages):
        body = said.encode() if said.startswith("{") else b""
        asked = Asked("POST" if body else "GET", HOST, path, "" if body else said, body=body)
        key = ("", "", "", "", str(number))
        made.append(
            Exchange(number, asked, 0.0, key, 200, sent=Answer(200, (), json.dumps(document).encode()))
        )
    return made


def things(first: int, size: int) -> list[dict[str, Any]]:
    return [{"id": number, "at": f"2026-01-{number:02}T00:00:00Z"} for number in range(first, first + size)]


def by_cursor() -> list[Exchange]:
    return exchanges(
        ("limit=2", {"data": things(1, 2), "next": "abc", "total": 5}),
        ("limit=2&cursor=abc", {"data": things(3, 2), "next": "def", "total": 5}),
        ("limit=2&cursor=def", {"data": things(5, 1), "next": None, "total": 5}),
    )


def paging_of(pages: list[Exchange], records: Path = ("data",)) -> Paging:
    found = find_paging(pages, [records])
    assert found is not None
    return found


def made(pages: list[Exchange], rows: int, columns: int = 5, records: Path = ("data",)) -> Synthetic:
    recorded = tuple(Recorded(one.asked, one.sent) for one in pages if one.sent is not None)
    maker = MadeRows(things(1, 5), [("id",)], ("at",), columns, rows)
    return Synthetic("made", recorded, paging_of(pages, records), maker, records)


def walk(cassette: Synthetic) -> tuple[list[Any], list[Any]]:
    """All pages, asked for as the first one's answers say, and all their records."""
    index = SyntheticIndex(cassette)
    paging = cassette.paging
    value = paging.start
    documents: list[Any] = []
    while len(documents) < 100:
        query = f"{paging.parameter[1]}={value}" if value is not None else ""
        answer = index.find(Asked("GET", HOST, "/v1/things", query))
        assert isinstance(answer, Answer)
        documents.append(json.loads(answer.body))
        index.prepare()
        value = documents[-1].get("next")
        if value is None:
            break
    return documents, [one for document in documents for one in document["data"]]


def test_a_cursor_is_found_in_the_answer_before() -> None:
    paging = paging_of(by_cursor())
    assert (paging.parameter, paging.links, paging.start) == (("query", "cursor"), (Link(("next",)),), None)


def test_a_cursor_within_an_address_is_found() -> None:
    base = "https://api.example/v1/things?limit=2&after="
    pages = exchanges(
        ("limit=2", {"data": things(1, 2), "links": {"next": f"{base}x%2B1"}}),
        ("limit=2&after=x%2B1", {"data": things(3, 1), "links": {"next": None}}),
    )
    assert paging_of(pages).links == (Link(("links", "next"), is_address=True),)


def test_a_header_that_names_the_next_page_is_found_and_made() -> None:
    pages = exchanges(("limit=2", things(1, 2)), ("limit=2&page=2", things(3, 2)), ("limit=2&page=3", []))
    for number, one in enumerate(pages[:2], 2):
        link = f'<https://api.example/v1/things?limit=2&page={number}>; rel="next", <x?page=9>; rel="last"'
        assert one.sent is not None
        one.sent = replace(one.sent, headers=(("link", link),))
    cassette = made(pages, 5, records=())
    assert cassette.paging.links == (Link(HEADER, is_address=True),)
    answer = cassette.page(2)
    following = '<https://api.example/v1/things?limit=2&page=3>; rel="next", <x?page=9>; rel="last"'
    assert answer.header("link") == following
    assert [one["id"] for one in json.loads(answer.body)] == [3, 4]


def test_what_stands_in_a_record_names_no_page() -> None:
    pages = exchanges(
        ("", {"data": things(1, 2)}), ("since=2026-01-02T00%3A00%3A00Z", {"data": things(3, 1)})
    )
    assert find_paging(pages, [("data",)]) is None


@pytest.mark.parametrize(
    ("values", "count"),
    [
        (("page=1", "page=2", "page=3"), Count(1, 1)),
        (("", "page=2", "page=3"), Count(1, 1)),
        (("offset=0", "offset=2", "offset=4"), Count(0, 2)),
        (("", "offset=2", "offset=4"), Count(0, 2)),
        (("", "page=1"), Count(0, 1)),
    ],
)
def test_a_parameter_that_counts_is_found(values: tuple[str, ...], count: Count) -> None:
    pages = exchanges(*((value, {"data": things(1, 2)}) for value in values))
    assert paging_of(pages).count == count


@pytest.mark.parametrize(
    "values",
    [
        ("page=1",),
        ("page=1", "page=2", "page=4"),
        ("page=1&kind=a", "page=2&kind=b"),
        ("", "offset=7"),
        ("", "offset=2"),
        ("page=2", "page=1"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(values: tuple[str, ...]) -> None:
    pages = exchanges(*((value, {"data": things(1, 2)}) for value in values))
    assert find_paging(pages, [("data",)]) is None


def test_a_field_of_a_json_body_is_a_parameter_too() -> None:
    pages = exchanges(
        ('{"page": {"after": null}}', {"data": things(1, 2), "end": 17}),
        ('{"page": {"after": 17}}', {"data": things(3, 2), "end": None}),
    )
    assert paging_of(pages).parameter == ("body", "page", "after")


def test_another_list_beside_it_does_not_matter() -> None:
    beside = exchanges(("", {"data": things(1, 1)}), path="/v1/kinds")
    assert paging_of([*beside, *by_cursor()]).address == ("GET", HOST, "/v1/things")


def test_made_pages_give_every_row_once_and_lead_to_each_other() -> None:
    documents, rows = walk(made(by_cursor(), 7))
    assert [len(one["data"]) for one in documents] == [2, 2, 2, 1]
    assert [row["id"] for row in rows] == list(range(1, 8))
    assert documents[-1]["next"] is None
    assert {one["total"] for one in documents} == {7}


def test_made_rows_are_as_wide_as_they_are_asked_to_be_and_their_cursors_grow() -> None:
    _, rows = walk(made(by_cursor(), 7, columns=9))
    moments = [row["at"] for row in rows]
    assert {len(row) for row in rows} == {9}
    assert moments == sorted(set(moments))
    assert moments[-1] == "2026-01-05T00:00:00Z"


def test_pages_that_count_rows_keep_their_step() -> None:
    pages = exchanges(*((f"offset={start}", {"data": things(1, 2)}) for start in (0, 2)))
    cassette = made(pages, 5)
    index = SyntheticIndex(cassette)
    found = [index.find(Asked("GET", HOST, "/v1/things", f"offset={start}")) for start in (0, 2, 4, 6)]
    sizes = [len(json.loads(one.body)["data"]) for one in found if isinstance(one, Answer)]
    assert sizes == [2, 2, 1, 0]


def test_a_list_that_ends_with_an_empty_page_still_does() -> None:
    pages = exchanges(
        ("page=1", {"data": things(1, 100)}), ("page=2", {"data": things(1, 3)}), ("page=3", {"data": []})
    )
    cassette = made(pages, 200)
    index = SyntheticIndex(cassette)
    found = [index.find(Asked("GET", HOST, "/v1/things", f"page={number}")) for number in (1, 2, 3)]
    assert [len(json.loads(one.body)["data"]) for one in found if isinstance(one, Answer)] == [100, 100, 0]


@pytest.mark.parametrize(
    ("last", "made_last"), [(6, 205), (5, 205), (0, 0), (-1, -1), (None, None), ("end", "end")]
)
def test_a_last_page_that_says_how_far_it_reaches_still_does(last: Any, made_last: Any) -> None:
    pages = exchanges(
        ("after=0", {"data": things(1, 3), "reaches": 3}),
        ("after=3", {"data": things(4, 2), "reaches": 5}),
        ("after=5", {"data": things(6, 1), "reaches": last}),
    )
    index = SyntheticIndex(made(pages, 205))
    found = [index.find(Asked("GET", HOST, "/v1/things", f"after={start}")) for start in (0, 100, 200)]
    reached = [json.loads(one.body)["reaches"] for one in found if isinstance(one, Answer)]
    assert reached == [100, 200, made_last]


def test_what_no_answer_named_is_a_miss() -> None:
    index = SyntheticIndex(made(by_cursor(), 7))
    assert isinstance(index.find(Asked("GET", HOST, "/v1/things", "cursor=abc")), Miss)


def test_what_is_no_part_of_the_list_gets_its_recorded_answer() -> None:
    cassette = made(by_cursor(), 7)
    token = Recorded(Asked("POST", HOST, "/token"), Answer(200, (), b'{"access_token": "x"}'))
    with_token = Synthetic("made", (*cassette.recorded, token), cassette.paging, cassette.rows, cassette.path)
    assert SyntheticIndex(with_token).find(token.asked) == token.answer


@pytest.mark.parametrize(
    ("sample", "second"),
    [
        (17, "2"),
        ("0017", '"0002"'),
        ("ord-17", '"ord-2"'),
        ('a"b', '"a\\"b2"'),
        ("6f1c2a9e-0b5d-4c61-9a55-1f0d9a1f5c11", '"00000000-0000-4000-8000-000000000002"'),
    ],
)
def test_keys_are_of_the_recorded_kind(sample: Any, second: str) -> None:
    rows = MadeRows([{"id": sample}], [("id",)], None, 1, 5)
    assert rows.text(2) == f'{{"id": {second}}}'


@pytest.mark.parametrize(
    ("sample", "last_but_one"),
    [
        ("2026-01-05T00:00:10Z", "2026-01-05T00:00:09Z"),
        ("2026-01-05 00:00:10", "2026-01-05 00:00:09"),
        ("2026-01-05T00:00:10.250+02:00", "2026-01-05T00:00:09.250+02:00"),
        ("2026-01-05", "2026-01-04"),
        (1767571210, 1767571209),
        ("1767571210", "1767571209"),
        (3, 4),
    ],
)
def test_cursors_keep_their_form(sample: Any, last_but_one: Any) -> None:
    rows = MadeRows([{"at": sample}], [], ("at",), 1, 5)
    assert json.loads(rows.text(4))["at"] == last_but_one


def test_a_cursor_of_a_form_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="no moment"):
        MadeRows([{"at": "a while ago"}], [], ("at",), 1, 5)


def test_a_recording_is_not_bent_by_percent_signs() -> None:
    rows = MadeRows([{"id": 1, "note": "100 % (all) %s"}], [("id",)], None, 2, 5)
    assert json.loads(rows.text(3)) == {"id": 3, "note": "100 % (all) %s"}


def test_a_synthetic_cassette_is_a_cassette() -> None:
    cassette = made(by_cursor(), 100_000)
    assert isinstance(cassette, Cassette)
    assert cassette.most_requests > cassette.pages == 50_000
