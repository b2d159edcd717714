"""Find a connector's configuration schema, the form that shows it, and its sample configuration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

from certify.contract.document import KeyPath
from certify.model import Finding
from certify.repository.config.document import ConfigFile, read_config
from certify.repository.tree import Repository

#: Planasonix's manifest, which holds or names the schema, and holds the form.
MANIFEST = "connector.yaml"
#: Where a schema stands in a file, by the file's name; what is not there makes it another kind of file.
_NAMES: dict[str, KeyPath] = {
    "config.schema.json": (),
    "config_schema.json": (),
    "spec.json": ("connectionSpecification",),
    "spec.yaml": ("connectionSpecification",),
    "spec.yml": ("connectionSpecification",),
    "manifest.yaml": ("spec", "connection_specification"),
}
_ENDING = ".config.schema.json"
_FORMS = ("form.yaml", "form.yml", "form.json")
#: Keys under which a form's file may keep its fields.
_FIELDS = ("form", "fields")


def find_schema(repository: Repository, folders: Iterable[str]) -> ConfigFile | None:
    """The schema that the manifest names, else the first in one of these folders; None if there is none.

    Folders are relative to the root (`.` is the root itself). What cannot be read is a file with a fault.
    """
    named = _named_by_manifest(repository)
    if named is not None:
        return named
    found = (candidate for folder in folders for candidate in _candidates(repository, folder))
    return next(found, None)


def find_form(repository: Repository, schema: ConfigFile) -> ConfigFile | None:
    """The manifest's form, else one in a file beside the schema; None if there is none."""
    if repository.exists(MANIFEST):
        manifest = read_config(repository, MANIFEST)
        if manifest.fault is None and isinstance(manifest.value, dict) and "form" in manifest.value:
            return replace(manifest, path=("form",))
    folder = PurePosixPath(schema.file).parent
    for name in _FORMS:
        file = str(folder / name)
        if repository.exists(file):
            return _fields(read_config(repository, file))
    return None


def _fields(form: ConfigFile) -> ConfigFile:
    value = form.value
    key = next((key for key in _FIELDS if key in value), None) if isinstance(value, dict) else None
    return form if key is None else replace(form, path=(key,))


def _named_by_manifest(repository: Repository) -> ConfigFile | None:
    if not repository.exists(MANIFEST):
        return None
    manifest = read_config(repository, MANIFEST)
    value = manifest.value
    if manifest.fault is not None or not isinstance(value, dict) or value.get("config_schema") is None:
        return None
    inline = replace(manifest, path=("config_schema",))
    if not isinstance(inline.value, str):
        return inline
    if not repository.exists(inline.value):
        missing = Finding(
            f"config_schema: there is no {inline.value}", inline.at(), "the path of a JSON Schema"
        )
        return ConfigFile(MANIFEST, fault=missing)
    return read_config(repository, inline.value)


def _candidates(repository: Repository, folder: str) -> Iterator[ConfigFile]:
    for name, path in _NAMES.items():
        file = str(PurePosixPath(folder) / name)
        if not repository.exists(file):
            continue
        read = read_config(repository, file)
        if not path or _has(read.value, path):
            yield replace(read, path=path)
    for name in _names_in(repository, folder):
        if name.endswith(_ENDING):
            yield read_config(repository, str(PurePosixPath(folder) / name))


def _has(value: Any, path: KeyPath) -> bool:
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _names_in(repository: Repository, folder: str) -> list[str]:
    try:
        return sorted(path.name for path in (repository.root / folder).iterdir())
    except OSError:
        return []
