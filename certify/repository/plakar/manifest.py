"""Read manifest.yaml, which tells Plakar of a plug-in's connectors, and examine it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from certify.model import Finding, Location
from certify.repository.config.document import ConfigFile, read_config
from certify.repository.schemas import schema_findings
from certify.repository.tree import Repository
from certify.repository.words import word_set
from certify.text import one_line

MANIFEST = "manifest.yaml"
_SCHEMA = "manifest.schema.json"
_EXPECTED = "a key of manifest.yaml as Plakar reads it; what Plakar does not know it ignores"
#: The bits of a location's flags, by the words that a manifest has for them.
FLAGS = {"localfs": 1, "file": 2, "stream": 4, "needack": 8, "nomerge": 16, "exportxattr": 32}
#: Classes that Plakar's own plug-ins have; it accepts any other.
_KNOWN_CLASSES = word_set(
    "analytics block-storage compute database file-storage hypervisor identity messaging network "
    "object-storage observability registry security service"
)
#: Whoever has more connectors in one plug-in is not looked at further.
MAX_CONNECTORS = 20
#: Protocols that are tried of one connector.
MAX_PROTOCOLS = 5


@dataclass(frozen=True)
class PluginConnector:
    """One entry of `connectors`; what is of the wrong type counts as absent."""

    index: int
    value: dict[str, Any]
    config: ConfigFile

    def text(self, key: str) -> str:
        """A text; empty where there is none."""
        value = self.value.get(key)
        return value if isinstance(value, str) else ""

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where there is none."""
        value = self.value.get(key)
        return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()

    @property
    def kind(self) -> str:
        """`importer`, `exporter` or `storage`, or another type."""
        return self.text("type")

    @property
    def executable(self) -> str:
        """The path of its program, below the manifest's folder."""
        return self.text("executable")

    @property
    def protocols(self) -> tuple[str, ...]:
        """What stands before `://` in the locations that it takes."""
        return self.words("protocols")

    @property
    def flags(self) -> int:
        """The bits of `location_flags`; words that are none are left out."""
        return sum(FLAGS.get(one, 0) for one in set(self.words("location_flags")))

    @property
    def name(self) -> str:
        """What it is called in reports: `importer s3`."""
        return one_line(" ".join([self.kind or "connector", *self.protocols[:1]]), 80)

    def at(self, *keys: str | int) -> Location:
        """Where one of its keys stands."""
        return self.config.at(("connectors", self.index, *keys))


@dataclass(frozen=True)
class Manifest:
    """A manifest.yaml, valid or not."""

    config: ConfigFile

    @cached_property
    def connectors(self) -> tuple[PluginConnector, ...]:
        """Its connectors, those left out that are no mapping."""
        listed = self._root.get("connectors")
        entries = enumerate(listed if isinstance(listed, list) else ())
        found = (PluginConnector(at, one, self.config) for at, one in entries if isinstance(one, dict))
        return tuple(found)[:MAX_CONNECTORS]

    @property
    def name(self) -> str:
        """The plug-in's name; empty where it has none."""
        name = self._root.get("name")
        return name if isinstance(name, str) else ""

    @property
    def _root(self) -> dict[str, Any]:
        return self.config.value if isinstance(self.config.value, dict) else {}

    def of(self, kind: str) -> tuple[PluginConnector, ...]:
        """The connectors of a type."""
        return tuple(one for one in self.connectors if one.kind == kind)


def read_manifest(repository: Repository) -> Manifest | None:
    """The manifest at the top of a repository; None where there is none."""
    return Manifest(read_config(repository, MANIFEST)) if repository.exists(MANIFEST) else None


def manifest_findings(manifest: Manifest) -> Iterator[Finding]:
    """Keys that are missing or that Plakar ignores, values that it refuses, and connectors that clash."""
    config = manifest.config
    if config.fault is not None:
        yield config.fault
        return
    if config.document is None or not isinstance(config.value, dict):
        yield Finding("holds no keys", Location(MANIFEST, 1), "name, display_name, description, connectors")
        return
    yield from schema_findings(__package__, _SCHEMA, config.document, _EXPECTED)
    yield from _clashes(manifest)
    for one in manifest.connectors:
        if one.text("subclass") and not one.text("class"):
            yield Finding("subclass stands without class", one.at("subclass"), "a class above a subclass")


def _clashes(manifest: Manifest) -> Iterator[Finding]:
    """Two connectors of one type for one protocol: Plakar takes whichever it registers first."""
    taken: dict[tuple[str, str], Location] = {}
    for one in manifest.connectors:
        for at, protocol in enumerate(one.protocols):
            place = one.at("protocols", at)
            if (one.kind, protocol) in taken:
                said = f"{one_line(protocol, 60)}: a second {one_line(one.kind, 20)} for this protocol"
                first = taken[one.kind, protocol]
                yield Finding(f"{said}; the first stands at {first}", place, "one of each")
            taken.setdefault((one.kind, protocol), place)


def unknown_classes(manifest: Manifest) -> Iterator[str]:
    """Classes that none of Plakar's own plug-ins has: accepted, and found under no heading."""
    for one in manifest.connectors:
        if one.text("class") and one.text("class") not in _KNOWN_CLASSES:
            yield f"{one.at('class')}: {one_line(one.text('class'), 60)} is no class of Plakar's own plug-ins"


def words_of_flags(flags: int) -> str:
    """Flags in the words of a manifest; bits that have none as a number."""
    words = [name for name, bit in FLAGS.items() if flags & bit]
    rest = flags & ~sum(FLAGS.values())
    return ", ".join([*words, *([f"{rest:#x}"] if rest else [])]) or "no flag"
