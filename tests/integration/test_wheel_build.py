"""A wheel is built by the project's real backend, in the sandbox, from a copy; whatever that code does."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import textwrap
import time
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from certify.model import Finding
from certify.repository import Repository
from certify.repository.project.distribution import Distribution
from certify.repository.project.pyproject import Project
from certify.repository.project.releases import Releases
from certify.repository.project.stated import ImportPackage
from certify.rules import EvidenceLog, HarnessFault, RuleBroken, Unverified
from certify.sandbox import copying
from certify.sandbox.build import BUILD_LIMITS, Build, WheelBuilder
from certify.sandbox.limits import Limits
from certify.sandbox.zygote import Zygote
from certify_suites import packaging
from tests.unit.packaging_projects import commit

HATCHLING = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "demo-connector"
version = "1.2.0"
requires-python = ">=3.11"

[tool.hatch.build.targets.wheel]
packages = ["src/demo"]
"""
SETUPTOOLS = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "demo-connector"
version = "1.2.0"

[tool.setuptools.packages.find]
where = ["src"]
"""
SOURCES = {
    "src/demo/__init__.py": "",
    "src/demo/client.py": "A = 1\n",
    "src/demo/schema.json": "{}\n",
    "src/demo/py.typed": "",
}


@pytest.fixture(scope="module", params=["auto", "none"])
def zygote(request: pytest.FixtureRequest) -> Iterator[Zygote]:
    """The sandbox, with namespaces where they are granted, and without."""
    with Zygote(isolation=request.param) as started:
        yield started


class Connector:
    """A connector on disk and its build."""

    def __init__(self, root: Path, zygotes: tuple[Zygote, ...]) -> None:
        self.root = root
        self.zygotes = zygotes

    def write(self, pyproject: str | None, **files: str) -> Connector:
        """The usual sources, and these files (`setup__py`: a name with a dot)."""
        named = {name.replace("__", "."): textwrap.dedent(text) for name, text in files.items()}
        for name, text in {**SOURCES, "pyproject.toml": pyproject, **named}.items():
            if text is not None:
                path = self.root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
        return self

    def builder(self, limits: Limits = BUILD_LIMITS) -> WheelBuilder:
        repository = Repository(self.root)
        return WheelBuilder(self.zygotes, Project(repository), Releases(repository, ()), limits)

    def build(self, limits: Limits = BUILD_LIMITS) -> Build:
        """Build it; its tree must be as it was, and nothing be left of the copy."""
        before = tree(self.root)
        try:
            return self.builder(limits).build
        finally:
            assert tree(self.root) == before
            for zygote in self.zygotes:
                left = list(zygote.private.glob("tree-*")) + list(zygote.private.glob("wheel-*"))
                assert left == []

    def failure(self, limits: Limits = BUILD_LIMITS) -> Finding:
        found = self.build(limits).failure
        assert found is not None
        return found

    def findings(self) -> list[str]:
        """What the rule says of it."""
        builder = self.builder()
        project = builder.project
        one = Distribution(project, "python", "src/demo", lambda: builder.metadata)
        evidence = EvidenceLog()
        try:
            packaging.test_wheel_matches_tree(
                one, project, ImportPackage("demo", "src/demo"), builder, evidence
            )
        except RuleBroken as broken:
            return [f"{finding.location}: {finding.message}" for finding in broken.findings]
        assert {entry.kind for entry in evidence.entries} >= {"build", "wheel"}
        return []


@pytest.fixture
def connector(tmp_path: Path, zygote: Zygote) -> Connector:
    return Connector(tmp_path / "connector", (zygote,))


def tree(root: Path) -> dict[str, tuple[int, float, str]]:
    """Everything below a folder: mode, time of change, digest."""
    found = {}
    for path in sorted(root.rglob("*")):
        facts = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        found[str(path)] = (facts.st_mode, facts.st_mtime, content)
    return found


@pytest.mark.parametrize(
    "pyproject", [HATCHLING, SETUPTOOLS + '[tool.setuptools.package-data]\ndemo = ["*"]\n']
)
def test_a_good_connector_s_wheel_matches_its_tree(connector: Connector, pyproject: str) -> None:
    connector.write(pyproject)
    build = connector.build()
    assert build.failure is None
    assert build.wheel is not None
    assert build.wheel.file == "demo_connector-1.2.0-py3-none-any.whl"
    assert set(build.wheel.installed) == {name.removeprefix("src/") for name in SOURCES}
    assert build.attempts == ()
    assert connector.findings() == []


def test_a_setup_py_alone_is_built_as_the_standard_has_it(connector: Connector) -> None:
    connector.write(
        None,
        setup__py="""
        from setuptools import setup
        setup(name="demo-connector", version="1.2.0", packages=["demo"], package_dir={"": "src"},
              package_data={"demo": ["*.json", "py.typed"]}, license="MIT", install_requires=["requests>=2"])
        """,
    )
    assert connector.findings() == []
    metadata = connector.builder().metadata
    assert (metadata.version, metadata.requires, metadata.licence) == ("1.2.0", ("requests>=2",), "MIT")


def test_a_module_in_a_folder_without_init_is_missing_from_the_wheel(connector: Connector) -> None:
    connector.write(SETUPTOOLS.replace("find]\nwhere", "find]\nnamespaces = false\nwhere"))
    inner = connector.root / "src/demo/streams/orders.py"
    inner.parent.mkdir()
    inner.write_text("")
    assert connector.findings() == [
        "src/demo/streams/orders.py: src/demo/streams is not in the wheel: 1 module",
        "src/demo/schema.json: src/demo/schema.json is not in the wheel",
    ]


def test_tests_that_are_installed_as_a_package_are_found(connector: Connector) -> None:
    connector.write(HATCHLING.replace('["src/demo"]', '["src/demo", "tests"]'))
    (connector.root / "tests").mkdir()
    (connector.root / "tests/__init__.py").write_text("")
    assert connector.findings() == ["tests/__init__.py: the wheel installs tests as a top-level package"]


def test_a_backend_in_the_tree_is_found_by_its_path(connector: Connector) -> None:
    connector.write(
        '[build-system]\nrequires = []\nbuild-backend = "own:hooks"\nbackend-path = ["tools"]\n'
        '[project]\nname = "demo-connector"\nversion = "1.2.0"\n'
    )
    (connector.root / "tools").mkdir()
    (connector.root / "tools/own.py").write_text(
        textwrap.dedent(
            """
            import os, pathlib, zipfile
            class hooks:
                @staticmethod
                def build_wheel(folder, config_settings=None, metadata_directory=None):
                    assert pathlib.Path("src/demo/client.py").exists()
                    assert os.environ["HOME"] != "/root"
                    with zipfile.ZipFile(os.path.join(folder, "x.whl"), "w") as wheel:
                        wheel.writestr("demo/__init__.py", "")
                    return "x.whl"
            """
        )
    )
    wheel = connector.build().wheel
    assert wheel is not None
    assert list(wheel.installed) == ["demo/__init__.py"]


@pytest.mark.parametrize(
    ("returns", "says"), [("x.whl", "x.whl"), ("../../etc/passwd", "passwd"), ("link.whl", "link.whl")]
)
def test_what_the_backend_hands_over_is_not_believed(connector: Connector, returns: str, says: str) -> None:
    connector.write('[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n')
    (connector.root / "own.py").write_text(
        "import os\n"
        "def build_wheel(folder, *settings):\n"
        "    os.symlink('/etc/passwd', os.path.join(folder, 'link.whl'))\n"
        f"    return {returns!r}\n"
    )
    assert says in connector.failure().message


def test_a_build_that_fails_is_told_with_its_own_line_and_words(connector: Connector) -> None:
    connector.write(None, setup__py="import sys\n\nraise RuntimeError('set ORDERS_VERSION first')\n")
    found = connector.failure()
    assert str(found.location) == "setup.py:3"
    assert "RuntimeError: set ORDERS_VERSION first" in found.message


def test_a_build_that_the_backend_refuses_points_at_the_configuration(connector: Connector) -> None:
    connector.write(
        HATCHLING.replace('["src/demo"]', '["src/gone"]').replace('version = "1.2.0"', 'version = "x y"')
    )
    found = connector.failure()
    assert str(found.location) == "pyproject.toml:3"
    assert "x y" in found.message


#: What setup.py does, and what is said; None: it is built all the same.
HOSTILE = {
    "writes to the tree": (
        "open({root!r} + '/src/demo/client.py', 'w').write('owned')",
        "Read-only|own folder",
    ),
    "removes the tree": ("import shutil; shutil.rmtree({root!r})", "Read-only|own folder"),
    "connects": (
        "import socket; socket.create_connection(('192.0.2.1', 80), 5)",
        "unreachable|without network",
    ),
    "looks a name up": (
        "import socket; socket.getaddrinfo('example.org', 80)",
        "name resolution|without network|unreachable",
    ),
    "leaves": ("import sys; sys.exit(3)", "SystemExit: 3"),
    "leaves at once": ("import os; os._exit(3)", "exit code 3"),
    "no python": ("def (", "SyntaxError"),
    "raises without words": ("raise BaseException", "BaseException"),
    "raises what cannot be printed": (
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
        "E",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_setup_py_that_does_its_worst_fails_and_changes_nothing(connector: Connector, name: str) -> None:
    code, says = HOSTILE[name]
    connector.write(None, setup__py=code.format(root=str(connector.root)) + "\n")
    assert re.search(says, connector.failure().message)


def test_an_attempt_that_is_swallowed_is_told_as_evidence(connector: Connector) -> None:
    connector.write(
        None,
        setup__py=f"""
        import socket
        from setuptools import setup
        for attempt in (lambda: open({str(connector.root)!r} + "/x", "w"),
                        lambda: socket.socket().connect(("192.0.2.1", 80))):
            try:
                attempt()
            except OSError:
                pass
        setup(name="demo-connector", version="1.2.0", packages=["demo"], package_dir={{"": "src"}})
        """,
    )
    build = connector.build()
    assert build.failure is None
    assert any(attempt.startswith("writes ") and attempt.endswith("/x") for attempt in build.attempts)
    assert any("192.0.2.1" in attempt for attempt in build.attempts)


#: What our limits end is not the connector's failure.
ENDED = {
    "hangs": ("import time; time.sleep(600)", "longer than 1 s"),
    "spins": ("while True: pass", "longer than 1 s"),
    "ignores signals and hangs": (
        "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)",
        "longer than 1 s",
    ),
    "prints without end": ("while True: print('x' * 65536)", "output"),
    "takes all memory": ("x = bytearray(1 << 31)", "limit of the sandbox"),
    "writes a huge file": (
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "f = open('big', 'wb')\nfor _ in range(99): f.write(bytes(1 << 20)); f.flush()",
        "limit of the sandbox",
    ),
    "kills itself": ("import os; os.kill(os.getpid(), 11)", "signal 11"),
}


@pytest.mark.parametrize("name", ENDED)
def test_what_a_limit_ends_is_not_the_connector_s_failure(connector: Connector, name: str) -> None:
    code, says = ENDED[name]
    connector.write(None, setup__py=code + "\n")
    wall = 1.0 if "longer" in says else 20.0
    limits = Limits(wall_seconds=wall, memory_bytes=1024**3, file_bytes=16 * 1024**2, output_bytes=1024**2)
    started = time.monotonic()
    with pytest.raises(HarnessFault, match=says):
        connector.build(limits)
    assert time.monotonic() - started < 20


def test_a_build_is_done_once_and_its_end_remembered(connector: Connector) -> None:
    connector.write(None, setup__py="import time; time.sleep(600)\n")
    builder = connector.builder(Limits(wall_seconds=1.0))
    with pytest.raises(HarnessFault):
        builder.build  # noqa: B018
    started = time.monotonic()
    with pytest.raises(HarnessFault):
        builder.build  # noqa: B018
    with pytest.raises(Unverified):
        builder.metadata  # noqa: B018
    assert time.monotonic() - started < 0.5


def test_a_process_that_the_build_leaves_behind_is_ended(connector: Connector) -> None:
    mark = f"sleep-{os.getpid()}-{time.monotonic_ns()}"
    connector.write(
        None,
        setup__py=f"""
        import subprocess, sys
        from setuptools import setup
        try:
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{mark}"])
        except PermissionError:
            pass
        setup(name="demo-connector", version="1.2.0", packages=["demo"], package_dir={{"": "src"}})
        """,
    )
    assert connector.build().failure is None
    alive = [path for path in Path("/proc").glob("[0-9]*/cmdline") if mark.encode() in _read(path)]
    assert alive == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("requires", "needs"),
    [
        ('["hatchling>=999"]', "'hatchling>=999'"),
        ('["hatchling", "hatch-nonexistent-plugin"]', "hatch-nonexistent-plugin"),
        ("[\"nonexistent-backend ; python_version > '3'\"]", "'nonexistent-backend ; python_version > '3''"),
    ],
)
def test_a_backend_that_is_not_installed_is_unverified_with_the_line_that_installs_it(
    connector: Connector, requires: str, needs: str
) -> None:
    connector.write(HATCHLING.replace('["hatchling>=1.27"]', requires))
    with pytest.raises(Unverified, match="needed to build the wheel") as caught:
        connector.build()
    assert caught.value.needs.startswith(f"{connector.zygotes[0].ready['executable']} -m pip install ")
    assert caught.value.needs.endswith(needs)


def test_what_the_backend_asks_for_later_is_unverified_too(connector: Connector) -> None:
    connector.write(
        None, setup__py="from setuptools import setup\nsetup(setup_requires=['nonexistent-helper'])\n"
    )
    with pytest.raises(Unverified, match="nonexistent-helper"):
        connector.build()


def test_another_interpreter_builds_what_the_first_has_no_backend_for(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    bare = tmp_path / "bare/bin/python"
    with Zygote(bare) as first, Zygote() as second:
        connector = Connector(tmp_path / "connector", (first, second)).write(HATCHLING)
        assert connector.build().interpreter == second.ready["executable"]
        alone = Connector(tmp_path / "connector", (first,))
        with pytest.raises(Unverified) as caught:
            alone.builder().build  # noqa: B018
        assert caught.value.needs == f"{bare} -m pip install 'hatchling>=1.27'"


def _interpreter(place: Path, **distributions: str) -> Path:
    """An interpreter that knows nothing but the names and versions of these distributions."""
    venv.create(place, with_pip=False)
    packages = next(place.glob("lib/python*/site-packages"))
    for name, version in distributions.items():
        info = packages / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return place / "bin/python"


def test_another_interpreter_builds_what_an_old_backend_of_the_first_cannot(tmp_path: Path) -> None:
    old = _interpreter(tmp_path / "old", hatchling="1.5")
    with Zygote(old) as first, Zygote() as second:
        root = tmp_path / "connector"
        connector = Connector(root, (first, second)).write(HATCHLING.replace(">=1.27", ""))
        assert connector.build().interpreter == second.ready["executable"]
        with pytest.raises(Unverified, match=r"hatchling 1\.5; pip would use a newer one"):
            Connector(root, (first,)).build()


def test_what_fails_in_another_python_than_the_connector_s_is_not_its_failure(tmp_path: Path) -> None:
    with Zygote(_interpreter(tmp_path / "bare")) as first, Zygote() as second:
        connector = Connector(tmp_path / "connector", (first, second))
        connector.write(None, setup__py="raise SystemExit('not for this Python')\n")
        assert "not for this Python" in connector.failure().message
        first.ready["python"] = "3.99.0"
        with pytest.raises(Unverified, match="setuptools: needed to build the wheel"):
            connector.build()


def test_the_wheel_package_is_not_asked_for_where_setuptools_does_without(connector: Connector) -> None:
    connector.write(SETUPTOOLS.replace('["setuptools"]', '["setuptools", "wheel"]'))
    assert connector.build().failure is None


def test_a_repository_that_is_too_large_is_not_copied(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector.write(HATCHLING)
    monkeypatch.setattr(copying, "MAX_FILES", 3)
    with pytest.raises(Unverified, match="more than 3 files"):
        connector.build()


def test_generated_folders_links_out_and_pipes_are_not_copied(connector: Connector, tmp_path: Path) -> None:
    connector.write(HATCHLING)
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    (connector.root / "src/demo/link.json").symlink_to(secret)
    os.mkfifo(connector.root / "src/demo/pipe.py")
    for name in ("build/lib/demo/old.py", ".venv/x.py", "src/demo/__pycache__/x.json"):
        path = connector.root / name
        path.parent.mkdir(parents=True)
        path.write_text("")
    wheel = connector.builder().build.wheel
    assert wheel is not None
    assert set(wheel.installed) == {name.removeprefix("src/") for name in SOURCES}


def test_a_version_from_git_is_told_to_what_asks_git_for_it(connector: Connector) -> None:
    """The copy has no history; a plug-in of that name stands in for setuptools-scm."""
    own = (
        "import os, sys\n"
        "def build_wheel(folder, *settings):\n"
        "    raise RuntimeError(os.environ['SETUPTOOLS_SCM_PRETEND_VERSION'])\n"
    )
    connector.write(
        '[build-system]\nrequires = ["setuptools-scm"]\nbuild-backend = "own"\nbackend-path = ["."]\n'
    )
    (connector.root / "own.py").write_text(own)
    interpreter = _interpreter(connector.root.parent / "bare", setuptools_scm="9.0")
    with Zygote(interpreter) as zygote:
        asked = Connector(connector.root, (zygote,))
        with pytest.raises(Unverified, match="no git repository"):
            asked.build()
        commit(connector.root, "v1.4.0")
        assert "1.4.0" in asked.failure().message
        commit(connector.root)
        assert "1.4.1.dev0" in asked.failure().message


def test_an_old_backend_that_fails_is_not_the_connector_s_failure(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    from certify.sandbox import build_requirements

    connector.write(HATCHLING.replace('version = "1.2.0"', 'version = "x y"'))
    monkeypatch.setattr(build_requirements, "_CURRENT", {"hatchling": "999"})
    with pytest.raises(Unverified, match="pip would use a newer one") as caught:
        connector.build()
    assert caught.value.needs == f"{sys.executable} -m pip install --upgrade hatchling"
