"""What a plug-in's files tell: manifest, Go source, Makefile, validators."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certify.repository import Repository
from certify.repository.config.document import ConfigFile, parse_config
from certify.repository.plakar.golang import Registered, read_go
from certify.repository.plakar.makefile import read_makefile
from certify.repository.plakar.manifest import Manifest, manifest_findings, read_manifest, unknown_classes
from certify.repository.plakar.package import executable_findings, input_findings
from certify.repository.plakar.validators import refused_protocols, validator_findings

MANIFEST = """\
name: example
display_name: Example
description: Backs up one file.
connectors:
- type: importer
  executable: example-importer
  protocols: [example]
  location_flags: [localfs, needack]
"""


def manifest(text: str) -> Manifest:
    return Manifest(ConfigFile("manifest.yaml", parse_config(text.encode(), "manifest.yaml")))


def repository(folder: Path, **files: str) -> Repository:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Repository(folder)


def told(text: str) -> list[str]:
    return [f"{one.location}: {one.message}" for one in manifest_findings(manifest(text))]


def test_a_manifest_with_what_plakar_asks_for_has_no_findings() -> None:
    assert told(MANIFEST) == []
    (connector,) = manifest(MANIFEST).connectors
    assert (connector.flags, connector.name) == (9, "importer example")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("location_flags:", "flags:", 8, "connectors[0].flags: unknown key"),
        ("localfs", "localfile", 8, "connectors[0].location_flags[0]: expected one of localfs"),
        ("type: importer", "type: importr", 5, "did you mean 'importer'?"),
        ("  protocols: [example]\n", "", 5, "connectors[0].protocols: required key is missing"),
        ("[example]", "[]", 7, "expected at least one entry"),
        ("name: example", "name: My Example", 1, "name: expected a name in lower case"),
        ("description: Backs up one file.", "description: ' '", 3, "description: expected some text"),
        ("  protocols", "  subclass: s3\n  protocols", 7, "subclass stands without class"),
        ("connectors:", "connectors: []\nothers:", 4, "expected at least one entry"),
        ("[example]", "[example, example]", 7, "a second importer for this protocol"),
    ],
)
def test_what_plakar_ignores_or_refuses_is_found_at_its_line(
    old: str, new: str, line: int, said: str
) -> None:
    assert old in MANIFEST
    found = told(MANIFEST.replace(old, new, 1))
    assert any(one.startswith(f"manifest.yaml:{line}: ") and said in one for one in found), found


def test_a_class_of_one_s_own_is_noted() -> None:
    own = MANIFEST.replace("  protocols", "  class: filesystem\n  protocols")
    assert told(own) == []
    assert list(unknown_classes(manifest(own))) == [
        "manifest.yaml:7: filesystem is no class of Plakar's own plug-ins"
    ]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "- a\n",
        "connectors: [[[[",
        "connectors:\n- type: \x00",
        "a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(f"c{at}: [*b, *b]\n" for at in range(200)),
        "connectors: " + "[" * 5000,
        MANIFEST[: len(MANIFEST) // 2],
        MANIFEST + "---\n" + MANIFEST,
        "connectors: 7\nname: [1]\n",
        "name: !!python/object:os.system x\n",
    ],
    ids=["empty", "list", "open", "nul", "aliases", "deep", "half", "two", "types", "tag"],
)
def test_a_hostile_manifest_has_a_finding_and_no_more(content: str, tmp_path: Path) -> None:
    (tmp_path / "manifest.yaml").write_text(content, encoding="utf-8")
    found = read_manifest(Repository(tmp_path))
    assert found is not None
    findings = list(manifest_findings(found))
    assert 1 <= len(findings) <= 60
    assert all(one.location for one in findings)
    for one in found.connectors:
        assert one.at("executable").file == "manifest.yaml"


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5), lambda one: st.lists(one, max_size=3), max_leaves=6
    )
)
def test_values_of_any_type_are_found_or_counted_as_absent(value: object) -> None:
    keys = ["type", "executable", "protocols", "location_flags", "validator", "extra_files", "args"]
    text = json.dumps({"name": "x", "connectors": [dict.fromkeys(keys, value), value]})
    one = Manifest(ConfigFile("manifest.json", parse_config(text.encode(), "manifest.json")))
    for connector in one.connectors:
        assert isinstance(connector.executable + connector.name, str)
        assert connector.flags == 0
    assert list(manifest_findings(one))


GO = """\
package connector

import (
    "fmt"
    imp "github.com/PlakarKorp/kloset/connectors/importer"
    "github.com/PlakarKorp/kloset/connectors/exporter"
    "github.com/PlakarKorp/kloset/location"
    "os"
)

// fmt.Println("a comment")
const text = `os.Stdout and
fmt.Println("raw")`

