"""Canaries take the place of secrets, and are found in whatever form they come out."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from certify.replay import Answer, Asked, Cassette, Recorded
from certify.run import Held, LogLine, Raised, Rows, Run
from certify.sandbox.canaries import seeded, with_tokens
from certify.sandbox.leaks import Leak, LeakSearch

SECRET = "pa/ss+wörd?1234567"


def a_run(**told: object) -> Run:
    said = {
        "how": "finished",
        "rows": Rows(),
        "states": (),
        "exchanges": (),
        "waits": (),
        "log": (),
        "output": "",
        "raised": None,
        "code": 0,
        "virtual_seconds": 0.0,
        "seconds": 0.0,
        "peak_kib": 0,
    }
    return Run(**{**said, **told})  # type: ignore[arg-type]


def test_a_canary_takes_the_place_of_each_secret_and_of_the_variable_it_came_from() -> None:
    config = {"auth": {"secret": "${API_SECRET}"}, "keys": ["a", "b"], "url": "https://api.example"}
    made = seeded(config, ["auth.secret", "keys.1", "absent.token", "url.no", "keys.7"], "seed")
    assert set(made.named) == {"auth.secret", "keys.1", "absent.token"}
    assert made.config["auth"]["secret"] == made.environment["API_SECRET"] == made.named["auth.secret"]
    assert made.config["keys"] == ["a", made.named["keys.1"]]
    assert made.config["absent"] == {"token": made.named["absent.token"]}
    assert made.config["url"] == config["url"]
    assert config["keys"] == ["a", "b"]
    assert len(set(made.named.values())) == 3


def test_the_same_seed_gives_the_same_canaries_and_long_secrets_long_ones() -> None:
    first, second, other = (seeded({"a": "x" * 60}, ["a"], seed).named["a"] for seed in ("1", "1", "2"))
    assert first == second != other
    assert len(first) == 60


def test_a_redacted_token_of_a_token_call_becomes_a_canary() -> None:
    said = {"access_token": "REDACTED", "refresh_token": "kept-as-it-was", "expires_in": 60}
    call = Recorded(
        Asked("POST", "api.example", "/oauth/token", body=b"grant_type=client_credentials"),
        Answer(200, (), json.dumps(said).encode()),
    )
    data = Recorded(Asked("GET", "api.example", "/rows"), Answer(200, (), b'{"access_token": "REDACTED"}'))
    cassette, named = with_tokens(Cassette("c", (call, data)), "seed")
    answer = json.loads(cassette.recorded[0].answer.body)
    assert answer == {**said, "access_token": named["access_token"]}
    assert named["access_token"].startswith("cfy")
    assert named["refresh_token"] == "kept-as-it-was"
    assert cassette.recorded[1] == data


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (f"password={SECRET}", "as it is"),
        (f"?password={quote(SECRET, safe='')}&a=1", "URL-encoded"),
        (json.dumps({"password": SECRET}), "JSON-escaped"),
        ("Basic " + base64.b64encode(f"user:{SECRET}".encode()).decode(), "in base64"),
        ("Basic " + base64.b64encode(f"ab:{SECRET}!".encode()).decode(), "in base64"),
        ("Basic " + base64.b64encode(f"a:{SECRET}!!".encode()).decode(), "in base64"),
        (SECRET.encode().hex(), "in hexadecimal digits"),
    ],
)
def test_a_secret_is_found_in_every_form(text: str, form: str) -> None:
    search = LeakSearch({"password": SECRET})
    assert search.leaks(a_run(output=text)) == [Leak("password", form, "standard output or error")]


def test_a_secret_is_found_wherever_it_comes_out() -> None:
    raised = Raised("E", SECRET, f"Traceback: {SECRET}")
    run = a_run(
        rows=Rows((("orders", SECRET), ("", "fine"))),
        held=(
            Held("row", "lines", SECRET),
            Held("log", "DEBUG", SECRET),
            Held("error", "traceback", SECRET),
            Held("anything", "at all", SECRET),
        ),
        states=(SECRET,),
        log=(LogLine("INFO", SECRET, 0.0), LogLine("INFO", SECRET, 1.0)),
        raised=raised,
    )
    assert [leak.where for leak in LeakSearch({"password": SECRET}).leaks(run)] == [
        "a row of orders",
        "a row of lines",
        "the log, as DEBUG",
        "the traceback of the error",
        "what is not kept of it",
        "a state",
        "the log, as INFO",
        "the message of the error",
    ]


@pytest.mark.parametrize("held", ["row", "state", "log", "error"])
def test_what_is_not_told_whole_is_named_as_what_is(held: str) -> None:
    whole: dict[str, dict[str, object]] = {
        "row": {"rows": Rows((("lines", SECRET),))},
        "state": {"states": (SECRET,)},
        "log": {"log": (LogLine("lines", SECRET, 0.0),)},
        "error": {"raised": Raised("E", SECRET, "")},
    }
    name = {"error": "message"}.get(held, "lines")
    search = LeakSearch({"password": SECRET})
    assert search.leaks(a_run(held=(Held(held, name, SECRET),))) == search.leaks(a_run(**whole[held]))


def test_without_secrets_nothing_is_looked_for() -> None:
    search = LeakSearch({})
    assert (search.needles, search.leaks(a_run(output="anything"))) == ((), [])
