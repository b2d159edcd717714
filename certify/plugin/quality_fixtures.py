"""What a rule about the quality of rows may ask for by name."""

from __future__ import annotations

import pytest

from certify.contract import Contract
from certify.contract.document import read_document
from certify.errors import ContractError
from certify.plugin.commands import command_of
from certify.rules import NotApplicable, Unverified
from certify.target.quality import Check, read_quality

_NEEDS_QUALITY = """\
target:
  quality: certification/quality.yaml
# certification/quality.yaml: what the sink checks in every batch, before it finalizes anything
# columns:
#   id: {not_null: true, unique: true}
#   amount: {minimum: 0}
#   status: {accepted_values: [open, paid]}
"""

#: Platforms whose connectors are given no rules for what they load.
_WITHOUT_QUALITY = frozenset({"planasonix"})


@pytest.fixture(scope="session")
def quality_checks(contract: Contract) -> tuple[Check, ...]:
    """The rules that the sink says it checks; unverified where the contract names none."""
    name = contract.target.quality
    if name is None and contract.system in _WITHOUT_QUALITY:
        raise NotApplicable(
            f"{contract.system} knows no rules that a sink checks, and the contract names none"
        )
    if name is None and command_of(contract, "sink") is not None:
        raise NotApplicable("what a target checks is the schema of its stream; see records_fit_their_schema")
    if name is None:
        raise Unverified("nothing says which rules the sink checks in a batch", _NEEDS_QUALITY)
    try:
        return read_quality(read_document(contract.root / name, name))
    except ContractError as error:
        raise Unverified(f"the rules that the sink checks cannot be read: {error}", _NEEDS_QUALITY) from error
