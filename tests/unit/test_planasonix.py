"""connector.yaml is examined line by line, whatever it holds; its class is driven in either role."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.contract import load_contract
from certify.model import Finding
from certify.replay.authority import Authority
from certify.replay.faults import How
from certify.repository import Repository
from certify.repository.config.document import ConfigFile, parse_config
from certify.repository.planasonix.manifest import Manifest, manifest_findings
from certify.sandbox.inside.planasonix import as_sink, as_source
from certify.systems import complete, subject_of

GOOD = b"""\
name: acme_crm
version: 1.4.2
entrypoint: acme_crm.connector:Acme
capabilities: [batch_extract, load]
auth: {type: api_key, secret_fields: [api_key]}
config_schema: config.schema.json
limits: {destination_batch_size: 500}
"""
SCHEMA = b'{"type": "object", "properties": {"api_key": {"type": "string", "writeOnly": true}, "url": {}}}'
CONTRACT = """\
contract_version: '1'
connector: acme_crm
capabilities: {batch_extract: {}, load: {strategies: [full_refresh]}}
"""


def findings(root: Path, text: bytes, schema: bytes | None = SCHEMA) -> list[Finding]:
    manifest = Manifest(ConfigFile("connector.yaml", parse_config(text, "connector.yaml")))
    name = "config.schema.json"
    parsed = ConfigFile(name, parse_config(schema, name)) if schema else None
    return list(manifest_findings(manifest, Repository(root), parsed))


def test_a_whole_manifest_has_nothing_wrong(tmp_path: Path) -> None:
    assert findings(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (b"name: acme_crm\n", b"", 1, "name"),
        (b"acme_crm.connector:Acme", b"acme_crm.connector.Acme", 3, "entrypoint"),
        (b"[batch_extract, load]", b"[batch_extract, lod]", 4, "lod"),
        (b"type: api_key", b"type: password", 5, "password"),
        (b"secret_fields: [api_key]", b"secret_fields: []", 5, "no field holds its secret"),
        (b"secret_fields: [api_key]", b"secret_fields: [url, api_key]", 5, "'url' is not marked"),
        (b"secret_fields: [api_key]", b"secret_fields: [token, api_key]", 5, "'token' is no setting"),
        (b"destination_batch_size: 500", b"destination_batch_size: 0", 7, "destination_batch_size"),
        (b"limits:", b"fixtures: nowhere\nlimits:", 7, "there is no nowhere"),
    ],
)
def test_what_is_wrong_is_found_at_its_line(
    tmp_path: Path, old: bytes, new: bytes, line: int, said: str
) -> None:
    found = findings(tmp_path, GOOD.replace(old, new))
    assert any(said in one.message and one.location and one.location.line == line for one in found), found


def test_a_secret_of_the_schema_that_the_manifest_has_not_is_found_in_the_schema(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, GOOD.replace(b"type: api_key, secret_fields: [api_key]", b"type: mtls"))
    assert str(found.location) == "config.schema.json:1"


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3))
)
def test_any_value_anywhere_is_a_finding_and_no_traceback(value: Any) -> None:
    keys = ("name", "version", "entrypoint", "capabilities", "auth", "config_schema", "fixtures", "limits")
    document = parse_config(GOOD, "connector.yaml")
    for key in keys:
        document.value[key] = value
    manifest = Manifest(ConfigFile("connector.yaml", document))
    assert list(manifest_findings(manifest, Repository(Path("/nonexistent")), None))


def test_the_contract_takes_from_the_manifest_what_it_does_not_say(tmp_path: Path) -> None:
    (tmp_path / "connector.yaml").write_bytes(GOOD)
    (tmp_path / "certification.yaml").write_text(CONTRACT)
    contract = complete(load_contract(tmp_path))
    assert contract.subject.source == "acme_crm.connector:Acme as planasonix source"
    assert contract.subject.sink == "acme_crm.connector:Acme as planasonix sink"
    assert contract.target.batch_rows == 500
    assert subject_of(contract).version == "1.4.2"
    assert subject_of(contract).declared().keys() == {"connector"}


@pytest.mark.parametrize("text", [b"", b"[1, 2]", b"name: [", b"\xff", b"entrypoint: 7\ncapabilities: 3\n"])
def test_a_manifest_that_is_none_leaves_the_contract_as_it_is(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "connector.yaml").write_bytes(text)
    (tmp_path / "certification.yaml").write_text(CONTRACT + "system: planasonix\n")
    contract = load_contract(tmp_path)
    assert complete(contract) == contract


class Shop:
    """Two objects; remembers what it is given to write."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.written: list[Any] = []

    def test(self) -> bool:
        return True

    def list(self) -> list[Any]:
        fields = [{"name": "id", "type": "integer", "required": True}, {"name": "at", "type": "timestamp"}]
        return [{"name": "orders", "fields": fields}, "refunds"]

    def read(self, name: str, checkpoint: Any) -> Iterator[dict[str, Any]]:
        yield {"id": 1 if checkpoint is None else checkpoint["id"] + 1}
        yield {"checkpoint": {"id": 9}}

    def write(self, name: str, rows: Any, mode: str) -> int:
        self.written = [name, list(rows), mode]
        return 1


def test_rows_and_checkpoints_of_each_object_become_messages() -> None:
    source = as_source(Shop)({}, state={"orders": {"id": 4}})
    assert list(source.read()) == [
        {"type": "RECORD", "stream": "orders", "record": {"id": 5}},
        {"type": "STATE", "value": {"orders": {"id": 9}}},
        {"type": "RECORD", "stream": "refunds", "record": {"id": 1}},
        {"type": "STATE", "value": {"orders": {"id": 9}, "refunds": {"id": 9}}},
    ]
    assert source.check() is True


def test_fields_become_the_schema_of_their_object() -> None:
    orders = as_source(Shop)({}).schema()["orders"]
    assert orders["required"] == ["id"]
    assert orders["properties"]["id"] == {"type": "integer"}
    assert orders["properties"]["at"] == {"type": ["string", "null"], "format": "date-time"}


def test_write_is_given_what_it_asks_for_and_the_configuration_the_target() -> None:
    config = {"warehouse": {"url": "{target_url}"}}
    sink = as_sink(Shop)(config, target_url="sqlite://", table="t", strategy="replace", primary_key=["id"])
    assert sink.load_rows([{"id": 1}]) == 1
    assert sink.connector.config == {"warehouse": {"url": "sqlite://"}}
    assert sink.connector.written == ["t", [{"id": 1}], "replace"]


def test_the_authority_demands_a_certificate_only_where_it_is_asked_to() -> None:
    authority = Authority()
    assert authority.context("a.example", How.CLIENT_CERTIFICATE).verify_mode.name == "CERT_REQUIRED"
    assert authority.context("a.example").verify_mode.name == "CERT_NONE"
    assert b"PRIVATE KEY" in authority.client_certificate
