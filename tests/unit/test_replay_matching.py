"""Which recorded answer a request gets: what must be the same, what may differ; and what a miss says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.replay import Answer, Asked, Cassette, CassetteIndex, Miss, Recorded
from certify.replay.matching import names_a_token_call
from tests.unit.report_samples import unhurried

CANARY = "cfy0123456789abcdef012345"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


def ask(
    uri: str = "https://api.example/rows",
    method: str = "GET",
    body: object = b"",
    headers: Mapping[str, str] | None = None,
) -> Asked:
    """A request; a body that is no bytes is sent as JSON."""
    parts = urlsplit(uri)
    if not isinstance(body, bytes):
        body, headers = json.dumps(body).encode(), JSON
    return Asked(method, parts.netloc, parts.path, parts.query, headers or {}, body)


def index(*recorded: Asked) -> CassetteIndex:
    """Of a cassette whose answers say the number of their request."""
    made = [Recorded(one, Answer(200, (), str(number).encode())) for number, one in enumerate(recorded)]
    return CassetteIndex(Cassette("full_refresh", tuple(made)), [CANARY])


def found(in_index: CassetteIndex, asked: Asked) -> int | None:
    """The number of the recorded request whose answer comes; None for a miss."""
    answer = in_index.find(asked)
    return None if isinstance(answer, Miss) else int(answer.body)


def miss(in_index: CassetteIndex, asked: Asked) -> str:
    """What is said of one."""
    answer = in_index.find(asked)
    assert isinstance(answer, Miss)
    assert len(str(answer).splitlines()) == 1
    return str(answer)


def are_same(recorded: Asked, asked: Asked) -> bool:
    """Whether the answer to one is the answer to the other."""
    return found(index(recorded), asked) == 0


# --- what is the same ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        ("https://api.example/rows?a=1&b=2", "https://api.example/rows?b=2&a=1"),
        ("https://api.example/rows?a=1&a=2", "https://api.example/rows?a=2&a=1"),
        ("https://api.example/rows?a=%20b", "https://api.example/rows?a=+b"),
        ("https://api.example/rows?a=", "https://api.example/rows?a"),
        ("https://api.example/~me/a%20b", "https://api.example/%7Eme/a b"),
        ("https://api.example/rows?filter[a]=1", "https://api.example/rows?filter%5Ba%5D=1"),
    ],
)
def test_two_ways_to_write_an_address_are_the_same(recorded: str, asked: str) -> None:
    assert are_same(ask(recorded), ask(asked))


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (ask(), ask(method="POST")),
        (ask(), ask("https://other.example/rows")),
        (ask(), ask("https://api.example:8443/rows")),
        (ask(), ask("https://api.example/rows/")),
        (ask(), ask("https://api.example/Rows")),
        (ask(), ask("https://api.example/rows?a=1")),
        (ask("https://api.example/rows?a=1"), ask("https://api.example/rows?a=2")),
        (ask("https://api.example/rows?a=1"), ask("https://api.example/rows?a=1&a=1")),
        (ask("https://api.example/rows?state=hidden"), ask("https://api.example/rows?state=removed")),
        (ask("https://api.example/secret"), ask("https://api.example/token")),
        (ask(method="POST", body={"page": 1}), ask(method="POST", body={"page": 2})),
        (ask(method="POST", body={"page": 1}), ask(method="POST", body={"page": "1"})),
        (ask(method="POST", body=[1, 2]), ask(method="POST", body=[2, 1])),
        (ask(method="POST", body=b"a=1"), ask(method="POST", body=b"a=2")),
        (ask(method="POST", body=b"\0\1"), ask(method="POST", body=b"\0\2")),
        (ask(method="POST", body=b"{not json"), ask(method="POST", body=b"{no json")),
        (ask(method="POST", body=b""), ask(method="POST", body=b"a=1")),
    ],
)
def test_what_differs_is_another_request(recorded: Asked, asked: Asked) -> None:
    assert not are_same(recorded, asked)


def test_a_json_body_is_its_value() -> None:
    recorded = ask(method="POST", body={"a": [1, {"b": "ü"}]})
    spaced = b'{\n "a": [1, {"b": "\\u00fc"}]\n}'
    assert are_same(recorded, ask(method="POST", body=spaced, headers=JSON))
    assert are_same(recorded, ask(method="POST", body=spaced))
    two = ask(method="POST", body={"a": 1, "b": 2})
    assert are_same(two, ask(method="POST", body={"b": 2, "a": 1}))


def test_a_form_is_the_set_of_its_fields() -> None:
    recorded = ask(method="POST", body=b"grant_type=client_credentials&scope=a%20b", headers=FORM)
    assert are_same(recorded, ask(method="POST", body=b"scope=a+b&grant_type=client_credentials"))


@pytest.mark.parametrize("body", [b"[" * 50_000, b'{"a":' * 50_000, b"\xff" * 1000, b"&" * 5000, b"9" * 9000])
def test_a_body_of_any_kind_is_the_same_as_itself(body: bytes) -> None:
    for headers in ({}, JSON, FORM):
        assert are_same(
            ask(method="POST", body=body, headers=headers), ask(method="POST", body=body, headers=headers)
        )


# --- credentials --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [
        (ask("https://api.example/rows?api_key=REDACTED"), ask(f"https://api.example/rows?api_key={CANARY}")),
        (
            ask("https://api.example/rows?api_key=the-real-one"),
            ask(f"https://api.example/rows?api_key={CANARY}"),
        ),
        (ask("https://api.example/rows?key=xxxxx"), ask(f"https://api.example/rows?key={CANARY}")),
        (ask("https://api.example/rows?key=%3Ctoken%3E"), ask(f"https://api.example/rows?key={CANARY}")),
        (ask("https://api.example/v1/REDACTED/rows"), ask(f"https://api.example/v1/{CANARY}/rows")),
        (ask("https://api.example/***/rows"), ask(f"https://api.example/{CANARY}/rows")),
        (
            ask(method="POST", body={"auth": {"client_secret": "was real", "id": 7}}),
            ask(method="POST", body={"auth": {"client_secret": CANARY, "id": 7}}),
        ),
        (
            ask(method="POST", body=b"client_id=me&client_secret=REDACTED"),
            ask(method="POST", body=b"client_id=me&client_secret=" + CANARY.encode()),
        ),
        (ask(method="POST", body=["[FILTERED]"]), ask(method="POST", body=[CANARY])),
    ],
)
def test_where_a_credential_stood_its_canary_may_stand(recorded: Asked, asked: Asked) -> None:
    assert are_same(recorded, asked)


def test_beside_a_credential_everything_else_still_counts() -> None:
    recorded = ask("https://api.example/rows?api_key=REDACTED&page=1")
    assert not are_same(recorded, ask(f"https://api.example/rows?api_key={CANARY}&page=2"))
    assert not are_same(recorded, ask(f"https://api.example/rows?other_key={CANARY}&page=1"))


@pytest.mark.parametrize("name", ["page_token", "next_token", "pageToken", "cursor", "sync_token"])
def test_a_place_in_a_list_is_no_credential(name: str) -> None:
    assert not are_same(
        ask(f"https://api.example/rows?{name}=a1"), ask(f"https://api.example/rows?{name}=b2")
    )


# --- in which order -----------------------------------------------------------------------------------


def test_the_same_request_gets_each_of_its_answers_once_and_the_last_for_ever() -> None:
    made = index(ask(), ask("https://api.example/other"), ask())
    assert [found(made, ask()) for _ in range(4)] == [0, 2, 2, 2]
    assert found(made, ask("https://api.example/other")) == 1
    made.rewind()
    assert found(made, ask()) == 0


def test_an_answer_that_is_not_used_up_comes_again() -> None:
    made = index(ask(), ask())
    kept = [made.find(ask(), use_up=False) for _ in range(3)]
    assert [isinstance(one, Answer) and one.body for one in kept] == [b"0"] * 3
    assert [found(made, ask()) for _ in range(2)] == [0, 1]


# --- misses -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (ask(method="DELETE"), "recorded there is GET"),
        (ask("https://other.example/rows?page=1"), "recorded there is the host api.example"),
        (ask("https://api.example/rows?page=9&page=1"), "recorded there differs in the parameter page"),
        (ask("https://api.example/rows?page=1&size=5"), "recorded there differs in the parameter size"),
        (ask("https://api.example/rows?page=1", "POST", {"a": 2}), "recorded there differs in the body"),
        (ask("https://api.example/row"), "the nearest recorded one is GET api.example/rows"),
    ],
)
def test_a_miss_names_the_nearest_and_what_differs(asked: Asked, said: str) -> None:
    made = index(
        ask("https://api.example/unlike"),
        ask("https://api.example/rows?size=1&page=7&limit=3"),
        ask("https://api.example/rows?page=1"),
        ask("https://api.example/rows?page=1", "POST", {"a": 1}),
    )
    assert miss(made, asked) == f"{asked} was not recorded; {said}"


def test_a_miss_shows_no_credential() -> None:
    recorded = ask("https://api.example/rows?api_key=REDACTED&page=1")
    said = miss(index(recorded), ask(f"https://api.example/rows?api_key={CANARY}&page=2"))
    assert said.endswith("recorded there differs in the parameter page")
    assert CANARY not in said


def test_a_miss_is_one_line_whatever_was_asked_for() -> None:
    assert miss(index(ask()), Asked("GET", "api.example", "/a\x1b[2J\r\nb")).startswith(
        "GET api.example/a%1B[2J%0D%0Ab was not recorded; "
    )


def test_an_empty_cassette_says_so() -> None:
    assert miss(index(), ask()).endswith("the cassette is empty")


# --- anything -----------------------------------------------------------------------------------------

TEXTS = st.text(max_size=20)


@unhurried
@given(TEXTS, TEXTS, TEXTS, st.binary(max_size=60), st.sampled_from(["", JSON["content-type"], "text/plain"]))
def test_any_request_that_was_recorded_is_found(
    host: str, path: str, query: str, body: bytes, kind: str
) -> None:
    asked = Asked("GET", host, path, query, {"content-type": kind}, body)
    assert found(index(asked), asked) == 0
    miss(index(asked), Asked("PUT", host, path, query, {"content-type": kind}, body))


@unhurried
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=5))
def test_the_order_of_parameters_never_counts(pairs: list[tuple[str, str]]) -> None:
    turned = list(reversed(pairs))
    assert are_same(
        ask(f"https://api.example/rows?{urlencode(pairs)}"),
        ask(f"https://api.example/rows?{urlencode(turned)}"),
    )


@pytest.mark.parametrize(
    ("asked", "is_one"),
    [
        (ask("https://api.example/oauth/token", "POST", b"a=1"), True),
        (ask("https://api.example/x", "POST", b"grant_type=refresh_token"), True),
        (ask("https://api.example/login", "POST", {"user": "me"}), True),
        (ask("https://api.example/oauth/token"), False),
        (ask("https://api.example/tokens", "POST", {"a": 1}), False),
        (ask("https://api.example/authors", "POST", {"a": 1}), False),
    ],
)
def test_a_call_for_a_token_is_told_from_one_for_data(asked: Asked, is_one: bool) -> None:
    assert names_a_token_call(asked) is is_one
