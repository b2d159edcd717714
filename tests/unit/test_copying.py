"""A connector's tree is copied into the sandbox; what is large is linked."""

from __future__ import annotations

from pathlib import Path

import pytest

from certify.errors import SandboxError
from certify.repository import Repository
from certify.sandbox import copying
from certify.sandbox.copying import MAX_COPIED, copy_tree


def sparse(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    (root / "src").mkdir(parents=True)
    (root / "src" / "demo.py").write_text("VALUE = 1\n", "utf-8")
    return root


def copied(root: Path, tmp_path: Path) -> Path:
    private = tmp_path / "private"
    private.mkdir()
    return copy_tree(Repository(root), private)


def test_a_copy_may_be_written_without_changing_what_was_copied(root: Path, tmp_path: Path) -> None:
    tool = root / "tool.sh"
    tool.write_text("true\n", "utf-8")
    tool.chmod(0o755)
    tree = copied(root, tmp_path)
    (tree / "src" / "demo.py").write_text("VALUE = 2\n", "utf-8")
    assert (root / "src" / "demo.py").read_text("utf-8") == "VALUE = 1\n"
    assert (tree / "tool.sh").stat().st_mode & 0o777 == 0o755


def test_a_link_becomes_the_file_it_leads_to(root: Path, tmp_path: Path) -> None:
    (root / "alias.py").symlink_to("src/demo.py")
    copy = copied(root, tmp_path) / "alias.py"
    assert (copy.is_symlink(), copy.read_text("utf-8")) == (False, "VALUE = 1\n")


def test_a_large_file_is_linked(root: Path, tmp_path: Path) -> None:
    sparse(root / "data" / "large.bin", 1 << 30)
    sparse(root / "data" / "small.bin", MAX_COPIED)
    tree = copied(root, tmp_path)
    assert (tree / "data" / "large.bin").readlink() == (root / "data" / "large.bin").resolve()
    assert not (tree / "data" / "small.bin").is_symlink()


def test_too_much_is_not_copied(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MAX_BYTES", 2_000_000)
    sparse(root / "a.bin", 1_500_000)
    sparse(root / "b.bin", 1_500_000)
    with pytest.raises(SandboxError, match=r"^the repository has 3 MB; more than 2 are not copied$"):
        copied(root, tmp_path)


def test_too_many_files_are_not_copied(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "MAX_FILES", 1)
    (root / "second.txt").write_text("", "utf-8")
    with pytest.raises(SandboxError, match=r"^the repository has more than 1 files; it is not copied$"):
        copied(root, tmp_path)
