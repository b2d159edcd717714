"""The pytest plugin: a certification contract is a test file.

Inert unless asked: without `--certify`, and without a contract among the arguments, it registers two
options and does nothing else. Asked in a connector's repository it shows the outcomes of an isolated run
(`host`); inside that run it collects the suites (`engine`). Hooks here only forward.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CONTRACT_NAME = "certification.yaml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; parsing them costs nothing."""
    group = parser.getgroup("certify", "certification of data connectors")
    group.addoption(
        "--certify",
        action="store_true",
        help="certify the connector in this folder: run what its certification.yaml requires, "
        "isolated from the settings of this repository",
    )
    group.addoption("--certify-order", metavar="FILE", help="(used by certify itself)")


def pytest_configure(config: pytest.Config) -> None:
    """Become the engine, the host, or nothing."""
    if os.environ.get("CERTIFY_OWN_TESTS"):
        return  # certify runs the connector's own tests: `--certify` among them would go on for ever
    order = config.getoption("certify_order")
    if order:
        from certify.plugin.engine import register_engine

        register_engine(config, Path(order))
    elif config.getoption("certify") or any(_names_contract(argument) for argument in config.args):
        from certify.plugin.host import register_host

        register_host(config)


def _names_contract(argument: str) -> bool:
    return Path(argument.partition("::")[0]).name == CONTRACT_NAME
