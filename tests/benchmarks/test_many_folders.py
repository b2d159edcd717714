"""How long twenty plug-ins take in one command: built ones, which are spoken with, and sources alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.connectors import GOOD

SOURCES = Path(__file__).parents[1] / "integration" / "plakar_guide"
CONTRACT = "contract_version: '1'\nconnector: example\ncapabilities: {importer: {strategies: []}}\n"
MANY = 20


@pytest.mark.benchmark(group="twenty plug-ins in one command")
@pytest.mark.parametrize(("kind", "code"), [("built", 0), ("sources", 1)])
def test_twenty_plug_ins(benchmark: Any, tmp_path: Path, kind: str, code: int) -> None:
    folders = [tmp_path / f"plugin-{number}" for number in range(MANY)]
    for folder in folders:
        shutil.copytree(GOOD["plakar"] if kind == "built" else SOURCES, folder)
        if kind == "sources":
            (folder / "certification.yaml").write_text(CONTRACT)
    out = tmp_path / "out"
    arguments = [word for folder in folders for word in ("-C", str(folder))]

    def run() -> None:
        command = [sys.executable, "-m", "certify", *arguments, "--artifact-dir", str(out)]
        done = subprocess.run(command, capture_output=True, check=False)
        assert done.returncode == code, done.stderr.decode()

    benchmark.pedantic(run, rounds=2, warmup_rounds=1)
    assert len(list(out.glob("*/certification_report.json"))) == MANY
