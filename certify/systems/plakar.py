"""Plakar: plug-ins with a manifest.yaml, usually written in Go, spoken with over their standard streams."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from certify.model import Location
from certify.repository.config.document import ConfigFile
from certify.repository.plakar.manifest import MANIFEST, Manifest, read_manifest
from certify.repository.plakar.validators import read_validator
from certify.repository.project.manifests import manifest_version
from certify.rules import NotApplicable
from certify.subject import Package
from certify.systems.python import PythonConnector

#: What a contract claims, by the types of connectors that run as programs.
_CAPABILITIES = ("importer", "exporter", "storage")


class PlakarConnector(PythonConnector):
    """Reads `manifest.yaml`; a Python package it is only where it has a Python project."""

    @cached_property
    def manifest(self) -> Manifest | None:
        """Its manifest.yaml; None when there is none."""
        return read_manifest(self._repository)

    @property
    def version(self) -> str | None:
        """As the manifest says; Plakar itself takes it from the command line."""
        stated = manifest_version(self._repository, "plakar")
        return stated.text if stated is not None else super().version

    def package(self) -> Package:
        """A plug-in is a program: whichever language it is written in, nobody imports it."""
        raise NotApplicable("a Plakar plug-in is run as a program, and has no package to import")

    def declared(self) -> dict[str, tuple[Location, Any]]:
        """The types of its connectors, which a contract claims as capabilities."""
        if self.manifest is None or self.manifest.config.fault is not None:
            return {}
        kinds = {one.kind for one in self.manifest.connectors} & set(_CAPABILITIES)
        return {"capabilities": (self.manifest.config.at(("connectors",)), sorted(kinds))} if kinds else {}

    def config_schema(self) -> ConfigFile:
        """The first validator: by it people are asked for a configuration."""
        connectors = self.manifest.connectors if self.manifest else ()
        found = (read_validator(self._repository, one) for one in connectors)
        schema = next((one for one in found if one is not None), None)
        if schema is None:
            raise NotApplicable(f"{MANIFEST} names no validator that is there")
        return schema
