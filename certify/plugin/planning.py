"""Load what a plan is made of: the contract, the installed rules, and the platform's names."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from certify.contract import Contract, load_contract
from certify.plan import Plan, make_plan
from certify.plugin.order import Order
from certify.registry import Registry, load_registry
from certify.systems import complete
from certify.systems.dpone import PLATFORM_IDS


@dataclass(frozen=True)
class Planned:
    """A contract, the registry it was held against, and what follows."""

    contract: Contract
    registry: Registry
    plan: Plan


def plan_order(order: Order, contract: Contract | None = None) -> Planned:
    """Make the plan of an order. Raises CertifyError for whatever the user must mend first."""
    contract = complete(contract or load_contract(Path(order.root), order.contract_path))
    registry = installed_rules()
    return Planned(contract, registry, make_plan(contract, registry, PLATFORM_IDS, order.only))


@cache
def installed_rules() -> Registry:
    """The registry, read once; suites get pytest's assertion messages wherever they are not imported yet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a host's `error` filter is not meant for our suites
        return load_registry(_rewrite_assertions)


def _rewrite_assertions(package: str) -> None:
    if package not in sys.modules:
        pytest.register_assert_rewrite(package)
