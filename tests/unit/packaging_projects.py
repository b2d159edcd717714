"""Small projects on disk, and what a rule says of them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from certify.contract import Contract
from certify.contract.contract import Policy
from certify.model import Finding
from certify.repository import Repository
from certify.repository.project.distribution import Distribution
from certify.repository.project.pyproject import Project
from certify.repository.project.releases import Releases
from certify.repository.project.requirements import Requirements
from certify.repository.project.stated import ImportPackage
from certify.repository.project.wheel_file import CoreMetadata
from certify.rules import EvidenceLog, RuleBroken, Unverified

PACKAGE = ImportPackage("demo", "src/demo")

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "demo-connector"
version = "1.2.0"
license = "MIT"
dependencies = ["requests>=2.31,<3"]
"""


def write(root: Path, files: Mapping[str, str]) -> Repository:
    """Put these files there."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Repository(root)


def cannot_build() -> NoReturn:
    """A build that is not to be had."""
    raise Unverified("hatchling is not installed", "python -m pip install hatchling")


def distribution(
    root: Path,
    files: Mapping[str, str],
    *,
    system: str = "python",
    built: CoreMetadata | None = None,
) -> Distribution:
    """The distribution of a project with these files; `built` is its wheel's metadata."""
    project = Project(write(root, files))
    return Distribution(project, system, PACKAGE.folder, lambda: built or cannot_build())


def requirements(one: Distribution, installed: Mapping[str, str] | None = None) -> Requirements:
    """Its requirements, in an interpreter that has these versions."""
    own = one.project.name
    return Requirements(one.requirements, lambda names: installed or {}, own.text if own else None)


def releases(root: Path) -> Releases:
    """The releases that git knows."""
    return Releases(Repository(root), ("demo-connector",))


def contract(root: Path, policy: Policy, system: str = "python") -> Contract:
    """A contract with nothing in it but its policy."""
    return Contract(root, "certification.yaml", "", "demo", system, {}, policy=policy)


def findings(rule: Callable[[EvidenceLog], None]) -> tuple[Finding, ...]:
    """What a rule finds; none when it passes, and then it must have seen something."""
    evidence = EvidenceLog()
    try:
        rule(evidence)
    except RuleBroken as broken:
        return broken.findings
    assert evidence.entries
    return ()


def told(rule: Callable[[EvidenceLog], None]) -> list[str]:
    """The same as lines: `file:line: message`."""
    return [f"{one.location}: {one.message}" for one in findings(rule)]


def git(root: Path, *arguments: str) -> None:
    """A git command that depends on nothing of this machine."""
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", root, *settings, *arguments], check=True, capture_output=True)


def commit(root: Path, tag: str | None = None) -> None:
    """Everything as it is now, tagged."""
    if not (root / ".git").exists():
        git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "state")
    if tag:
        git(root, "tag", tag)
