"""Find the pages that an Airbyte connector's users read: beside it, or in the monorepo it lies in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from certify.repository.airbyte.metadata import Metadata
from certify.repository.docs.markdown import read_page
from certify.repository.docs.page import Page
from certify.repository.docs.pages import Pages
from certify.repository.tree import Repository

#: Where a connector's folder lies in Airbyte's monorepo, and how its top is reached from there.
_IN_MONOREPO = ("airbyte-integrations", "connectors")
_TOP = "../../../"
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,100}")
_DOCUMENTED_AT = re.compile(r".*/integrations/(?:sources|destinations)/([^/#?]+)/?(?:[#?].*)?")
#: A README that is the users' page has some of Airbyte's headings; the usual one is for developers.
_TELLING = frozenset({"prerequisites", "setup guide", "supported sync modes", "supported streams"})


def page_names(metadata: Metadata) -> tuple[str, ...]:
    """Where the page may lie, relative to the connector's folder or the monorepo's top, best first."""
    found = _DOCUMENTED_AT.fullmatch(metadata.text("documentationUrl")[:500])
    repository = metadata.repository
    slugs = [found[1] if found else "", repository.removeprefix(f"{metadata.kind}-"), repository]
    known = [one for one in dict.fromkeys(slugs) if _SLUG.fullmatch(one)]
    inside = [f"docs/integrations/{metadata.kind}s/{slug}.md" for slug in known if metadata.kind]
    return (*inside, *(f"docs/{slug}.md" for slug in known))


def find_page(pages: Pages, metadata: Metadata | None, connector: str) -> Page | None:
    """The page that documents the connector; None where it is not here, or cannot be read."""
    names = page_names(metadata) if metadata else ()
    named = (page for name in names for page in _pages(pages, name))
    first = next(named, None)
    if first is not None:
        return first
    guide = pages.guide(connector)
    page = pages.page(guide) if guide else None
    return page if page and (page.file != pages.readme or _is_for_users(page)) else None


def find_migration_guide(pages: Pages, page: Page) -> Page | None:
    """The page beside it that tells how to upgrade; None where there is none."""
    path = PurePosixPath(page.file)
    return next(_pages(pages, str(migration_guide_of(path))), None)


def migration_guide_of(page: PurePosixPath) -> PurePosixPath:
    """Its name: `demo-migrations.md` beside `demo.md`."""
    return page.with_name(f"{page.stem}-migrations.md")


def _pages(pages: Pages, name: str) -> Iterator[Page]:
    """The page of this name in the connector's folder, then in the monorepo."""
    own = None if name.startswith(_TOP) else pages.page(name)
    if own is not None:
        yield own
    root = pages.repository.root
    if root.parts[-3:-1] != _IN_MONOREPO:
        return
    inside = name.removeprefix(_TOP)
    text = Repository(root.parents[2]).text(inside)
    if text is not None:
        yield read_page(f"{_TOP}{inside}", text)


def _is_for_users(page: Page) -> bool:
    headings = {heading.words for heading in page.headings}
    return "changelog" in headings and not _TELLING.isdisjoint(headings)
