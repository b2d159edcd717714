"""What was made to take all day, or to be read wrongly, ends soon and says so."""

from __future__ import annotations

import os
import random
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from packaging.version import Version

from certify.contract.bounded_toml import HostileToml, parse_bounded
from certify.repository import Repository
from certify.repository.project.allowlist import Allowlist
from certify.repository.project.pyproject import Project
from certify.repository.project.requirements import MAX_REQUIREMENTS, Requirements
from certify.repository.project.stated import Declared
from certify.repository.project.versions import changelog_version, parse_version
from certify.repository.project.wheel_file import UnreadableWheel, WheelTooLarge, read_wheel
from certify.repository.project.wheel_form import WheelForm
from certify.rules import Unverified
from tests.unit.packaging_projects import PYPROJECT, commit, distribution, git, releases, write

#: A number that Python itself refuses to read.
DIGITS = "9" * 5_000


@contextmanager
def soon() -> Iterator[None]:
    """Work that grows with the square of its input would take minutes on any of these."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b"#" * 50_000_000),
        os.mkfifo,
        Path.mkdir,
        lambda path: path.write_text(".".join(["a"] * 200_000) + " = 1\n"),
    ],
    ids=["50 MB", "fifo", "folder", "endless key"],
)
def test_a_project_file_that_is_not_looked_at_decides_nothing(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / "pyproject.toml")
    one = distribution(tmp_path, {"setup.cfg": "[metadata]\nversion = 1.0.0\n"})
    with soon():
        for ask in (one.require_project, one.version, one.requirements, one.licence):
            with pytest.raises(Unverified, match=r"pyproject\.toml is not read"):
                ask()


@pytest.mark.parametrize("target", ["pyproject.toml", "/etc/passwd", "../outside.toml"])
def test_a_link_that_leads_nowhere_or_out_is_no_project_file(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside.toml").write_text(PYPROJECT)
    root = tmp_path / "repository"
    root.mkdir()
    (root / "pyproject.toml").symlink_to(target)
    with pytest.raises(Unverified, match="there is no pyproject"):
        distribution(root, {}).require_project()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'[project]\nname = "\xff"\n', 2),
        ('[project]\nname = "x"\n'.encode("utf-16"), 1),
        (b"\xef\xbb\xbf", 1),
    ],
)
def test_a_project_file_in_another_encoding_is_no_toml(tmp_path: Path, content: bytes, line: int) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    trouble = Project(Repository(tmp_path)).trouble
    assert trouble is not None
    assert trouble.line == line


@pytest.mark.parametrize(
    "key", ["a." * 200 + "a", '"a" . ' * 200 + "a", "'a'\t.\t" * 200 + "a", "[" + "a." * 200 + "a]"]
)
def test_a_key_of_hundreds_of_parts_is_not_parsed(key: str) -> None:
    with pytest.raises(HostileToml):
        parse_bounded(f"x = 1\n{key} = 1\n")


def test_what_only_resembles_such_a_key_is_parsed() -> None:
    with soon():
        assert parse_bounded(f'x = "{"a" * 900_000}"  # {"." * 900_000}\n')["x"]


def test_a_version_of_thousands_of_digits_is_none() -> None:
    assert parse_version(f"1.{DIGITS}") is None


@pytest.mark.parametrize("text", [f"x[{'[' * 100_000}", "x ; " + "(" * 5_000 + "os_name == 'a'"])
def test_a_requirement_that_cannot_be_read_is_malformed(text: str) -> None:
    one = Requirements(lambda: [Declared(text, None)], lambda names: {})
    assert [len(finding.message) < 300 for finding in one.malformed] == [True]


def test_a_flood_of_requirements_is_unverified() -> None:
    flood = [Declared(f"x{number}", None) for number in range(MAX_REQUIREMENTS + 1)]
    with pytest.raises(Unverified, match="more than 1,000 requirements"):
        Requirements(lambda: flood, lambda names: {}).parsed  # noqa: B018


@pytest.mark.parametrize("allowed", ["x>=1,<2\n" * 5_000, f"x>={DIGITS}\n"])
def test_an_allowlist_that_cannot_be_compared_is_unverified(allowed: str) -> None:
    parsed = Requirements(lambda: [Declared("x>=1,<3", None)], lambda names: {}).parsed
    with soon(), pytest.raises(Unverified, match="cannot be decided"):
        list(Allowlist(allowed, "allow.txt").findings(parsed, {}))


@pytest.mark.parametrize(
    "text",
    [
        "# " + "[" * 200_000,
        "# " + "[a](" * 100_000,
        "> " * 100_000 + "# 1.0.0",
        "# 1.0" + ".0" * 400_000 + " x",
    ],
)
def test_a_heading_without_end_states_no_release(tmp_path: Path, text: str) -> None:
    with soon():
        assert changelog_version(write(tmp_path, {"CHANGELOG.md": text})) is None


@pytest.mark.parametrize("licence", ["MIT" + " " * 100_000 + "x", "proprietary" * 50_000, "(" * 50_000])
def test_a_licence_without_end_is_no_name(tmp_path: Path, licence: str) -> None:
    pyproject = PYPROJECT.replace('"MIT"', f'"{licence}"')
    with soon():
        found = list(
            distribution(tmp_path, {"pyproject.toml": pyproject, "LICENSE": "x"}).licence().findings()
        )
    assert ["is no SPDX expression" in finding.message for finding in found] == [True]


def test_a_setup_cfg_of_a_hundred_thousand_lines_is_read_once(tmp_path: Path) -> None:
    write(tmp_path, {"setup.cfg": "[options]\ninstall_requires =\n" + "  x\n" * 100_000})
    with soon():
        assert len(Project(Repository(tmp_path)).requirements or ()) == 100_000


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_damaged_wheel_is_read_or_refused(tmp_path: Path, method: int) -> None:
    whole, damaged = tmp_path / "whole.whl", tmp_path / "damaged.whl"
    with zipfile.ZipFile(whole, "w", method) as archive:
        archive.writestr("demo/__init__.py", "A = 1\n" * 50)
        archive.writestr("demo-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1\n")
        archive.writestr("demo-1.dist-info/RECORD", "demo/__init__.py,sha256=x,4\n")
        archive.writestr("demo-1.dist-info/entry_points.txt", "[console_scripts]\na = demo:b\n")
    project = Project(write(tmp_path / "tree", {"pyproject.toml": PYPROJECT}))
    chance = random.Random(method)
    refused = 0
    for _ in range(400):
        content = bytearray(whole.read_bytes())
        for _ in range(chance.choice((1, 3, 20))):
            content[chance.randrange(len(content))] = chance.choice((0, 255, chance.randrange(256)))
        damaged.write_bytes(content)
        try:
            list(WheelForm(read_wheel(damaged), project).findings())
        except (UnreadableWheel, WheelTooLarge):
            refused += 1
    assert refused


def _program(path: Path, mark: Path) -> Path:
    """A program that leaves a mark when it is run."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\ntouch {mark}\n")
    path.chmod(0o755)
    return path


