"""Examine what `plakar pkg create` puts into a package: executables, validators, extra files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePosixPath

from certify.model import Finding, Location
from certify.repository.plakar.makefile import Makefile
from certify.repository.plakar.manifest import Manifest, PluginConnector
from certify.repository.tree import Repository
from certify.text import one_line

#: How programs begin: ELF, Mach-O in both orders and fat, PE, and scripts.
_MAGIC = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe", b"MZ", b"#!")


def executable_findings(
    repository: Repository, connector: PluginConnector, path: str, makefile: Makefile | None
) -> Iterator[Finding]:
    """What keeps Plakar from starting the program of a connector; `path` is where it lies here."""
    name, place = connector.executable, connector.at("executable")
    if not is_inside(name):
        return  # told as an input that lies outside
    if makefile is not None and makefile.built and not makefile.builds(name):
        built = makefile.built[0]
        others = ", ".join(dict.fromkeys(one_line(one.name, 60) for one in makefile.built[:5]))
        yield Finding(
            f"{one_line(name, 80)}: {built.location} builds {others}, and nothing of this name",
            place,
            "the name that the Makefile builds (go build -o NAME)",
            f"write executable: {one_line(built.name, 60)}, or build to {one_line(name, 60)}",
        )
    if not is_there(repository, path):
        return
    if not os.access(repository.root / path, os.X_OK):
        shown = one_line(path, 80)
        yield Finding(f"{shown} may not be executed", Location(path), "a program", f"chmod +x {shown}")
    if not repository.beginning(path, 4).startswith(_MAGIC):
        yield Finding(
            f"{one_line(path, 80)} is no program: it begins neither as a binary nor with #!",
            Location(path),
            "what `go build` makes, or a script with #!",
        )


def input_findings(repository: Repository, manifest: Manifest) -> Iterator[Finding]:
    """Files that the manifest names and that are not there, or lie outside of its folder."""
    for connector in manifest.connectors:
        for key, name, place in _inputs(connector):
            if not is_inside(name):
                yield Finding(
                    f"{key} {one_line(name, 120)} leads out of the plug-in's folder",
                    place,
                    "a path below the folder of manifest.yaml, without ..",
                )
            elif key != "executable" and not is_there(repository, name):
                yield Finding(
                    f"{key} {one_line(name, 120)} is not there",
                    place,
                    "a file: `plakar pkg create` packs what the manifest names",
                    f"add the file, or take it out of {key}",
                )


def inputs(manifest: Manifest) -> tuple[str, ...]:
    """The files that the manifest names, each once."""
    return tuple(dict.fromkeys(name for one in manifest.connectors for _, name, _ in _inputs(one)))


def _inputs(connector: PluginConnector) -> Iterator[tuple[str, str, Location]]:
    for key in ("executable", "validator"):
        if connector.text(key):
            yield key, connector.text(key), connector.at(key)
    for at, name in enumerate(connector.words("extra_files")):
        yield "extra_files", name, connector.at("extra_files", at)


def is_inside(name: str) -> bool:
    """Whether a path stays below the folder it is counted from."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def is_there(repository: Repository, name: str) -> bool:
    """Whether it is a regular file inside the repository."""
    return repository.exists(name) and (repository.root / name).is_file()
