"""The pages that document a connector: which they are, each parsed once and only when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import PurePosixPath

from certify.model import Finding, Location
from certify.repository.docs.anchors import loose, normal
from certify.repository.docs.changelog import Changelog, changelog_in, changelog_of
from certify.repository.docs.markdown import read_page, unusual_marks_in
from certify.repository.docs.page import Page
from certify.repository.docs.programs import Programs
from certify.repository.git import git
from certify.repository.tree import Repository

#: Where guides lie, by the conventions of every system we know.
DOCS = ("docs/", "doc/")
MARKDOWN = (".md", ".markdown")
#: Documents that people read and that are not parsed. A `.txt` below docs/ is a list of requirements.
OTHER = (".rst", ".adoc")
#: No connector has more, and reading them stays within seconds; what comes after is not read.
MAX_PAGES = 1000
MAX_CHARACTERS = 6 * 1024 * 1024
MAX_UNUSUAL_MARKS = 100_000
#: What lets a rule read a page that could not be read.
NEEDS_MARKDOWN = "# README.md, docs/CONNECTOR.md: pages in Markdown, of at most 256 KiB each"

#: What site generators are steered by.
_GENERATORS = ("mkdocs.yml", "mkdocs.yaml", "conf.py", "docusaurus.config.*", "_config.yml", "book.toml")
#: Usual names of a list of changes, best first.
_CHANGELOGS = ("changelog", "changes", "history", "releases", "release_notes", "releasenotes", "news")
#: Pages for those who work on the connector, not for those who use it.
_FOR_AUTHORS = frozenset(
    {"contributing", "code_of_conduct", "security", "maintainers", "authors", "governance"}
)
#: An icon deeper in a package belongs to its user interface.
_ICON = re.compile(r"(?:docs?/.*|(?:src/)?[^/]+/)?icon\.svg")
_A_DOCS_SITE = re.compile(r"https?://(?:[^/]*\.readthedocs\.|docs?\.|[^/]+/(?:.*/)?docs?(?:/|$))")
_NOT_THE_PACKAGE = ("tests/", "test/", "examples/")


class Pages:
    """README, CHANGELOG and the other pages in the root, and everything under docs/."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self._read: dict[str, Page | None] = {}
        self._characters = 0
        self._unusual_marks = 0

    @cached_property
    def documents(self) -> tuple[str, ...]:
        """Every document, in any format, README first, then the root's, then those under docs/."""
        names = [name for name in self.repository.all_files if _is_document(name)]
        # docs/index.md is often a link to the README, whose own links are meant from where it is.
        kept = [name for name in names if "/" not in name or not (self.repository.root / name).is_symlink()]
        return tuple(sorted(kept, key=lambda name: ("/" in name, stem(name) != "readme", name)))

    @property
    def readme(self) -> str | None:
        """The README in the root; where there is none, the page that the project names as its README."""
        first = next(iter(self.documents), None)
        if first and "/" not in first and stem(first) == "readme":
            return first
        return self.programs.readme if self.programs.readme in self.documents else None

    @property
    def hidden_readme(self) -> str | None:
        """A README in the root that is none of the documents: a FIFO, a link out of it, ignored by git."""
        names = sorted(path.name for path in self.repository.root.iterdir())
        return next((name for name in names if stem(name) == "readme" and name != self.readme), None)

    @property
    def docs(self) -> tuple[str, ...]:
        """The documents under docs/."""
        return tuple(name for name in self.documents if name.startswith(DOCS))

    @cached_property
    def changelogs(self) -> tuple[str, ...]:
        """Documents that are lists of changes by their names, the one in the root first."""
        found = [name for name in self.documents if stem(name) in _CHANGELOGS]
        return tuple(sorted(found, key=lambda name: ("/" in name, _CHANGELOGS.index(stem(name)))))

    @cached_property
    def tree(self) -> frozenset[str]:
        """Every file of the repository, and every folder with one in it."""
        files = self.repository.all_files
        folders = {str(parent) for name in files for parent in PurePosixPath(name).parents}
        return frozenset({*files, *folders})

    @cached_property
    def tree_in_lower_case(self) -> dict[str, str]:
        """The same by their names in lower case."""
        return {name.lower(): name for name in sorted(self.tree)}

    @cached_property
    def has_site(self) -> bool:
        """Whether a site generator makes the pages under docs/ into a site, with anchors of its own."""
        patterns = [place + name for place in ("", "docs/", "doc/", "docs/source/") for name in _GENERATORS]
        return bool(self.repository.files(*patterns))

    @cached_property
    def loose_anchors(self) -> frozenset[str]:
        """The anchors of all pages under docs/: some generators find a mark wherever it is (MyST)."""
        return frozenset(loose(one) for page in self if page.file.startswith(DOCS) for one in page.anchors)

    @cached_property
    def levels_above(self) -> int:
        """How many folders lie between the root of the checkout and the connector's."""
        return (git(self.repository.root, "rev-parse", "--show-prefix") or b"").count(b"/")

    @cached_property
    def programs(self) -> Programs:
        """The commands that the repository provides."""
        return Programs(self.repository)

    def changelog(self, names: Iterable[str]) -> Changelog | None:
        """The list of changes: the file of that name, else a section of a page; `names` are the project's."""
        for name in self.changelogs:
            page = self.page(name)
            text = None if page else self.repository.text(name)
            if text is not None:
                return changelog_in(name, text, names)
            if page is not None:
                return changelog_of(page, names, whole=True)
        found = (changelog_of(page, names, whole=False) for page in self)
        return next((one for one in found if one is not None), None)

    def icons(self) -> tuple[str, ...]:
        """Files named icon.svg in the root, under docs/ and in the package."""
        found = self.repository.files("icon.svg", "*/icon.svg")
        return tuple(
            name for name in found if _ICON.fullmatch(name) and not name.startswith(_NOT_THE_PACKAGE)
        )

    @cached_property
    def documented_elsewhere(self) -> bool:
        """Whether the project names a site with its documentation."""
        urls = self.programs.urls
        links = [link.target for page in self if page.file == self.readme for link in page.links]
        return any("doc" in name.lower() for name in urls) or any(map(_A_DOCS_SITE.match, links))

    @property
    def is_release(self) -> bool:
        """Whether this is a source distribution, which leaves out files that the repository has."""
        return self.repository.exists("PKG-INFO") and not self.repository.exists(".git")

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """The documents that are not read, or not to their end: what they say, or lack, is not known.

        Of a list of changes the beginning will do: the rest is about old releases.
        """
        asked = [name for name in self.documents if name not in self.changelogs]
        return tuple(name for name in asked if (page := self.page(name)) is None or page.is_cut)

    @property
    def unread_markdown(self) -> tuple[str, ...]:
        """Those of them that are Markdown; and the README, which everybody reads, in any format."""
        return tuple(name for name in self.unread if name == self.readme or _is_markdown(name))

    def __iter__(self) -> Iterator[Page]:
        """Every Markdown page, within bounds."""
        for name in self.documents:
            page = self.page(name)
            if page is not None:
                yield page

    def for_users(self) -> tuple[Page, ...]:
        """The pages that whoever uses the connector reads."""
        skipped = {*_FOR_AUTHORS, *_CHANGELOGS}
        return tuple(page for page in self if stem(page.file) not in skipped)

    def page(self, name: str) -> Page | None:
        """One page; None when it is not Markdown, cannot be read, or is past the bounds."""
        if not _is_markdown(name):
            return None
        if name not in self._read:
            self._read[name] = self._next_page(name)
        return self._read[name]

    def _next_page(self, name: str) -> Page | None:
        spent = self._characters >= MAX_CHARACTERS or self._unusual_marks >= MAX_UNUSUAL_MARKS
        text = None if spent or len(self._read) >= MAX_PAGES else self.repository.text(name)
        if text is None:
            return None
        self._characters += len(text)
        self._unusual_marks += unusual_marks_in(text)
        return read_page(name, text)

    def defect_of(self, name: str) -> Finding | None:
        """Why a document cannot be read, if so."""
        data = self.repository.content(name)
        if data is None:
            return _unreadable(name, 1, "cannot be read, or is larger than 2 MiB")
        if not data.strip():
            return _unreadable(name, 1, "is empty")
        try:
            data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            return _unreadable(name, line, f"is not UTF-8 (byte 0x{data[error.start]:02x})")
        return None

    def guide(self, connector: str) -> str | None:
        """The document that explains the connector: docs/NAME, else one that names it, else the README."""
        wanted = normal(connector)
        docs = [page for page in self.for_users() if page.file.startswith(DOCS)]
        docs.sort(key=lambda page: page.file.count("/"))
        whole = (page for page in docs if stem(page.file) == wanted)
        named = (page for page in docs if _names(stem(page.file), wanted))
        titled = (page for page in docs if _names(normal(page.title), wanted))
        first = next(whole, None) or next(named, None) or next(titled, None)
        return first.file if first else self.readme


def _is_markdown(name: str) -> bool:
    return name.lower().endswith(MARKDOWN)


def stem(name: str) -> str:
    """The normal form of a file's name without its ending."""
    return normal(PurePosixPath(name).stem)


def _unreadable(name: str, line: int, wrong: str) -> Finding:
    return Finding(
        f"{name} {wrong}",
        Location(name, line),
        expected="text in UTF-8, which forges and package indexes can show",
        fix=f"save {name} as UTF-8, with something in it",
    )


def _names(text: str, wanted: str) -> bool:
    return f"_{wanted}_" in f"_{text}_"


def _is_document(name: str) -> bool:
    path = PurePosixPath(name)
    if path.parent == PurePosixPath():
        in_text = stem(name) in ("readme", *_CHANGELOGS) and path.suffix.lower() in (*OTHER, ".txt", "")
        return in_text or path.suffix.lower() in MARKDOWN
    hidden = any(part.startswith(("_", ".")) for part in path.parts)
    return name.startswith(DOCS) and not hidden and path.suffix.lower() in (*MARKDOWN, *OTHER)
