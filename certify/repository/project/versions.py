"""Find the versions that a repository states: in its package and its changelog."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from certify.model import Location
from certify.repository.project.stated import Stated
from certify.repository.tree import Repository

if TYPE_CHECKING:
    from packaging.version import Version

#: Modules in which packages keep their own version.
_VERSION_MODULES = ("__init__", "__version__", "_version", "__about__", "about", "version")
_CHANGELOGS = re.compile(
    r"(docs/)?(changelog|changes|history|news|release_notes)(\.(md|rst|txt))?", re.IGNORECASE
)
_SEMVER = re.compile(r"\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
_LINK = re.compile(r"\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])?")
#: A heading that begins with a version; a word may come before it, and links are taken off already.
_RELEASE = re.compile(
    r"(?:[A-Za-z][\w.-]*\s+|v)?v?(?P<version>\d+\.\d+(\.\d+)*([-.]?(a|b|rc|alpha|beta|post)[-.]?\d*)?)"
    r"(?![\w.+])(?P<rest>.*)",
    re.IGNORECASE,
)
#: Words that may follow it: with any other one the heading is a sentence, and states no release.
_DATES = re.compile(
    r"jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?"
    r"|nov(ember)?|dec(ember)?|st|nd|rd|th|released|on|of|t|z|utc|yanked",
    re.IGNORECASE,
)
#: The topmost release stands at the top; a whole changelog may take half a second to parse.
_TOP_LINES = 400
#: A heading that states a release is short; brackets and quotes without end take hours to match.
_LONGEST_LINE = 300
_UNDERLINE = re.compile(r"(=|-|~|\^|#|\*)\1{2,}\s*")


def parse_version(text: str) -> Version | None:
    """A version as Python packaging reads it (PEP 440); None when it is none."""
    from packaging.version import Version

    try:
        return Version(text)
    except ValueError:  # InvalidVersion is one; a number of thousands of digits is another
        return None


def same_version(one: str, other: str) -> bool:
    """Whether both mean the same: 1.2.0rc1 is 1.2.0-rc.1."""
    first, second = parse_version(one), parse_version(other)
    return one == other if first is None or second is None else first == second


@dataclass(frozen=True)
class StatedVersion(Stated):
    """A version that stands somewhere; `numbers`: how many its system gives it."""

    numbers: int = 3

    @property
    def value(self) -> Version | None:
        """As Python packaging reads it; None when it is none."""
        return parse_version(self.text)

    @property
    def is_semantic(self) -> bool:
        """X.Y.Z, with pre-releases in SemVer's notation or in Python's; no epoch, no post-release."""
        if self.numbers == 3 and _SEMVER.fullmatch(self.text):
            return True
        version = self.value
        if version is None or version.epoch or version.is_postrelease:
            return False
        return len(version.release) == self.numbers

    def agrees_with(self, other: Stated) -> bool:
        """Whether the other means the same version."""
        return same_version(self.text, other.text)

    def is_below(self, other: StatedVersion) -> bool:
        """Whether the other is a later version."""
        value, other_value = self.value, other.value
        return value is not None and other_value is not None and value < other_value


def literal_versions(repository: Repository, package: str) -> Iterator[StatedVersion]:
    """Each `__version__ = "…"` at the top of a module in which packages keep it; `package`: its folder."""
    for module in _VERSION_MODULES:
        file = f"{package}/{module}.py"
        # What git ignores is written by the build, and may be an old one's.
        if file not in repository.all_files:
            continue
        try:
            body = ast.parse(repository.text(file) or "").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for statement in body:
            text = _literal(statement)
            if text is not None:
                yield StatedVersion(text, Location(file, statement.lineno))


def _literal(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Assign):
        targets: list[ast.expr] = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return None
    named = any(isinstance(one, ast.Name) and one.id == "__version__" for one in targets)
    value = statement.value
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return str(value.value) if named and is_text and isinstance(value, ast.Constant) else None


def changelog_version(repository: Repository) -> StatedVersion | None:
    """The topmost release in the changelog; what is marked as unreleased is none."""
    for file in repository.all_files:
        if _CHANGELOGS.fullmatch(file):
            lines = (repository.text(file) or "").splitlines()[:_TOP_LINES]
            top = "\n".join(line[:_LONGEST_LINE] for line in lines)
            for line, heading in _headings(file, top):
                version = _released(heading)
                if version is not None:
                    return StatedVersion(version, Location(file, line))
    return None


def _released(heading: str) -> str | None:
    found = _RELEASE.fullmatch(_LINK.sub(r"\1", heading).strip("*_` "))
    if found is None:
        return None
    words = re.findall("[A-Za-z]+", found["rest"])
    is_date = re.match(r"(19|20)\d\d\.", found["version"])  # or a version that looks like one
    return found["version"] if not is_date and all(map(_DATES.fullmatch, words)) else None


def _headings(file: str, text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each heading, in Markdown or reStructuredText."""
    if file.lower().endswith(".md"):
        yield from _markdown_headings(text)
        return
    lines = text.splitlines()
    for number, (line, below) in enumerate(itertools.pairwise(lines), 1):
        if line.strip() and _UNDERLINE.fullmatch(below) and not _UNDERLINE.fullmatch(line):
            yield number, line.strip()


def _markdown_headings(text: str) -> Iterator[tuple[int, str]]:
    from markdown_it import MarkdownIt

    # Only blocks are parsed: what stands inside a heading is looked at as it was written.
    tokens = MarkdownIt("commonmark").disable(["inline"]).parse(text)
    for opening, inner in itertools.pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0 and opening.map:
            yield opening.map[0] + 1, inner.content
