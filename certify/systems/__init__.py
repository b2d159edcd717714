"""The connector systems: one module each, all behind `certify.subject.Subject`."""

from __future__ import annotations

from certify.contract import Contract
from certify.repository.project.installed import FindsInstalled, not_installed
from certify.subject import Subject
from certify.systems.airbyte import AirbyteConnector
from certify.systems.appseconnect import AppseconnectConnector
from certify.systems.dpone import DponeConnector
from certify.systems.plakar import PlakarConnector
from certify.systems.planasonix import PlanasonixConnector, completed
from certify.systems.python import PythonConnector

_BY_NAME: dict[str, type[PythonConnector]] = {
    "airbyte": AirbyteConnector,
    "appseconnect": AppseconnectConnector,
    "dpone": DponeConnector,
    "plakar": PlakarConnector,
    "planasonix": PlanasonixConnector,
}

#: What the connectors of each system can claim, in the words of their contracts.
CAPABILITIES = {
    "dpone": ("source", "sink", "state"),
    "airbyte": ("source", "sink"),
    "singer": ("source", "sink"),
    "planasonix": ("batch_extract", "streaming", "load"),
    "plakar": ("importer", "exporter", "storage"),
    "appseconnect": ("adapter",),
    "python": ("source", "sink", "state"),
}


def subject_of(contract: Contract, find_installed: FindsInstalled = not_installed) -> Subject:
    """The connector of this contract; a system without a module of its own is read as plain Python.

    `find_installed` is asked for a package that is not in the repository.
    """
    return _BY_NAME.get(contract.system, PythonConnector)(contract, find_installed)


def complete(contract: Contract) -> Contract:
    """The contract, with what its system's own manifest says where the contract says nothing."""
    return completed(contract) if contract.system == "planasonix" else contract
