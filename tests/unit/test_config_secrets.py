"""Which settings carry a secret by their name, which are marked, and what gives one away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from certify.contract import Contract
from certify.contract.contract import SubjectPlan
from certify.repository.config.document import ConfigFile, parse_config
from certify.repository.config.secret_marks import MARKS
from certify.repository.config.secret_names import (
    ABOUT,
    FORMS,
    HOLDERS,
    NOT_OF,
    SECRETS,
    names_a_secret,
    read_name,
)
from certify.repository.config.secrets import examine_secrets

TEXT = {"type": "string"}
MARKED = TEXT | {"writeOnly": True}
#: Drawn for this test; no service has issued it.
DRAWN = "q7Jt2VbX9mKc4RzW8sHd"


def found(schema: dict[str, Any], *secrets: str) -> list[str]:
    name = "config.schema.json"
    contract = Contract(
        root=Path("/connector"),
        file="certification.yaml",
        digest="",
        connector="demo",
        system="python",
        capabilities={},
        subject=SubjectPlan(secrets=secrets),
        lines={("subject", "secrets"): 7} | {("subject", "secrets", n): 8 + n for n in range(9)},
    )
    schema_file = ConfigFile(name, parse_config(json.dumps(schema, indent=1).encode(), name))
    examined = examine_secrets(schema_file, contract)
    assert examined.seen
    return [f"{one.location}: {one.message}" for one in examined.findings]


def settings(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "token",
            "api_token",
            "apiKey",
            "APIKey",
            "api-key",
            "apikey",
            "x_api_key",
            "dbpassword",
            "DB_PASSWORD",
        ),
        *("passwd", "client_secret", "clientSecret", "refreshToken", "private_key", "ssh_private_key"),
        *("aws_secret_access_key", "access_key", "credentials", "credentials_json", "service_account_info"),
        *("token2", "private_key_pem", "password_value", "connection_string", "accesstoken", "passphrase"),
    ],
)
def test_a_name_that_carries_a_secret(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        *("token_url", "secret_name", "private_key_id", "aws_access_key_id", "max_tokens", "page_token"),
        *(
            "next_page_token",
            "nextPageToken",
            "nextpagetoken",
            "sync_token",
            "private_key_path",
            "token_type",
        ),
        *("password_policy", "credentials_file", "api_key_header", "token_lifetime", "secret_arn"),
        *("primary_key", "partition_key", "public_key", "username", "tokenizer", "secretary", "passwordless"),
        *("password_hash", "key", "keys", "url", "", "x" * 500, "token_" * 50),
    ],
)
def test_a_name_that_does_not(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize("words", [*SECRETS, *HOLDERS])
def test_every_name_in_the_table_is_read_in_each_spelling(words: tuple[str, ...]) -> None:
    camel = words[0] + "".join(word.title() for word in words[1:])
    assert all(
        map(names_a_secret, ("_".join(words), "-".join(words).upper(), camel, f"my_{'_'.join(words)}"))
    )


@pytest.mark.parametrize("word", ABOUT)
def test_every_word_after_a_secret_that_makes_it_something_else(word: str) -> None:
    reading = read_name(f"token_{word}")
    assert reading is not None
    assert reading.reason == ABOUT[word]
    assert not names_a_secret(f"token_{word}")


@pytest.mark.parametrize("word", NOT_OF)
def test_every_word_before_a_secret_that_makes_it_something_else(word: str) -> None:
    assert not names_a_secret(f"{word}_token")


@pytest.mark.parametrize("word", sorted(FORMS))
def test_every_form_in_which_a_secret_comes(word: str) -> None:
    assert names_a_secret(f"credentials_{word}")


def test_an_unmarked_secret_is_found_at_its_line() -> None:
    (told,) = found(settings(url=TEXT, api_token=TEXT))
    assert told.startswith("config.schema.json:7: api_token carries a secret by its name")


@pytest.mark.parametrize("mark", MARKS)
def test_each_mark_is_one(mark: tuple[str, Any]) -> None:
    assert found(settings(api_token=TEXT | dict([mark]))) == []


@pytest.mark.parametrize(
    "mark", [{"writeOnly": False}, {"writeOnly": 1}, {"secret": "yes"}, {"format": "email"}]
)
def test_what_looks_like_a_mark_is_none(mark: dict[str, Any]) -> None:
    assert len(found(settings(api_token=TEXT | mark))) == 1


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (settings(auth=settings(token=TEXT)), "auth.token"),
        (settings(auth={"oneOf": [settings(token=TEXT), settings(user=TEXT)]}), "auth.token"),
        ({"anyOf": [settings(token=TEXT)]}, "token"),
        ({"allOf": [settings(token=TEXT)]}, "token"),
        ({"$defs": {"login": settings(token=TEXT)}}, "$defs.login.token"),
        ({"definitions": {"login": settings(token=TEXT)}}, "definitions.login.token"),
        (settings(logins={"type": "array", "items": settings(token=TEXT)}), "logins[].token"),
        (settings(tokens={"type": "array", "items": TEXT}), "tokens"),
        (settings(token={"$ref": "#/$defs/text"}) | {"$defs": {"text": TEXT}}, "token"),
        (settings(token={"anyOf": [TEXT, {"type": "null"}]}), "token"),
        (settings(token={"type": ["string", "null"]}), "token"),
        (settings(token={}), "token"),
    ],
)
def test_an_unmarked_secret_is_found_at_any_depth(schema: dict[str, Any], name: str) -> None:
    (told,) = found(schema)
    assert f": {name} carries a secret" in told


@pytest.mark.parametrize(
    "schema",
    [
        settings(token={"$ref": "#/$defs/secret"}) | {"$defs": {"secret": MARKED}},
        settings(token={"anyOf": [MARKED, {"type": "null"}]}),
        settings(tokens={"type": "array", "items": MARKED}),
        settings(auth=settings(token=TEXT) | {"writeOnly": True}),
        settings(credentials={"type": "object", "oneOf": [settings(token=MARKED)]}),
        settings(credentials=settings(user=TEXT)),
        settings(credentials={"const": "oauth2.0"}, token={"enum": ["bearer", "basic"]}),
        settings(use_token={"type": "boolean"}, token={"type": "integer"}),
        settings(connection_string=TEXT, password=MARKED),
        settings(token=True),
    ],
)
def test_what_is_marked_or_can_be_no_secret_is_no_finding(schema: dict[str, Any]) -> None:
    assert found(schema) == []


def test_a_connection_string_carries_the_password_where_there_is_no_other_setting_for_it() -> None:
    assert len(found(settings(connection_string=TEXT, user=TEXT))) == 1


@pytest.mark.parametrize(
    ("keyword", "value", "line"),
    [
        ("default", "hunter2", 7),
        ("default", DRAWN, 7),
        ("const", DRAWN, 7),
        ("examples", ["<token>", DRAWN], 9),
        ("example", DRAWN, 7),
    ],
)
def test_a_value_of_a_secret_is_found_and_not_printed(keyword: str, value: Any, line: int) -> None:
    (told,) = found(settings(api_token=MARKED | {keyword: value}))
    assert told.startswith(
        f"config.schema.json:{line}: api_token is a secret, and its `{keyword}` is a value"
    )
    assert "hunter2" not in told
    assert DRAWN not in told


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("default", ""),
        ("default", None),
        ("default", "${API_TOKEN}"),
        ("default", "<your token>"),
        ("examples", ["secret", "my-token", "${TOKEN}", "x" * 40, "ghp_your_token_1234567890ab"]),
        ("const", "api_token"),
    ],
)
def test_a_placeholder_is_no_value(keyword: str, value: Any) -> None:
    assert found(settings(api_token=MARKED | {keyword: value})) == []


def test_what_is_marked_beyond_need_may_have_a_default_that_everyone_shares() -> None:
    assert found(settings(tenant_id=MARKED | {"default": "common"})) == []


def test_a_name_in_the_contract_that_the_schema_has_not_is_found_with_the_nearest() -> None:
    (told,) = found(settings(api_token=MARKED), "api_token", "api_tokn")
    assert told.startswith("certification.yaml:9: the schema config.schema.json has no setting 'api_tokn'")
    assert told.endswith("did you mean 'api_token'?")


def test_what_the_contract_calls_secret_must_be_marked() -> None:
    assert found(settings(pin=TEXT), "pin") == [
        "config.schema.json:4: pin is not marked as a secret, and certification.yaml:8 says that it is one"
    ]


def test_one_secret_that_is_not_marked_is_told_once() -> None:
    assert len(found(settings(api_token=TEXT), "api_token")) == 1


def test_a_marked_secret_that_the_contract_forgets_is_found_there() -> None:
    (told,) = found(settings(api_token=MARKED, auth=settings(pin=MARKED)), "api_token")
    assert told.startswith("certification.yaml:7: subject.secrets does not name auth.pin")
    assert "which config.schema.json:11 marks as a secret" in told


@pytest.mark.parametrize(
    "names", [(), ("auth.pin", "keys[].value"), ("auth", "keys"), ("auth.pin", "keys.0.value")]
)
def test_a_contract_may_name_no_secret_each_or_what_holds_them(names: tuple[str, ...]) -> None:
    keys = {"type": "array", "items": settings(value=MARKED)}
    assert found(settings(auth={"oneOf": [settings(pin=MARKED)]}, keys=keys), *names) == []


def test_a_schema_that_refers_to_itself_has_settings_to_some_depth() -> None:
    schema = settings(inner={"$ref": "#"}, list={"type": "array", "items": {"$ref": "#"}}, token=MARKED)
    assert found(schema, "token", "inner.token", "inner", "list") == []
