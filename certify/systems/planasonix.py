"""Planasonix: connectors described by a connector.yaml, each one class with list, read, write and test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from certify.contract import Contract
from certify.errors import ContractError
from certify.model import Location
from certify.repository import Repository
from certify.repository.planasonix.manifest import Manifest, read_manifest
from certify.roles import roles
from certify.systems.python import PythonConnector


class PlanasonixConnector(PythonConnector):
    """Reads `connector.yaml`."""

    @cached_property
    def manifest(self) -> Manifest | None:
        """Its connector.yaml; None when there is none."""
        return read_manifest(self._repository)

    @property
    def version(self) -> str | None:
        """The version that pipelines pin."""
        return (self.manifest.text("version") if self.manifest else "") or super().version

    def import_name(self) -> str | None:
        """The package of the entrypoint, unless the contract names another."""
        named = super().import_name()
        entry = self.manifest.entrypoint if self.manifest else ""
        return named or entry.partition(":")[0].partition(".")[0] or None

    def names(self, kind: str) -> Location:
        """The entrypoint, unless the contract names a factory."""
        by_contract = ("subject", kind) in self.contract.lines
        return super().names(kind) if by_contract or not self.manifest else self.manifest.at("entrypoint")

    def declared(self) -> dict[str, tuple[Location, Any]]:
        """Name and capabilities in connector.yaml; one that is worded otherwise may claim the same."""
        manifest = self.manifest
        if manifest is None:
            return {}
        if manifest.config.fault is not None:
            fault = manifest.config.fault
            raise ContractError(f"{fault.location}: {fault.message}")
        declared: dict[str, tuple[Location, Any]] = {}
        if manifest.text("name"):
            declared["connector"] = (manifest.at("name"), manifest.text("name"))
        if manifest.capabilities and set(manifest.capabilities) != set(self.contract.capabilities):
            declared["capabilities"] = (manifest.at("capabilities"), list(manifest.capabilities))
        return declared


def completed(contract: Contract) -> Contract:
    """The contract, with what connector.yaml says where the contract says nothing: how its class is run."""
    manifest = read_manifest(Repository(contract.root))
    if manifest is None or manifest.config.fault is not None:
        return contract
    subject, target = contract.subject, contract.target
    parts = _parts(manifest.entrypoint, contract.capabilities)
    return replace(
        contract,
        subject=replace(
            subject,
            source=subject.source or parts.get("source"),
            sink=subject.sink or parts.get("sink"),
        ),
        target=replace(target, batch_rows=target.batch_rows or manifest.batch_size),
    )


def _parts(entrypoint: str, capabilities: Mapping[str, Any]) -> dict[str, str]:
    """By the role, what is run of a connector that is one class."""
    claimed = roles(capabilities) if entrypoint else frozenset()
    return {one: f"{entrypoint} as planasonix {one}" for one in ("source", "sink") if one in claimed}
