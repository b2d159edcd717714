"""Hold a wheel against what the specification of wheels, and the project's own metadata, say of it."""

from __future__ import annotations

import configparser
import re
from collections import Counter
from collections.abc import Iterator

from certify.model import Finding, Location
from certify.repository.project.pyproject import Project
from certify.repository.project.requirements import normal_name
from certify.repository.project.versions import same_version
from certify.repository.project.wheel_file import Wheel

_MODULES = (".py", ".pyi", ".so", ".pyd")


class WheelForm:
    """Each method yields the findings of one kind."""

    def __init__(self, wheel: Wheel, project: Project) -> None:
        self.wheel = wheel
        self.project = project
        self.configuration = project.build_system.location

    def findings(self) -> Iterator[Finding]:
        """All of them."""
        yield from self.unsafe_names()
        yield from self.wrong_records()
        yield from self.dead_entry_points()
        yield from self.wrong_metadata()

    def unsafe_names(self) -> Iterator[Finding]:
        """Names that lead out of the folder a wheel is unpacked into, or that stand there twice."""
        counts = Counter(entry.name for entry in self.wheel.entries)
        for name, count in counts.items():
            parts = re.split(r"[/\\]", name)
            if ".." in parts or not parts[0] or parts[0].endswith(":"):
                yield self._wrong(f"the wheel has a file {name!r}, which leads out of where it is unpacked")
            elif count > 1:
                yield self._wrong(f"the wheel has {count} files named {name!r}")

    def wrong_records(self) -> Iterator[Finding]:
        """Files that RECORD does not list, or lists otherwise than they are."""
        if "RECORD" not in self.wheel.texts:
            yield self._wrong("the wheel has no RECORD")
            return
        recorded = self.wheel.recorded
        for entry in self.wheel.entries:
            digest, _ = recorded.get(entry.name, (None, ""))
            if re.search(r"\.dist-info/RECORD(\.jws|\.p7s)?$", entry.name):
                continue
            if digest is None:
                yield self._wrong(f"RECORD does not list {entry.name}")
            elif digest.startswith("sha256=") and digest.rstrip("=") != entry.sha256:
                yield self._wrong(f"RECORD has another digest for {entry.name}")
        for name in recorded.keys() - {entry.name for entry in self.wheel.entries}:
            yield self._wrong(f"RECORD lists {name}, which the wheel has not")

    def dead_entry_points(self) -> Iterator[Finding]:
        """Entry points into the package whose module the wheel lacks."""
        parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]  # as the documentation has it
        try:
            parser.read_string(self.wheel.texts.get("entry_points.txt", ""))
        except configparser.Error:
            yield self._wrong("entry_points.txt cannot be read")
            return
        tops = {path.partition("/")[0].removesuffix(".py") for path in self.wheel.installed}
        for section in parser.sections():
            for name, value in parser[section].items():
                module = value.partition(":")[0].partition("[")[0].strip()
                # One of another distribution is that distribution's matter.
                if module.partition(".")[0] in tops and not self._has_module(module):
                    yield Finding(
                        f"the entry point {name} ({section}) leads to {module}, which the wheel has not",
                        location=self._where_entry_point(section, name),
                        expected=f"a module {module}",
                        fix=f"correct {value!r}, or add the module",
                    )

    def _has_module(self, module: str) -> bool:
        path = module.replace(".", "/")
        installed = self.wheel.installed
        return any(
            file.startswith((f"{path}.", f"{path}/")) and file.endswith(_MODULES) for file in installed
        )

    def _where_entry_point(self, section: str, name: str) -> Location:
        table = {"console_scripts": "scripts", "gui_scripts": "gui-scripts"}.get(section)
        for keys in (
            ("project", table or "entry-points", *([] if table else [section]), name),
            ("tool", "poetry", table or "plugins", *([] if table else [section]), name),
        ):
            if self.project.value(*keys) is not None:
                return self.project.at(*keys)
        return self.configuration

    def wrong_metadata(self) -> Iterator[Finding]:
        """Name and version that are not what the project's files say."""
        metadata = self.wheel.metadata
        name, version = self.project.name, self.project.version
        if name is not None and normal_name(name.text) != normal_name(metadata.name):
            yield Finding(
                f"the wheel's name is {metadata.name}, {name.place} says {name.text}",
                location=name.location,
                expected=f"the name {name.text}",
            )
        if version is not None and not same_version(version.text, metadata.version):
            yield Finding(
                f"the wheel's version is {metadata.version}, {version.place} says {version.text}",
                location=version.location,
                expected=f"the version {version.text}",
            )

    def _wrong(self, message: str) -> Finding:
        backend = self.project.build_system.backend
        return Finding(
            message,
            location=self.configuration,
            expected="a wheel as the packaging specification has it",
            fix=f"update the build backend ({backend}), or correct the project's own build code",
        )
