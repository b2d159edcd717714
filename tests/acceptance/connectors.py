"""Lay out the connectors of `fixtures/`, and certify them through the real command line."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

_FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"

#: By the system they belong to.
GOOD = {
    "dpone": _FIXTURES / "certify_example",
    "python": _FIXTURES / "connectors" / "good" / "python",
}
BROKEN = _FIXTURES / "connectors" / "broken"

#: Whatever a test of the connector itself may have left.
_LITTER = shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.egg-info", "test_artifacts")


@dataclass(frozen=True)
class Broken:
    """A connector that breaks one rule: `fails` are the others it breaks, `removes` files it lacks."""

    rule: str
    folder: Path
    system: str
    fails: frozenset[str]
    removes: tuple[str, ...]
    reasons: str

    @classmethod
    def of(cls, rule: str) -> Self:
        """Read `why.md` of the rule's broken connector."""
        folder = BROKEN / rule
        _, head, reasons = (folder / "why.md").read_text("utf-8").split("---\n", 2)
        front = yaml.safe_load(head)
        return cls(
            rule=rule,
            folder=folder,
            system=front.pop("system", "dpone"),
            fails=frozenset(front.pop("fails")),
            removes=tuple(front.pop("removes", ())),
            reasons=reasons.strip(),
        )

    @property
    def files(self) -> list[Path]:
        """What it has that the good connector has not, or has differently; relative to both."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.folder) for path in files if path.name != "why.md")

    def lay_out(self, into: Path) -> Path:
        """A copy of the good connector with this one's files in it."""
        laid = copy_of(self.system, into)
        for file in self.removes:
            (laid / file).unlink()
        for path in self.files:
            (laid / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.folder / path, laid / path)
        return laid


def copy_of(system: str, into: Path) -> Path:
    """A copy of the good connector of a system."""
    return Path(shutil.copytree(GOOD[system], into / "connector", ignore=_LITTER))


@dataclass(frozen=True)
class Certified:
    """How `certify` ended, the report it wrote, and what it printed."""

    exit_code: int
    report: dict[str, Any]
    printed: str

    @property
    def rules(self) -> dict[str, dict[str, Any]]:
        """The results by rule."""
        return {rule["id"]: rule for rule in self.report["rules"]}

    @property
    def statuses(self) -> dict[str, str]:
        """How each rule ended."""
        return {name: rule["status"] for name, rule in self.rules.items()}


#: The command as its users start it.
COMMAND = (sys.executable, "-m", "certify")


def certify(
    folder: Path, artifacts: Path, *arguments: str, command: Sequence[str] = COMMAND, **environment: str
) -> Certified:
    """Certify a connector in a process of its own, and read the report."""
    shown = {"NO_COLOR": "1", "COLUMNS": "100"}
    ended = subprocess.run(
        [*command, "-C", str(folder), "--artifact-dir", str(artifacts), *arguments],
        env=os.environ | shown | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    file = artifacts / "certification_report.json"
    assert file.exists(), f"exit code {ended.returncode}, and no report:\n{ended.stdout}"
    return Certified(ended.returncode, json.loads(file.read_text("utf-8")), ended.stdout)


def fingerprint(folder: Path) -> dict[str, str]:
    """Everything in a folder: path → digest of the content, or what else it is."""
    return {path.relative_to(folder).as_posix(): _content(path) for path in sorted(folder.rglob("*"))}


def _content(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return "folder" if path.is_dir() else "no file"
    return hashlib.sha256(path.read_bytes()).hexdigest()
