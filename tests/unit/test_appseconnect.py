"""Adapters for .NET are read as source, project and assembly, whatever these hold."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certify.contract import load_contract
from certify.errors import ContractError
from certify.model import Finding
from certify.repository import Repository
from certify.repository.appseconnect.adapter import Adapter
from certify.repository.appseconnect.assembly import MAX_BYTES, parse_assembly
from certify.repository.appseconnect.csharp import MAX_BYTES as MAX_SOURCE
from certify.repository.appseconnect.csharp import parse_csharp
from certify.repository.appseconnect.environment import address_in, environment_calls, hard_coded_urls
from certify.repository.appseconnect.examination import interface_findings, layout_findings, model_findings
from certify.repository.project.requirements import Requirements
from certify.repository.xml import parse_xml
from certify.rules import HarnessFault
from certify.systems import subject_of

FIXTURES = Path(__file__).parents[2] / "fixtures"
GOOD = FIXTURES / "connectors" / "good" / "appseconnect"
DLL = "bin/Release/WarehouseStock.dll"
BUILT = (GOOD / DLL).read_bytes()


def adapter(root: Path, files: Mapping[str, str | bytes], assembly: str | None = None) -> Adapter:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return Adapter(Repository(root), assembly)


def code(root: Path, body: str, head: str = "using System; using System.IO;") -> Adapter:
    return adapter(root, {"core/Adapter.cs": f"{head}\nclass A {{ void M() {{\n{body}\n}} }}"})


def good(root: Path, changes: Mapping[str, tuple[str, str]], assembly: str | None = DLL) -> Adapter:
    shutil.copytree(GOOD, root, dirs_exist_ok=True)
    for name, (old, new) in changes.items():
        text = (root / name).read_text("utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new), "utf-8")
    return Adapter(Repository(root), assembly)


def told(findings: object) -> list[str]:
    assert not isinstance(findings, str)
    return [f"{one.location}: {one.message}" for one in findings if isinstance(one, Finding)]  # type: ignore[attr-defined]  # any iterable


# --- source ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "api"),
    [
        ("var a = DateTime.Now.Year;", "System.DateTime.Now"),
        ("var a = System . DateTime\n. Today;", "System.DateTime.Today"),
        ("var a = global::System.IO.File.Exists(p);", "System.IO.File.Exists"),
        ("var a = new FileStream(p, m);", "System.IO.FileStream"),
        ("var a = Environment.MachineName;", "System.Environment.MachineName"),
        ("var a = Microsoft.Win32.Registry.LocalMachine;", "Microsoft.Win32.Registry.LocalMachine"),
        ("foo(Path.GetTempPath());", "System.IO.Path.GetTempPath"),
    ],
)
def test_what_shows_the_machine_is_found_where_it_is_used(tmp_path: Path, body: str, api: str) -> None:
    (found,) = told(environment_calls(code(tmp_path, body)))
    assert found.startswith("core/Adapter.cs:")
    assert found.endswith(f"uses {api}")


@pytest.mark.parametrize(
    "body",
    [
        "var a = DateTime.UtcNow;",
        "// DateTime.Now\n/* File.Delete(x) */",
        'var a = "DateTime.Now";',
        "var a = Path.Combine(b, c) + Environment.NewLine;",
        "var a = order.DateTime.Now; var b = model.File.Exists;",
        "var a = new MemoryStream();",
    ],
)
def test_what_only_looks_like_it_is_left_alone(tmp_path: Path, body: str) -> None:
    assert told(environment_calls(code(tmp_path, body))) == []


def test_a_name_is_what_the_file_makes_of_it(tmp_path: Path) -> None:
    aliased = code(tmp_path / "a", "var a = Clock.Now;", "using Clock = System.DateTime;")
    assert told(environment_calls(aliased)) == ["core/Adapter.cs:3: uses System.DateTime.Now"]
    static = code(tmp_path / "b", "Delete(x);", "using static System.IO.File;")
    assert told(environment_calls(static)) == ["core/Adapter.cs:1: uses System.IO.File"]
    own = code(tmp_path / "c", "File.Delete(x);", "using System.IO; class File { }")
    assert told(environment_calls(own)) == []
    without = code(tmp_path / "d", "File.Delete(x);", "using Other;")
    assert told(environment_calls(without)) == []


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.acme.example/v1", "https://api.acme.example"),
        ("see http://{0}.acme.example", ""),
        ("http://schemas.microsoft.com/winfx", ""),
        ("http://www.w3.org/2001/XMLSchema", ""),
        ("http://www.w3.org/ https://acme.example", "https://acme.example"),
        ("/v1/orders", ""),
    ],
)
def test_an_address_is_told_from_the_name_of_a_schema(text: str, url: str) -> None:
    assert address_in(text) == url


@pytest.mark.parametrize(
    "literal", ['"https://a.example"', '@"https://a.example"', '$"https://a.example/{x}"']
)
def test_addresses_are_found_in_every_kind_of_literal(tmp_path: Path, literal: str) -> None:
    (found,) = told(hard_coded_urls(code(tmp_path, f"// http://no.example\nvar a = {literal};")))
    assert found.startswith("core/Adapter.cs:4: the address https://a.example")


@pytest.mark.parametrize(
    "hostile", [b"(" * 50_000, b"class A{" * 5_000, b'"' * 50_000, b"\xff\x00" * 5_000, b'$@"{{{', b""]
)
def test_what_is_no_csharp_is_read_without_an_error(hostile: bytes) -> None:
    assert parse_csharp(hostile, "A.cs").file == "A.cs"


@given(st.text("clas{}()[];:.\"'@$/* \n", max_size=200))
@settings(max_examples=50)
def test_any_text_is_read_without_an_error(text: str) -> None:
    parse_csharp(text.encode(), "A.cs")


# --- the adapter ----------------------------------------------------------------------------------


def test_the_good_adapter_has_nothing_wrong(tmp_path: Path) -> None:
    whole = good(tmp_path, {})
    for examine in (interface_findings, model_findings, layout_findings, environment_calls, hard_coded_urls):
        assert told(examine(whole)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("core/Adapter.cs", ": IAdapter", "", "no class implements IAdapter"),
        ("core/Adapter.cs", "bool ValidateProcess", "bool Validate", "Adapter has no ValidateProcess"),
        ("core/AppResource.cs", ": IAppResource", "", "no class implements IAppResource"),
        (
            "core/Credential.cs",
            "return model != null && model.IsComplete;",
            "return true;",
            "Credential.Validate",
        ),
    ],
)
def test_an_interface_is_implemented_whole(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    source = good(tmp_path, {file: (old, new)}, assembly=None)
    if new == "return true;":
        text = (
            (tmp_path / file)
            .read_text()
            .replace("            var model = credential as CredentialModel;\n", "", 1)
        )
        (tmp_path / file).write_text(text)
        source = Adapter(Repository(tmp_path), None)
    assert any(said in one for one in told(interface_findings(source)))


def test_an_interface_may_be_inherited(tmp_path: Path) -> None:
    files = {"a.cs": "class Base : IAdapter, IAppResource { void Initialize(){} int Resource {get;} }"}
    files["b.cs"] = (
        "class Adapter : Base { bool ValidateProcess() { return x(); } string Execute() { return y(); } }"
    )
    found = told(interface_findings(adapter(tmp_path, files)))
    assert not any("Adapter has no" in one or "implements" in one for one in found)


def test_a_model_is_made_without_arguments(tmp_path: Path) -> None:
    files = {
        "m.cs": "class CredentialModel { public CredentialModel(int a) {} public string Key {get;set;} }"
    }
    assert told(model_findings(adapter(tmp_path, files))) == [
        "m.cs:1: CredentialModel has no constructor without parameters"
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "WarehouseStock.csproj",
            r"packages\APPSeCONNECT",
            r"..\lib\APPSeCONNECT",
            "outside of the connector's",
        ),
        ("WarehouseStock.csproj", "<AssemblyName>Warehouse", "<AssemblyName>House", "AssemblyName is House"),
        ("Properties/AssemblyInfo.cs", 'Title("Warehouse', 'Title("House', "the title is House"),
        ("Properties/AssemblyInfo.cs", 'FileVersion("1.2.0.0', 'FileVersion("1.2', "version is '1.2'"),
        ("packages.config", "<packages>", "<packages", "is not well-formed XML"),
    ],
)
def test_the_layout_is_what_the_upload_reads(
    tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    found = told(layout_findings(good(tmp_path, {file: (old, new)})))
    assert any(said in one and one.startswith(file) for one in found), found


def test_every_place_where_the_sdk_stands_is_held_against_the_policy(tmp_path: Path) -> None:
    source = good(tmp_path, {"packages.config": ("4.1.0", "5.0.0")})
    assert [one.text for one in source.sdk_versions] == ["5.0.0", "4.1.0.0", "4.1.0", "4.1.0.0"]
    needs = Requirements(tuple, dict, None, lambda: source.sdk_versions)  # type: ignore[arg-type]  # nothing installed
    assert [str(one.location) for one in needs.of_other_major(4)] == ["packages.config:3"]
    assert len(list(needs.of_other_major(None))) == 3
    assert len(list(needs.of_other_major(5))) == 3


def test_a_reference_of_the_newer_kind_is_read(tmp_path: Path) -> None:
    reference = '<PackageReference Include="APPSeCONNECT"><Version>4.2.0</Version></PackageReference>'
    text = f'<Project Sdk="Microsoft.NET.Sdk">{reference}</Project>'
    assert [one.text for one in adapter(tmp_path, {"A.csproj": text}).sdk_versions] == ["4.2.0"]


# --- what is hostile ------------------------------------------------------------------------------

BOMB = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;">]><packages>&b;</packages>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        b"<a>" * 30_000,
        b"",
        b"<a",
        b"\xff\xfe<",
        b'<?xml version="1.0" encoding="nowhere"?><a/>',
        b"<a/>" * 2,
    ],
)
def test_xml_that_is_none_is_one_line_with_its_place(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(ContractError, match=r"^a\.csproj:\d+: [^\n]+$"):
        parse_xml(text, "a.csproj")
    (found,) = told(layout_findings(adapter(tmp_path, {"a.csproj": text})))[:1]
    assert found.startswith("a.csproj:")


@given(st.binary(max_size=300))
@settings(max_examples=50)
def test_any_bytes_are_xml_or_an_error_of_one_line(content: bytes) -> None:
    said = ""
    try:
        parse_xml(content, "a")
    except ContractError as error:
        said = str(error)
    assert "\n" not in said


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_damaged_assembly_is_read_or_said_to_be_damaged(data: st.DataObject) -> None:
    content = bytearray(BUILT[: data.draw(st.integers(0, len(BUILT)) | st.just(len(BUILT)))])
    for place, value in data.draw(
        st.lists(st.tuples(st.integers(0, len(BUILT)), st.integers(0, 255)), max_size=20)
    ):
        if place < len(content):
            content[place] = value
    said = ""
    try:
        parse_assembly(bytes(content), "a.dll")
    except ContractError as error:
        said = str(error)
    assert said in ("", "a.dll: is no .NET assembly, or a damaged one")


def test_an_assembly_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    source = adapter(tmp_path, {"a.dll": b"MZ" + b"\0" * 100}, "a.dll")
    assert source.assembly is None
    assert told(source.faults) == ["a.dll: is no .NET assembly, or a damaged one"]
    with pytest.raises(ContractError, match="2 MiB"):
        parse_assembly(bytes(MAX_BYTES + 1), "a.dll")


def test_what_is_too_much_is_not_read(tmp_path: Path) -> None:
    files = {"a.cs": b"class A {}", "big.cs": b" " * (MAX_SOURCE + 1)}
    source = adapter(tmp_path, files | {f"{number:02}.cs": b" " * MAX_SOURCE for number in range(17)})
    assert len(source.sources) == 16
    assert source.unread == ("16.cs", "a.cs", "big.cs")


def test_what_cannot_be_parsed_whole_is_said_to_be_unread(tmp_path: Path) -> None:
    assert adapter(tmp_path, {"a.cs": "class A { void M() { var = ; } }"}).unread == ("a.cs",)


def test_without_the_extra_the_harness_is_to_blame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(GOOD, tmp_path, dirs_exist_ok=True)
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    subject = subject_of(load_contract(tmp_path))
    with pytest.raises(HarnessFault, match="tree_sitter is not installed") as raised:
        subject.own_versions()
    assert "certify[appseconnect]" in raised.value.needs
    assert subject.version is None


# --- the assembly ---------------------------------------------------------------------------------


def test_an_assembly_says_what_the_source_says(tmp_path: Path) -> None:
    built = parse_assembly(BUILT, DLL)
    assert (built.name, built.version) == ("WarehouseStock", "1.2.0.0")
    assert built.interfaces["Adapter"] == ("IAdapter",)
    assert "System.Uri..ctor" in built.members
    assert "X-Api-Key" in built.strings
    alone = adapter(tmp_path, {"a.dll": BUILT}, "a.dll")
    assert [name for name, _ in alone.implementing("ICredential")] == ["Credential"]
    assert told(interface_findings(alone)) == []


@pytest.mark.skipif(shutil.which("mcs") is None, reason="mono-mcs is not installed")
def test_the_compiler_makes_the_committed_assembly_and_sees_what_the_source_says(tmp_path: Path) -> None:
    def compiled(folder: Path) -> bytes:
        out = tmp_path / "WarehouseStock.dll"
        subprocess.run([FIXTURES / "appseconnect_sdk" / "build", folder, out], check=True, timeout=60)
        return out.read_bytes()

    assert parse_assembly(compiled(GOOD), DLL) == parse_assembly(BUILT, DLL)
    changed = tmp_path / "changed"
    good(changed, {"core/Adapter.cs": ('"/v1/" + entity)', '"http://a.example/" + DateTime.Now)')})
    alone = adapter(tmp_path / "alone", {"a.dll": compiled(changed)}, "a.dll")
    assert told(environment_calls(alone)) == ["a.dll: uses System.DateTime.Now"]
    assert told(hard_coded_urls(alone)) == ["a.dll: the address http://a.example is written into the adapter"]
