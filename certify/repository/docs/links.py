"""Follow the links of a page as far as the repository goes: files, folders and anchors; never the network."""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import unquote

from certify.model import Finding, Location
from certify.repository.docs.anchors import loose
from certify.repository.docs.page import Link, Page
from certify.repository.docs.pages import DOCS, Pages
from certify.text import cut

#: Pages of the forge that a link from the root of a repository reaches with `../../`.
_FORGE = re.compile(
    r"(?:\.\./)+(?:issues|pulls?|wiki|releases|actions|discussions|security|compare|commits?|tags?|tree|blob"
    r"|graphs|milestones?|projects|stargazers|network|fork|labels|edit|raw)(?:/|$)"
)
#: A scheme, a host, a path from a site's root, a template's variable.
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|/|\\|.*(?:\{\{|\{%|\$\{|%7B%7B|\$%7B)")
#: Lines of a source file, and the beginning of any page.
_ALWAYS = re.compile(r"top|L\d+(?:C\d+)?(?:-L?\d+(?:C\d+)?)?|:~:text=.*", re.IGNORECASE)
#: A label, class or function, which Sphinx and MkDocs find by its name wherever it is.
_CROSS_REFERENCE = re.compile(r"~?[\w.:-]+")
#: Endings of what is a file all the same.
_FILES = frozenset(
    {"md", "rst", "html", "txt", "pdf", "png", "svg", "jpg", "jpeg", "gif", "webp"}
    | {"json", "yaml", "yml", "toml", "py", "ipynb", "csv", "sql", "sh"}
)
#: What site generators make out of a page.
_ENDINGS = (
    ".md",
    ".mdx",
    ".markdown",
    ".rst",
    ".ipynb",
    "/index.md",
    "/README.md",
    "/index.rst",
    "/index.mdx",
)

#: More dead links on one page tell nothing new.
_MAX_FINDINGS = 50
#: Longer names are cut where they are shown, and none that resembles them is looked for.
_MAX_SHOWN = 200
_MAX_COMPARED = 500


def dead_links(page: Page, pages: Pages) -> Iterator[Finding]:
    """The links of a page that lead to no file, folder or anchor of the repository."""
    findings = (_defect(page, link, pages) for link in dict.fromkeys(page.links))
    yield from islice((one for one in findings if one is not None), _MAX_FINDINGS)


def left_out(page: Page, pages: Pages) -> Iterator[str]:
    """The targets of links that a source distribution lacks, and that its repository may well have."""
    if pages.is_release:
        for link in dict.fromkeys(page.links):
            if (
                is_local(link)
                and _path(link)
                and not (_found(page, link, pages) or _defect(page, link, pages))
            ):
                yield link.target


def is_local(link: Link) -> bool:
    """Whether a link leads to somewhere in the repository."""
    return bool(link.target) and not _ELSEWHERE.match(link.target)


def _defect(page: Page, link: Link, pages: Pages) -> Finding | None:
    if not is_local(link):
        return None
    anchor = unquote(link.target.partition("#")[2])
    if not _path(link):
        return _dead_anchor(page, page, link, anchor, pages)
    found = _found(page, link, pages)
    if found is None:
        name = _names(page, link, pages)[0]
        out = name.startswith("../") or name == ".."
        return _way_out(page, link, name, pages) if out else _no_file(page, link, name, pages)
    target = pages.page(found) if anchor and found in pages.documents else None
    return _dead_anchor(page, target, link, anchor, pages) if target else None


def _path(link: Link) -> str:
    return unquote(link.target.partition("#")[0].partition("?")[0])


def _names(page: Page, link: Link, pages: Pages) -> list[str]:
    """What a path may mean: from the page's folder; on a site also from the page, `guide/` for guide.md."""
    own = posixpath.dirname(page.file)
    bases = [own, posixpath.splitext(page.file)[0]] if _is_on_site(page, pages) else [own]
    return [posixpath.normpath(posixpath.join(base, _path(link))) for base in bases]


def _found(page: Page, link: Link, pages: Pages) -> str | None:
    return next((one for name in _names(page, link, pages) if (one := _target(name, page, pages))), None)


def _is_on_site(page: Page, pages: Pages) -> bool:
    return pages.has_site and page.file.startswith(DOCS)


def _target(name: str, page: Page, pages: Pages) -> str | None:
    """The file or folder that a name leads to, letter by letter, or through what a site makes of it."""
    if name.startswith(".."):
        return None
    tree = pages.tree
    if name == "." or name in tree:
        return name
    if page.file.startswith(DOCS):
        bare = name.removesuffix(".html")
        source = next((bare + ending for ending in _ENDINGS if bare + ending in tree), None)
        if source is not None:
            return source
    # Not released, but there: generated, or ignored by git. A name in other letters is not it.
    there = pages.repository.exists(name) and name.lower() not in pages.tree_in_lower_case
    return name if there else None


def _no_file(page: Page, link: Link, name: str, pages: Pages) -> Finding | None:
    other = pages.tree_in_lower_case.get(name.lower())
    if other is not None:
        return _finding(page, link, f"is spelled {other!r} in the repository", _relative(page, other))
    if re.match(r"www\.[\w-]+\.\w", link.target):
        return _finding(page, link, "is read as a file: it has no https://", f"https://{link.target}")
    if page.file in pages.changelogs:
        return None  # an old entry speaks of what was there
    if pages.is_release or (_is_on_site(page, pages) and _is_cross_reference(link.target)):
        return None
    base = posixpath.basename(name)
    same = [one for one in pages.repository.all_files if posixpath.basename(one) == base]
    beside = [one for one in pages.repository.all_files if posixpath.dirname(one) == posixpath.dirname(name)]
    near = same[0] if len(same) == 1 else _nearest(name, beside, 0.85)
    instead = _relative(page, near) if near else None
    return _finding(page, link, f"leads to {_short(name)}, which is not in the repository", instead)


def _is_cross_reference(target: str) -> bool:
    return bool(_CROSS_REFERENCE.fullmatch(target)) and target.rpartition(".")[2].lower() not in _FILES


def _way_out(page: Page, link: Link, name: str, pages: Pages) -> Finding | None:
    if _FORGE.match(name):
        return None
    if (name + "/").count("../") <= pages.levels_above:
        return None  # a connector in a folder of a larger repository: its neighbours are not looked at
    return _finding(page, link, "leads out of the repository", None)


def _dead_anchor(page: Page, target: Page | None, link: Link, anchor: str, pages: Pages) -> Finding | None:
    if target is None or not anchor or _ALWAYS.fullmatch(anchor) or target.is_cut:
        return None
    wanted = anchor.removeprefix("user-content-")
    if wanted in target.anchors:
        return None
    if _is_on_site(target, pages) and loose(wanted) in pages.loose_anchors:
        return None
    near = _nearest(wanted.lower(), sorted(target.anchors), 0.6)
    where = "this page" if target is page else target.file
    instead = f"{link.target.partition('#')[0]}#{near}" if near else None
    return _finding(
        page, link, f"leads to the heading '#{_short(anchor)}', and {where} has none of that name", instead
    )


def _nearest(name: str, others: list[str], cutoff: float) -> str | None:
    """The one that is meant, perhaps; `difflib` is quadratic in the length."""
    short = [one for one in others[:_MAX_COMPARED] if len(one) <= _MAX_SHOWN]
    near = difflib.get_close_matches(name, short, n=1, cutoff=cutoff) if len(name) <= _MAX_SHOWN else []
    return near[0] if near else None


def _relative(page: Page, name: str) -> str:
    return posixpath.relpath(name, posixpath.dirname(page.file) or ".")


def _finding(page: Page, link: Link, wrong: str, instead: str | None) -> Finding:
    return Finding(
        f"the link to '{_short(link.target)}' {wrong}",
        Location(page.file, link.line),
        expected="a file, folder or heading of this repository, written as it is there",
        fix=f"write '{instead}'" if instead else "correct the target, or take the link out",
    )


def _short(text: str) -> str:
    return cut(text, _MAX_SHOWN)
