"""Read Go source as tokens: what a plug-in registers, which flags it returns, where it writes on stdout.

What is not written out plainly counts as unknown, never as wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from certify.model import Location
from certify.repository.plakar.manifest import FLAGS
from certify.repository.tree import Repository

#: Comments, raw texts, texts, characters, names, and any other sign; each branch ends or is one character.
_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)|(?P<raw>`[^`]*`)|(?P<text>\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<rune>'(?:[^'\\\n]|\\.){1,8}')|(?P<name>\w+)|(?P<sign>.)",
    re.DOTALL,
)
_KINDS = ("importer", "exporter", "storage")
_PRINTS = frozenset({"Print", "Printf", "Println"})
_MAX_FILES, _MAX_TOKENS = 500, 300_000
#: An expression of flags, and a body that does nothing but return one, are short.
_LONGEST = 40


@dataclass(frozen=True)
class Token:
    """A name, a text in its quotes, or a sign; and its line."""

    text: str
    line: int

    @property
    def is_text(self) -> bool:
        """Whether it is a text in quotes."""
        return self.text[0] in '"`'


@dataclass(frozen=True)
class Registered:
    """A connector that a package registers: its type, protocol, and flags where they are written out."""

    kind: str
    protocol: str
    flags: int | None
    location: Location


@dataclass(frozen=True)
class ReturnedFlags:
    """A method `Flags()`, and what it returns where that is written out."""

    flags: int | None
    location: Location


@dataclass(frozen=True)
class Written:
    """A place that writes on standard output, in the words of the source."""

    words: str
    location: Location


@dataclass(frozen=True)
class GoSource:
    """What the Go files of a plug-in tell, its tests and what it vendors left out."""

    files: tuple[str, ...]
    registered: tuple[Registered, ...]
    flags: tuple[ReturnedFlags, ...]
    written: tuple[Written, ...]


def read_go(repository: Repository) -> GoSource:
    """Read every Go file."""
    names = [one for one in repository.files("*.go") if _counts(one)][:_MAX_FILES]
    files = {name: _tokens(repository.text(name) or "") for name in names}
    return GoSource(
        tuple(files),
        tuple(found for name, tokens in files.items() for found in _registered(name, tokens)),
        tuple(found for name, tokens in files.items() for found in _flags(name, tokens)),
        tuple(found for name, tokens in files.items() for found in _written(name, tokens)),
    )


def _counts(name: str) -> bool:
    return not name.endswith("_test.go") and not {"vendor", "testdata"} & set(name.split("/"))


def _tokens(text: str) -> list[Token]:
    """Space and comments left out; a text or comment that does not end is taken sign by sign."""
    found: list[Token] = []
    line, counted = 1, 0
    for match in islice(_TOKEN.finditer(text), _MAX_TOKENS):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if match.lastgroup != "space":
            found.append(Token(match[0], line))
    return found


def _imports(tokens: Sequence[Token]) -> Mapping[str, str]:
    """The names that packages have in a file, by their paths' last words: an alias, or that word."""
    found: dict[str, str] = {}
    inside = False
    for at, token in enumerate(tokens):
        before = tokens[at - 1].text if at else ""
        if before == "import":
            inside = token.text == "("
        if token.text == ")":
            inside = False
        if token.is_text and (inside or "import" in (before, tokens[at - 2].text if at > 1 else "")):
            path = token.text.strip('"`')
            is_alias = re.fullmatch(r"\w+", before) and before != "import"
            found[before if is_alias else path.rpartition("/")[2]] = path
    return found


def _registered(file: str, tokens: Sequence[Token]) -> Iterator[Registered]:
    imports = _imports(tokens)
    for at in range(len(tokens) - 4):
        package, dot, name, bracket, protocol = tokens[at : at + 5]
        kind = imports.get(package.text, "").rpartition("/")[2]
        called = (dot.text, name.text, bracket.text) == (".", "Register", "(")
        if called and kind in _KINDS and protocol.text.startswith('"'):
            flags = _value(_argument(tokens, at + 6)) if _sign(tokens, at + 5) == "," else None
            yield Registered(kind, _unquoted(protocol.text), flags, Location(file, package.line))


def _argument(tokens: Sequence[Token], start: int) -> list[str]:
    """The tokens up to the comma or bracket that ends an argument."""
    found: list[str] = []
    depth = 0
    for token in tokens[start : start + _LONGEST]:
        depth += (token.text == "(") - (token.text == ")")
        if depth < 0 or (depth == 0 and token.text == ","):
            break
        found.append(token.text)
    return found


def _flags(file: str, tokens: Sequence[Token]) -> Iterator[ReturnedFlags]:
    """Methods `func (…) Flags() location.Flags { … }`."""
    signature = ["Flags", "(", ")", "location", ".", "Flags", "{"]
    for at in range(len(tokens) - len(signature)):
        if tokens[at].text == "Flags" and _texts(tokens, at, len(signature)) == signature:
            body = _texts(tokens, at + len(signature), _LONGEST)
            end = body.index("}") if "}" in body else 0
            is_plain = end > 1 and body[0] == "return"
            value = _value([one for one in body[1:end] if one != ";"]) if is_plain else None
            yield ReturnedFlags(value, Location(file, tokens[at].line))


def _value(expression: Sequence[str]) -> int | None:
    """What flags joined by `|` come to; None where there is anything else."""
    value = 0
    for part in _parts([one for one in expression if one not in "()"]):
        name = part[2:] if part[:2] == ["location", "."] else part
        bit = FLAGS.get(name[0].removeprefix("FLAG_").lower()) if len(name) == 1 else None
        if bit is None and name != ["0"]:
            return None
        value |= bit or 0
    return value


def _parts(expression: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for token in (*expression, "|"):
        if token == "|":
            yield part or ["?"]
            part = []
        else:
            part.append(token)


def _written(file: str, tokens: Sequence[Token]) -> Iterator[Written]:
    imports = _imports(tokens)
    for at in range(len(tokens) - 2):
        package, dot, name = tokens[at : at + 3]
        path = imports.get(package.text) if dot.text == "." else None
        before = tokens[at - 1].text if at else ""
        prints = path == "fmt" and name.text in _PRINTS and _sign(tokens, at + 3) == "("
        if before != "." and (prints or (path == "os" and name.text == "Stdout")):
            yield Written(f"{package.text}.{name.text}", Location(file, package.line))


def _texts(tokens: Sequence[Token], start: int, count: int) -> list[str]:
    return [one.text for one in tokens[start : start + count]]


def _sign(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if at < len(tokens) else ""


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:  # an escape that Go alone knows
        return text[1:-1]
