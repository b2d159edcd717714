"""Search the text files of a connector's repository for credentials, within bounds."""

from __future__ import annotations

import ast
import codecs
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath

from certify.model import Finding, Location
from certify.repository.secrets.allowed import COMMENT, Place, why_allowed
from certify.repository.secrets.candidates import Candidate, find_candidates
from certify.repository.secrets.formats import PRIVATE_KEY
from certify.repository.secrets.names import shown_name
from certify.repository.secrets.work import CHARACTERS, JUDGED, Work
from certify.repository.source.modules import parse
from certify.repository.tree import MAX_FILES, Repository
from certify.text import counted

#: Bytes of a file that is read. No person wrote a larger one; parsed, it takes nine times as much memory.
MAX_FILE_BYTES = 8 * 1024 * 1024
#: Files named in evidence.
_MAX_NOTES = 20
#: A shorter credential is not shown in part: two characters of it would be a sixth and more.
_MIN_SHOWN_IN_PART = 12

#: Why a file is not looked at.
TOO_LONG = "since there was so much to look at up to there"

_NO_TEXT = re.compile(
    r".*\.(?:png|jpe?g|gif|ico|webp|bmp|tiff?|woff2?|ttf|otf|eot|pdf|zip|gz|bz2|xz|zst|tar|tgz|whl|jar|nupkg|dll|exe|so"
    r"|dylib|pyc|pyd|o|a|class|parquet|avro|orc|arrow|feather|db|sqlite3?|xlsx?|docx?|pptx?|mp[34]|wav|mov)",
    re.IGNORECASE,
)
#: Written by tools, full of checksums.
_BY_TOOLS = re.compile(
    r"(?:.*/)?(?:[^/]*\.lock|[^/]*-lock\.(?:json|yaml)|go\.sum|[^/]*\.sum|sha\d+sums?(?:\.txt)?|record|npm-shrinkwrap\.json"
    r"|[^/]*\.min\.(?:js|css)|[^/]*\.(?:js|css)\.map|[^/]*\.svg)",
    re.IGNORECASE,
)
_TEST_FILE = re.compile(
    r"(?:.*/)?(?:tests?|testing|specs?|__tests__)/.*|(?:.*/)?(?:test_[^/]*|[^/]*_test|conftest)\.\w+"
)
_DOC_FILE = re.compile(
    r"(?:.*/)?docs?/.*|.*\.(?:md|mdx|markdown|rst|adoc|txt|html?|ipynb)|(?:.*/)?(?:readme|changes|changelog|history|pkg-info|metadata)[^/]*",
    re.IGNORECASE,
)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Bytes of a file that tell whether it is binary.
_HEAD = 8192
_CERTIFICATE = re.compile(r".*\.(?:crt|cer|csr|cnf)|.*cert[^/]*\.pem", re.IGNORECASE)


@dataclass(frozen=True)
class Advice:
    """What is expected where a credential stands, and how to get there."""

    expected: str
    fix: str


IN_TEXT = Advice(
    "a reference such as ${API_TOKEN}, or a placeholder such as <api_token>",
    "revoke it where it was issued, since the history of the repository keeps it, and read it from the "
    "environment or from the platform's connection; if it never opened anything, make it say so (`dummy-…`), "
    "or end the line with the comment `pragma: allowlist secret`",
)


@dataclass(frozen=True)
class Secret:
    """A credential that was found: where, under which name, how long. Itself it is kept nowhere."""

    words: str
    location: Location
    name: str
    length: int
    begins: str
    advice: Advice = IN_TEXT

    def finding(self) -> Finding:
        """What a report says of it."""
        name = f" under the name {self.name!r}" if self.name else ""
        return Finding(
            message=f"{self.words}{name}{self._size()}",
            location=self.location,
            expected=self.advice.expected,
            fix=self.advice.fix,
        )

    def _size(self) -> str:
        if not self.length:
            return ""
        begins = f", the first two are {self.begins!r}" if self.begins else ""
        return f" ({self.length} characters{begins})"


