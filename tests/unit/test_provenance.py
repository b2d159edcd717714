"""What exactly was certified: the digest of a tree, and its commit."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from certify import provenance
from certify.contract.contract import ReplayPlan
from certify.provenance import cassette_facts, connector_facts, tree_digest
from tests.unit.fakes import a_contract

Change = Callable[[Path], object]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small connector: two files, a folder, and a link to each."""
    root = tmp_path / "connector"
    (root / "src").mkdir(parents=True)
    (root / "README.md").write_text("read me")
    (root / "src" / "code.py").write_text("x = 1")
    (root / "link").symlink_to("README.md")
    (root / "linked").symlink_to("src")
    return root


def into(name: str, text: str = "new") -> Change:
    """Write a file somewhere below the root."""

    def write(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    return write


def point(name: str, target: str) -> Change:
    """Let a link lead somewhere else."""

    def relink(root: Path) -> None:
        (root / name).unlink()
        (root / name).symlink_to(target)

    return relink


@pytest.mark.parametrize(
    "change",
    [
        into("README.md", "read me!"),
        into("NEW.md", ""),
        into("src/deep/down.py"),
        lambda root: (root / "README.md").unlink(),
        lambda root: (root / "README.md").rename(root / "README.txt"),
        lambda root: (root / "src").rename(root / "lib"),
        lambda root: (root / "src" / "code.py").rename(root / "code.py"),
        point("link", "src/code.py"),
        point("linked", "."),
        lambda root: os.mkfifo(root / "pipe"),
    ],
    ids=[
        *("content", "empty file", "file deep down", "removal", "name", "folder's name", "place"),
        *("link to a file", "link to a folder", "pipe"),
    ],
)
def test_any_change_of_a_file_or_its_name_changes_the_digest(tree: Path, change: Change) -> None:
    before = tree_digest(tree)
    change(tree)
    assert tree_digest(tree) != before


@pytest.mark.parametrize(
    "change",
    [
        into("__pycache__/code.cpython-312.pyc"),
        into("src/__pycache__/code.cpython-312.pyc"),
        into(".git/HEAD"),
        into("src/demo.egg-info/PKG-INFO"),
        into(".venv/bin/python"),
        into("test_artifacts/connectors/demo/report.json"),
        into(".pytest_cache/v/cache"),
        into(".hypothesis/examples/1"),
        lambda root: (root / "empty").mkdir(),
        lambda root: (root / "README.md").chmod(0o600),
        lambda root: os.utime(root / "README.md", (1, 1)),
    ],
    ids=lambda change: getattr(change, "__name__", None),
)
def test_what_is_generated_or_not_content_does_not_change_it(tree: Path, change: Change) -> None:
    before = tree_digest(tree)
    change(tree)
    assert tree_digest(tree) == before


def test_the_same_tree_elsewhere_has_the_same_digest(tree: Path, tmp_path: Path) -> None:
    shutil.copytree(tree, tmp_path / "copy", symlinks=True)
    assert tree_digest(tmp_path / "copy") == tree_digest(tree)
    (tmp_path / "road").symlink_to(tree)
    assert tree_digest(tmp_path / "road") == tree_digest(tree)


def test_two_files_that_trade_contents_change_it(tree: Path) -> None:
    before = tree_digest(tree)
    into("README.md", "x = 1")(tree)
    into("src/code.py", "read me")(tree)
    assert tree_digest(tree) != before


def test_the_folder_that_receives_the_report_is_left_out(tree: Path, tmp_path: Path) -> None:
    before = tree_digest(tree)
    into("out/certification_report.json")(tree)
    assert tree_digest(tree) != before
    assert tree_digest(tree, tree / "out") == before
    (tmp_path / "road").symlink_to(tree)
    assert tree_digest(tree, tmp_path / "road" / "out") == before, "reached by another road it is the same"


def test_pipes_and_loops_of_links_hold_nobody_up(tree: Path) -> None:
    os.mkfifo(tree / "pipe")
    (tree / "self").symlink_to("self")
    (tree / "src" / "up").symlink_to("..")
    (tree / "ping").symlink_to("pong")
    (tree / "pong").symlink_to("ping")
    assert tree_digest(tree) == tree_digest(tree)


@pytest.mark.parametrize("place", ["first byte", "last byte"])
def test_a_huge_file_counts_by_its_size_its_beginning_and_its_end(
    tree: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "_WHOLE_BYTES", 100)
    monkeypatch.setattr(provenance, "_SAMPLE_BYTES", 10)
    text = "a" * 200
    into("huge.bin", text)(tree)
    before = tree_digest(tree)
    into("huge.bin", "b" + text[1:] if place == "first byte" else text[:-1] + "b")(tree)
    assert tree_digest(tree) != before
    into("huge.bin", text + "a")(tree)
    assert tree_digest(tree) != before


def test_no_more_files_than_a_connector_has_are_read(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_MAX_FILES", 3)
    before = tree_digest(tree)
    into("zzz/last.py")(tree)
    assert tree_digest(tree) == before
    into("AAA.py")(tree)
    assert tree_digest(tree) != before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_counts_by_its_name(tree: Path) -> None:
    (tree / "README.md").chmod(0)
    assert tree_digest(tree) == tree_digest(tree)


# --- the commit -----------------------------------------------------------------------------------------


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", root, *identity, *arguments], check=True, capture_output=True, text=True, timeout=30
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tree: Path) -> Path:
    """The tree, committed."""
    if shutil.which("git") is None:
        pytest.skip("there is no git")
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "-m", "all of it")
    return tree


