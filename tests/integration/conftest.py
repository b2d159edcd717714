"""Run the real command on small connectors, and see that nothing of it stays behind."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import signal
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import pytest

from certify.cli.verification import verify_report
from certify.model import Report, RuleResult, Status, from_json

if TYPE_CHECKING:
    Process = subprocess.Popen[str]

T = TypeVar("T")
TOOLS = Path(sys.executable).parent

#: What a test, a terminal or a CI job may have set for itself, and would bend what is run here.
_NOT_OURS = re.compile(
    r"(PYTEST_|CERTIFY_|GITHUB_).*|PYTHONPATH|(NO|FORCE)_COLOR|PY_COLORS|COLUMNS|LINES|TERM"
)

#: A run takes a second, a whole certification twenty; this is for a machine that is busy with others.
PATIENCE = 180.0

#: Bronze: what later tiers ask of a real connector is not asked of this one.
CONTRACT = """\
contract_version: '1'
connector: demo
system: python
capabilities:
  source:
    required_tests: [import_safety, manifest_validation]
subject:
  package: demo
policy:
  tier: bronze
"""
#: Its own tests run each time; what would be loaded for each of them, here for none, costs a second.
PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "demo"
version = "1.0.0"
license = "MIT"

[tool.pytest.ini_options]
addopts = "-p no:benchmark -p no:certify -p no:hypothesispytest -p no:pytest_cov -p no:xdist"
"""
README = """\
# Demo

Reads nothing, and does it well:

```yaml
name: demo_to_postgres
```
"""
FILES = {
    "pyproject.toml": PROJECT,
    "README.md": README,
    "CHANGELOG.md": "# Changelog\n\n## 1.0.0\n\n- First release.\n",
    "LICENSE": "MIT License\n",
    "examples/demo_to_postgres.yaml": "name: demo_to_postgres\nsource:\n  type: demo\n",
    "tests/test_demo.py": "import demo\n\n\ndef test_it_has_a_name():\n    assert demo.NAME == 'demo'\n",
}
PACKAGE = "NAME = 'demo'\n\n"


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The one line on standard error; not one means that the error is not told as it should be."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.out + self.err
        return lines[0]


class Command:
    """Runs programs that carry a mark, so that whatever they leave running is found.

    They start in an empty folder, `home`, and put their temporary files into another, `temporary`.
    """

    def __init__(self, folder: Path) -> None:
        self._mark = f"/certify-test/{uuid.uuid4().hex}"
        self.home = folder / "home"
        self.temporary = folder / "temporary"
        self.home.mkdir()
        self.temporary.mkdir()

    def __call__(
        self,
        *arguments: object,
        program: tuple[object, ...] = (TOOLS / "certify",),
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run to the end."""
        process = self.start(*arguments, program=program, cwd=cwd, env=env)
        out, err = process.communicate(timeout=PATIENCE)
        return Ran(process.returncode, out, err)

    def start(
        self,
        *arguments: object,
        program: tuple[object, ...] = (TOOLS / "certify",),
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        output: int = subprocess.PIPE,
    ) -> Process:
        """Start in a session of its own, as from a terminal."""
        return subprocess.Popen(
            [str(one) for one in (*program, *arguments)],
            cwd=cwd or self.home,
            env={**self.environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Ours without what bends a run. The mark goes in by PATH, which the sandbox passes on."""
        kept = {name: value for name, value in os.environ.items() if not _NOT_OURS.fullmatch(name)}
        return kept | {
            "PATH": f"{kept.get('PATH', '')}:{self._mark}",
            "TMPDIR": str(self.temporary),
            "COLUMNS": "200",
        }

    def processes(self) -> dict[int, str]:
        """The living processes that carry the mark, by what they run."""
        found = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and self._mark.encode() in (entry / "environ").read_bytes():
                    words = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
                    found[int(entry.name)] = words.decode("utf-8", "replace")
        return found

    def wait_for_end(self) -> dict[int, str]:
        """What is still running once everything should have ended: nothing, or the test fails."""
        with contextlib.suppress(TimeoutError):
            self.until(lambda: not self.processes(), patience=5)
        return self.processes()

    def end(self) -> None:
        """Kill what carries the mark, by its id."""
        for process in self.processes():
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)

    @staticmethod
    def until(true: Callable[[], T], patience: float = PATIENCE) -> T:
        """Wait until something holds; returns it. Raises TimeoutError."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if found := true():
                return found
            time.sleep(0.005)
        raise TimeoutError(f"it did not happen within {patience:g} s")


@pytest.fixture
def certify(tmp_path: Path) -> Iterator[Command]:
    """The command. Whatever it leaves running, or lying in its temporary folder, fails its test."""
    command = Command(tmp_path)
    yield command
    left = command.wait_for_end()
    command.end()
    assert left == {}, "these were left running"
    assert [path.name for path in command.temporary.iterdir()] == []


class Connectors:
    """Writes small connectors; the one without changes is certified."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self,
        init: str = "",
        files: Mapping[str, str] | None = None,
        *,
        name: str = "connector",
        contract: str | bytes = CONTRACT,
    ) -> Path:
        """A folder with a connector whose `__init__.py` does this too, and which has these files too."""
        root = self._folder / name
        written: dict[str, str | bytes] = {
            **FILES,
            "certification/certification.yaml": contract,
            "src/demo/__init__.py": PACKAGE + init,
            **(files or {}),
        }
        for place, text in written.items():
            path = root / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return root


