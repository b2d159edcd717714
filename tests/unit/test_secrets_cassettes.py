"""Credentials in recorded traffic: in each piece of a recording, in each way it may be packed."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from certify.repository import Repository
from certify.repository.secrets import SecretSearch, cassette_files, find_cassettes, search_cassettes
from certify.repository.secrets.cassette_files import Kind, TooManyLines, read_pieces
from certify.repository.secrets.work import Work
from tests.unit.secret_samples import (
    PASSWORD,
    TOKEN,
    VENDORS,
    drawn,
    private_key,
    told,
    web_token,
    write,
)

FILE = "certification/cassettes/full_refresh.yaml"
BASIC = base64.b64encode(f"loader:{PASSWORD}".encode()).decode()
GITHUB = "".join(VENDORS["a GitHub token"])


def recording(
    uri: str = "https://api.shop.dev/v1/orders?limit=100",
    sent: dict[str, list[str]] | None = None,
    body: object = None,
    came: dict[str, list[str]] | None = None,
    answer: object = '{"data": []}',
) -> dict[str, Any]:
    """A cassette of vcrpy with one exchange."""
    request = {"method": "POST", "uri": uri, "headers": sent or {}, "body": body}
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": came or {},
        "body": {"string": answer},
    }
    return {"version": 1, "interactions": [{"request": request, "response": response}]}


def searched(root: Path, text: str | bytes, file: str = FILE) -> SecretSearch:
    return search_cassettes(write(root, {file: text}), [file])


FOUND = {
    "a bearer token": (recording(sent={"Authorization": [f"Bearer {TOKEN}"]}), "a request header", TOKEN),
    "a password, encoded": (recording(sent={"authorization": [f"Basic {BASIC}"]}), "a request header", BASIC),
    "a key of a service": (recording(sent={"X-Api-Key": [TOKEN]}), "a request header", TOKEN),
    "a cookie": (recording(sent={"Cookie": [f"theme=dark; sessionid={TOKEN}"]}), "a request header", TOKEN),
    "a cookie that came": (
        recording(came={"set-cookie": [f"session={TOKEN}; Path=/; HttpOnly"]}),
        "a response header",
        TOKEN,
    ),
    "a query": (recording(f"https://api.shop.dev/v1?api_key={TOKEN}"), "the address of a request", TOKEN),
    "a password in an address": (
        recording(f"https://loader:{TOKEN}@api.shop.dev/v1"),
        "the address of a request",
        TOKEN,
    ),
    "a redirection": (
        recording(came={"Location": [f"https://app.shop.dev/?access_token={TOKEN}"]}),
        "a response header",
        TOKEN,
    ),
    "a form": (
        recording(body=f"grant_type=password&username=a&password={PASSWORD.replace('!', '%21')}"),
        "the body of a request",
        PASSWORD,
    ),
    "JSON that was sent": (
        recording(body=json.dumps({"client_secret": TOKEN})),
        "the body of a request",
        TOKEN,
    ),
    "JSON that came": (
        recording(answer=json.dumps({"access_token": TOKEN, "expires_in": 3600})),
        "the body of a response",
        TOKEN,
    ),
    "XML that came": (
        recording(answer=f"<r><sessionId>{TOKEN}</sessionId></r>"),
        "the body of a response",
        TOKEN,
    ),
    "bytes": (
        recording(answer=json.dumps({"access_token": TOKEN}).encode() + b"\xff"),
        "the body of a response",
        TOKEN,
    ),
    "gzip": (
        recording(answer=gzip.compress(json.dumps({"access_token": TOKEN}).encode())),
        "the body of a response",
        TOKEN,
    ),
    "zlib": (
        recording(answer=zlib.compress(json.dumps({"access_token": TOKEN}).encode())),
        "the body of a response",
        TOKEN,
    ),
    "gzip that was sent": (
        recording(body=gzip.compress(json.dumps({"client_secret": TOKEN}).encode())),
        "the body of a request",
        TOKEN,
    ),
    "a known form under no name": (
        recording(answer=json.dumps({"value": GITHUB})),
        "the body of a response",
        GITHUB,
    ),
    "a private key": (
        recording(answer=json.dumps({"pem": private_key()})),
        "the body of a response",
        "BEGIN RSA",
    ),
    "a web token": (
        recording(sent={"Authorization": [f"Bearer {web_token({'sub': 'a', 'exp': 9_999_999_999})}"]}),
        "a request header",
        "eyJ",
    ),
}


@pytest.mark.parametrize("dump", [yaml.safe_dump, json.dumps], ids=["YAML", "JSON"])
@pytest.mark.parametrize("kind", FOUND)
def test_it_is_found_and_told_where(tmp_path: Path, kind: str, dump: Any) -> None:
    made, where, value = FOUND[kind]
    if dump is json.dumps:
        made = json.loads(json.dumps(made, default=lambda data: base64.b64encode(data).decode()))
        exchange = made["interactions"][0]
        answer = exchange["response"]["body"]
        if kind in ("bytes", "gzip", "zlib"):
            exchange["response"]["body"] = {"base64_string": answer["string"]}
        if kind == "gzip that was sent":
            exchange["request"]["body"] = {"base64_string": exchange["request"]["body"]}
    (found,) = told(searched(tmp_path, dump(made), "cassettes/a." + dump.__module__))
    assert f"recorded in {where}" in found
    assert value[:5] not in found.replace("BEGIN RSA", "")


def test_a_finding_names_the_line_and_advises_to_record_anew(tmp_path: Path) -> None:
    text = yaml.safe_dump(recording(sent={"Authorization": [f"Bearer {TOKEN}"]}))
    (secret,) = searched(tmp_path, text).secrets
    line = secret.location.line or 0
    assert TOKEN in text.splitlines()[line - 1]
    finding = secret.finding()
    assert finding.message.startswith(
        "a credential, recorded in a request header under the name 'Authorization' (40 characters"
    )
    assert "filter_headers" in (finding.fix or "")


def test_a_credential_within_a_block_of_text_is_told_on_its_own_line(tmp_path: Path) -> None:
    text = f"interactions:\n- request:\n    uri: x\n    body: |\n      one\n      two\n      {GITHUB}\n"
    (secret,) = searched(tmp_path, text).secrets
    assert secret.location.line == 7


def test_the_same_token_in_each_request_is_told_once(tmp_path: Path) -> None:
    made = recording(sent={"Authorization": [f"Bearer {TOKEN}"]})
    made["interactions"] *= 20
    text = yaml.dump(made, Dumper=type("Plain", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True}))
    assert len(searched(tmp_path, text).secrets) == 1


HARMLESS = {
    "redacted": recording(sent={"Authorization": ["REDACTED"], "X-Api-Key": ["**********"]}),
    "placeholder": recording(sent={"Authorization": ["Bearer dummy-token-1234567890"]}),
    "query": recording("https://api.shop.dev/v1?api_key=REDACTED&cursor=b2Zmc2V0OjU"),
    "signed": recording(f"https://s.dev/a?X-Amz-Credential=AKIA{drawn(16)}%2F20240101%2Feu"),
    "identifiers": recording(
        came={"X-Request-Id": [drawn(32)], "ETag": [drawn(40)], "CF-Ray": [drawn(20)]},
        answer=json.dumps({"id": drawn(24), "next_page_token": drawn(40), "sha": drawn(40)}),
    ),
    "cookies of others": recording(came={"Set-Cookie": [f"__cf_bm={drawn(43)}", f"AWSALB={drawn(80)}"]}),
    "a token against forged requests": recording(
        came={"Set-Cookie": [f"csrftoken={drawn(43)}", f"XSRF-TOKEN={drawn(43)}"]}
    ),
    "kinds": recording(answer=json.dumps({"token_type": "Bearer", "expires_in": 3600})),
    "expired": recording(answer=json.dumps({"access_token": web_token({"sub": "a", "exp": 1_500_000_000})})),
    "a client without a secret": recording(
        sent={"Authorization": ["Basic " + base64.b64encode(b"orders-client:").decode()]}
    ),
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_redacted_or_means_something_else_is_left_alone(tmp_path: Path, kind: str) -> None:
    assert told(searched(tmp_path, yaml.safe_dump(HARMLESS[kind]))) == []


@pytest.mark.parametrize(
    "text",
    [
        f"interactions:\n- request:\n    headers:\n      Authorization: [Bearer {TOKEN}\n    uri: [\n",
        f"\t%broken\ninteractions:\n- request:\n    uri: https://a.dev/?access_token={TOKEN}\n",
        f'{{"interactions": [{{"request": {{"headers": {{"Authorization": ["Bearer {TOKEN}"]}}}}',
        f"x: &a [*b]\n- request:\n    body: client_secret={TOKEN}\n",
    ],
)
def test_what_is_no_yaml_is_searched_line_by_line(tmp_path: Path, text: str) -> None:
    lines = {secret.location.line for secret in searched(tmp_path, text).secrets}
    assert lines == {next(n for n, line in enumerate(text.splitlines(), 1) if TOKEN in line)}


@pytest.mark.parametrize(
    ("file", "named", "taken"),
    [
        ("certification/cassettes/a.yaml", "certification/cassettes", True),
        ("tests/cassettes/test_a/test_b.yaml", None, True),
        ("tests/fixtures/vcr_cassettes/a.json", None, True),
        ("recorded/a.yaml", "recorded", True),
        ("recorded/a.yaml", None, False),
        ("fixtures/rows.yaml", None, False),
        ("fixtures/rows.yaml", "fixtures/rows.yaml", True),
    ],
)
def test_recordings_are_known_by_place_and_content(
    tmp_path: Path, file: str, named: str | None, taken: bool
) -> None:
    text = "rows: []\n" if "rows" in file else yaml.safe_dump(recording())
    repository = write(tmp_path, {file: text})
    assert find_cassettes(repository, named).files == ((file,) if taken else ())


def test_pieces_show_nothing_in_a_repr() -> None:
    text = yaml.safe_dump(recording(sent={"Authorization": [TOKEN]}, body="a=b")).encode()
    assert TOKEN not in repr([*read_pieces(text)])
    kinds = {piece.kind for piece in read_pieces(text)}
    assert kinds == {*Kind} - {Kind.RESPONSE_HEADER}


def test_a_body_that_unfolds_without_end_is_searched_to_a_point_and_not_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cassette_files, "_MAX_UNPACKED", 100_000)
    bomb = recording(answer=gzip.compress(b" " * 10_000_000 + f'"access_token": "{TOKEN}"'.encode()))
    done = searched(tmp_path, yaml.safe_dump(bomb))
    assert done.secrets == []
    assert done.unread == {FILE: "to its end, since a body in it is so large when it is unpacked"}


def test_a_recording_that_is_too_large_or_gone_is_not_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certify.repository.secrets.cassettes.MAX_CASSETTE_BYTES", 100)
    done = search_cassettes(write(tmp_path, {FILE: "x" * 200}), [FILE, "gone.yaml"])
    assert [*done.unread] == [FILE, "gone.yaml"]
    assert done.read == 0


def test_a_recording_with_too_many_lines_is_read_to_a_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cassette_files, "_MAX_EVENTS", 10)
    monkeypatch.setattr(cassette_files, "_MAX_LINES", 10)
    done = searched(tmp_path, "interactions:\n" + "- a: b\n" * 100 + f"- token: {TOKEN}\n")
    assert done.unread == {FILE: "to its end, since it has so many lines"}
    with pytest.raises(TooManyLines):
        exhaust(read_pieces(b"\t:\n" * 100))


def test_what_is_nested_too_deeply_is_searched_line_by_line(tmp_path: Path) -> None:
    done = searched(tmp_path, f"interactions: {'[' * 5_000}\n- request:\n    body: client_secret={TOKEN}\n")
    assert [secret.location.line for secret in done.secrets] == [3]


def test_a_long_value_is_as_much_work_as_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "certify.repository.secrets.cassettes.SecretSearch", lambda: SecretSearch(work=Work(50_000))
    )
    text = yaml.safe_dump(recording(body="token=" * 10_000))
    assert [*searched(tmp_path, text).unread] == [FILE]


def exhaust(pieces: Iterable[object]) -> None:
    for _ in pieces:
        pass


def test_too_much_work_ends_the_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "certify.repository.secrets.cassettes.SecretSearch", lambda: SecretSearch(work=Work(100))
    )
    files: dict[str, str | bytes] = {
        f"cassettes/{n}.yaml": yaml.safe_dump(recording(answer="token: " * 1000)) for n in range(3)
    }
    done = search_cassettes(write(tmp_path, files), sorted(files))
    assert [*done.unread] == sorted(files)


def test_the_other_search_leaves_recordings_to_this_one(tmp_path: Path) -> None:
    repository = write(tmp_path, {FILE: yaml.safe_dump(recording())})
    assert find_cassettes(Repository(repository.root), "certification/cassettes").files == (FILE,)
