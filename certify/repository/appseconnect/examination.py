"""Examine an adapter: its interfaces, its credential window, its layout, the SDK that it is built against."""

from __future__ import annotations

import re
from collections.abc import Iterator

from certify.errors import ContractError
from certify.model import Finding, Location
from certify.repository.appseconnect.adapter import Adapter
from certify.repository.appseconnect.project import is_outside
from certify.repository.xml import parse_xml

_MEMBERS = ("Initialize", "Resource", "ValidateProcess", "Execute")
_CREDENTIAL_MEMBERS = ("Validate", "PartialValidate")
_MODELS = ("CredentialModel", "DataModel")
_LAYOUT = ("core/Adapter", "core/AppResource")
_FOUR_PARTS = re.compile(r"\d{1,5}(\.\d{1,5}){3}")
#: `{Binding Name}`, `{Binding Path=Name, …}`; of a path the first name.
_BINDING = re.compile(r"\{Binding\s+(?:Path\s*=\s*)?(?P<name>[A-Za-z_]\w*)(?!\w|\s*=)")
_MOST = 50


def interface_findings(adapter: Adapter) -> Iterator[Finding]:
    """What an adapter lacks of the interfaces that the agent calls, or only seems to have."""
    where = _project(adapter)
    adapters = adapter.implementing("IAdapter")
    if not adapters:
        yield Finding("no class implements IAdapter", where, "`public class Adapter : IAdapter`")
    if not adapter.implementing("IAppResource"):
        yield Finding("no class implements IAppResource", where, "`public class AppResource : IAppResource`")
    for name, at in adapters:
        yield from _members(adapter, name, at, _MEMBERS)
    for name, at in adapter.implementing("ICredential"):
        yield from _members(adapter, name, at, _CREDENTIAL_MEMBERS)


def _members(adapter: Adapter, name: str, at: Location, wanted: tuple[str, ...]) -> Iterator[Finding]:
    one = adapter.classes.get(name)
    if one is None:
        return  # the compiler has seen to it
    has = adapter.members_of(name)
    for member in wanted:
        if member not in has:
            yield Finding(f"{name} has no {member}", at, f"the members of its interface: {', '.join(wanted)}")
    for method in one.methods:
        if method.name in wanted and method.constant:
            yield Finding(
                f"{name}.{method.name} does nothing but `{method.constant}`",
                method.location,
                "a method that does what it is called for",
            )


def model_findings(adapter: Adapter) -> Iterator[Finding]:
    """Models that the platform cannot make or fill, and bindings that lead nowhere."""
    for name in _MODELS:
        one = adapter.classes.get(name)
        if one is not None and not one.has_default_constructor:
            yield Finding(
                f"{name} has no constructor without parameters",
                one.location,
                "one that the platform can call",
            )
        if one is not None and not one.properties:
            yield Finding(f"{name} has no property", one.location, "one for each field, named as its id")
    if adapter.implementing("ICredential") and "CredentialModel" not in adapter.classes:
        yield Finding(
            "there is no CredentialModel that the credential window could fill",
            _project(adapter),
            "a class CredentialModel under model/",
        )
    for file in views(adapter):
        yield from _binding_findings(adapter, file)


def views(adapter: Adapter) -> tuple[str, ...]:
    """Its windows: files of XAML."""
    return tuple(
        file for file in adapter.repository.files("*.xaml") if not file.startswith(("bin/", "obj/"))
    )[:_MOST]


def _binding_findings(adapter: Adapter, file: str) -> Iterator[Finding]:
    stem = file.rpartition("/")[2].removesuffix(".xaml")
    try:
        root = parse_xml(adapter.repository.content(file) or b"", file)
    except ContractError as error:
        yield Finding(str(error).removeprefix(f"{file}:"), Location(file), "XAML that stands by itself")
        return
    shown = [f"{stem}Model", f"{stem.removesuffix('View')}ViewModel", "CredentialModel"]
    model = next((name for name in shown if name in adapter.classes), None)
    if model is None:
        yield Finding(
            f"there is no class {shown[0]} that {file} is bound to", Location(file), f"a class {shown[0]}"
        )
        return
    properties = adapter.members_of(model)
    for element in root.everything():
        for value in element.attributes.values():
            for found in _BINDING.finditer(value[:2000]):
                if found["name"] not in properties:
                    yield Finding(
                        f"{element.name} is bound to {found['name']}, which {model} has not",
                        Location(file, element.line),
                        f"a property of {model}",
                    )


def layout_findings(adapter: Adapter) -> Iterator[Finding]:
    """Where the files are not as the platform's guide and the upload have them."""
    yield from adapter.faults
    project = adapter.project
    there = {file.casefold(): file for file in adapter.repository.all_files}
    where = _project(adapter)
    for name in _LAYOUT:
        if not any(f"{name}{ending}".casefold() in _ends(there) for ending in (".cs", ".vb")):
            yield Finding(f"there is no {name}.cs", where, "core/Adapter.cs and core/AppResource.cs")
    if not any("/model/" in f"/{file}" for file in there):
        yield Finding("there is no folder model", where, "a folder `model` with the models in it")
    for one in project.listed:
        if not is_outside(one.path) and one.path.casefold() not in there:
            yield Finding(f"lists {one.path}, which is not there", one.location, "files that are there")
    for one in project.hints:
        if is_outside(one.path):
            yield Finding(
                f"refers to {one.kind}, outside of the connector's folder",
                one.location,
                "a HintPath inside the folder, such as packages\\…",
            )
    for file in project.projects:
        yield from _name_findings(adapter, file)
    for version in adapter.versions:
        if not _FOUR_PARTS.fullmatch(version.text):
            yield Finding(
                f"the assembly's version is {version.text!r}",
                version.location,
                "four numbers, such as 1.2.0.0",
            )


def _name_findings(adapter: Adapter, file: str) -> Iterator[Finding]:
    """The uploaded archive is found by the project's name, its window by the default namespace."""
    stem = file.rpartition("/")[2].rpartition(".")[0]
    assembly = adapter.project.named(file, "AssemblyName")
    if assembly and assembly[0] != stem:
        yield Finding(f"AssemblyName is {assembly[0]}, the project is {stem}", assembly[1], f"{stem} in both")
    namespace = adapter.project.named(file, "RootNamespace")
    titles = [text for name, text in adapter.attributes if name == "AssemblyTitle"]
    for title in titles if namespace else ():
        if namespace and title.text != namespace[0]:
            yield Finding(
                f"the title is {title.text}, the default namespace {namespace[0]}",
                title.location,
                "the default namespace as the title",
            )


def _ends(files: dict[str, str]) -> set[str]:
    """The last two parts of each path."""
    return {"/".join(file.split("/")[-2:]) for file in files}


def _project(adapter: Adapter) -> Location:
    return Location(next(iter(adapter.project.projects), None) or "packages.config", 1)
