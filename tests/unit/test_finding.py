"""What a contract would say is found in the files of each system."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from certify.repository import Repository
from certify.repository.config import examine_schema
from certify.repository.config.document import read_config
from certify.systems.finding import Found, find

TAP = """
import singer_sdk.typing as th
from singer_sdk import RESTStream, Tap

class Base(RESTStream):
    url_base = "https://api.orders.example/v1"
    primary_keys = ("id",)

class Orders(Base):
    name = "orders"
    replication_key = "updated_at"

class Lines(Base):
    name = "lines"
    primary_keys = ["order", "number"]

class TapOrders(Tap):
    name = "tap-orders"
    config_jsonschema = th.PropertiesList(
        th.Property("api_key", th.StringType, required=True, secret=True),
        th.Property("start_date", th.DateTimeType, required=True),
        th.Property("region", th.StringType, required=True, allowed_values=["eu", "us"]),
        th.Property("page_size", th.IntegerType, default=100),
        th.Property("login", th.ObjectType(th.Property("user", th.StringType, required=True)), required=True),
    ).to_dict()
"""
POETRY = """
[tool.poetry]
name = "tap-orders"
version = "1.0.0"

[tool.poetry.dependencies]
singer-sdk = "~0.40"

[tool.poetry.scripts]
tap-orders = "tap_orders.tap:TapOrders.cli"
"""
METADATA = """
data:
  name: Orders
  dockerRepository: airbyte/source-orders
  connectorType: source
  connectorSubtype: api
  allowedHosts:
    hosts:
    - "${shop}.orders.example"
    - auth.orders.example
"""
MANIFEST = """
type: DeclarativeSource
definitions:
  base:
    retriever:
      requester: {url_base: "https://api.orders.example/v1/"}
  cursor:
    type: DatetimeBasedCursor
    cursor_field: "{{ parameters.cursor }}"
  orders:
    $ref: "#/definitions/base"
    primary_key: [id]
    incremental_sync: {$ref: "#/definitions/cursor"}
    $parameters: {name: orders, cursor: updated_at}