@dataclass
class SecretSearch:
    """What a search found and did: how much was read, what was left out, what was allowed and why.

    `left_out` is not meant to be read, `unread` is: while there is any, nobody knows whether a credential
    stands there.
    """

    secrets: list[Secret] = field(default_factory=list)
    read: int = 0
    work: Work = field(default_factory=Work)
    left_out: Counter[str] = field(default_factory=Counter)
    unread: dict[str, str] = field(default_factory=dict)
    allowed: Counter[str] = field(default_factory=Counter)
    comments: list[str] = field(default_factory=list)

    def notes(self, what: str) -> list[str]:
        """The same in sentences, for evidence."""
        notes = [f"read {counted(self.read, what)}"]
        notes += [f"not read: {count} {why}" for why, count in sorted(self.left_out.items())]
        notes += [f"not read: {file}, {why}" for file, why in islice(self.unread.items(), _MAX_NOTES)]
        if self.allowed:
            reasons = ", ".join(f"{count} × {why}" for why, count in self.allowed.most_common())
            notes.append(f"no credential, though it looks like one: {reasons}")
        notes += [f"allowed by a comment: {where}" for where in self.comments]
        return notes

    def judge(self, one: Candidate, place: Place) -> None:
        """Take a candidate up, or note why it is none."""
        self.work.spend(len(one.value) // JUDGED)
        why = why_allowed(one, place)
        if why == COMMENT:
            shown = shown_name(one.name, one.value)
            self.comments.append(f"{one.file}:{one.line}" + (f" ({shown})" if shown else ""))
        elif why is not None:
            self.allowed[why] += 1
        else:
            self.secrets.append(secret_of(one))


def secret_of(one: Candidate) -> Secret:
    """What may be told of a candidate."""
    value = "" if one.words == PRIVATE_KEY else one.value
    begins = value[:2] if len(value) >= _MIN_SHOWN_IN_PART else ""
    return Secret(
        one.words, Location(one.file, one.line), shown_name(one.name, one.value), len(value), begins
    )


def search_source(repository: Repository, cassettes: Collection[str] = ()) -> SecretSearch:
    """Search every text file but these cassettes, which another search reads."""
    search = SecretSearch()
    for file in repository.all_files:
        why = _why_left_out(file, cassettes)
        if why or b"\0" in _without_mark(repository.beginning(file, _HEAD)):
            search.left_out[why or "binary files"] += 1
        elif search.work.is_over:
            search.unread[file] = TOO_LONG
        else:
            _search_file(search, repository, file)
    if repository.is_cut:
        search.unread["the rest of the repository"] = f"since it has more than {MAX_FILES} files"
    return search


def search_files(repository: Repository, files: Iterable[str]) -> SecretSearch:
    """Search these files, whatever they are."""
    search = SecretSearch()
    for file in files:
        _search_file(search, repository, file)
    return search


def _why_left_out(file: str, cassettes: Collection[str]) -> str:
    if file in cassettes:
        return "cassettes, which no_secret_in_cassettes reads"
    if _NO_TEXT.fullmatch(file):
        return "images, archives and other files without text, by their names"
    return "files that tools write, such as locks and checksums" if _BY_TOOLS.fullmatch(file) else ""


def _search_file(search: SecretSearch, repository: Repository, file: str) -> None:
    data = repository.content(file, MAX_FILE_BYTES)
    if data is None:
        search.unread[file] = f"since it is larger than {MAX_FILE_BYTES // 2**20} MiB, or not to be opened"
        return
    text = _decoded(data)
    candidates = list(
        find_candidates(file, without_outputs(text) if file.endswith(".ipynb") else text, search.work)
    )
    search.read += 1
    search.work.spend(len(text) // CHARACTERS)
    if search.work.is_over:
        search.unread[file] = TOO_LONG
    place = place_of(file)
    told = _docstrings(text) if candidates and file.endswith(".py") else frozenset()
    for one in candidates:
        if one.words == PRIVATE_KEY and place is Place.TESTS and _has_certificate(repository, file):
            search.allowed["the key of a test's own server, beside its certificate"] += 1
        else:
            search.judge(one, Place.DOCS if place is Place.SHIPPED and one.line in told else place)


def _docstrings(source: str) -> frozenset[int]:
    """The lines of Python source that its readers are told: docstrings, and other text that is no value."""
    tree = parse(source)
    texts = (
        node.value
        for node in (() if tree is None else ast.walk(tree))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )
    return frozenset(line for text in texts for line in range(text.lineno, (text.end_lineno or 0) + 1))


def place_of(file: str) -> Place:
    """What kind of file this is, by its path."""
    if _TEST_FILE.fullmatch(file):
        return Place.TESTS
    return Place.DOCS if _DOC_FILE.fullmatch(file) else Place.SHIPPED


def _without_mark(data: bytes) -> bytes:
    """The beginning of a file, as far as null bytes in it tell that it is binary: UTF-16 is full of them."""
    return b"" if data.startswith(_UTF16) else data


def _decoded(data: bytes) -> str:
    return data.decode("utf-16" if data.startswith(_UTF16) else "utf-8-sig", "replace")


def _has_certificate(repository: Repository, file: str) -> bool:
    folder = PurePosixPath(file).parent
    return any(
        PurePosixPath(one).parent == folder and _CERTIFICATE.fullmatch(one) for one in repository.all_files
    )


def without_outputs(notebook: str) -> str:
    """A notebook with blank outputs: they are results, full of identifiers. Lines stay where they are."""
    decoder = json.JSONDecoder()
    parts: list[str] = []
    position = 0
    for key in re.finditer(r'"outputs":\s*(?=\[)', notebook):
        if key.end() < position:
            continue
        try:
            _, end = decoder.raw_decode(notebook, key.end())
        except (ValueError, RecursionError):
            break
        parts += [notebook[position : key.end()], "\n" * notebook.count("\n", key.end(), end)]
        position = end
    return "".join([*parts, notebook[position:]])
