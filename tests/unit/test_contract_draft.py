"""What `certify init` writes is a contract that certify loads, whatever lies in the repository."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certify.cli.contract_draft import config_text, contract_text, flow
from certify.contract.acceptance import may_say
from certify.contract.contract import Contract
from certify.contract.document import parse_document
from certify.contract.loader import contract_from
from certify.systems.finding import Fact, Found, find
from certify.text import one_line

#: Words that finders look for, so that made files are looked into and not only past.
KEYS = (
    *(
        "type",
        "name",
        "data",
        "dockerRepository",
        "connectorType",
        "connectorSubtype",
        "allowedHosts",
        "hosts",
    ),
    *("streams", "primary_key", "cursor_field", "incremental_sync", "$ref", "$parameters", "definitions"),
    *("spec", "connection_specification", "connectionSpecification", "properties", "required", "oneOf"),
    *("default", "enum", "examples", "format", "pattern", "const", "items", "minItems", "minimum"),
    *("airbyte_secret", "tap_stream_id", "stream", "key_properties", "metadata", "breadcrumb", "connectors"),
    *("executable", "capabilities", "entrypoint", "egress", "allowed_hosts", "connector", "import_package"),
    *("acceptance_tests", "connection", "tests", "config_path", "api_key", "password", "url_base", "a.b"),
)
TEXTS = (
    *("DeclarativeSource", "#/definitions/a", "object", "string", "array", "integer", "importer", "source"),
    *(
        "yes",
        "null",
        "~",
        "1",
        "1e5",
        "2024-01-01",
        "<<",
        "=",
        "a: b",
        "a #b",
        "- a",
        "{a}",
        "[a]",
        "&a",
        "*a",
    ),
    *(
        "!a",
        "|",
        ">",
        "%",
        "@",
        "`",
        "'",
        '"',
        "''",
        "a\nb",
        "\n",
        "a:\nb",
        "#\n#",
        "- a\n- b",
        "\u2028",
        "\x85",
        "\ufeff",
        "𝄞",
        "../up",
        "/etc",
    ),
    *("${TOKEN}", "https://api.orders.example/v1", "{{ parameters.name }}", "a" * 300, "", " ", "\t"),
)
FILES = (
    *("metadata.yaml", "manifest.yaml", "connector.yaml", "spec.json", "catalog.json", "config.json"),
    *("config.schema.json", "acceptance-test-config.yml", "dpone_connector_manifest.json"),
)
names = st.sampled_from(KEYS) | st.sampled_from(TEXTS) | st.text(max_size=8)
leaves = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False, allow_infinity=False) | names
)
documents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=25,
)
SOURCE = """\
from sdk import Stream, Tap, th
class Orders(Stream):
    name = {name!r}
    primary_keys = {keys!r}
    replication_key = {cursor!r}
class TapOrders(Tap):
    config_jsonschema = th.PropertiesList(
        th.Property({name!r}, th.StringType, required=True, default={default!r}, examples={examples!r}),
        th.Property("other", th.ArrayType(th.DateTimeType), required={keys!r}),
    ).to_dict()
