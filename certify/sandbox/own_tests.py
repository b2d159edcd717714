"""Run a connector's own tests with its own pytest settings, in the sandbox, on a copy of its tree."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certify.errors import SandboxError
from certify.model import Location
from certify.repository import Repository
from certify.sandbox.copying import copy_tree
from certify.sandbox.limits import Limits
from certify.sandbox.zygote import Ended, Zygote

_PLUGIN = Path(__file__).with_name("inside") / "own_tests_plugin.py"
_PLUGIN_NAME = "_certify_own_tests"
#: pytest's exit codes that this module tells apart.
_USAGE_ERROR, _NONE_COLLECTED = 4, 5

#: Unit tests that take longer belong elsewhere; so does what writes more.
OWN_TESTS_LIMITS = Limits(wall_seconds=180.0, file_bytes=1024**3)


@dataclass(frozen=True)
class OwnTest:
    """One of the connector's own tests: its pytest id, outcome, and what it says it certifies."""

    nodeid: str
    outcome: str
    location: Location
    message: str
    offline: bool
    certifies: tuple[str, ...]


@dataclass(frozen=True)
class OwnTests:
    """A run of them all. `uncollected` maps files to errors; `trouble` says why there was no run."""

    tests: tuple[OwnTest, ...]
    uncollected: dict[str, str]
    settings_ignored: bool
    none_collected: bool
    trouble: str

    def of(self, outcome: str) -> tuple[OwnTest, ...]:
        """Those that ended so: `passed`, `failed`, `skipped`, `xfailed`."""
        return tuple(test for test in self.tests if test.outcome == outcome)


def run_own_tests(zygote: Zygote, repository: Repository, package_path: str | None) -> OwnTests:
    """Run pytest in a copy of the tree, with the connector's package first on the path.

    Raises SandboxError when the sandbox cannot do it.
    """
    zygote.start()
    tree = copy_tree(repository, zygote.private)
    try:
        ran = _run(zygote, repository.root, tree, package_path, ())
        if ran.trouble and "unrecognized arguments" in ran.trouble:
            # Options of plugins that are not installed here (--cov, say) decide nothing about the tests.
            ran = _run(zygote, repository.root, tree, package_path, ("-o", "addopts="))
        return ran
    finally:
        shutil.rmtree(tree, ignore_errors=True)


def _run(
    zygote: Zygote, root: Path, tree: Path, package_path: str | None, settings: tuple[str, ...]
) -> OwnTests:
    plugins = tree / ".certify"
    plugins.mkdir(exist_ok=True)
    shutil.copyfile(_PLUGIN, plugins / f"{_PLUGIN_NAME}.py")
    report = plugins / "report.jsonl"
    report.unlink(missing_ok=True)
    paths = [plugins]
    if package_path is not None and Path(package_path).is_relative_to(root):
        paths.append(tree / Path(package_path).relative_to(root))
    arguments = ["-m", "pytest", "-p", _PLUGIN_NAME, "-p", "no:cacheprovider", "-q", *settings]
    ended = zygote.run(
        {
            "do": "execute",
            "argv": [zygote.ready["executable"], "-P", *arguments],
            "cwd": str(tree),
            "environment": {
                "PYTHONPATH": ":".join(map(str, paths)),
                "CERTIFY_OWN_TESTS": str(report),
                "PWD": str(tree),
            },
        },
        OWN_TESTS_LIMITS,
    )
    return _told(report, ended, tree, ignored=bool(settings))


def _told(report: Path, ended: Ended, tree: Path, ignored: bool) -> OwnTests:
    lines = _lines(report)
    exits = [line["exit"] for line in lines if "exit" in line]
    tests: dict[str, OwnTest] = {}
    for line in lines:
        if "nodeid" in line:
            test = _test(line, tree)
            if test.nodeid not in tests or test.outcome == "failed":
                tests[test.nodeid] = test
    return OwnTests(
        tests=tuple(tests.values()),
        uncollected={line["uncollected"]: line["message"] for line in lines if "uncollected" in line},
        settings_ignored=ignored,
        none_collected=exits[-1:] == [_NONE_COLLECTED],
        trouble=_trouble(ended, exits),
    )


def _test(line: dict[str, Any], tree: Path) -> OwnTest:
    file = Path(str(line["file"]))
    shown = file.relative_to(tree).as_posix() if file.is_relative_to(tree) else str(file)
    outcome = "failed" if line["when"] == "teardown" and line["outcome"] != "passed" else line["outcome"]
    return OwnTest(
        nodeid=str(line["nodeid"]),
        outcome=str(outcome),
        location=Location(shown, int(line["line"])),
        message=str(line["message"]),
        offline=bool(line["offline"]),
        certifies=tuple(map(str, line["certifies"])),
    )


def _lines(report: Path) -> list[dict[str, Any]]:
    """What the plugin wrote; a line that was cut by the end of the process is left out."""
    found = []
    try:
        with report.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                try:
                    line = json.loads(text)
                except ValueError:
                    continue
                if isinstance(line, dict):
                    found.append(line)
    except FileNotFoundError:
        pass
    return found


def _trouble(ended: Ended, exits: list[int]) -> str:
    """Why the run tells nothing, or nothing more; empty when it came to its end."""
    if ended.why == "lost":
        raise SandboxError("the connector's own tests ended the sandbox")
    if ended.why != "exit":
        return (
            f"ended at the limit of {OWN_TESTS_LIMITS.wall_seconds:g} s" if ended.why == "wall" else ended.why
        )
    if exits and exits[-1] not in (3, _USAGE_ERROR):
        return ""
    said = ended.output.decode("utf-8", "replace").strip().splitlines()
    errors = [line for line in said if "error" in line.lower() or "No module named" in line]
    return (errors or said or [f"pytest ended with exit code {ended.code} and said nothing"])[-1].strip()
