"""How long a whole certification takes, beside the floor: the same pytest that runs one empty test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "fixtures" / "certify_example"


def _run(*arguments: str | Path) -> Callable[[], None]:
    def run() -> None:
        done = subprocess.run(
            [sys.executable, "-m", *map(str, arguments)], capture_output=True, check=False, cwd=os.path.sep
        )
        assert done.returncode == 0, done.stderr.decode()

    return run


@pytest.mark.nightly
@pytest.mark.benchmark(group="a whole run of the command")
def test_certify_certifies_the_example(benchmark: Any, tmp_path: Path) -> None:
    benchmark.pedantic(_run("certify", "--example", "--artifact-dir", tmp_path), rounds=2)


@pytest.mark.benchmark(group="a whole run of the command")
def test_the_floor_is_pytest_with_one_empty_test(benchmark: Any, tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text("def test_nothing(): pass\n")
    options = ("-q", "--disable-plugin-autoload", "-p", "no:cacheprovider", "--rootdir", tmp_path)
    benchmark.pedantic(_run("pytest", *options, tmp_path), rounds=7, warmup_rounds=1)
