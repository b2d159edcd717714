"""The connector systems: one module each, all behind `certify.subject.Subject`."""

from __future__ import annotations

from certify.contract import Contract
from certify.repository.project.installed import FindsInstalled, not_installed
from certify.subject import Subject
from certify.systems.airbyte import AirbyteConnector
from certify.systems.dpone import DponeConnector
from certify.systems.python import PythonConnector

_BY_NAME: dict[str, type[PythonConnector]] = {
    "airbyte": AirbyteConnector,
    "dpone": DponeConnector,
}


def subject_of(contract: Contract, find_installed: FindsInstalled = not_installed) -> Subject:
    """The connector of this contract; a system without a module of its own is read as plain Python.

    `find_installed` is asked for a package that is not in the repository.
    """
    return _BY_NAME.get(contract.system, PythonConnector)(contract, find_installed)
