"""Build a connector's wheel offline, in the sandbox, from a copy of its tree."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from certify.errors import SandboxError
from certify.model import Finding, Location
from certify.repository.project.pyproject import BuildSystem, Project
from certify.repository.project.releases import Releases
from certify.repository.project.requirements import normal_name
from certify.repository.project.wheel_file import (
    CoreMetadata,
    UnreadableWheel,
    Wheel,
    WheelTooLarge,
    read_wheel,
)
from certify.rules import HarnessFault, Undecided, Unverified
from certify.sandbox.build_requirements import (
    Lacking,
    absent,
    distribution_names,
    installed_versions,
    not_installed,
    require_current,
)
from certify.sandbox.copying import copy_tree
from certify.sandbox.limits import Limits
from certify.sandbox.zygote import Ended, Zygote
from certify.text import one_line

#: Building a pure Python wheel takes a second; one with extensions is not built here.
BUILD_LIMITS = Limits(wall_seconds=60.0)

#: Backends and plugins that read the version from git, and how each is told it instead.
_VERSION_FROM_GIT = (
    "SETUPTOOLS_SCM_PRETEND_VERSION",
    "PDM_BUILD_SCM_VERSION",
    "PBR_VERSION",
    "POETRY_DYNAMIC_VERSIONING_BYPASS",
    "UV_DYNAMIC_VERSIONING_BYPASS",
)
_READS_GIT = ("setuptools-scm", "hatch-vcs", "pbr", "poetry-dynamic-versioning", "uv-dynamic-versioning")
#: `errno` of a limit of ours: no space, file too large, no memory, too many files.
_OURS = frozenset({28, 27, 12, 24, 122})


@dataclass(frozen=True)
class Build:
    """How it ended: a wheel, or the project's own error. `attempts`: what a build has no call to do."""

    wheel: Wheel | None
    failure: Finding | None
    backend: str
    interpreter: str
    seconds: float
    attempts: tuple[str, ...] = ()


