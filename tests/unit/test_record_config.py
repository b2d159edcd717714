"""Which values of a configuration are secret, and how cassettes get into their folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from certify.contract.document import Document
from certify.errors import CertifyError
from certify.replay import read_cassette
from certify.replay.cassette import Answer, Asked, Recorded
from certify.replay.writing import cassette_text, write_cassettes
from certify.repository.config.document import ConfigFile, parse_config
from certify.repository.config.secret_values import references, resolved, secret_values

CONFIG = {
    "base_url": "https://api.example",
    "login": {"user": "me", "phrase": "open sesame"},
    "keys": [{"name": "a", "opens": 12345678}, {"name": "b", "opens": "${SECOND}"}],
    "api_token": "t",
    "token_url": "https://auth.example",
    "vault": {"one": "x", "two": "y"},
}


def schema(value: object) -> ConfigFile:
    document: Document = parse_config(json.dumps(value).encode(), "config.schema.json")
    return ConfigFile("config.schema.json", document)


def test_the_contract_the_schema_and_the_names_tell_what_is_secret() -> None:
    marked = {"properties": {"login": {"properties": {"phrase": {"type": "string", "writeOnly": True}}}}}
    assert secret_values(CONFIG, ["keys[].opens", "vault"], schema(marked)) == {
        "login.phrase": "open sesame",
        "keys.0.opens": "12345678",
        "keys.1.opens": "${SECOND}",
        "api_token": "t",
        "vault.one": "x",
        "vault.two": "y",
    }


def test_without_schema_and_contract_names_do() -> None:
    assert secret_values(CONFIG, [], None) == {"api_token": "t"}


def test_references_are_found_and_resolved_wherever_they_stand() -> None:
    config = {"a": ["Bearer ${ONE}"], "b": {"c": "${TWO}"}, "d": 1, "e": "$THREE"}
    assert references(config) == {"ONE": "a.0", "TWO": "b.c"}
    assert resolved(config, {"ONE": "1"}) == {"a": ["Bearer 1"], "b": {"c": "${TWO}"}, "d": 1, "e": "$THREE"}


RECORDED = (
    Recorded(
        Asked(
            "POST", "api.example:8443", "/v1", "a=1&a=2", {"accept": "*/*"}, b'{"q": 1}', is_encrypted=True
        ),
        Answer(200, (("set-cookie", "a=1"), ("set-cookie", "b=2")), "Höhe\n\x01".encode(), "OK"),
    ),
    Recorded(Asked("GET", "api.example", "/raw"), Answer(204, (), b"\xff\x00")),
)


def test_a_cassette_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_cassettes(tmp_path / "new", {"it.yaml": cassette_text(RECORDED)})
    assert read_cassette(tmp_path / "new" / "it.yaml", "it").recorded == RECORDED
    (first, second) = yaml.safe_load((tmp_path / "new" / "it.yaml").read_text("utf-8"))["interactions"]
    assert first["request"]["uri"] == "https://api.example:8443/v1?a=1&a=2"
    assert second["request"]["uri"] == "http://api.example/raw"


def test_a_file_that_cannot_be_written_leaves_the_older_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yaml").write_text("older", encoding="utf-8")
    (tmp_path / "b.yaml").mkdir()
    (tmp_path / "b.yaml" / "kept").touch()
    with pytest.raises(CertifyError, match=r"b\.yaml.*: cannot be written: "):
        write_cassettes(tmp_path, {"b.yaml": "new", "a.yaml": "new"})
    assert (tmp_path / "a.yaml").read_text("utf-8") == "older"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.yaml", "b.yaml"]
