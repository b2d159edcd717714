"""Hold a wheel against the tree it was built from: what is missing, and what should not be in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath

from certify.model import Finding, Location
from certify.repository.project.pyproject import Project
from certify.repository.project.stated import ImportPackage
from certify.repository.project.wheel_file import Wheel

#: Data that code reads at run time; what else lies in a package may be there for other readers.
_DATA = (".json", ".yaml", ".yml", ".sql")
_MARKER = "py.typed"
#: Tests may lie inside a package and stay out of its wheel.
_TESTS = re.compile(r"tests?|conftest\.py|test_.*\.py|.*_test\.py")
#: Top-level names of nobody's own: installed, they collide with every other project's.
_NOBODYS = re.compile(
    r"tests?|docs?|examples?|scripts?|benchmarks?|certification|build|dist|(setup|conftest|noxfile)\.py"
    r"|test_.*\.py"
)
_MODULES = (".py", ".pyi", ".so", ".pyd")
_SECRETS = re.compile(r"\.env(\..*)?|\.netrc|\.pypirc|id_(rsa|dsa|ecdsa|ed25519)|.*\.(p12|pfx|jks|keystore)")
_SAMPLES = re.compile(r".*\.(example|sample|template|dist|defaults?)")

_INCLUDE = {
    "hatchling": '[tool.hatch.build.targets.wheel]\npackages = ["{folder}"]',
    "setuptools": '[tool.setuptools.packages.find]\nwhere = ["{parent}"]',
    "poetry": '[tool.poetry]\npackages = [{{include = "{name}", from = "{parent}"}}]',
}
#: The same for a single file. hatchling takes the whole package but for what git ignores.
_INCLUDE_FILE = {
    "hatchling": '# or correct .gitignore\n[tool.hatch.build.targets.wheel]\nartifacts = ["{file}"]',
    "setuptools": '[tool.setuptools.package-data]\n"{name}" = ["{data}"]',
}


class WheelContents:
    """Each method yields the findings of one kind."""

    def __init__(self, wheel: Wheel, project: Project, package: ImportPackage) -> None:
        self.wheel = wheel
        self.project = project
        self.package = package
        self.configuration = project.build_system.location

    def findings(self) -> Iterator[Finding]:
        """All of them, what is missing first."""
        yield from self.missing_modules()
        yield from self.missing_data()
        yield from self.strangers()
        yield from self.secrets()

    @cached_property
    def promised(self) -> dict[str, str]:
        """What the tree has in the package, by where the wheel should have it; tests left out."""
        folder = self.package.folder
        if folder.endswith(".py"):
            return {self.package.path: folder}
        found = {}
        for file in self.project.repository.all_files:
            if not file.startswith(f"{folder}/"):
                continue
            inner = file.removeprefix(f"{folder}/")
            parts = PurePosixPath(inner).parts
            if not any(_TESTS.fullmatch(part) or part.startswith(".") for part in parts):
                found[f"{self.package.path}/{inner}"] = file
        return found

    @cached_property
    def modules(self) -> dict[str, str]:
        """Of these, what can be imported."""
        return {path: file for path, file in self.promised.items() if _is_module(path)}

    @cached_property
    def data(self) -> dict[str, str]:
        """Of these, what code reads."""
        return {
            path: file
            for path, file in self.promised.items()
            if path.endswith(_DATA) or path.endswith(f"/{_MARKER}")
        }

    def missing_modules(self) -> Iterator[Finding]:
        """Modules of the tree that the wheel lacks; a whole folder of them is told once."""
        missing = {path: file for path, file in self.modules.items() if path not in self.wheel.installed}
        if missing and len(missing) == len(self.modules):
            yield Finding(
                f"the wheel has none of the {len(missing)} modules of {self.package.name}",
                location=self.configuration,
                expected=f"{self.package.path} in the wheel",
                fix=self._how_to_include(_INCLUDE),
            )
            return
        in_folder = Counter(path.rpartition("/")[0] for path in self.modules)
        missing_in = Counter(path.rpartition("/")[0] for path in missing)
        told: set[str] = set()
        for path, file in missing.items():
            folder = path.rpartition("/")[0]
            if missing_in[folder] < in_folder[folder]:
                yield self._missing(file, path, f"{file} is not in the wheel")
            elif folder not in told:
                told.add(folder)
                place = file.rpartition("/")[0]
                count = missing_in[folder]
                yield self._missing(
                    file, folder, f"{place} is not in the wheel: {count} module{'s'[: count - 1]}"
                )

    def _missing(self, file: str, path: str, message: str) -> Finding:
        folder = file.rpartition("/")[0]
        is_package = self.project.repository.exists(f"{folder}/__init__.py")
        if not is_package:
            fix = f"add an empty file {folder}/__init__.py"
        elif path in self.modules:
            fix = self._how_to_include(_INCLUDE_FILE, file)
        else:
            fix = self._how_to_include(_INCLUDE, file)
        return Finding(message, location=Location(file), expected=f"{path} in the wheel", fix=fix)

    def missing_data(self) -> Iterator[Finding]:
        """Data files of the package that the wheel lacks."""
        for path, file in self.data.items():
            if path not in self.wheel.installed:
                yield Finding(
                    f"{file} is not in the wheel",
                    location=Location(file),
                    expected=f"{path} in the wheel",
                    fix=self._how_to_include(_INCLUDE_FILE, file),
                )

    def _how_to_include(self, hints: dict[str, str], file: str = "") -> str:
        folder = self.package.folder
        words = {
            "folder": folder,
            "name": self.package.name,
            "parent": folder.rpartition("/")[0] or ".",
            "file": file,
            "data": file.removeprefix(f"{folder}/"),
        }
        for backend, hint in hints.items():
            if self.project.build_system.backend.startswith(backend):
                return "in pyproject.toml:\n" + hint.format(**words)
        return "include it in the build configuration"

    def strangers(self) -> Iterator[Finding]:
        """What is installed beside the package and belongs to nobody."""
        own = self.package.path.partition("/")[0]
        tops: dict[str, str] = {}
        for path in self.wheel.installed:
            tops.setdefault(path.partition("/")[0], path)
        for top, path in tops.items():
            if top == own:
                continue
            if _NOBODYS.fullmatch(top):
                message = f"the wheel installs {top} as a top-level {'module' if path == top else 'package'}"
            elif path == top and top.endswith(".pth"):
                message = f"the wheel installs {top}, which runs whenever Python starts"
            elif path == top and not top.endswith(_MODULES):
                message = f"the wheel installs {top} into site-packages itself"
            else:
                continue
            there = self.project.repository.exists(path)
            yield Finding(
                message,
                location=Location(path) if there else self.configuration,
                expected=f"nothing but {own} at the top of the wheel",
                fix=f"leave {top} out of the wheel: build {self.package.folder} alone",
            )

    def secrets(self) -> Iterator[Finding]:
        """Files that hold credentials by their name, or a private key by their content."""
        for entry in self.wheel.entries:
            name = PurePosixPath(entry.name).name
            is_secret = _SECRETS.fullmatch(name) and not _SAMPLES.fullmatch(name)
            if is_secret or (entry.holds_private_key and not name.endswith(_MODULES)):
                file = self.promised.get(entry.name, entry.name)
                there = self.project.repository.exists(file)
                what = "holds a private key" if entry.holds_private_key else "is where credentials are kept"
                yield Finding(
                    f"the wheel has {entry.name}, which {what}",
                    location=Location(file) if there else self.configuration,
                    expected="no credentials in what is released",
                    fix=f"take {name} out of the package, and revoke what it holds if it was released",
                )


def _is_module(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.suffix == ".py" and all(part.isidentifier() for part in (*pure.parts[:-1], pure.stem))