class WheelBuilder:
    """Builds once, when first asked, in the first of these interpreters that has what it takes.

    The first is the connector's own.
    """

    def __init__(
        self,
        zygotes: Iterable[Zygote],
        project: Project,
        releases: Releases,
        limits: Limits = BUILD_LIMITS,
    ) -> None:
        self._zygotes = tuple(zygotes)
        self.project = project
        self._releases = releases
        self._limits = limits
        self._ended: Build | Undecided | None = None

    @property
    def build(self) -> Build:
        """How it ended. Raises Unverified or HarnessFault when that is not the project's doing."""
        if self._ended is None:
            try:
                self._ended = self._build()
            except Undecided as error:
                self._ended = error
        if isinstance(self._ended, Undecided):
            raise type(self._ended)(str(self._ended), self._ended.needs)
        return self._ended

    @property
    def metadata(self) -> CoreMetadata:
        """The built wheel's. Raises Unverified when there is none, whoever's doing that is."""
        try:
            build = self.build
        except HarnessFault as error:
            raise Unverified(str(error), error.needs) from error
        if build.wheel is None:
            raise Unverified("the wheel does not build; see wheel_matches_tree")
        return build.wheel.metadata

    def _build(self) -> Build:
        """In the connector's own interpreter, or in the next one where that has not what it takes."""
        lacking: list[Lacking] = []
        for zygote in self._zygotes:
            try:
                build = self._build_in(zygote)
            except Lacking as error:
                lacking.append(error)
                continue
            # Build code may fail in another Python than the one it is written for.
            if build.failure is None or _python(zygote) == _python(self._zygotes[0]):
                return build
        raise Unverified(str(lacking[0]), lacking[0].needs) from lacking[0]

    def _build_in(self, zygote: Zygote) -> Build:
        system = self.project.build_system
        zygote.start()
        versions = installed_versions(zygote, distribution_names(system.requires))
        missing = absent(system.requires, versions, zygote.ready["python"])
        if missing:
            raise not_installed(zygote, missing)
        environment = self._environment(system)
        try:
            tree = copy_tree(self.project.repository, zygote.private)
        except SandboxError as error:
            raise Unverified(str(error)) from error
        wheels = Path(tempfile.mkdtemp(prefix="wheel-", dir=zygote.private))
        try:
            ended = zygote.run(
                {
                    "do": "build",
                    "tree": str(tree),
                    "wheels": str(wheels),
                    "backend": system.backend,
                    "backend_path": list(system.backend_path),
                    "environment": environment,
                },
                self._limits,
            )
            return self._told(ended, zygote, versions, wheels)
        finally:
            shutil.rmtree(tree, ignore_errors=True)
            shutil.rmtree(wheels, ignore_errors=True)

    def _environment(self, system: BuildSystem) -> dict[str, str]:
        """The copy has no history: what asks git for a version is told it."""
        if not any(name in _READS_GIT for name in map(normal_name, distribution_names(system.requires))):
            return {}
        if self.project.repository.exists("PKG-INFO"):
            return {}  # a source distribution says it itself
        version = self._releases.working_version()
        if version is None:
            raise Unverified("the version comes from git's tags, and this is no git repository")
        return dict.fromkeys(_VERSION_FROM_GIT, version)

    def _told(self, ended: Ended, zygote: Zygote, versions: dict[str, str], wheels: Path) -> Build:
        said: dict[str, Any] = {}
        attempts = []
        for message in ended.messages:
            said.update(message)
            if "attempt" in message:
                attempts.append(one_line(str(message["attempt"]), 300))
        if "fault" in said:
            raise SandboxError(f"the build task failed: {str(said['fault']).strip().splitlines()[-1]}")
        if "needs" in said:
            raise not_installed(zygote, {str(one): str(one) for one in said["needs"]})
        self._require_end_by_itself(ended, said)
        wheel, failure = None, None
        if "built" in said:
            wheel, failure = self._read(wheels / Path(str(said["built"])).name)
        else:
            require_current(zygote, versions)
            failure = self._failure(said.get("failed"), ended)
        return Build(
            wheel=wheel,
            failure=failure,
            backend=self.project.build_system.backend,
            interpreter=zygote.ready["executable"],
            seconds=ended.seconds,
            attempts=tuple(attempts),
        )

    def _require_end_by_itself(self, ended: Ended, said: Mapping[str, Any]) -> None:
        """Raise what our own limits did."""
        if ended.why == "wall":
            raise HarnessFault(f"building the wheel took longer than {self._limits.wall_seconds:g} s")
        if ended.why != "exit":
            raise HarnessFault(f"building the wheel was ended by a limit of the sandbox: {ended.why}")
        if ended.signal is not None:
            raise HarnessFault(f"the process that built the wheel died of signal {ended.signal}")
        failed = said.get("failed") or {}
        if "refused" in said and "built" not in said:
            raise HarnessFault("the build starts processes, which the weaker isolation here refuses")
        if failed.get("memory") or failed.get("errno") in _OURS:
            raise HarnessFault(f"a limit of the sandbox ended the build: {_last(failed)}")

    def _read(self, path: Path) -> tuple[Wheel | None, Finding | None]:
        try:
            return read_wheel(path), None
        except WheelTooLarge as error:
            raise Unverified(str(error)) from error
        except UnreadableWheel as error:
            return None, Finding(f"what the backend built is no wheel: {error}", self._configuration)

    def _failure(self, failed: Mapping[str, Any] | None, ended: Ended) -> Finding:
        """The project's own error; where its process just ended, what it printed last."""
        if failed is None:
            printed = ended.output.decode("utf-8", "replace").strip().splitlines()
            text = f"its process ended with exit code {ended.code}"
            text += f" after printing: {' | '.join(printed[-3:])}" if printed else ""
            where = self._configuration
        else:
            text = " | ".join(str(line).strip() for line in failed["lines"] if str(line).strip())
            text = text or str(failed["type"])
            where = self._place(failed.get("file"), failed.get("line"))
        return Finding(
            f"the wheel does not build: {one_line(text, 800)}",
            location=where,
            expected="`python -m pip wheel --no-deps .` builds a wheel, without network",
            fix="run that command in a fresh clone, and correct what it reports",
        )

    def _place(self, file: Any, line: Any) -> Location:
        there = isinstance(file, str) and self.project.repository.exists(file)
        return Location(file, line) if there and isinstance(line, int) else self._configuration

    @property
    def _configuration(self) -> Location:
        return self.project.build_system.location


def _python(zygote: Zygote) -> list[str]:
    return zygote.ready["python"].split(".")[:2]


def _last(failed: Mapping[str, Any]) -> str:
    lines = failed.get("lines") or [failed.get("type", "")]
    return one_line(str(lines[-1]), 300)
