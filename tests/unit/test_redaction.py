"""What is taken out of recorded traffic, what stays as it is, and what is told."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import yaml

from certify.replay.cassette import Answer, Asked, Cassette, Recorded
from certify.replay.clearing import clear
from certify.replay.known_secrets import KnownSecret, KnownSecrets
from certify.replay.matching import CassetteIndex, Miss
from certify.replay.redaction import learn, redact, without_retries
from certify.replay.survivors import survivors

SECRET = 'p4/ss+W0rd "ü" &9'
DRAWN = "Zk3vQ9xTn7LmB2cR5yWd8Hs1"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}


def known(value: str = SECRET) -> KnownSecrets:
    return KnownSecrets([KnownSecret("api_key", value)])


def asked(**named: Any) -> Asked:
    return Asked(**{"method": "GET", "host": "api.example", "path": "/v1", "is_encrypted": True, **named})


def redacted(one: Asked, said: Any = None, secrets: KnownSecrets | None = None) -> tuple[Asked, str]:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    made, _ = redact(Recorded(one, Answer(200, (), body)), secrets or known())
    return made.asked, made.answer.body.decode()


def left(said: Any, secrets: KnownSecrets | None = None, one: Asked | None = None) -> list[str]:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    secrets = secrets or known()
    made, _ = redact(Recorded(one or asked(), Answer(200, (), body)), secrets)
    return [str(found) for found in survivors([made], secrets)]


ENCODED = {
    "as it is": SECRET,
    "URL-encoded": quote(SECRET, safe=""),
    "URL-encoded, plus": quote_plus(SECRET),
    "URL-encoded, lower case": quote(SECRET, safe="").replace("%2F", "%2f").replace("%2B", "%2b"),
    "hexadecimal": SECRET.encode().hex(),
    "HEXADECIMAL": SECRET.encode().hex().upper(),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    **{
        f"Basic, after {len(user)}": base64.b64encode(f"{user}:{SECRET}".encode()).decode()
        for user in ("a", "ab", "abc")
    },
    "within base64": base64.b64encode(f"ab:{SECRET}:more".encode()).decode(),
    "URL-encoded, in part": quote(SECRET, safe='/+"'),
    "JSON in JSON": json.dumps(SECRET),
    "JSON in JSON in JSON": json.dumps(json.dumps(SECRET)),
}


#: What is around the secret stays.
LOOSE = ("JSON in JSON", "JSON in JSON in JSON")


@pytest.mark.parametrize("form", ENCODED)
def test_a_known_secret_in_a_row_is_told_with_its_place(form: str) -> None:
    places = left({"data": [{"id": 1}, {"id": 2, "note": f"see {ENCODED[form]}."}]})
    assert [place.partition(": holds")[0] for place in places] == [
        "request 1 (GET api.example/v1): the answer at $.data[1].note"
    ]
    assert ENCODED[form] not in places[0]


@pytest.mark.parametrize("form", [form for form in ENCODED if form != "URL-encoded, in part"])
def test_what_is_sent_is_cleared_of_a_known_secret(form: str) -> None:
    text = ENCODED[form]
    one = asked(
        query="q=" + quote(text, safe=""),
        headers={"x-shop": f"a {text}", **JSON},
        body=json.dumps({"deep": [{"of": text}]}).encode(),
    )
    made = Recorded(redacted(one, {})[0], Answer(200))
    assert survivors([made], known()) == []
    assert json.loads(made.asked.body)["deep"][0]["of"] == "REDACTED" or form in LOOSE


def test_escapes_that_nobody_needs_hide_nothing() -> None:
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in SECRET)
    assert len(left(b'{"note": "%s"}' % escaped.encode())) == 1


@pytest.mark.parametrize("said", [b"<row>%b</row>", b"a,b\n%b,2\n", b'{"broken": "%b"', b"\xff\xfe %b"])
def test_a_known_secret_in_what_is_no_json_is_told(said: bytes) -> None:
    (place,) = left(said % DRAWN.encode(), known(DRAWN))
    assert place.endswith("the answer: holds api_key, as it is")


def test_a_known_secret_in_a_key_or_a_header_is_told() -> None:
    secrets = known(DRAWN)
    one = Recorded(asked(), Answer(200, (("x-said", DRAWN),), json.dumps({"a": {DRAWN: 1}}).encode()))
    told = [str(found) for found in survivors([one], secrets)]
    assert [text.partition("): ")[2] for text in told] == [
        "the header x-said of the answer: holds api_key, as it is",
        "the answer at a key of $.a: holds api_key, as it is",
    ]


def test_a_short_secret_is_found_as_a_word_alone() -> None:
    secrets = known("pass12")
    assert left({"note": "compass1234"}, secrets) == []
    assert len(left({"note": "it is pass12!"}, secrets)) == 1
    assert known("abc").too_short == ["api_key"]


def test_what_is_named_like_a_credential_is_replaced_where_it_is_sent() -> None:
    one = asked(
        path="/bot/feed",
        query="access_token=abc&page=2&key=events&sig=" + DRAWN,
        headers={"authorization": "Bearer abc", "x-api-key": "abc", "cookie": "a=b", "accept": "text/html"},
    )
    made, _ = redacted(one, {})
    assert made.query == "access_token=REDACTED&page=2&key=events&sig=REDACTED"
    assert dict(made.headers) == {
        "authorization": "REDACTED", "x-api-key": "REDACTED", "cookie": "REDACTED", "accept": "text/html",
    }  # fmt: skip


def test_a_form_and_a_document_keep_all_else_as_it_was_written() -> None:
    form = asked(
        method="POST", headers=FORM, body=b"grant_type=password&username=me%40x&password=hunter2&b=%7e"
    )
    assert redacted(form, {})[0].body == b"grant_type=password&username=me%40x&password=REDACTED&b=%7e"
    said = b'{ "n" : 1.00,"password":"hunter2", "tokens": ["a", "b"], "big": 123456789012, "u": "\\u00e9" }'
    document = asked(method="POST", headers=JSON, body=said)
    assert redacted(document, {})[0].body == (
        b'{ "n" : 1.00,"password":"REDACTED", "tokens": ["REDACTED", "REDACTED"], '
        b'"big": 123456789012, "u": "\\u00e9" }'
    )


def test_the_tokens_of_a_token_call_are_replaced_and_known_from_then_on() -> None:
    call = asked(method="POST", path="/oauth/token", headers=FORM, body=b"grant_type=client_credentials")
    said = {
        "access_token": DRAWN,
        "id_token": "eyJ0",
        "refresh_token": "r",
        "token_type": "Bearer",
        "expires_in": 9,
    }
    assert json.loads(redacted(call, said)[1]) == {
        "access_token": "REDACTED", "id_token": "REDACTED", "refresh_token": "REDACTED",
        "token_type": "Bearer", "expires_in": 9,
    }  # fmt: skip
    assert redacted(call, f"access_token={DRAWN}&scope=a".encode())[1] == "access_token=REDACTED&scope=a"

    secrets = KnownSecrets()
    learn([Recorded(call, Answer(200, (), json.dumps(said).encode()))], secrets)
    assert left({"note": DRAWN}, secrets) == [
        "request 1 (GET api.example/v1): the answer at $.note: "
        "holds the access_token that api.example issued, as it is"
    ]


def test_what_is_sent_as_a_credential_is_known_from_then_on() -> None:
    basic = base64.b64encode(f"me:{DRAWN}".encode()).decode()
    secrets = KnownSecrets()
    learn([Recorded(asked(headers={"authorization": f"Basic {basic}"}), Answer(200))], secrets)
    assert len(left({"note": DRAWN}, secrets)) == 1
    learn([Recorded(asked(query="token=page-two"), Answer(200))], secrets)
    assert left({"note": "page-two"}, secrets) == []


def test_data_stays_as_it_is_but_for_credentials() -> None:
    said = {"token": "page-2", "secret": "no", "webhook_secret": DRAWN, "id": DRAWN}
    assert json.loads(redacted(asked(), said)[1]) == {**said, "webhook_secret": "REDACTED"}


def test_the_address_of_the_next_page_loses_its_credential() -> None:
    following = f"https://api.example/v1?api_key={quote(SECRET)}&page=2"
    assert json.loads(redacted(asked(), {"next": following})[1]) == {
        "next": "https://api.example/v1?api_key=REDACTED&page=2"
    }
    one = Recorded(asked(), Answer(302, (("location", following), ("set-cookie", "sid=1; Path=/; Secure"))))
    made, places = redact(one, known())
    assert made.answer.header("location") == "https://api.example/v1?api_key=REDACTED&page=2"
    assert made.answer.header("set-cookie") == "sid=REDACTED; Path=/; Secure"
    assert places == 2


@pytest.mark.parametrize(
    "of",
    [
        lambda value: asked(path=f"/bot{value}/feed"),
        lambda value: asked(query=f"q=a-{value}"),
        lambda value: asked(
            method="POST", headers=JSON, body=json.dumps({"login": [f"me:{value}"]}).encode()
        ),
        lambda value: asked(method="POST", body=f"<login>{value}</login>".encode()),
    ],
    ids=["path", "query", "document", "text"],
)
def test_what_was_redacted_is_found_again_by_what_a_canary_asks(of: Any) -> None:
    canary = "cfy" + "0" * 21
    made, _ = redact(Recorded(of(DRAWN), Answer(200, (), b"{}")), known(DRAWN))
    assert survivors([made], known(DRAWN)) == []
    index = CassetteIndex(Cassette("it", (made,)), [canary])
    assert not isinstance(index.find(of(canary)), Miss)


def test_an_error_that_was_asked_again_is_none_of_the_happy_path() -> None:
    pages = [asked(query=f"page={number}") for number in (1, 2)]
    later, page = Answer(503), Answer(200)
    recorded = [
        Recorded(pages[0], later),
        Recorded(pages[0], page),
        Recorded(pages[1], page),
        Recorded(pages[1], later),
    ]
    assert without_retries(recorded) == (recorded[1], recorded[2], recorded[3])


def test_what_looks_drawn_is_replaced_though_nobody_knows_it() -> None:
    token = "ghp_" + "Zk3vQ9xTn7LmB2cR5yWd8Hs1aP4fJ6gK0uXe"
    one = Recorded(asked(), Answer(200, (), json.dumps({"note": f"use {token}", "id": 1}).encode()))
    cleared = clear([one], KnownSecrets())
    assert cleared.left == ()
    assert cleared.places == 1
    (interaction,) = yaml.safe_load(cleared.text)["interactions"]
    assert json.loads(interaction["response"]["body"]["string"]) == {"note": "use REDACTED", "id": 1}


def test_a_line_of_a_key_is_known() -> None:
    key = f"-----BEGIN PRIVATE KEY-----\n{DRAWN}\n{DRAWN[::-1]}\n-----END PRIVATE KEY-----\n"
    assert len(left({"note": DRAWN[::-1]}, known(key))) == 1
    assert left({"note": "-----BEGIN PRIVATE KEY-----"}, known(key)) == []


def test_a_key_file_is_known_by_what_is_secret_in_it() -> None:
    file = json.dumps({"type": "service_account", "private_key": "-----BEGIN-----\nMIIEvQ\n-----END-----\n"})
    assert len(left({"note": "-----BEGIN-----\nMIIEvQ\n-----END-----\n"}, known(file))) == 1
    assert left({"note": "service_account"}, known(file)) == []
