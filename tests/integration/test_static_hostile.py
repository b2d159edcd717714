"""What a hostile repository holds besides its pages: read within bounds, and never passed unread."""

from __future__ import annotations

import base64
import gzip
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from certify.model import Status

if TYPE_CHECKING:
    from tests.integration.conftest import Connectors, Judge

UNREAD = (Status.FAILED, Status.UNVERIFIED, Status.BLOCKED)


PROJECTS = {
    "deep": "x = " + "[" * 100_000 + "]" * 100_000,
    "deep tables": "[" + ".".join("a" * 50_000) + "]\n",
    "an endless key": ".".join(["a"] * 200_000) + " = 1\n",
    "an endless number": f"x = {'9' * 1_000_000}\n",
    "no TOML": "\0" * 1_000_000,
}


@pytest.mark.parametrize("kind", PROJECTS)
def test_a_hostile_pyproject(kind: str, connector: Connectors, judge: Judge) -> None:
    seen = judge(connector(files={"pyproject.toml": PROJECTS[kind]}), "packaging")
    for rule in ("version_is_semver", "wheel_matches_tree", "license_declared"):
        assert seen.said(rule)[0] in UNREAD


def doubled(depth: int) -> dict[str, Any]:
    """Each definition refers twice to the next: two to the power of the depth, written out."""
    both = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(depth)}
    return {
        "$defs": both | {f"d{depth}": {"type": "string"}},
        "properties": {"token": {"$ref": "#/$defs/d0"}},
    }


def nested(depth: int) -> str:
    return '{"properties": {"token": ' * depth + "{}" + "}}" * depth


SCHEMAS = {
    "itself": json.dumps({"$ref": "#"}),
    "a circle": json.dumps(
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}
    ),
    "itself below": json.dumps({"type": "object", "properties": {"token": {"$ref": "#"}}}),
    "doubling": json.dumps(doubled(40)),
    "deep": nested(300),
    "deeper": nested(50_000),
    "a pattern": json.dumps({"properties": {"a": {"pattern": "(a+)+$", "default": "a" * 40 + "!"}}}),
    "wide": json.dumps({"properties": {f"token_{n}": {"type": "string"} for n in range(20_000)}}),
    "another's": json.dumps({"$ref": "file:///etc/passwd"}),
    "the network's": json.dumps({"$ref": "http://127.0.0.1:9/schema.json"}),
    "no JSON": "{" * 100_000,
}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_hostile_schema(kind: str, connector: Connectors, judge: Judge) -> None:
    schema = SCHEMAS[kind]
    config = json.dumps({"token": "${TOKEN}", "a": "a" * 40 + "!"})
    seen = judge(
        connector(files={"config.schema.json": schema, "certification/config.json": config}), "manifest"
    )
    status, said = seen.said("config_schema_is_valid")
    assert "root:" not in said
    if kind in ("deeper", "another's", "the network's", "no JSON"):
        assert status in UNREAD
    if kind == "wide":
        assert seen.said("secrets_are_marked")[0] in UNREAD


#: Each is read to its end or said not to have been: what hides a secret behind it is not passed.
SOURCES: dict[str, tuple[str, str]] = {
    "a table": ("src/demo/table.py", "verify = [" + "1," * 500_000 + "]\n"),
    "parentheses": ("src/demo/deep.py", "verify = " + "(" * 200_000),
    "a line": ("src/demo/line.py", "verify = '" + "a1B2" * 250_000 + "'\n"),
    "names": ("settings.env", "password = Kx7mWq2z\n" * 100_000),
    "tokens": ("data.csv", "".join(f"token,eyJ{n:x}eyJhbGciOi\n" for n in range(200_000))),
    "keys": ("keys.pem", "-----BEGIN PRIVATE KEY-----\n" * 50_000),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_hostile_text(kind: str, connector: Connectors, judge: Judge) -> None:
    name, text = SOURCES[kind]
    seen = judge(connector(files={name: text}), "security")
    tls, searched = seen.rules["tls_is_verified"], seen.rules["no_secret_in_source"]
    if name in ("src/demo/table.py", "src/demo/deep.py"):
        assert (tls.status, f"parsed: {name}" in tls.message) == (Status.UNVERIFIED, True)
    assert f"not read: {name}" in searched.message or searched.evidence


ROW = "- request:\n    uri: https://a.dev/{n}\n    headers: {{Authorization: [REDACTED]}}\n    body: x\n"
RECORDINGS = {
    "a bomb": "interactions:\n- response:\n    body:\n      base64_string: "
    + base64.b64encode(gzip.compress(b" " * 200_000_000)).decode(),
    "aliases": "a: &a [x, x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20))
    + "interactions: *u\n",
    "depth": "interactions: " + "[" * 100_000,
    "exchanges": "interactions:\n" + "".join(ROW.format(n=n) for n in range(60_000)),
    "one line": "interactions:\n- request:\n    body: '" + "token=" * 1_000_000 + "'\n",
    "no YAML": "interactions:\n\t" + "Authorization: x\n" * 300_000,
}


@pytest.mark.parametrize("kind", RECORDINGS)
def test_a_hostile_recording(kind: str, connector: Connectors, judge: Judge) -> None:
    name = "certification/cassettes/a.yaml"
    seen = judge(connector(files={name: RECORDINGS[kind]}), "security")
    status, said = seen.said("no_secret_in_cassettes")
    if kind == "a bomb":
        assert (status, f"not read: {name}" in said) == (Status.UNVERIFIED, True)


GIGABYTE = 1 << 30


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("README.md", "docs_structure"),
        ("CHANGELOG.md", "changelog_has_version"),
        ("icon.svg", "icon_is_square_svg"),
        ("pyproject.toml", "version_is_semver"),
        ("config.schema.json", "config_schema_is_valid"),
        ("examples/demo_to_postgres.yaml", "examples_parse"),
        ("LICENSE", "license_declared"),
        ("src/demo/client.py", "tls_is_verified"),
        ("rows.csv", "no_secret_in_source"),
        ("certification/cassettes/a.yaml", "no_secret_in_cassettes"),
    ],
)
@pytest.mark.parametrize("kind", ["a gigabyte", "a FIFO", "a link out of it"])
def test_a_file_that_is_not_to_be_read(
    kind: str, name: str, rule: str, connector: Connectors, judge: Judge, tmp_path: Path
) -> None:
    root = connector(files={name: ""})
    path = root / name
    path.unlink()
    if kind == "a gigabyte":
        with path.open("wb") as file:
            file.write(b"# text\n" * 2000)
            file.truncate(GIGABYTE)
    elif kind == "a FIFO":
        os.mkfifo(path)
    else:
        path.symlink_to("/etc/passwd")
    found = judge(root, rule).rules[rule]
    assert "root:" not in str(found)
    if kind == "a gigabyte":
        notes = [one.summary for one in found.evidence]
        assert found.status is not Status.PASSED or any("not read" in note for note in notes), found
