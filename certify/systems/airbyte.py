"""Airbyte: connectors with a metadata.yaml, written in Python or declared in a manifest.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from certify.model import Finding, Location
from certify.repository.airbyte.documentation import find_page, page_names
from certify.repository.airbyte.headings import heading_findings, unnamed_prerequisites
from certify.repository.airbyte.metadata import Metadata, read_metadata
from certify.repository.docs import Page, Pages
from certify.repository.docs.changelog import Changelog, changelog_of
from certify.repository.project.versions import StatedVersion
from certify.rules import Undecided, Unverified
from certify.systems.python import PythonConnector

#: The manifest of a connector that has no code of its own.
DECLARATIVE = "manifest.yaml"
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
#: Under which capability of the contract a connector's type belongs.
_CAPABILITIES = {"source": "source", "destination": "sink"}


class AirbyteConnector(PythonConnector):
    """Reads `metadata.yaml`, and the page that its `documentationUrl` leads to where that is in reach."""

    @cached_property
    def metadata(self) -> Metadata | None:
        """Its metadata.yaml; None when there is none."""
        return read_metadata(self._repository)

    @property
    def version(self) -> str | None:
        """The tag of its image, which is what Airbyte installs."""
        tag = self.metadata.version if self.metadata else ""
        return tag or super().version

    def import_name(self) -> str | None:
        """`source_demo` for the image `airbyte/source-demo`, where there is such a package."""
        named = super().import_name()
        if named is not None or self.metadata is None:
            return named
        name = self.metadata.repository.replace("-", "_")
        places = (f"{name}/__init__.py", f"src/{name}/__init__.py")
        return name if name.isidentifier() and any(map(self._repository.exists, places)) else None

    def declared(self) -> dict[str, tuple[Location, Any]]:
        """The capability that its type needs, where the contract claims another."""
        kind = self.metadata.kind if self.metadata else ""
        needed = _CAPABILITIES.get(kind)
        if self.metadata is None or needed is None or needed in self.contract.capabilities:
            return {}
        return {"capabilities": (self.metadata.at("connectorType"), [needed])}

    def documentation(self, pages: Pages) -> Page:
        """The page under docs/integrations of the monorepo, or one beside the connector.

        Raises Unverified when it is in another repository.
        """
        page = find_page(pages, self.metadata, self.contract.connector)
        if page is None:
            names = page_names(self.metadata) if self.metadata else ()
            place = names[-1] if names else "docs/CONNECTOR.md"
            raise Unverified(
                "the page that Airbyte's users read is not here: neither beside the connector, nor in a "
                "monorepo around it",
                f"# a copy of it: {place}",
            )
        return page

    def page_defects(self, page: Page) -> Iterator[Finding]:
        """Airbyte's headings and their order; and required settings that the prerequisites do not name."""
        if self.metadata is None or not self.metadata.has_prescribed_page:
            return
        yield from heading_findings(page, self.metadata)
        try:
            schema = self.config_schema()
        except Undecided:
            return
        yield from unnamed_prerequisites(page, schema)

    def changelog(self, pages: Pages, names: Iterable[str] = ()) -> Changelog | None:
        """The table in the section of its page; CHANGELOG.md where the page has none, or is not here."""
        try:
            found = changelog_of(self.documentation(pages), names, whole=False)
        except Undecided:
            elsewhere = pages.changelog(names)
            if elsewhere is None:
                raise
            return elsewhere
        return found or pages.changelog(names)

    def latest_change(self, pages: Pages) -> StatedVersion | None:
        """The first row of the table on its page."""
        try:
            changelog = self.changelog(pages)
        except Undecided:
            return None
        first = next(iter(changelog.entries), None) if changelog else None
        if changelog is None or first is None:
            return None
        return StatedVersion(str(first.version), Location(changelog.file, first.line))
