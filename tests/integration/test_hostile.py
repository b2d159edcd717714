"""A connector that does its worst is judged: a report that holds, nothing left running, nothing written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from certify.model import Report, Status

if TYPE_CHECKING:
    from _pytest.mark import ParameterSet

    from tests.integration.conftest import Command, Connectors

    Unchanged = Callable[[Path], AbstractContextManager[None]]
    ReportIn = Callable[[Path], Report]

FAILED, ERRORED = Status.FAILED, Status.ERRORED


# --- what it does when it is imported -----------------------------------------------------------------------


@dataclass(frozen=True)
class Hostile:
    """What a connector does on import, and what is said of it: in namespaces, and without them.

    No status means that any will do: nothing can be known of what passes Python by.
    """

    name: str
    does: str
    says: str = ""
    status: Status | None = FAILED
    without: Status | None = FAILED


HOSTILE = (
    Hostile("kills its parent", "import os; os.kill(os.getppid(), 9)", "os.kill sends signal 9"),
    Hostile(
        "kills certify",
        """
        import os
        facts = open(f"/proc/{os.getppid()}/stat").read()
        os.kill(int(facts.rpartition(")")[2].split()[1]), 9)
        """,
        "os.kill sends signal 9",
    ),
    Hostile(
        "removes its own folder",
        """
        import os, shutil
        root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
        shutil.rmtree(root, ignore_errors=True)
        """,
        "writes to the file system",
    ),
    Hostile(
        "leaves a grandchild behind",
        """
        import os
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    pass
            os._exit(0)
        """,
        "starts a process: os.fork",
    ),
    Hostile(
        "leaves a grandchild behind without a word to Python",
        """
        import ctypes
        libc = ctypes.CDLL(None)
        if libc.fork() == 0:
            libc.setsid()
            if libc.fork() == 0:
                libc.sleep(1000)
            libc._exit(0)
        """,
        status=None,
        without=None,
    ),
    Hostile("prints a gigabyte", "for _ in range(1024): print('x' * (1 << 20))", "prints without end"),
    Hostile(
        "prints a gigabyte past Python",
        "import os\nfor _ in range(1 << 14): os.write(1, b'x' * (1 << 16))",
        "prints without end",
    ),
    Hostile("leaves", "import os; os._exit(0)", "ends the process: os._exit(0)"),
    Hostile(
        "leaves past Python", "import ctypes; ctypes.CDLL(None)._exit(0)", "ends the process with exit code 0"
    ),
    Hostile("crashes", "import ctypes; ctypes.string_at(0)", "dies of signal 11"),
    Hostile("wants all memory", "kept = bytearray(1 << 44)", "MemoryError"),
    Hostile("empties the modules", "import sys; sys.modules.clear()", "KeyError: 'demo'"),
    Hostile(
        "replaces modules",
        "import sys; sys.modules.update({'json': None, '_certify_inside.frames': None})",
        status=None,
        without=None,
    ),
    Hostile(
        "breaks what the harness uses",
        """
        import json, os, socket
        def broken(*arguments, **options):
            raise SystemExit("broken")
        os._exit = json.dumps = socket.socket.send = socket.socket.sendall = broken
        """,
        "importing demo",
    ),
    Hostile("closes every descriptor", "import os; os.closerange(0, 4096)", "importing demo"),
    Hostile(
        "babbles into every descriptor",
        """
        import os
        for one in range(3, 64):
            try:
                os.write(one, bytes(range(256)) * 100)
            except OSError:
                pass
        """,
        "importing demo",
    ),
    Hostile(
        "speaks for the harness",
        """
        import os, struct
        for body in (b'{"effect": 5}', b'{"imported": []}', b'{"done": null}', b'{"fault": ""}', b'[]'):
            for one in range(3, 64):
                try:
                    os.write(one, struct.pack(">I", len(body)) + body)
                except OSError:
                    pass
        """,
        status=None,
        without=None,
    ),
)


def hostile_cases() -> list[ParameterSet]:
    """In both isolations; in the weaker one every other by night."""
    cases = []
    for number, hostile in enumerate(HOSTILE):
        for isolation in ("auto", "none"):
            marks = pytest.mark.nightly if isolation == "none" and number % 2 else ()
            cases.append(pytest.param(hostile, isolation, id=f"{hostile.name}-{isolation}", marks=marks))
    return cases


@pytest.mark.parametrize(("hostile", "isolation"), hostile_cases())
def test_whatever_its_import_does_it_is_judged(
    hostile: Hostile,
    isolation: str,
    certify: Command,
    connector: Connectors,
    tmp_path: Path,
    report_in: ReportIn,
    unchanged: Unchanged,
) -> None:
    root = connector(textwrap.dedent(hostile.does))
    with unchanged(root):
        ran = certify("-C", root, "--artifact-dir", tmp_path / "out", env={"CERTIFY_ISOLATION": isolation})
    report = report_in(tmp_path / "out")
    assert (ran.code, ran.err) == (report.exit_code, "")
    judged = {rule.id: rule for rule in report.rules}
    assert judged["examples_parse"].status is Status.PASSED, "the rest of the report is there"
    found = judged["imports_cleanly"]
    expected = hostile.status if report.run.isolation == "namespace" else hostile.without
    assert expected in (None, found.status), found.message
    assert ran.code == {FAILED: 1, ERRORED: 3}.get(found.status, 0)
    if found.status is FAILED:
        assert hostile.says in "\n".join([found.message, *(one.message for one in found.findings)])


# --- what it says -------------------------------------------------------------------------------------------

ESCAPE = "\x1b"
WORDS = (
    f"{ESCAPE}[2J{ESCAPE}]0;owned\x07 | a | row |\n::error file=x,line=1::forged\r\n"
    "<script>alert(1)</script> <img src=x onerror=alert(1)> ]]> `code` \u202edesrever\u202c \udcff"
)


def test_its_words_forge_nothing_anywhere(certify: Command, connector: Connectors, tmp_path: Path) -> None:
    names = [f"examples/{ESCAPE}[31m.yaml", "examples/::error::.yaml", "examples/a\nb|c.yaml"]
    root = connector(f"raise ValueError({WORDS!r})\n", dict.fromkeys(names, "- nothing\n"))
    text = certify("-C", root, "--artifact-dir", tmp_path / "out")
    github = certify("-C", root, "--artifact-dir", tmp_path / "out", "--format", "github")
    assert (text.code, text.err, github.code, github.err) == (1, "", 1, "")
    kept = {path.name: path.read_bytes().decode("utf-8") for path in (tmp_path / "out").iterdir()}
    for said in (text.out, github.out, *kept.values()):
        assert ESCAPE not in said
        assert "\u202e" not in said
        assert not re.search("^::error file=x", said, re.MULTILINE)
    assert all(
        re.match("::(error|warning|notice) file=[^,]+,line=", line) for line in github.out.splitlines()
    )
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(kept["certification_report.md"])
    assert "alert(1)" in shown
    assert not re.search("<(script|img)", shown)


# --- what lies in its folder --------------------------------------------------------------------------------

RAISES = "raise RuntimeError('certify imported a module of the connector')\n"
CONFTEST = """\
import pytest

