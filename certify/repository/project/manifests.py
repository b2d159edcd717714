"""What the manifest of a connector's own system states of its distribution."""

from __future__ import annotations

from typing import Any

from certify.contract.document import Document, KeyPath, read_document
from certify.errors import ContractError
from certify.model import Location
from certify.repository.project.stated import Declared, Stated
from certify.repository.project.versions import StatedVersion
from certify.repository.tree import Repository

#: Where the version stands.
_VERSIONS: dict[str, tuple[str, KeyPath]] = {
    "dpone": ("dpone_connector_manifest.json", ("version",)),
    "airbyte": ("metadata.yaml", ("data", "dockerImageTag")),
    "planasonix": ("connector.yaml", ("version",)),
    "plakar": ("manifest.yaml", ("version",)),
}
#: Where the licence is named.
_LICENCES: dict[str, tuple[str, KeyPath]] = {
    "airbyte": ("metadata.yaml", ("data", "license")),
    "plakar": ("manifest.yaml", ("license",)),
}
#: Where requirements stand, in the form of PEP 508.
_REQUIREMENTS: dict[str, tuple[str, KeyPath]] = {"planasonix": ("connector.yaml", ("dependencies",))}


def manifest_version(repository: Repository, system: str) -> StatedVersion | None:
    """The version that the manifest states, where it states one."""
    document, path = _find(repository, _VERSIONS.get(system))
    value = _value(document, path)
    if not isinstance(value, str):
        return None
    return StatedVersion(value, Location(document.file, document.line(path)))


def manifest_licence(repository: Repository, system: str) -> Stated | None:
    """The licence that the manifest names, where it names one."""
    document, path = _find(repository, _LICENCES.get(system))
    value = _value(document, path)
    return Stated(value, Location(document.file, document.line(path))) if isinstance(value, str) else None


def manifest_requirements(repository: Repository, system: str) -> tuple[Declared, ...]:
    """The requirements that the manifest lists."""
    document, path = _find(repository, _REQUIREMENTS.get(system))
    value = _value(document, path)
    return tuple(
        Declared(text, Location(document.file, document.line((*path, index))))
        for index, text in enumerate(value if isinstance(value, list) else [])
        if isinstance(text, str)
    )


def is_low_code(repository: Repository) -> bool:
    """Whether the connector is a manifest that Airbyte's SDK reads, and has no code of its own."""
    document, _ = _find(repository, ("manifest.yaml", ()))
    return isinstance(document.value, dict) and document.value.get("type") == "DeclarativeSource"


def _find(repository: Repository, place: tuple[str, KeyPath] | None) -> tuple[Document, KeyPath]:
    """The manifest, empty where there is none that can be read: other rules speak of that."""
    nothing = Document("", None, {}, b"")
    if place is None or repository.text(place[0]) is None:
        return nothing, ()
    try:
        return read_document(repository.root / place[0], place[0]), place[1]
    except ContractError:
        return nothing, ()


def _value(document: Document, path: KeyPath) -> Any:
    value = document.value
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
