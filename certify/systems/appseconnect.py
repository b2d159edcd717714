"""APPSeCONNECT: adapters for .NET, of which certify reads the source, the project and the assembly."""

from __future__ import annotations

from functools import cached_property

from certify.repository.appseconnect.adapter import Adapter
from certify.repository.project.versions import StatedVersion
from certify.rules import Blocked, HarnessFault, NotApplicable
from certify.subject import Package
from certify.systems.python import PythonConnector

_NEEDS_EXTRA = "pip install 'certify[appseconnect]'"


class AppseconnectConnector(PythonConnector):
    """Reads what is there; nothing of it is run."""

    @cached_property
    def adapter(self) -> Adapter:
        """Its files. Raises HarnessFault where nothing is installed that reads them."""
        try:
            adapter = Adapter(self._repository, self.contract.subject.assembly)
            _ = adapter.sources, adapter.assembly
        except ImportError as error:
            raise HarnessFault(f"{error.name} is not installed, which reads .NET", _NEEDS_EXTRA) from error
        return adapter

    @property
    def version(self) -> str | None:
        """The version of its assembly."""
        try:
            return next((one.text for one in self.own_versions()), None)
        except HarnessFault:  # which the rules tell
            return None

    def package(self) -> Package:
        """None: it is an assembly."""
        raise NotApplicable("an APPSeCONNECT adapter is an assembly for .NET, and no Python package")

    def sdk_versions(self) -> tuple[StatedVersion, ...]:
        """Project files, packages and the compiled assembly. Raises Blocked where one cannot be read."""
        if self.adapter.faults:
            raise Blocked(f"{self.adapter.faults[0].location} cannot be read; see package_layout")
        return self.adapter.sdk_versions

    def own_versions(self) -> tuple[StatedVersion, ...]:
        """The attributes of the assembly, the project file, and the compiled assembly."""
        return self.adapter.versions