@pytest.fixture(autouse=True, scope="session")
def fails():
    raise RuntimeError("this fixture always fails")
"""
BUSY: dict[str, dict[str, str]] = {
    "a conftest that raises": {"conftest.py": RAISES, "certification/conftest.py": RAISES},
    "an unknown option": {"pytest.ini": "[pytest]\naddopts = --bogus\n"},
    "an unknown option in pyproject.toml": {
        "pyproject.toml": "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"
        "[project]\nname = 'demo'\nversion = '1.0.0'\nlicense = 'MIT'\n"
        "[tool.pytest.ini_options]\naddopts = '--bogus'\nrequired_plugins = ['none>=7']\n",
    },
    "other names for tests": {
        "pytest.ini": "[pytest]\npython_functions = check_*\npython_files = none.py\ntestpaths = nowhere\n"
    },
    "warnings as errors": {"pytest.ini": "[pytest]\nfilterwarnings = error\nxfail_strict = true\n"},
    "a fixture that fails": {"conftest.py": CONFTEST},
    "packages named like ours": {
        f"{name}/__init__.py": RAISES
        for name in ("json", "certify", "certify_suites", "rich", "certification")
    },
    "modules named like ours": {
        f"{name}.py": RAISES for name in ("_pytest", "pytest", "yaml", "click", "msgspec", "xdist", "execnet")
    },
    "modules that Python starts with": {
        f"{name}.py": RAISES for name in ("site", "sitecustomize", "usercustomize", "encodings", "_pytest_")
    },
}
ALL_AT_ONCE = {place: text for files in BUSY.values() for place, text in files.items()}


@pytest.mark.parametrize("busy", BUSY)
def test_its_own_settings_and_modules_change_no_verdict(
    busy: str, certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn,
    unchanged: Unchanged,
) -> None:  # fmt: skip
    root = connector(files=BUSY[busy])
    with unchanged(root):
        ran = certify("--artifact-dir", tmp_path / "out", cwd=root)
    assert (ran.code, ran.err) == (0, "")
    assert report_in(tmp_path / "out").verdict == "certified"


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ((Path(sys.executable).with_name("certify"),), ()),
        ((Path(sys.executable).with_name("certify"),), ("-n", "2")),
        ((sys.executable, "-P", "-m", "certify"), ()),
        ((sys.executable, "-P", "-m", "certify"), ("-n", "2")),
    ],
    ids=["certify", "certify -n 2", "python -P -m certify", "python -P -m certify -n 2"],
)
def test_all_of_them_at_once_change_no_verdict(
    program: tuple[object, ...], arguments: tuple[str, ...], certify: Command, connector: Connectors,
    tmp_path: Path, report_in: ReportIn, unchanged: Unchanged,
) -> None:  # fmt: skip
    root = connector(files=ALL_AT_ONCE)
    with unchanged(root):
        ran = certify("--artifact-dir", tmp_path / "out", *arguments, program=program, cwd=root)
    assert (ran.code, ran.err) == (0, "")
    assert report_in(tmp_path / "out").verdict == "certified"


def test_run_as_a_module_it_finds_its_own_libraries_first(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    # What is imported before `__main__` can clear the path, `certify` first of all, only `-P` can hold.
    late = ("_pytest", "pytest", "yaml", "click", "rich", "jsonschema")
    root = connector(files={f"{name}.py": RAISES for name in late})
    ran = certify("--only", "manifest", program=(sys.executable, "-m", "certify"), cwd=root)
    assert (ran.code, ran.err) == (0, "")


def test_files_of_every_kind_are_no_obstacle(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn, unchanged: Unchanged
) -> None:
    root = connector()
    for place in ("pipe", "setup.cfg", "examples/pipe.yaml", "src/demo/pipe.py", "certification/pipe"):
        os.mkfifo(root / place)
    for place, target in {
        "itself": "itself",
        "examples/itself.yaml": "itself.yaml",
        "examples/again": ".",
        "examples/zero.yaml": "/dev/zero",
        "src/demo/up": "../..",
        "src/demo/world": "/",
        "src/demo/itself.py": "itself.py",
        "src/demo/dangling.py": "nowhere",
    }.items():
        (root / place).symlink_to(target)
    deep = root / "a" / "/".join("b" * 200)
    deep.mkdir(parents=True)
    (deep / "up").symlink_to(root)
    with unchanged(root):
        ran = certify("-C", root, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert report_in(tmp_path / "out").verdict == "certified"


def test_a_gigabyte_and_three_thousand_files_are_no_obstacle(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn, unchanged: Unchanged
) -> None:
    root = connector(files={f"data/{number % 60}/{number}.txt": str(number) for number in range(3000)})
    with (root / "sparse.bin").open("wb") as file:
        file.truncate(1 << 30)
    with unchanged(root):
        ran = certify("-C", root, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert report_in(tmp_path / "out").verdict == "certified"


def test_names_that_are_no_text_are_shown_and_do_not_stop_it(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn, unchanged: Unchanged
) -> None:
    names = ["new\nline", "no text \udcff", "\x1b[31mred", "a space", "ünï"]
    files = {f"src/demo/{name}.py": RAISES for name in names[:-1]}
    root = connector(files=files | {f"examples/{name}.yaml": "- nothing\n" for name in names})
    with unchanged(root):
        ran = certify("-C", root, "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (1, "")
    report = report_in(tmp_path / "out")
    found = {rule.id: rule for rule in report.rules}
    assert found["imports_cleanly"].status is Status.PASSED, "what is no identifier is no module"
    places = {str(one.location) for one in found["examples_parse"].findings}
    assert places == {
        "examples/new line.yaml:1",
        "examples/no text \\udcff.yaml:1",
        "examples/\\u001b[31mred.yaml:1",
        "examples/a space.yaml:1",
        "examples/ünï.yaml:1",
    }


def test_a_repository_starts_nothing_by_its_own_git_configuration(
    certify: Command, connector: Connectors, tmp_path: Path
) -> None:
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    root = connector(files={".gitattributes": "* filter=evil\n"})

    def git(*words: str) -> None:
        author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", root, *author, *words], check=True, capture_output=True)

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "a")
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "filter.evil.clean"):
        git("config", key, f"touch {tmp_path}/started; cat")
    (root / ".git/hooks/post-index-change").write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    (root / ".git/hooks/post-index-change").chmod(0o755)
    for path in (root / "examples").iterdir():
        path.touch()  # so that git looks at the content, through the filter
    ran = certify("-C", root, "--only", "manifest", "--artifact-dir", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert not (tmp_path / "started").exists()


# --- a folder that cannot be written ------------------------------------------------------------------------


def test_an_ordinary_user_certifies_what_he_may_only_read(
    certify: Command, connector: Connectors, tmp_path: Path, report_in: ReportIn, unchanged: Unchanged
) -> None:
    ordinary: tuple[object, ...] = ()
    if os.geteuid() == 0:
        # Root writes everywhere; in a user namespace it is someone who owns the same files and may not.
        ordinary = ("unshare", "--user", "--map-user=1000")
        if shutil.which("unshare") is None or certify("true", program=ordinary).code:
            pytest.skip("root here cannot become an ordinary user")
    root = connector(files={"conftest.py": "", "docs/index.md": "# Demo\n"})
    everything = [root, *root.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    program = (*ordinary, Path(sys.executable).with_name("certify"))
    try:
        assert (
            certify("-c", f"open({str(root / 'new')!r}, 'w')", program=(*ordinary, sys.executable)).code == 1
        )
        with unchanged(root):
            ran = certify("-C", root, "--artifact-dir", tmp_path / "out", program=program)
            refused = certify("-C", root, program=program)
    finally:
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert (ran.code, ran.err) == (0, "")
    assert report_in(tmp_path / "out").verdict == "certified"
    assert (refused.code, refused.out) == (2, "")
    assert "the report cannot be written there; --artifact-dir names another folder" in refused.error_line
