"""Find the catalog that users have tables of: the author's snapshot, in the last release or in the tree."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from certify.repository.project.releases import Release, Releases
from certify.rules import NotApplicable, Undecided, Unverified

if TYPE_CHECKING:
    from packaging.version import Version

CATALOG = "certification/catalog.json"


@dataclass(frozen=True)
class CatalogSnapshot:
    """What a discovery printed once: its bytes, where they were found, and of which release they are."""

    content: bytes
    source: str
    release: Release | None = None


def find_catalog_snapshot(releases: Releases, version: Version | None) -> CatalogSnapshot:
    """The snapshot of the last release below a version; else the one in the working tree.

    Raises NotApplicable where there is none, and Unverified where it cannot be read.
    """
    from packaging.version import Version

    # Where history cannot be read, the tree's is what there is.
    with suppress(Undecided):
        release = releases.before(version or Version("9999!0"))
        content = releases.files(release, CATALOG, (CATALOG,)).get(CATALOG)
        if content is not None:
            return CatalogSnapshot(content, f"{CATALOG} of {release.tag}", release)
    if not releases.repository.exists(CATALOG):
        raise NotApplicable(f"there is no {CATALOG}, neither here nor in the last release")
    content = releases.repository.content(CATALOG)
    if content is None:
        raise Unverified(f"{CATALOG} is too large to be read")
    return CatalogSnapshot(content, CATALOG)
