"""A wheel or a source distribution stands for the tree only where its files are the tree's."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from certify.built import built_files
from certify.errors import CertifyError

TREE = {
    "src/demo/__init__.py": "NAME = 'demo'\n",
    "src/demo/schemas/events.json": "{}\n",
    "pyproject.toml": "[project]\nname = 'demo'\n",
    "README.md": "# Demo\n",
}
TOLD = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0.0\n"
WHEEL = {
    "demo/__init__.py": TREE["src/demo/__init__.py"],
    "demo/schemas/events.json": TREE["src/demo/schemas/events.json"],
    "demo/_fast.so": "compiled",
    "demo-1.0.0.dist-info/METADATA": TOLD,
    "demo-1.0.0.dist-info/RECORD": "",
}
SOURCE = {**TREE, "PKG-INFO": TOLD, "setup.cfg": "made", "src/demo.egg-info/SOURCES.txt": "made"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        path = tmp_path / "connector" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "connector"


def a_wheel(folder: Path, files: Mapping[str, str], name: str = "demo-1.0.0-py3-none-any.whl") -> Path:
    with zipfile.ZipFile(folder / name, "w") as archive:
        for member, text in files.items():
            archive.writestr(member, text)
    return folder / name


def a_source(folder: Path, files: Mapping[str, str]) -> Path:
    path = folder / "demo-1.0.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, text in files.items():
            info = tarfile.TarInfo(f"demo-1.0.0/{member}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def test_what_was_built_from_the_tree_is_named_by_digest(root: Path, tmp_path: Path) -> None:
    files = [a_wheel(tmp_path, WHEEL), a_source(tmp_path, SOURCE)]
    told = built_files(root, "1.0.0", files)
    assert [one.name for one in told] == ["demo-1.0.0-py3-none-any.whl", "demo-1.0.0.tar.gz"]
    digests = [f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files]
    assert [one.sha256 for one in told] == digests


def test_a_build_may_map_folders(root: Path, tmp_path: Path) -> None:
    (root / "src").rename(root / "code")
    assert built_files(root, None, [a_wheel(tmp_path, WHEEL)])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"demo/__init__.py": "import os\n"},
            "its demo/__init__.py is not src/demo/__init__.py of the connector",
        ),
        (
            {"demo/schemas/events.json": "[]"},
            "its demo/schemas/events.json is not src/demo/schemas/events.json",
        ),
        (
            {"demo/extra.py": ""},
            "the connector has no demo/extra.py, which is in it; build it from this tree",
        ),
        (
            {"demo-1.0.0.dist-info/METADATA": TOLD.replace("1.0.0", "1.1.0")},
            "it is of version 1.1.0, not 1.0.0; build it from this tree again",
        ),
    ],
    ids=["another module", "other data", "one module more", "another version"],
)
def test_what_was_built_from_another_tree_is_refused(
    change: dict[str, str], told: str, root: Path, tmp_path: Path
) -> None:
    wheel = a_wheel(tmp_path, WHEEL | change)
    with pytest.raises(CertifyError) as caught:
        built_files(root, "1.0.0", [wheel])
    assert str(caught.value).startswith(f"--artifact {wheel}: {told}")


def test_a_source_distribution_is_held_against_the_tree_too(root: Path, tmp_path: Path) -> None:
    source = a_source(tmp_path, SOURCE | {"README.md": "# Another\n"})
    with pytest.raises(CertifyError, match=r"its README\.md is not README\.md of the connector"):
        built_files(root, "1.0.0", [source])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("demo.whl", b"no archive", "demo.whl is no wheel"),
        ("demo.tar.gz", b"no archive", "it is no source distribution"),
        ("demo.exe", b"MZ", "expected a wheel"),
        ("gone.whl", None, "no such file"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(
    name: str, content: bytes | None, told: str, root: Path, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CertifyError, match=told) as caught:
        built_files(root, "1.0.0", [tmp_path / name])
    assert "\n" not in str(caught.value)


def test_an_empty_wheel_stands_for_nothing(root: Path, tmp_path: Path) -> None:
    wheel = a_wheel(tmp_path, {"demo-1.0.0.dist-info/METADATA": TOLD})
    with pytest.raises(CertifyError, match="none of its files is one of the connector's"):
        built_files(root, "1.0.0", [wheel])


def test_two_files_of_one_name_are_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    files = [a_wheel(tmp_path, WHEEL), a_wheel(tmp_path / "other", WHEEL)]
    with pytest.raises(CertifyError, match="another file of that name was named already"):
        built_files(root, None, files)