REQUIRED_CONFIG_KEYS = {keys!r}
def make_source(config): return config[{name!r}], config.get("url", {default!r})
def make_sink(config): return "replace", "https://{host}/v1"
"""
literals = st.recursive(
    leaves | st.binary(max_size=4) | st.just(2**5000) | st.just("\ud800") | st.just(1e999) | st.just(...),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
field_lists = st.lists(names, min_size=1, max_size=2)
sources = st.builds(
    SOURCE.format,
    name=names,
    keys=field_lists | literals,
    cursor=names | literals,
    default=names | literals,
    examples=field_lists | literals,
    host=st.sampled_from(["api.orders.example", "{host}.orders.example", "*", "a b", ""]),
)
projects = st.builds(
    "[project]\nname = {}\ndependencies = [{}]\n[project.scripts]\n{} = 'orders:main'\n".format,
    names.map(json.dumps),
    st.sampled_from(["'singer-sdk'", "'singer-python'", "'airbyte-cdk'", "'dpone'", "'requests'"]),
    names.map(json.dumps),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    files=st.dictionaries(
        st.sampled_from(FILES), documents.map(json.dumps) | st.text(max_size=20), max_size=5
    ),
    project=projects,
    source=sources,
    folder=st.sampled_from(["orders", "src/orders", "or-ders", "tap_orders"]),
)
def test_what_is_drafted_always_loads(files: dict[str, str], project: str, source: str, folder: str) -> None:
    with tempfile.TemporaryDirectory(prefix="certify-draft-") as place:
        root = Path(place)
        (root / folder).mkdir(parents=True)
        made = {**files, "pyproject.toml": project, f"{folder}/__init__.py": source, "setup.py": source}
        for name, text in made.items():
            (root / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        found = find(root)
        loaded = load(found, root)
    assert loaded.connector == found.get("connector")
    assert loaded.policy.egress_hosts == tuple(found.get("policy", "egress_hosts") or ())
    assert set(loaded.subject.primary_keys) == set(found.below("subject", "primary_keys"))
    assert json.loads(config_text(found.sample.config)) if found.sample and found.sample.config else True


def load(found: Found, root: Path) -> Contract:
    return contract_from(parse_document(contract_text(found).encode("utf-8"), "certification.yaml"), root)


lines = (names | st.text()).filter(lambda text: one_line(text) == text)
plain = st.recursive(
    st.booleans() | st.integers() | lines,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(lines, inner, max_size=3),
    max_leaves=10,
)


@given(value=plain)
def test_a_value_on_one_line_is_read_as_it_was(value: Any) -> None:
    line = flow(value)
    assert "\n" not in line
    assert yaml.safe_load(f"key: {line}") == {"key": value}


@given(key=names, value=documents)
def test_what_a_contract_may_say_is_told_without_an_error(key: str, value: Any) -> None:
    may_say(("subject", "primary_keys", key), value)
    may_say((key,), value)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (("subject", "package"), "orders", True),
        (("subject", "package"), "or-ders", False),
        (("subject", "assembly"), "../out.dll", False),
        (("capabilities", "source", "strategies"), ["full_refresh"], True),
        (("capabilities", "juggling", "strategies"), [], False),
        (("connector",), "a" * 101, False),
        (("subject", "primary_keys", "orders"), ["id"], True),
        (("subject", "primary_keys", "orders\n"), ["id"], False),
        (("subject", "cursor_fields", "orders"), "\u202eid", False),
        (("policy", "egress_hosts"), ["a"] * 51, False),
    ],
)
def test_a_contract_may_say_what_its_schema_allows_and_people_can_read(
    key: tuple[str, ...], value: Any, *, expected: bool
) -> None:
    assert may_say(key, value) is expected


def test_a_hostile_repository_costs_no_more_than_its_bounds(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "metadata.yaml")
    (tmp_path / "manifest.yaml").symlink_to("/dev/zero")
    (tmp_path / "connector.yaml").write_text("a: &a [*a, *a]\n")
    (tmp_path / "spec.json").write_text("[" * 100_000)
    (tmp_path / "config.json").write_text('{"a": ' * 100_000)
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "__init__.py").write_text("class A(A): primary_key = " + "(" * 5000)
    (tmp_path / "setup.py").write_text("setup(name=" + "f(" * 2000 + ")" * 2001)
    found = find(tmp_path)
    assert load(found, tmp_path).capabilities.keys() == {"source"}


def test_classes_and_references_that_go_in_circles_end(tmp_path: Path) -> None:
    manifest = {
        "type": "DeclarativeSource",
        "definitions": {"a": {"$ref": "#/definitions/b"}, "b": {"$ref": "#/definitions/a"}},
        "streams": [{"$ref": "#/definitions/a"}, "#/definitions/b"],
        "spec": {
            "connection_specification": {
                "required": ["a"],
                "properties": {"a": {"$ref": "#/properties/a"}, "b": {"required": ["b"], "$ref": "#"}},
            }
        },
    }
    (tmp_path / "manifest.yaml").write_text(json.dumps(manifest))
    (tmp_path / "orders").mkdir()
    source = "class A(BStream): primary_key = 'id'\nclass BStream(A): ...\n"
    (tmp_path / "orders" / "__init__.py").write_text(source)
    assert load(find(tmp_path), tmp_path).system == "airbyte"


def test_the_contract_reads_as_it_should() -> None:
    """The whole text, as its users see it."""
    said: dict[tuple[str, ...], Any] = {
        ("system",): "singer",
        ("connector",): "tap-orders",
        ("capabilities", "source", "strategies"): ["full_refresh", "incremental_append"],
        ("subject", "package"): "tap_orders",
        ("subject", "command"): ["tap-orders"],
        ("subject", "config"): "certification/config.json",
        ("subject", "secrets"): ["api_key"],
        ("subject", "primary_keys", "orders"): ["id"],
        ("subject", "primary_keys", "no"): ["id", "line: number"],
        ("subject", "cursor_fields", "orders"): "updated_at",
        ("policy", "egress_hosts"): ["*.orders.example"],
    }
    found = Found({key: Fact(key, value, "") for key, value in said.items()}, recordings=("tests/a.yaml",))
    assert contract_text(found) == EXPECTED


EXPECTED = """\
# What must hold before this connector is released. Drafted by `certify init` from what the repository says;
# read it through, and decide where a comment asks. `certify` runs what stands here.
contract_version: '1'
connector: tap-orders
system: singer

capabilities:
  source:
    # full_refresh reads everything, incremental_append goes on from where the last read ended.
    strategies: [full_refresh, incremental_append]

subject:
  package: tap_orders
  command: [tap-orders]
  config: certification/config.json
  secrets: [api_key]
  primary_keys:
    orders: [id]
    'no': [id, 'line: number']
  cursor_fields:
    orders: updated_at

# If tests/a.yaml holds a full read, copy it to certification/cassettes/full_refresh.yaml.
# No recording of a full read is here yet. `certify record` makes one against the live API, without the
# credentials in it; with these lines, reads and error paths are then exercised offline.
# replay:
#   cassettes: certification/cassettes

policy:
  tier: silver   # bronze, silver, gold, platinum: all rules up to it decide (`certify rules`)
  egress_hosts: ['*.orders.example']
"""


def test_where_nothing_was_found_the_contract_asks() -> None:
    said: dict[tuple[str, ...], Any] = {
        ("system",): "python",
        ("connector",): "orders",
        ("capabilities", "sink", "strategies"): [],
    }
    found = Found({key: Fact(key, value, "") for key, value in said.items()})
    assert ASKS in contract_text(found)


ASKS = """\
capabilities:
  sink:
    # which of these can it load: full_refresh, incremental_append, incremental_merge, replace?
    strategies: []

# subject:
#   package: your_import_package
#   sink: "your_package.module:make_sink"   # (config, *, target_url, table, strategy, primary_key)
#   config: certification/config.json   # a sample configuration; a secret as ${NAME}

# A database that the sink may load into; {tmp} is a folder for each run. Any SQLAlchemy URL will do.
# target:
#   url: sqlite:///{tmp}/target.db
#   table: your_table

policy:
"""
