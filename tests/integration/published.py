"""Published packages, installed from the index into environments of their own and kept from run to run."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def interpreter_with(name: str, requirements: Sequence[str]) -> Path:
    """An interpreter that has these; workers that come at once wait for the first.

    It is kept in `CERTIFY_CACHE`, or else in the repository, until other ones are asked for.
    """
    cache = Path(os.environ.get("CERTIFY_CACHE") or ROOT / ".ci-cache")
    cache.mkdir(parents=True, exist_ok=True)
    environment = cache / f"{name}-venv"
    ready, python = environment / "ready", environment / "bin" / "python"
    wanted = "\n".join([sys.version, *requirements, ""])
    with _alone(cache / f"{name}-venv.lock"):
        if not ready.is_file() or ready.read_text() != wanted:
            shutil.rmtree(environment, ignore_errors=True)
            _install(python, requirements)
            ready.write_text(wanted)
    return python


def _install(python: Path, requirements: Sequence[str]) -> None:
    # Our own tools' versions are no matter of theirs.
    own = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
    pip: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True, timeout=600)
    subprocess.run([*pip, *requirements], check=True, timeout=600, env=own)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
