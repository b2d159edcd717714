"""Read metadata.yaml, which describes a connector to Airbyte's registry, and examine it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from certify.model import Finding, Location
from certify.repository.config.document import ConfigFile, read_config
from certify.repository.project.versions import parse_version
from certify.repository.schemas import schema_findings
from certify.repository.tree import Repository

METADATA = "metadata.yaml"
_SCHEMA = "metadata.schema.json"
_EXPECTED = "what Airbyte's registry asks of metadata.yaml"
#: Airbyte's own checks ask for its order of headings from this service level on, and of sources alone.
_ORDERED_FROM = 300
_LANGUAGE = "language:"


@dataclass(frozen=True)
class Metadata:
    """A metadata.yaml, valid or not; what is of the wrong type counts as absent."""

    config: ConfigFile

    def value(self, *keys: str) -> Any:
        """What stands under keys of `data`; None when nothing does."""
        value = self.config.value
        for key in ("data", *keys):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def text(self, *keys: str) -> str:
        """A text under keys of `data`; empty when there is none."""
        value = self.value(*keys)
        return value.strip() if isinstance(value, str) else ""

    def at(self, *keys: str) -> Location:
        """Where a key of `data` stands, or its nearest ancestor."""
        return self.config.at(("data", *keys))

    @property
    def name(self) -> str:
        """What its users call the connector."""
        return self.text("name")

    @property
    def version(self) -> str:
        """The tag of its image."""
        return self.text("dockerImageTag")

    @property
    def repository(self) -> str:
        """The last part of its image's name: `source-demo`."""
        return self.text("dockerRepository").rpartition("/")[2]

    @property
    def kind(self) -> str:
        """`source` or `destination`; empty when it says neither."""
        kind = self.text("connectorType") or self.repository.partition("-")[0]
        return kind if kind in ("source", "destination") else ""

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags."""
        tags = self.value("tags")
        return tuple(one for one in tags if isinstance(one, str)) if isinstance(tags, list) else ()

    @property
    def languages(self) -> tuple[str, ...]:
        """What it is written in, as its tags have it."""
        return tuple(one.removeprefix(_LANGUAGE) for one in self.tags if one.startswith(_LANGUAGE))

    @property
    def has_prescribed_page(self) -> bool:
        """Whether Airbyte prescribes the headings of its page, and their order."""
        level = self.value("ab_internal", "sl")
        asked = isinstance(level, int) and level >= _ORDERED_FROM
        return asked and self.kind == "source" and bool(self.name)

    @property
    def breaking_changes(self) -> dict[str, dict[str, Any]]:
        """The announced breaking changes by their versions, the latest first; what is none is left out."""
        said = self.value("releases", "breakingChanges")
        listed = said.items() if isinstance(said, dict) else ()
        found = [(version, key, one) for key, one in listed if (version := parse_version(key))]
        found.sort(key=lambda one: one[:2], reverse=True)
        return {key: one if isinstance(one, dict) else {} for _, key, one in found}


def read_metadata(repository: Repository) -> Metadata | None:
    """The metadata.yaml at the top of a repository; None when there is none."""
    return Metadata(read_config(repository, METADATA)) if repository.exists(METADATA) else None


def metadata_findings(metadata: Metadata) -> Iterator[Finding]:
    """What is missing in metadata.yaml, or is not of the kind that it must be."""
    config = metadata.config
    if config.fault is not None:
        yield config.fault
        return
    document = config.document
    if document is None or not isinstance(document.value, dict):
        yield Finding("holds no keys", Location(METADATA, 1), "metadataSpecVersion and data")
        return
    yield from schema_findings(__package__, _SCHEMA, document, _EXPECTED)
    yield from _impossible_days(metadata)
    if isinstance(metadata.value("tags"), list | None) and metadata.value() and not metadata.languages:
        yield Finding(
            "data.tags: no tag says in which language the connector is written",
            metadata.at("tags"),
            "a tag such as language:python, language:manifest-only or language:java",
            "add `- language:python`",
        )


def _impossible_days(metadata: Metadata) -> Iterator[Finding]:
    places: list[tuple[str, ...]] = [("releaseDate",)]
    places += [("releases", "breakingChanges", one, "upgradeDeadline") for one in metadata.breaking_changes]
    for keys in places:
        text = metadata.text(*keys)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) and as_day(text) is None:
            yield Finding(
                f"data.{'.'.join(keys)}: {text} is no day of the calendar", metadata.at(*keys), "YYYY-MM-DD"
            )


def as_day(text: str) -> date | None:
    """A day in ISO form, or None."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