def commit_of(root: Path) -> tuple[str | None, bool | None]:
    facts = connector_facts(replace(a_contract(), root=root), "1.0", None)
    return facts.commit, facts.dirty


def folder_of(root: Path) -> str:
    return connector_facts(replace(a_contract(), root=root), "1.0", None).folder


def test_a_commit_is_named_and_clean(checkout: Path) -> None:
    assert commit_of(checkout) == (git(checkout, "rev-parse", "HEAD"), False)


def test_a_changed_file_makes_it_dirty(checkout: Path) -> None:
    into("README.md", "changed")(checkout)
    assert commit_of(checkout)[1] is True


def test_a_file_that_git_does_not_know_does_not(checkout: Path) -> None:
    into("NEW.md")(checkout)
    assert commit_of(checkout)[1] is False


def test_the_folder_is_told_from_the_top_of_the_repository(checkout: Path) -> None:
    assert folder_of(checkout) == ""
    inner = checkout / "connectors" / "größer"
    inner.mkdir(parents=True)
    assert folder_of(inner) == "connectors/größer"


def test_without_a_repository_there_is_no_commit(tree: Path) -> None:
    assert commit_of(tree) == (None, None)


def test_without_a_commit_there_is_none(tree: Path) -> None:
    git(tree, "init", "--quiet")
    assert commit_of(tree) == (None, None)


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that a repository's configuration names; beside it appears `sprung` when it is run."""
    program = tmp_path / "trap.sh"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/sprung'\n")
    program.chmod(0o755)
    return program


def sprung(trap: Path) -> bool:
    return trap.with_name("sprung").exists()


def test_a_filter_that_the_repository_names_is_not_run(checkout: Path, trap: Path) -> None:
    git(checkout, "config", "filter.trap.clean", str(trap))
    (checkout / ".git" / "info" / "attributes").write_text("* filter=trap\n")
    os.utime(checkout / "README.md", (1, 1))  # so that git must look at the content
    commit, dirty = commit_of(checkout)
    assert commit is not None
    assert dirty is None, "what cannot be compared safely is not told"
    assert not sprung(trap)
    git(checkout, "status")
    assert sprung(trap), "the trap would have worked"


def test_a_file_system_monitor_that_the_repository_names_is_not_run(checkout: Path, trap: Path) -> None:
    git(checkout, "config", "core.fsmonitor", str(trap))
    commit_of(checkout)
    assert not sprung(trap)
    git(checkout, "status")
    assert sprung(trap), "the trap would have worked"


def test_a_partial_clone_fetches_nothing_by_the_program_it_names(checkout: Path, trap: Path) -> None:
    tree = git(checkout, "rev-parse", "HEAD^{tree}")
    (checkout / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    git(checkout, "config", "core.repositoryformatversion", "1")
    git(checkout, "config", "extensions.partialClone", "origin")
    git(checkout, "config", "remote.origin.url", str(checkout))
    git(checkout, "config", "remote.origin.promisor", "true")
    git(checkout, "config", "remote.origin.uploadpack", str(trap))
    assert commit_of(checkout)[1] is None
    assert not sprung(trap)
    with pytest.raises(subprocess.CalledProcessError):
        git(checkout, "status")
    assert sprung(trap), "the trap would have worked"


# --- recordings -----------------------------------------------------------------------------------------


def test_each_recording_is_named_by_its_digest(tmp_path: Path) -> None:
    folder = tmp_path / "tapes"
    folder.mkdir()
    for name, text in (("full_refresh.yaml", "a"), ("check.yml", "b"), ("README.md", "c")):
        (folder / name).write_text(text)
    (tmp_path.parent / "outside.yaml").write_text("d")
    (folder / "resume@1.yaml").symlink_to(tmp_path.parent / "outside.yaml")
    contract = replace(a_contract(), root=tmp_path, replay=ReplayPlan(cassettes="tapes"))
    assert [(one.path, one.sha256) for one in cassette_facts(contract)] == [
        (f"tapes/{name}", f"sha256:{hashlib.sha256(text).hexdigest()}")
        for name, text in (("check.yml", b"b"), ("full_refresh.yaml", b"a"))
    ]


@pytest.mark.parametrize("folder", [None, "nowhere"])
def test_where_nothing_is_recorded_nothing_is_named(folder: str | None, tmp_path: Path) -> None:
    contract = replace(a_contract(), root=tmp_path, replay=ReplayPlan(cassettes=folder))
    assert cassette_facts(contract) == ()
