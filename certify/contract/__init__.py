"""certification.yaml → Contract: the loader, its schema, and which system a repository belongs to."""

from __future__ import annotations

from certify.contract.contract import Contract, Waiver
from certify.contract.loader import find_contract, load_contract

__all__ = ["Contract", "Waiver", "find_contract", "load_contract"]