streams:
- $ref: "#/definitions/orders"
- "#/definitions/lines"
- {type: DeclarativeStream, name: lines, primary_key: [[order], [number]]}
spec:
  connection_specification:
    type: object
    required: [credentials, start_date]
    properties:
      start_date: {type: string, pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
      credentials:
        type: object
        oneOf:
        - required: [client_secret]
          properties:
            kind: {type: string, const: oauth}
            client_secret: {type: string, airbyte_secret: true}
        - required: [token]
          properties:
            kind: {type: string, const: token}
            token: {type: string, airbyte_secret: true}
"""
FACTORIES = """
from orders.api import Api

def make_source(config, *, stream=None, state=None):
    return Api(config["base_url"], config["api_token"], config.get("page_size", 100))

class Sink:
    def make_sink(self): ...
"""


def laid(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def values(found: Found) -> dict[str, Any]:
    return {".".join(map(str, key)): fact.value for key, fact in found.facts.items()}


def origins(found: Found) -> dict[str, str]:
    return {".".join(map(str, key)): fact.origin for key, fact in found.facts.items()}


def test_a_tap_of_the_sdk_tells_its_streams_and_its_configuration(tmp_path: Path) -> None:
    files = {"pyproject.toml": POETRY, "tap_orders/__init__.py": "", "tap_orders/tap.py": TAP}
    found = find(laid(tmp_path, files))
    assert values(found) == {
        "connector": "tap-orders",
        "system": "singer",
        "capabilities.source.strategies": ["full_refresh", "incremental_append"],
        "subject.package": "tap_orders",
        "subject.command": ["tap-orders"],
        "subject.primary_keys.orders": ["id"],
        "subject.cursor_fields.orders": "updated_at",
        "subject.primary_keys.lines": ["order", "number"],
        "subject.config": "certification/config.json",
        "subject.secrets": ["api_key"],
        "policy.egress_hosts": ["api.orders.example"],
    }
    assert found.sample is not None
    assert found.sample.config == {
        "api_key": "${TAP_ORDERS_API_KEY}",
        "start_date": "2024-01-01T00:00:00Z",
        "region": "eu",
        "login": {"user": "sample"},
    }
    assert found.sample.invented == ("start_date", "login.user")
    assert found.sample.variables == ("TAP_ORDERS_API_KEY",)
    assert origins(found)["subject.primary_keys.orders"] == "tap_orders/tap.py:9"


def test_a_tap_that_is_older_tells_required_keys_and_a_catalog(tmp_path: Path) -> None:
    setup = """
from setuptools import setup
setup(name="tap-old", install_requires=["singer-python==5.8.0"], py_modules=["tap_old"],
      entry_points='''
          [console_scripts]
          tap-old=tap_old:main
      ''')
"""
    entry = {
        "tap_stream_id": "orders",
        "key_properties": [],
        "metadata": [
            {"breadcrumb": [], "metadata": {"table-key-properties": ["id"], "valid-replication-keys": ["at"]}}
        ],
    }
    keys = '["api_token", "start_date", "email_chunk_size"]'
    source = f'REQUIRED_CONFIG_KEYS = {keys}\nsinger.write_schema("rates", {{}}, "date")\n'
    files = {"setup.py": setup, "tap_old.py": source, "catalog.json": json.dumps({"streams": [entry]})}
    found = find(laid(tmp_path, files))
    told = values(found)
    assert (told["system"], told["connector"], told["subject.command"]) == ("singer", "tap-old", ["tap-old"])
    assert told["subject.primary_keys.orders"] == ["id"]
    assert told["subject.cursor_fields.orders"] == "at"
    assert told["subject.primary_keys.rates"] == ["date"]
    assert found.sample is not None
    assert found.sample.config == {
        "api_token": "${TAP_OLD_API_TOKEN}",
        "start_date": "2024-01-01T00:00:00Z",
        "email_chunk_size": "100",
    }


def test_a_target_is_a_sink_by_its_name(tmp_path: Path) -> None:
    project = '[project]\nname = "target-lake"\ndependencies = ["singer-sdk"]\n'
    found = find(laid(tmp_path, {"pyproject.toml": project}))
    assert found.capabilities == ["sink"]


def test_a_sample_keeps_what_its_authors_wrote_and_none_of_their_secrets(tmp_path: Path) -> None:
    given = {"api_key": "sk-9fK2mQ7xT4wZ1bV8", "region": "us", "extra": {"password": "hunter22"}}
    files = {
        "pyproject.toml": POETRY,
        "tap_orders/__init__.py": "",
        "tap_orders/tap.py": TAP,
        "config.sample.json": json.dumps(given),
    }
    found = find(laid(tmp_path, files))
    assert found.sample is not None
    assert found.sample.config["api_key"] == "${TAP_ORDERS_API_KEY}"
    assert found.sample.config["region"] == "us"
    assert found.sample.config["extra"] == {"password": "${TAP_ORDERS_EXTRA_PASSWORD}"}
    assert found.get("subject", "secrets") == ["api_key", "extra.password"]


def test_a_declarative_source_tells_streams_hosts_and_the_first_way_to_log_in(tmp_path: Path) -> None:
    found = find(laid(tmp_path, {"metadata.yaml": METADATA, "manifest.yaml": MANIFEST}))
    assert values(found) == {
        "connector": "source-orders",
        "connector_type": "api",
        "system": "airbyte",
        "capabilities.source.strategies": ["full_refresh", "incremental_append"],
        "subject.command": ["source-declarative-manifest"],
        "subject.config": "certification/config.json",
        "subject.primary_keys.orders": ["id"],
        "subject.cursor_fields.orders": "updated_at",
        "subject.primary_keys.lines": ["order", "number"],
        "policy.egress_hosts": ["*.orders.example", "auth.orders.example"],
    }
    assert found.sample is not None
    assert found.sample.config == {
        "start_date": "2024-01-01",
        "credentials": {"kind": "oauth", "client_secret": "${SOURCE_ORDERS_CREDENTIALS_CLIENT_SECRET}"},
    }
    # The other way's token is marked too: named, it would be planted where the connector expects none.
    assert found.marked == "manifest.yaml"


@pytest.mark.parametrize(
    "asked",
    [
        {"type": "string", "enum": ["eu", "us"]},
        {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"},
        {"type": "string", "format": "uuid"},
        {"type": ["null", "integer"], "minimum": 7},
        {"type": "number", "minimum": 0.5},
        {"type": "array", "minItems": 1, "items": {"type": "string", "format": "date"}},
        {"type": "array", "items": {"type": "string"}},
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "boolean"}}},
        {"allOf": [{"type": "object", "properties": {"a": {"const": 1}}}, {"required": ["a"]}]},
        {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        {"$ref": "#/definitions/level"},
        {"type": "string", "airbyte_secret": True, "pattern": "^sk-[a-z]{20}$"},
        {"type": "string", "examples": ["one", "two"], "default": "three"},
    ],
    ids=json.dumps,
)
def test_a_sample_is_what_its_schema_asks_for(tmp_path: Path, asked: dict[str, Any]) -> None:
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "required": ["setting"],
        "properties": {"setting": asked, "unasked": {"type": "string"}},
        "definitions": {"level": {"type": "integer", "minimum": 3}},
    }
    files = {"config.schema.json": json.dumps(schema), "orders/__init__.py": ""}
    root = laid(tmp_path, files)
    found = find(root)
    assert found.sample is not None
    assert found.sample.config.keys() == {"setting"}
    laid(root, {"certification/config.json": json.dumps(found.sample.config)})
    repository = Repository(root)
    examined = examine_schema(
        read_config(repository, "config.schema.json"),
        read_config(repository, "certification/config.json"),
        tuple(found.get("subject", "secrets") or ()),
    )
    assert examined.findings == ()


def test_without_allowed_hosts_a_manifest_tells_those_that_it_asks(tmp_path: Path) -> None:
    found = find(laid(tmp_path, {"manifest.yaml": MANIFEST}))
    assert found.get("system") == "airbyte"
    assert found.get("policy", "egress_hosts") == ["api.orders.example"]


def test_acceptance_tests_name_a_configuration_and_catalogs(tmp_path: Path) -> None:
    tests = {
        "acceptance_tests": {
            "connection": {
                "tests": [
                    {"config_path": "integration_tests/invalid_config.json", "status": "failed"},
                    {"config_path": "integration_tests/ready.json", "status": "succeed"},
                ]
            }
        }
    }
    stream = {"name": "orders", "json_schema": {}}
    catalog = {"streams": [{"stream": stream, "primary_key": [["id"]], "cursor_field": ["at"]}]}
    files = {
        "metadata.yaml": METADATA,
        "acceptance-test-config.yml": json.dumps(tests),
        "integration_tests/ready.json": json.dumps({"shop": "one"}),
        "integration_tests/configured_catalog.json": json.dumps(catalog),
    }
    found = find(laid(tmp_path, files))
    assert found.sample is not None
    assert (found.sample.config, found.sample.origin) == ({"shop": "one"}, "integration_tests/ready.json")
    assert found.get("subject", "primary_keys", "orders") == ["id"]
    assert found.get("subject", "cursor_fields", "orders") == "at"


def test_a_plain_package_tells_its_factories_and_the_settings_it_reads(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": '[project]\nname = "orders"\n',
        "src/orders/__init__.py": "",
        "src/orders/reading.py": FACTORIES,
        "tests/test_orders.py": "",
    }
    found = find(laid(tmp_path, files))
    assert values(found) == {
        "connector": "orders",
        "system": "python",
        "capabilities.source.strategies": ["full_refresh"],
        "quality_gates.unit_tests": True,
        "subject.package": "orders",
        "subject.source": "orders.reading:make_source",
        "subject.config": "certification/config.json",
        "subject.secrets": ["api_token"],
    }
    assert found.sample is not None
    assert found.sample.config == {
        "base_url": "https://api.example.com",
        "api_token": "${ORDERS_API_TOKEN}",
    }


def test_tests_that_nobody_would_run_are_no_gate(tmp_path: Path) -> None:
    manifest = "name: orders\nconnectors:\n- {type: importer, executable: orders, protocols: [orders]}\n"
    found = find(laid(tmp_path, {"manifest.yaml": manifest, "tests/test_orders.py": ""}))
    assert (found.get("system"), found.get("quality_gates", "unit_tests")) == ("plakar", None)


def test_recordings_count_where_one_holds_a_full_read(tmp_path: Path) -> None:
    cassette = "interactions:\n- request:\n    method: GET\n    uri: https://api.orders.example/v1/orders\n"
    files = {"tests/cassettes/full_refresh.yaml": cassette, "tests/cassettes/test_other.yaml": cassette}
    found = find(laid(tmp_path / "one", files))
    assert found.get("replay", "cassettes") == "tests/cassettes"
    assert found.get("policy", "egress_hosts") == ["api.orders.example"]
    found = find(laid(tmp_path / "two", {"tests/cassettes/test_other.yaml": cassette}))
    assert found.get("replay", "cassettes") is None
    assert found.recordings == ("tests/cassettes/test_other.yaml",)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (
            {
                "connector.yaml": "name: acme\ncapabilities: [batch_extract, load, juggling]\n"
                "entrypoint: acme.connector:Acme\negress: {allowed_hosts: [api.acme.example]}\n"
            },
            {
                "system": "planasonix",
                "connector": "acme",
                "capabilities.batch_extract.strategies": [],
                "capabilities.load.strategies": [],
                "subject.package": "acme",
                "policy.egress_hosts": ["api.acme.example"],
            },
        ),
        (
            {
                "manifest.yaml": "name: s3\nconnectors:\n- {type: importer, executable: bin/importer}\n"
                "- {type: storage, executable: ../outside}\n"
            },
            {
                "system": "plakar",
                "connector": "s3",
                "capabilities.importer.strategies": [],
                "capabilities.storage.strategies": [],
                "subject.executable.importer": "bin/importer",
            },
        ),
        (
            {
                "Acme.csproj": "<AssemblyName>InSync.Acme</AssemblyName>",
                "packages.config": '<package id="APPSeCONNECT" version="4.2.1" />',
                "bin/Release/InSync.Acme.dll": "MZ",
            },
            {
                "system": "appseconnect",
                "connector": "Acme",
                "capabilities.adapter.strategies": [],
                "subject.assembly": "bin/Release/InSync.Acme.dll",
                "policy.sdk": {"package": "APPSeCONNECT", "major": 4},
            },
        ),
        (
            {
                "dpone_connector_manifest.json": '{"connector": "acme", "connector_type": "api", '
                '"import_package": "acme_dpone", "capabilities": ["source", "state"]}',
                "examples/a.yaml": "name: a\nsource: {type: acme}\n"
                "sink: {type: postgres, strategy: {mode: incremental_append}}\n",
            },
            {
                "system": "dpone",
                "connector": "acme",
                "connector_type": "api",
                "capabilities.source.strategies": ["incremental_append"],
                "capabilities.state.strategies": ["read", "write"],
                "subject.package": "acme_dpone",
            },
        ),
    ],
    ids=lambda value: value.get("system", "") if isinstance(value, dict) else "",
)
def test_other_systems_tell_what_their_manifests_say(
    tmp_path: Path, files: dict[str, str], expected: dict[str, Any]
) -> None:
    assert values(find(laid(tmp_path, files))) == expected


def test_an_empty_folder_is_a_source_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "to orders").mkdir()
    assert values(find(tmp_path / "to orders")) == {
        "connector": "to_orders",
        "system": "python",
        "capabilities.source.strategies": [],
    }
