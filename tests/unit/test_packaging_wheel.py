"""A wheel holds the package as it lies in the tree, and nothing else; wheels here are written by hand."""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from certify.repository.project import wheel_file
from certify.repository.project.pyproject import Project
from certify.repository.project.stated import ImportPackage
from certify.repository.project.wheel_contents import WheelContents
from certify.repository.project.wheel_file import UnreadableWheel, Wheel, WheelTooLarge, read_wheel
from certify.repository.project.wheel_form import WheelForm
from tests.unit.packaging_projects import PACKAGE, PYPROJECT, write

NAME = "demo_connector-1.2.0-py3-none-any.whl"
INFO = "demo_connector-1.2.0.dist-info"
METADATA = "Name: demo_connector\nVersion: 1.2.0\nRequires-Dist: requests\n\nReadme\nName: no\n"
TREE = {
    "pyproject.toml": PYPROJECT,
    "src/demo/__init__.py": "",
    "src/demo/client.py": "A = 1\n",
    "src/demo/schema.json": "{}",
    "src/demo/py.typed": "",
}
INSTALLED = {name.removeprefix("src/"): text for name, text in TREE.items() if name.startswith("src/")}
KEY = "-----BEGIN RSA PRIVATE KEY-----\n"


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def a_wheel(
    folder: Path,
    files: Mapping[str, str],
    *,
    without: Iterable[str] = (),
    record: Mapping[str, str] | None = None,
    metadata: str = METADATA,
) -> Wheel:
    """A wheel with these files, all of which RECORD lists; `record` replaces lines of it."""
    inside = {name: text for name, text in files.items() if name not in set(without)}
    inside[f"{INFO}/METADATA"] = metadata
    lines = {name: f"{name},sha256={digest(text)},{len(text)}" for name, text in inside.items()}
    lines |= record or {}
    path = folder / NAME
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in inside.items():
            archive.writestr(name, text)
        archive.writestr(f"{INFO}/RECORD", "\n".join([*filter(None, lines.values()), f"{INFO}/RECORD,,"]))
    return read_wheel(path)


def told(
    root: Path,
    wheel: Wheel,
    tree: Mapping[str, str] = TREE,
    package: ImportPackage = PACKAGE,
) -> list[str]:
    project = Project(write(root / "tree", tree))
    found = [*WheelContents(wheel, project, package).findings(), *WheelForm(wheel, project).findings()]
    return [f"{one.location}: {one.message}" for one in found]


def test_a_wheel_with_all_that_the_tree_has_passes(tmp_path: Path) -> None:
    assert told(tmp_path, a_wheel(tmp_path, INSTALLED)) == []


@pytest.mark.parametrize("absent", ["client.py", "schema.json", "py.typed"])
def test_a_file_that_was_left_out_is_found(tmp_path: Path, absent: str) -> None:
    wheel = a_wheel(tmp_path, INSTALLED, without=[f"demo/{absent}"])
    assert told(tmp_path, wheel) == [f"src/demo/{absent}: src/demo/{absent} is not in the wheel"]


@pytest.mark.parametrize("name", ["query.sql", "inner/names.yaml", "a.yml"])
def test_data_of_each_kind_counts(tmp_path: Path, name: str) -> None:
    found = told(tmp_path, a_wheel(tmp_path, INSTALLED), TREE | {f"src/demo/{name}": "x"})
    assert found == [f"src/demo/{name}: src/demo/{name} is not in the wheel"]


@pytest.mark.parametrize(
    "name",
    [
        "tests/test_it.py",
        "test_client.py",
        "conftest.py",
        "inner/tests/data.json",
        "NOTES.md",
        "picture.png",
        ".hidden/x.py",
        "{{cookie}}/x.py",
        "build/lib/x.py",
    ],
)
def test_what_need_not_be_released_may_be_missing(tmp_path: Path, name: str) -> None:
    assert told(tmp_path, a_wheel(tmp_path, INSTALLED), TREE | {f"src/demo/{name}": "x"}) == []


def test_a_folder_that_was_left_out_is_one_finding_and_says_what_it_lacks(tmp_path: Path) -> None:
    tree = TREE | {"src/demo/inner/a.py": "", "src/demo/inner/b.py": ""}
    wheel = a_wheel(tmp_path, INSTALLED)
    assert told(tmp_path, wheel, tree) == [
        "src/demo/inner/a.py: src/demo/inner is not in the wheel: 2 modules"
    ]
    project = Project(write(tmp_path / "tree", tree))
    (finding,) = WheelContents(wheel, project, PACKAGE).findings()
    assert finding.fix == "add an empty file src/demo/inner/__init__.py"