#: Settings of a repository by which git starts programs.
PROGRAMS = (
    ("core.fsmonitor", "{program}"),
    ("core.hooksPath", "{folder}"),
    ("core.pager", "{program}"),
    ("core.sshCommand", "{program}"),
    ("core.editor", "{program}"),
    ("core.askPass", "{program}"),
    ("core.alternateRefsCommand", "{program}"),
    ("credential.helper", "!{program}"),
    ("diff.external", "{program}"),
    ("diff.own.textconv", "{program}"),
    ("diff.own.command", "{program}"),
    ("filter.own.clean", "{program}"),
    ("filter.own.smudge", "{program}"),
    ("filter.own.process", "{program}"),
    ("gpg.program", "{program}"),
    ("log.showSignature", "true"),
    ("pager.tag", "{program}"),
    ("pager.show", "{program}"),
    ("alias.tag", "!{program}"),
    ("alias.show", "!{program}"),
)


def test_nothing_is_run_that_the_repository_s_git_configures(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    write(
        root,
        {
            "pyproject.toml": PYPROJECT,
            "src/demo/__init__.py": "A = 1\n",
            ".gitattributes": "* filter=own diff=own\n",
        },
    )
    commit(root, "v1.1.0")
    commit(root, "v1.2.0")
    program = _program(tmp_path / "hooks/post-index-change", tmp_path / "ran")
    for name, value in PROGRAMS:
        git(root, "config", name, value.format(program=program, folder=program.parent))
    one = releases(root)
    release = one.before(Version("1.2.0"))
    assert list(one.files(release, "src/demo", (".py",))) == ["src/demo/__init__.py"]
    assert one.is_as_committed("pyproject.toml")
    assert "src/demo/__init__.py" in Repository(root).all_files
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("url", ["ext::{program}", "ssh://host.example/x", "{folder}"])
def test_what_a_partial_clone_lacks_is_not_fetched(tmp_path: Path, url: str) -> None:
    """Fetching runs whatever the configuration names as transport."""
    root = tmp_path / "repository"
    write(root, {"pyproject.toml": PYPROJECT})
    commit(root, "v1.2.0")
    program = _program(tmp_path / "program", tmp_path / "ran")
    for name, value in (
        ("core.repositoryformatversion", "1"),
        ("extensions.partialclone", "origin"),
        ("remote.origin.url", url.format(program=program, folder=tmp_path)),
        ("remote.origin.promisor", "true"),
        ("remote.origin.uploadpack", str(program)),
        ("core.sshCommand", str(program)),
        ("protocol.allow", "always"),
        ("protocol.ext.allow", "always"),
    ):
        git(root, "config", name, value)
    listed = subprocess.run(
        ["git", "-C", root, "rev-parse", "HEAD:pyproject.toml"], capture_output=True, check=True
    )
    blob = listed.stdout.decode().strip()
    (root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    assert not releases(root).is_as_committed("pyproject.toml")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "tag", ["v1.0.0;id", "v1.0.0$(id)", "v1.0.0`id`", "v1.0.0|id", f"v1.{'9' * 200}", "v1.0.0\u202e"]
)
def test_a_tag_with_a_hostile_name_is_a_name(tmp_path: Path, tag: str) -> None:
    write(tmp_path, {"src/demo/__init__.py": ""})
    commit(tmp_path, tag)
    commit(tmp_path, "v1.1.0")
    one = releases(tmp_path)
    assert [release.tag for release in one.at_head] == ["v1.1.0"]
