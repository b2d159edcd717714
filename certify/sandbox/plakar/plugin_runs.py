"""The runs of a plug-in's connectors, each made once, when a rule first asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from certify.contract import Contract
from certify.repository.plakar.makefile import Makefile
from certify.repository.plakar.manifest import MAX_PROTOCOLS, Manifest, PluginConnector
from certify.repository.plakar.package import is_there
from certify.repository.tree import Repository
from certify.rules import HarnessFault, Undecided, Unverified
from certify.sandbox.canaries import Seeded
from certify.sandbox.plakar.observed import PluginRun, Wish
from certify.sandbox.zygote import Zygote

#: The types whose protocol is spoken here; others are looked at from outside alone.
SPOKEN = ("importer", "exporter", "storage")
NEEDS_CONFIG = """\
# certification/certification.yaml
subject:
  config: certification/config.json   # what Plakar hands to the connector: {"location": "…"}
"""


class PluginRuns:
    """Runs connectors of a plug-in with the sample configuration, in which secrets are canaries."""

    def __init__(
        self,
        zygote: Zygote,
        repository: Repository,
        contract: Contract,
        manifest: Manifest,
        makefile: Makefile | None,
        planted: Seeded,
    ) -> None:
        self._zygote = zygote
        self._repository = repository
        self._contract = contract
        self.manifest = manifest
        self.makefile = makefile
        self.planted = planted
        self._runs: dict[tuple[int, str], PluginRun | Undecided] = {}

    @property
    def connectors(self) -> tuple[PluginConnector, ...]:
        """Those that can be spoken with."""
        return tuple(one for one in self.manifest.connectors if one.kind in SPOKEN and one.protocols)

    @property
    def has_sample(self) -> bool:
        """Whether there is a configuration besides a location."""
        return bool(self.planted.config)

    def path(self, connector: PluginConnector) -> str:
        """Where its executable lies: as the contract says, else as the manifest does."""
        said = self._contract.subject.executable.get(connector.kind)
        is_only_one = len(self.manifest.of(connector.kind)) == 1
        return said if said and is_only_one else connector.executable.removeprefix("./")

    def run(self, connector: PluginConnector, protocol: str = "") -> PluginRun:
        """The run with its first protocol, or another. Raises Unverified where it is not built."""
        key = (connector.index, protocol or connector.protocols[0])
        if key not in self._runs:
            try:
                self._runs[key] = self._run(connector, key[1])
            except Undecided as error:
                self._runs[key] = error
        found = self._runs[key]
        if isinstance(found, Undecided):
            raise type(found)(str(found), found.needs)
        return found

    def further(self, connector: PluginConnector) -> tuple[str, ...]:
        """Its other protocols, as many as are tried."""
        return connector.protocols[1:MAX_PROTOCOLS]

    def _run(self, connector: PluginConnector, protocol: str) -> PluginRun:
        path = self.path(connector)
        if not path or not is_there(self._repository, path):
            is_built = self.makefile is not None and self.makefile.builds(connector.executable)
            by = ", which the Makefile builds" if is_built else ""
            raise Unverified(
                f"there is no {path or 'executable'}{by}: nothing could be run", _how_to_build(path)
            )
        try:
            from certify.sandbox.plakar.plugin_run import run_plugin
        except ModuleNotFoundError as error:
            raise HarnessFault(
                f"{error.name} is not installed beside certify, and plug-ins speak HTTP/2",
                "python -m pip install 'certify[plakar]'",
            ) from error
        config = flat(self.planted.config) | _location(self.planted.config, connector, protocol)
        program = (self._repository.root / path).resolve()
        return run_plugin(
            self._zygote, program, connector.words("args"), Wish(connector.kind, protocol, config)
        )


def _how_to_build(path: str) -> str:
    return f"make   # so that {path or 'the executable'} is there, and then: certify"


def _location(config: Mapping[str, Any], connector: PluginConnector, protocol: str) -> dict[str, str]:
    """The location of the sample, with this protocol in the place of the one it has."""
    said = config.get("location")
    _, separator, rest = (said if isinstance(said, str) else "").partition("://")
    return {"location": f"{protocol}://{rest if separator else ''}"}


def flat(config: Mapping[str, Any]) -> dict[str, str]:
    """A configuration as Plakar hands it over: texts alone. Raises Unverified where it is nested."""
    made: dict[str, str] = {}
    for key, value in config.items():
        if isinstance(value, dict | list):
            raise Unverified(f"{key} is nested, and Plakar's configurations are flat", NEEDS_CONFIG)
        if value is not None:
            made[key] = str(value).lower() if isinstance(value, bool) else str(value)
    return made
