"""A connector without a contract gets one by `certify init`, and is then certified as far as it goes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from certify.contract import load_contract
from tests.acceptance.connectors import COMMAND, GOOD, Certified, certify, copy_of

_CONTRACT = "certification/certification.yaml"


#: Certified whole by day; the others by night.
_BY_DAY = "singer"


def drafted(system: str, folder: Path) -> tuple[Path, Path]:
    """A good connector with a drafted contract, and one with its own."""
    own, root = copy_of(system, folder / "own"), copy_of(system, folder / "drafted")
    (root / _CONTRACT).unlink()
    subprocess.run([*COMMAND, "init", "-C", root], check=True, capture_output=True, timeout=60)
    return root, own


@pytest.mark.parametrize("system", GOOD)
def test_the_drafted_contract_says_what_the_authors_said(system: str, tmp_path: Path) -> None:
    made, own = map(load_contract, drafted(system, tmp_path))
    assert made.system == own.system
    assert made.connector.replace("-", "_") == own.connector
    assert made.strategies.keys() == own.strategies.keys()
    assert made.subject.package == own.subject.package
    assert made.subject.command == own.subject.command
    assert made.subject.config == own.subject.config
    assert set(made.subject.secrets) == set(own.subject.secrets)
    assert made.replay.cassettes == own.replay.cassettes
    assert set(made.policy.egress_hosts) >= set(own.policy.egress_hosts)
    for kind in ("source", "sink", "state"):
        assert bool(getattr(made.subject, kind)) == bool(getattr(own.subject, kind))


@pytest.mark.parametrize(
    "system", [pytest.param(one, marks=() if one == _BY_DAY else pytest.mark.nightly) for one in GOOD]
)
def test_certify_gives_a_verdict_on_it(system: str, tmp_path: Path) -> None:
    ran: Certified = certify(drafted(system, tmp_path)[0], tmp_path / "out")
    assert ran.report["verdict"] in ("certified", "incomplete"), ran.printed
    assert ran.exit_code == {"certified": 0, "incomplete": 3}[ran.report["verdict"]]
    assert ran.statuses["contract_is_valid"] == "passed"
    whole = "import_records" if system == "plakar" else "full_read_is_complete"
    assert ran.statuses.get(whole, "passed") == "passed"
    assert "failed" not in ran.statuses.values()