func init() {
    imp.Register("s3", location.FLAG_STREAM | location.FLAG_NEEDACK, New)
    exporter.Register("s3", 0, New)
    exporter.Register("s3s", flagsOf(mode), New)
    other.Register("x", 0, New)
}

func (c *conn) Flags() location.Flags { return location.FLAG_STREAM|location.FLAG_NEEDACK }
func (c *other) Flags() location.Flags {
    if c.local { return location.FLAG_LOCALFS }
    return 0
}

func hello() {
    fmt.Println("hello")
    fmt.Fprintln(os.Stderr, "fine")
    fmt.Fprintln(os.Stdout, "not fine")
    my.fmt.Println("something else")
    println("to standard error")
}
"""


def test_go_source_is_read_as_tokens(tmp_path: Path) -> None:
    source = read_go(repository(tmp_path, connector_dot_go=GO, connector_test_dot_go=GO, vendor__x_dot_go=GO))
    assert [(one.kind, one.protocol, one.flags, one.location.line) for one in source.registered] == [
        ("importer", "s3", 12, 16),
        ("exporter", "s3", 0, 17),
        ("exporter", "s3s", None, 18),
    ]
    assert [(one.flags, one.location.line) for one in source.flags] == [(12, 22), (None, 23)]
    assert [(one.words, one.location.line) for one in source.written] == [
        ("fmt.Println", 29),
        ("os.Stdout", 31),
    ]


@given(st.text(alphabet="\"'`/*\n\\ (){},.|aRegisterFlagsimport", max_size=200))
def test_any_go_is_read(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.go").write_text(text, encoding="utf-8")
        source = read_go(Repository(Path(folder)))
    assert all(isinstance(one, Registered) for one in source.registered)


@pytest.mark.parametrize(
    ("text", "builds"),
    [
        ("build:\n\tgo build -o example-importer ./importer\n", True),
        ("BIN = example-importer\nbuild:\n\t$(GO) build -v -o ./$(BIN) ./importer\n", True),
        ("build:\n\tgo build \\\n\t  -o ${OUT}/example-importer$(EXT) ./importer\n", True),
        ("example-importer: *.go\n\tgo build ./importer\n", True),
        ("build:\n\tgo build -o example ./importer\n", False),
        ("build:\n\ttar -o example-importer\n", False),
        ("A = $(A)$(A)\n" * 50 + "x:\n\tgo build -o $(A) .\n", False),
    ],
)
def test_a_makefile_tells_what_it_builds(text: str, builds: bool, tmp_path: Path) -> None:
    makefile = read_makefile(repository(tmp_path, Makefile=text))
    assert makefile is not None
    assert makefile.builds("example-importer") is builds


def test_a_file_that_is_no_program_is_found(tmp_path: Path) -> None:
    (connector,) = manifest(MANIFEST).connectors
    there = repository(tmp_path, **{"example-importer": "echo hello"})
    said = [one.message for one in executable_findings(there, connector, "example-importer", None)]
    assert said == [
        "example-importer may not be executed",
        "example-importer is no program: it begins neither as a binary nor with #!",
    ]


@pytest.mark.parametrize("name", ["/etc/passwd", "../secret", "a/../../b", "..\\b"])
def test_inputs_from_elsewhere_are_refused(name: str, tmp_path: Path) -> None:
    text = MANIFEST + f"  extra_files: ['{name}']\n  validator: '{name}'\n"
    said = [one.message for one in input_findings(repository(tmp_path), manifest(text))]
    assert len(said) == 2
    assert all("leads out of the plug-in's folder" in one for one in said)


@pytest.mark.parametrize(
    ("pattern", "refused"),
    [("^example://", 0), ("^(a|example)://.+$", 0), ("^sftp://", 1), ("[", 0), ("^s3://|^example:", 0)],
)
def test_a_protocol_that_the_validator_refuses_is_found(pattern: str, refused: int) -> None:
    text = f"{{type: object, properties: {{location: {{type: string, pattern: '{pattern}'}}}}}}"
    schema = ConfigFile("schema.yaml", parse_config(text.encode(), "schema.yaml"))
    (connector,) = manifest(MANIFEST).connectors
    assert len(list(refused_protocols(schema, connector))) == refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"type": "object"}', []),
        ('{"type": "objct"}', ["'objct' is no type of JSON Schema"]),
        ('{"type": "array"}', ["type is not object"]),
        (
            '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}',
            ["$schema: http://json-schema.org/draft-07/schema#"],
        ),
    ],
)
def test_a_validator_is_a_schema_of_objects_in_the_draft_that_plakar_reads(
    text: str, said: list[str]
) -> None:
    schema = ConfigFile("s.json", parse_config(text.encode(), "s.json"))
    found = [one.message for one in validator_findings(schema, None, ())]
    assert len(found) == len(said)
    assert all(words in one for words, one in zip(said, found, strict=True))
