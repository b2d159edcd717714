"""The connector systems: one module each, all behind `certify.subject.Subject`."""

from __future__ import annotations

from certify.contract import Contract
from certify.subject import Subject
from certify.systems.airbyte import AirbyteConnector
from certify.systems.dpone import DponeConnector
from certify.systems.plakar import PlakarConnector
from certify.systems.python import PythonConnector

_BY_NAME: dict[str, type[PythonConnector]] = {
    "airbyte": AirbyteConnector,
    "dpone": DponeConnector,
    "plakar": PlakarConnector,
}


def subject_of(contract: Contract) -> Subject:
    """The connector of this contract; a system without a module of its own is read as plain Python."""
    return _BY_NAME.get(contract.system, PythonConnector)(contract)