@pytest.fixture
def connector(tmp_path: Path) -> Connectors:
    """A factory of small connectors."""
    return Connectors(tmp_path)


@pytest.fixture(scope="session")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one run of the command left for a connector that is certified; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("certified")
    ran = Command(folder)("-C", Connectors(folder)(), "--artifact-dir", folder / "out")
    assert ran.code == 0, ran.out + ran.err
    return folder / "out"


def read_report(folder: Path) -> Report:
    """The report in an artifact folder, after `certify verify` has found that it holds."""
    record = folder / "certification_report.json"
    assert verify_report(record) == 0
    return from_json(record.read_bytes())


@pytest.fixture
def report_in() -> Callable[[Path], Report]:
    """The report that a run left in a folder; it must hold."""
    return read_report


#: Runs a command and says what it took: seconds of the processor, KiB of memory.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print()
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(code)
"""


@dataclass(frozen=True)
class Judged:
    """What became of each rule of some areas, and what it took."""

    rules: Mapping[str, RuleResult]
    seconds: float
    mebibytes: float

    def said(self, rule: str) -> tuple[Status, str]:
        """How a rule ended, and all that it says."""
        result = self.rules[rule]
        return result.status, "\n".join([result.message, *(one.message for one in result.findings)])


class Judge(Protocol):
    """Runs some areas on a connector."""

    def __call__(self, root: Path, *areas: str) -> Judged:
        """Whatever the connector holds, nothing is errored and nothing dragged out."""
        ...


@pytest.fixture
def judge(certify: Command, tmp_path: Path) -> Judge:
    """Some areas, run on a connector that was made to be hard to read, within bounds."""

    def run(root: Path, *areas: str) -> Judged:
        only = (word for area in areas for word in ("--only", area))
        program = (sys.executable, "-c", MEASURE, TOOLS / "certify")
        ran = certify("-C", root, *only, "--artifact-dir", tmp_path / "out", program=program)
        assert "Traceback" not in ran.out + ran.err
        seconds, kibibytes = map(float, ran.out.splitlines()[-1].split())
        rules = {rule.id: rule for rule in read_report(tmp_path / "out").rules}
        assert Status.ERRORED not in {rule.status for rule in rules.values()}
        assert seconds < 10  # measured: 3 s and 200 MiB at most, alone on the machine
        assert kibibytes < 300 * 1024
        return Judged(rules, seconds, kibibytes / 1024)

    return run


def statuses(report: Report) -> dict[str, Status]:
    """What became of each rule."""
    return {rule.id: rule.status for rule in report.rules}


@pytest.fixture
def statuses_in() -> Callable[[Path], dict[str, Status]]:
    """What became of each rule, by the report in a folder."""
    return lambda folder: statuses(read_report(folder))


def tree(root: Path) -> dict[Path, tuple[object, ...]]:
    """Everything below a folder: kind and mode, size, time of change, and the digest of what is small."""
    found: dict[Path, tuple[object, ...]] = {}
    for base, folders, names in os.walk(root):
        for path in [Path(base), *(Path(base, name) for name in [*folders, *names])]:
            facts = path.lstat()
            found[path] = (facts.st_mode, facts.st_size, facts.st_mtime_ns, _digest(path, facts))
    return found


def _digest(path: Path, facts: os.stat_result) -> str:
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > 1_000_000:
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def unchanged() -> Callable[[Path], contextlib.AbstractContextManager[None]]:
    """`with unchanged(folder):` nothing below it is written, removed or touched."""

    @contextlib.contextmanager
    def watch(root: Path) -> Iterator[None]:
        before = tree(root)
        yield
        assert tree(root) == before

    return watch
