"""Read the commands out of a block of shell, as a person who copies them would type them."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from certify.repository.docs.page import CodeBlock

#: What a fence that holds shell is marked with; an unmarked one counts where its lines begin with `$`.
SHELL = frozenset({"sh", "bash", "shell", "zsh", "console", "shell-session", "shellsession", "terminal"})
_UNMARKED = frozenset({"", "text", "txt", "plain"})
#: Longer blocks or lines are listings.
_MAX_CHARACTERS = 16 * 1024
_MAX_LINE = 2000
#: A quotation that goes on longer was never closed.
_MAX_QUOTED_LINES = 30

_PROMPT = re.compile(r"\s*(?:\([\w.-]+\)\s*)?(?:[\w.-]+@[^\s$%]+\s?)?[$%❯➜]\s+")
#: What makes a line more than words with spaces between them.
_PUNCTUATION = re.compile(r"[\"'\\();<>|&#]")
_SEPARATOR = re.compile(r"[;&|()]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=.*", re.DOTALL)
_KEYWORDS = frozenset({"then", "do", "else", "if", "while", "until", "elif", "!", "{", "}", "done", "fi"})
#: Programs that run another, with the options of theirs that take a value.
_RUNNERS = {
    "sudo": frozenset({"-u", "-g"}),
    "env": frozenset({"-u"}),
    "time": frozenset({"-f", "-o"}),
    "nohup": frozenset(),
    "exec": frozenset(),
    "command": frozenset(),
}
_RUN = {
    ("uv", "run"): frozenset(
        {"--with", "--extra", "--group", "-p", "--python", "--env-file", "--package", "--directory"}
    ),
    ("poetry", "run"): frozenset({"-C", "--directory"}),
    ("pdm", "run"): frozenset({"-p", "--project"}),
    ("rye", "run"): frozenset(),
    ("pipenv", "run"): frozenset(),
    ("hatch", "run"): frozenset(),
}
#: Commands after which files are there that the repository does not hold.
_MAKERS = frozenset({"unzip", "tar", "cookiecutter", "copier", "npx", "npm", "rsync", "scp", "cmake"})
_MAKING = frozenset({"init", "new", "scaffold", "create", "generate", "startproject"})


@dataclass(frozen=True)
class Command:
    """A simple command: its words, its line in the page, and the folder it runs in, from the root.

    `folder` is None where that cannot be told; `made` are the files that earlier commands wrote.
    """

    words: tuple[str, ...]
    line: int
    folder: str | None
    made: frozenset[str]


def commands_in(block: CodeBlock) -> Iterator[Command]:
    """The commands of a block; nothing where it is no shell."""
    if len(block.text) > _MAX_CHARACTERS:
        return
    prompted = any(_PROMPT.match(line) for line in block.text.split("\n"))
    if block.language not in SHELL and not (prompted and block.language in _UNMARKED):
        return
    place = _Place()
    for line, tokens in _token_lines(block.text, prompted=prompted):
        for words in _simple_commands(tokens, place):
            bare = _without_runner(words)
            if bare:
                yield Command(bare, block.line + line, place.folder, frozenset(place.made))
                place.after(bare)


def _token_lines(text: str, *, prompted: bool) -> Iterator[tuple[int, list[str]]]:
    """Each line's tokens, continuation lines joined, prompts, comments and here-documents left out."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        first = at
        line = lines[at]
        at += 1
        if prompted:
            typed = _PROMPT.match(line)
            if typed is None:
                continue
            line = line[typed.end() :]
        while line.endswith("\\") and at < len(lines):
            line = line[:-1] + " " + lines[at].removeprefix("> ").strip()
            at += 1
        tokens = _tokens(line)
        quoted = at
        while tokens is None and quoted < min(len(lines), at + _MAX_QUOTED_LINES):
            line += "\n" + lines[quoted]
            quoted += 1
            tokens = _tokens(line)
        if tokens is None:
            continue
        at = max(at, quoted)
        yield first, tokens
        if "<<" in tokens[:-1]:
            word = tokens[tokens.index("<<") + 1].lstrip("-")
            at = next((n + 1 for n in range(at, len(lines)) if lines[n].strip() == word), at)