def test_a_package_that_was_left_out_is_one_finding(tmp_path: Path) -> None:
    wheel = a_wheel(tmp_path, {"other.py": ""})
    found = told(
        tmp_path, wheel, {name: text for name, text in TREE.items() if name.endswith((".py", ".toml"))}
    )
    assert found == ["pyproject.toml:3: the wheel has none of the 2 modules of demo"]


def test_a_single_module_is_a_package_too(tmp_path: Path) -> None:
    tree = {"pyproject.toml": PYPROJECT, "demo.py": ""}
    package = ImportPackage("demo", "demo.py")
    assert told(tmp_path, a_wheel(tmp_path, {"demo.py": ""}), tree, package) == []
    assert len(told(tmp_path, a_wheel(tmp_path, {"x.py": ""}), tree, package)) == 1


def test_a_dotted_package_lies_in_its_namespace(tmp_path: Path) -> None:
    package = ImportPackage("acme.demo", "src/acme/demo")
    tree = {"pyproject.toml": PYPROJECT, "src/acme/demo/__init__.py": ""}
    assert told(tmp_path, a_wheel(tmp_path, {"acme/demo/__init__.py": ""}), tree, package) == []


def test_a_platform_wheel_s_library_folder_is_where_it_is_installed(tmp_path: Path) -> None:
    moved = {f"demo_connector-1.2.0.data/purelib/{name}": text for name, text in INSTALLED.items()}
    assert told(tmp_path, a_wheel(tmp_path, moved)) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tests/__init__.py", "the wheel installs tests as a top-level package"),
        ("docs/conf.py", "the wheel installs docs as a top-level package"),
        ("examples/a.yaml", "the wheel installs examples as a top-level package"),
        ("setup.py", "the wheel installs setup.py as a top-level module"),
        ("LICENSE", "the wheel installs LICENSE into site-packages itself"),
        ("demo.pth", "the wheel installs demo.pth, which runs whenever Python starts"),
    ],
)
def test_what_is_installed_beside_the_package_is_found(tmp_path: Path, name: str, says: str) -> None:
    wheel = a_wheel(tmp_path, INSTALLED | {name: "x"})
    assert told(tmp_path, wheel) == [f"pyproject.toml:3: {says}"]
    assert told(tmp_path, wheel, TREE | {name: "x"}) == [f"{name}: {says}"]


@pytest.mark.parametrize("name", ["demo_helpers/__init__.py", "_demo.py", "_native.abi3.so"])
def test_another_package_of_its_own_is_nobody_else_s_matter(tmp_path: Path, name: str) -> None:
    assert told(tmp_path, a_wheel(tmp_path, INSTALLED | {name: ""})) == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("demo/.env", "X=1", "is where credentials are kept"),
        ("demo/.env.production", "X=1", "is where credentials are kept"),
        ("demo/client.p12", "x", "is where credentials are kept"),
        ("demo/certs/key.pem", KEY, "holds a private key"),
        ("demo/ca.txt", "x" * 2_000_000 + KEY, "holds a private key"),
    ],
)
def test_a_file_of_credentials_is_found_where_it_lies(
    tmp_path: Path, name: str, text: str, says: str
) -> None:
    wheel = a_wheel(tmp_path, INSTALLED | {name: text})
    found = told(tmp_path, wheel, TREE | {f"src/{name}": text})
    assert [line for line in found if says in line] == [
        f"{'pyproject.toml:3' if '/.' in name else f'src/{name}'}: the wheel has {name}, which {says}"
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("demo/.env.example", "X=1"),
        ("demo/.env.template", "X=1"),
        ("demo/cacert.pem", "-----BEGIN CERTIFICATE-----"),
        ("demo/keys.py", f'HEAD = "{KEY.strip()}"'),
        ("demo/environment", "X=1"),
    ],
)
def test_what_only_looks_like_one_is_not_found(tmp_path: Path, name: str, text: str) -> None:
    assert told(tmp_path, a_wheel(tmp_path, INSTALLED | {name: text})) == []


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/evil.py", "demo/../../evil.py", "C:\\evil.py", "demo\\..\\x"]
)
def test_a_name_that_leads_out_is_found(tmp_path: Path, name: str) -> None:
    found = told(tmp_path, a_wheel(tmp_path, INSTALLED | {name: ""}))
    assert any("leads out of where it is unpacked" in line for line in found)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice_is_found(tmp_path: Path) -> None:
    a_wheel(tmp_path, INSTALLED)
    with zipfile.ZipFile(tmp_path / NAME, "a") as archive:
        archive.writestr("demo/client.py", "A = 2\n")
    found = told(tmp_path, read_wheel(tmp_path / NAME))
    assert "pyproject.toml:3: the wheel has 2 files named 'demo/client.py'" in found
    assert "pyproject.toml:3: RECORD has another digest for demo/client.py" in found


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"demo/client.py": "demo/client.py,sha256=AAAA,6"}, "RECORD has another digest for demo/client.py"),
        ({"demo/client.py": ""}, "RECORD does not list demo/client.py"),
        ({"x": "demo/gone.py,sha256=AAAA,6"}, "RECORD lists demo/gone.py, which the wheel has not"),
    ],
)
def test_a_record_that_differs_is_found(tmp_path: Path, record: dict[str, str], says: str) -> None:
    assert told(tmp_path, a_wheel(tmp_path, INSTALLED, record=record)) == [f"pyproject.toml:3: {says}"]


