"""Lay out the connectors of `fixtures/`, and certify them through the real command line."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from certify.contract import load_contract

_FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"

#: By the system they belong to; of a system there may be a source and a target.
GOOD = {
    "dpone": _FIXTURES / "certify_example",
    "python": _FIXTURES / "connectors" / "good" / "python",
    "singer": _FIXTURES / "connectors" / "good" / "singer",
    "airbyte": _FIXTURES / "connectors" / "good" / "airbyte",
    "appseconnect": _FIXTURES / "connectors" / "good" / "appseconnect",
    "planasonix": _FIXTURES / "connectors" / "good" / "planasonix",
    "singer_target": _FIXTURES / "connectors" / "good" / "singer_target",
    "plakar": _FIXTURES / "connectors" / "good" / "plakar",
}
BROKEN = _FIXTURES / "connectors" / "broken"

#: A broken connector's folder of earlier releases.
_HISTORY = "_history"

#: Whatever a test of the connector itself may have left.
_LITTER = shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.egg-info", "test_artifacts")


@dataclass(frozen=True)
class Broken:
    """A connector that breaks one rule: `fails` are the others it breaks, `removes` files it lacks.

    `unverified` are rules that cannot be tried on what is broken.

    `history` are the tags of its earlier releases, oldest first. One that breaks the same rule in another
    system lies in a folder of that name inside the rule's.
    """

    rule: str
    folder: Path
    system: str
    fails: frozenset[str]
    unverified: frozenset[str]
    removes: tuple[str, ...]
    history: tuple[str, ...]
    reasons: str

    def __str__(self) -> str:
        return f"{self.rule}-{self.system}"

    @classmethod
    def of(cls, rule: str, system: str = "") -> Self:
        """Read `why.md` of the rule's broken connector, or of the one that breaks it in another system."""
        folder = BROKEN / rule / system
        _, head, reasons = (folder / "why.md").read_text("utf-8").split("---\n", 2)
        front = yaml.safe_load(head)
        return cls(
            rule=rule,
            folder=folder,
            system=front.pop("system", system or "dpone"),
            fails=frozenset(front.pop("fails")),
            unverified=frozenset(front.pop("unverified", ())),
            removes=tuple(front.pop("removes", ())),
            history=tuple(front.pop("history", ())),
            reasons=reasons.strip(),
        )

    @property
    def files(self) -> list[Path]:
        """What it has that the good connector has not, or has differently; relative to both."""
        return [path for path in _files(self.folder) if path.parts[0] not in ("why.md", _HISTORY, *GOOD)]

    def lay_out(self, into: Path) -> Path:
        """A copy of the good connector with this one's files in it, and its history."""
        laid = self.lay_out_good(into)
        for file in self.removes:
            (laid / file).unlink()
        _lay_over(self.folder, self.files, laid)
        return laid

    def lay_out_good(self, into: Path) -> Path:
        """A copy of the good connector, with the history of this one."""
        laid = copy_of(self.system, into)
        if self.history:
            _git(laid, "init", "--quiet", "--initial-branch", "main")
        for tag in self.history:
            release = self.folder / _HISTORY / tag
            _lay_over(release, _files(release), laid)
            _git(laid, "add", "--all")
            _git(laid, "commit", "--quiet", "--message", f"Release {tag}")
            _git(laid, "tag", tag)
            _lay_over(GOOD[self.system], _files(release), laid)
        return laid


def each_broken() -> Iterator[Broken]:
    """Every broken connector, by rule and system."""
    for why in sorted(BROKEN.glob("*/why.md")):
        yield Broken.of(why.parent.name)
    for why in sorted(BROKEN.glob("*/*/why.md")):
        yield Broken.of(why.parent.parent.name, why.parent.name)


def _files(folder: Path) -> list[Path]:
    """The files in a folder, relative to it."""
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def _lay_over(folder: Path, files: list[Path], laid: Path) -> None:
    """Copy files of a folder; what the folder has not is removed."""
    for path in files:
        (laid / path).parent.mkdir(parents=True, exist_ok=True)
        if (folder / path).exists():
            shutil.copyfile(folder / path, laid / path)
        else:
            (laid / path).unlink()


def _git(folder: Path, *arguments: str) -> None:
    """Run git without the settings of whoever runs the tests."""
    author = ["-c", "user.name=Author", "-c", "user.email=author@orders.example"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    none = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", "-C", str(folder), *author, *arguments], env=own | none, check=True)


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
        timeout=300,
        check=False,
    )
    file = artifacts / "certification_report.json"
    assert file.exists(), f"exit code {ended.returncode}, and no report:\n{ended.stdout}"
    return Certified(ended.returncode, json.loads(file.read_text("utf-8")), ended.stdout)


def certify_together(folders: Sequence[Path], only: Sequence[str] = ()) -> list[Certified]:
    """Certify connectors of one name by one command, and read their reports."""
    out = folders[0].parent / "out"
    arguments = [f"-C{folder}" for folder in folders] + [f"--only={name}" for name in only]
    ended = subprocess.run(
        [*COMMAND, *arguments, f"--artifact-dir={out}"],
        env=os.environ | {"NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    name = load_contract(folders[0]).connector
    found = []
    for number in range(1, len(folders) + 1):
        file = out / (name if number == 1 else f"{name}-{number}") / "certification_report.json"
        assert file.exists(), f"no report of number {number}:\n{ended.stdout}\n{ended.stderr}"
        report = json.loads(file.read_text("utf-8"))
        found.append(Certified(report["exit_code"], report, ended.stdout))
    return found


def fingerprint(folder: Path) -> dict[str, str]:
    """Everything in a folder: path → digest of the content, or what else it is."""
    return {path.relative_to(folder).as_posix(): _content(path) for path in sorted(folder.rglob("*"))}


def _content(path: Path) -> str:
    if path.is_symlink() or not path.is_file():
        return "folder" if path.is_dir() else "no file"
    return hashlib.sha256(path.read_bytes()).hexdigest()