def _tokens(line: str) -> list[str] | None:
    """Shell words; None while a quotation is open."""
    if len(line) > _MAX_LINE:
        return []
    marks = _PUNCTUATION.findall(line)
    if not marks:
        return line.split()
    if marks in (["'"], ['"']):
        return None
    reader = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
    reader.commenters = ""
    reader.whitespace_split = True
    tokens = []
    try:
        for token in reader:
            if token.startswith("#"):
                break
            tokens.append(token)
    except ValueError:
        return None
    return tokens


def _simple_commands(tokens: list[str], place: _Place) -> Iterator[tuple[str, ...]]:
    words: list[str] = []
    skip = ""
    for token in [*tokens, ";"]:
        if skip:
            if skip == ">":
                place.made.add(posixpath.normpath(token))
            skip = ""
        elif set(token) <= {"<", ">", "&"} and set(token) & {"<", ">"}:
            skip = ">" if ">" in token else "<"
            if words and words[-1].isdigit():
                words.pop()  # the 2 of `2>`
        elif _SEPARATOR.fullmatch(token):
            if words:
                yield tuple(words)
            words = []
            place.nest(token)
        else:
            words.append(token)


def _without_runner(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command that is meant in the end: `pytest` of `sudo -E env A=1 uv run --extra test pytest`."""
    while words:
        if _ASSIGNMENT.fullmatch(words[0]) or words[0] in _KEYWORDS:
            words = words[1:]
        elif words[0] in _RUNNERS:
            words = _after_options(words[1:], _RUNNERS[words[0]])
        elif words[:2] in _RUN:
            words = _after_options(words[2:], _RUN[words[0], words[1]])
        else:
            break
    return words


def _after_options(words: tuple[str, ...], with_value: frozenset[str]) -> tuple[str, ...]:
    while words and words[0].startswith("-"):
        words = words[2 if words[0] in with_value else 1 :]
    return words


class _Place:
    """The folder that commands run in, and the files they made."""

    def __init__(self) -> None:
        self.folder: str | None = ""
        self.made: set[str] = set()
        self._cloned: set[str] = set()
        self._outer: list[str | None] = []

    def nest(self, separator: str) -> None:
        """A subshell comes back to where it began."""
        for one in separator:
            if one == "(":
                self._outer.append(self.folder)
            elif one == ")" and self._outer:
                self.folder = self._outer.pop()

    def after(self, words: tuple[str, ...]) -> None:
        program, rest = words[0], [word for word in words[1:] if not word.startswith("-")]
        if program in ("cd", "pushd"):
            self._enter(rest[0] if rest else "~")
        elif program == "popd":
            self.folder = None
        elif words[:2] == ("git", "clone") and rest[1:]:
            self._cloned.add(posixpath.basename(rest[-1]).removesuffix(".git"))
        elif program in ("touch", "mkdir", "tee", "virtualenv"):
            self.made.update(map(posixpath.normpath, rest))
        elif program in ("cp", "mv", "ln") and rest:
            self.made.add(posixpath.normpath(rest[-1]))
        elif program in ("curl", "wget"):
            self.made.update(posixpath.basename(word) for word in rest)
        elif program in _MAKERS or (len(rest) > 0 and rest[0] in _MAKING):
            self.folder = None

    def _enter(self, target: str) -> None:
        if target in self._cloned:
            self.folder = ""
        elif self.folder is not None and re.fullmatch(r"[\w./-]+", target) and not target.startswith("/"):
            folder = posixpath.normpath(posixpath.join(self.folder, target))
            self.folder = "" if folder == "." else None if folder.startswith("..") else folder
        else:
            self.folder = None