def test_a_digest_of_another_kind_is_not_compared(tmp_path: Path) -> None:
    record = {"demo/client.py": "demo/client.py,sha512=AAAA,6"}
    assert told(tmp_path, a_wheel(tmp_path, INSTALLED, record=record)) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "Name: other\nVersion: 1.2.0\n",
            "pyproject.toml:6: the wheel's name is other, pyproject.toml:6 says demo-connector",
        ),
        ("Name: Demo.Connector\nVersion: 1.2\n", None),
        (
            "Name: demo-connector\nVersion: 1.1.0\n",
            "pyproject.toml:7: the wheel's version is 1.1.0, pyproject.toml:7 says 1.2.0",
        ),
    ],
)
def test_metadata_is_what_the_project_says(tmp_path: Path, text: str, says: str | None) -> None:
    assert told(tmp_path, a_wheel(tmp_path, INSTALLED, metadata=text)) == ([says] if says else [])


POINTS = (
    '[project.scripts]\ndemo = "demo.cli:main"\n[project.entry-points."dpone.sources"]\nx = "demo.client"\n'
)


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ("[console_scripts]\ndemo = demo.client:main\n[other]\nx = demo\ny = demo:A [extra]\n", []),
        ("[console_scripts]\nfoo = requests.cli:main\n", []),
        (
            "[console_scripts]\ndemo = demo.cli:main\n",
            ["pyproject.toml:11: the entry point demo (console_scripts) leads to demo.cli"],
        ),
        (
            "[dpone.sources]\nx = demo.gone\n",
            ["pyproject.toml:13: the entry point x (dpone.sources) leads to demo.gone"],
        ),
        ("no section\n", ["pyproject.toml:3: entry_points.txt cannot be read"]),
    ],
)
def test_an_entry_point_leads_to_a_module(tmp_path: Path, points: str, found: list[str]) -> None:
    wheel = a_wheel(tmp_path, INSTALLED | {f"{INFO}/entry_points.txt": points})
    lines = told(tmp_path, wheel, TREE | {"pyproject.toml": PYPROJECT + POINTS})
    assert [line.removesuffix(", which the wheel has not") for line in lines] == found


def test_what_is_no_wheel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / NAME
    for content in (b"", b"PK", os.urandom(2000)):
        path.write_bytes(content)
        with pytest.raises(UnreadableWheel):
            read_wheel(path)


def test_pipes_links_and_absent_files_are_refused_and_hold_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.whl")
    (tmp_path / "link.whl").symlink_to(tmp_path / NAME)
    (tmp_path / NAME).write_bytes(b"")
    for name in ("pipe.whl", "link.whl", "absent.whl"):
        with pytest.raises(UnreadableWheel):
            read_wheel(tmp_path / name)


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel_file, "MAX_BYTES", 10_000_000)
    with zipfile.ZipFile(tmp_path / NAME, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo/zeros.bin", b"\0" * 50_000_000)
    assert (tmp_path / NAME).stat().st_size < 100_000
    with pytest.raises(WheelTooLarge):
        read_wheel(tmp_path / NAME)


def test_a_flood_of_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wheel_file, "MAX_FILES", 3)
    with pytest.raises(WheelTooLarge):
        a_wheel(tmp_path, INSTALLED)


def test_a_key_is_found_across_the_pieces_that_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheel_file, "_CHUNK", 16)
    wheel = a_wheel(tmp_path, {"demo/ca.txt": f"1234567{KEY}"})
    assert next(entry for entry in wheel.entries if entry.name == "demo/ca.txt").holds_private_key


def test_metadata_is_read_from_its_header_alone(tmp_path: Path) -> None:
    metadata = a_wheel(tmp_path, INSTALLED).metadata
    assert (metadata.name, metadata.version, metadata.requires) == ("demo_connector", "1.2.0", ("requests",))
