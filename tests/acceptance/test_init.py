"""A connector without a contract gets one by `certify init`, and is then certified as far as it goes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from certify.contract import load_contract
from tests.acceptance.connectors import COMMAND, GOOD, Certified, certify, copy_of

_CONTRACT = "certification/certification.yaml"


@pytest.fixture(scope="module", params=sorted(GOOD))
def drafted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A good connector with a drafted contract, and one with its own."""
    own = copy_of(request.param, tmp_path_factory.mktemp("own"))
    root = copy_of(request.param, tmp_path_factory.mktemp("drafted"))
    (root / _CONTRACT).unlink()
    subprocess.run([*COMMAND, "init", "-C", root], check=True, capture_output=True, timeout=60)
    return root, own


def test_the_drafted_contract_says_what_the_authors_said(drafted: tuple[Path, Path]) -> None:
    made, own = map(load_contract, drafted)
    assert made.system == own.system
    assert made.connector.replace("-", "_") == own.connector
    assert made.strategies.keys() == own.strategies.keys()
    assert made.subject.package == own.subject.package
    assert made.subject.command == own.subject.command
    assert made.subject.config == own.subject.config
    assert set(made.subject.secrets) == set(own.subject.secrets)
    assert made.replay.cassettes == own.replay.cassettes
    assert made.policy.egress_hosts == own.policy.egress_hosts
    for kind in ("source", "sink", "state"):
        assert bool(getattr(made.subject, kind)) == bool(getattr(own.subject, kind))


def test_certify_gives_a_verdict_on_it(drafted: tuple[Path, Path], tmp_path: Path) -> None:
    ran: Certified = certify(drafted[0], tmp_path / "out")
    assert ran.report["verdict"] in ("certified", "incomplete"), ran.printed
    assert ran.exit_code == {"certified": 0, "incomplete": 3}[ran.report["verdict"]]
    assert ran.statuses["contract_is_valid"] == "passed"
    whole = "import_records" if ran.report["connector"]["system"] == "plakar" else "full_read_is_complete"
    assert ran.statuses[whole] == "passed"
    assert "failed" not in ran.statuses.values()
