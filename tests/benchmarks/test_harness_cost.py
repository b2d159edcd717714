"""What it costs to certify a published tap, above what its own runs take: in seconds of the processor."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.published import interpreter_with
from tests.integration.test_real_commands import EXPECTED, copy_of

pytestmark = [pytest.mark.real, pytest.mark.nightly]

BESIDE = Path(__file__).with_name("certify_beside_plain.py")
ENTRY = "tap_rest_api_msdk.tap:TapRestApiMsdk.cli"
#: Of the tap's own time, as its users run it.
MOST = 0.3


@pytest.mark.benchmark(group="the catalogue on a REST tap")
def test_certify_adds_little_to_what_a_taps_own_runs_take(benchmark: Any, tmp_path: Path) -> None:
    """Each run is made again at once, plainly: in a fork, with the same answers, on real time but for sleeps.

    What its users run reads 150 authorities for each session, which the sandbox spares it. How certify
    compares with runs that are spared that too is told, and not asked.
    """
    expected = EXPECTED["rest_api"]
    root, told = copy_of("rest_api", expected["cassette"], tmp_path), tmp_path / "told.json"
    python = interpreter_with("real_rest_api", expected["requirements"])
    areas = [word for area in expected["areas"] for word in ("--only", area)]
    certify = ["-C", root, "--python", python, *areas, "--artifact-dir", tmp_path / "out"]
    # What is compiled is kept, as it is for users.
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    # The first start compiles its modules.
    subprocess.run([sys.executable, "-m", "certify", "rules"], capture_output=True, check=True, env=own)

    def run() -> None:
        command = [sys.executable, BESIDE, told, ENTRY, python, *certify]
        ended = subprocess.run(command, capture_output=True, check=False, env=own, timeout=600)
        assert (ended.returncode, ended.stderr) == (1, b"")

    benchmark.pedantic(run, rounds=1)
    seen = json.loads(told.read_text())
    runs = seen["runs"]
    assert len(runs) > 100
    assert all(one["requests"] == one["requests plain"] == one["requests trusting"] for one in runs)

    def above(kind: str) -> float:
        return float(seen["total"] / (seen["import"] + sum(one[kind] for one in runs)) - 1)

    benchmark.extra_info |= {
        "runs": len(runs),
        "CPU seconds": round(seen["total"], 2),
        "above the tap as users run it": f"{above('trusting'):.0%}",
        "above the tap with one authority": f"{above('plain'):.0%}",
        "above its runs in the sandbox": f"{above('sandboxed'):.0%}",
    }
    assert above("trusting") <= MOST
