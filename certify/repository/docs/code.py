"""Tell whether a code block is what its fence claims: YAML, JSON, TOML or Python.

A block that is an excerpt on purpose, with an ellipsis, a placeholder such as `<your token>` or a body
left out, is read as its author means it.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import textwrap
import tomllib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import yaml

from certify.contract.bounded_toml import HostileToml, parse_bounded
from certify.contract.document import Document, parse_document
from certify.errors import ContractError
from certify.model import Finding, Location
from certify.repository.docs.page import CodeBlock, Page

#: No example is longer; such a block is not judged.
_MAX_CHARACTERS = 64 * 1024
#: An excerpt is tried in up to 28 readings, 1 µs a character each; what is longer than all excerpts in forty
#: connectors together is not.
_MAX_DOUBTFUL = 128 * 1024
#: More broken blocks tell nothing new.
_MAX_FINDINGS = 100
#: Deeper than any example, shallower than what makes a parser slow.
_MAX_DEPTH = 60
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Broken:
    """Why a block is not what it claims to be, and where in the page."""

    language: str
    message: str
    line: int


class _NotParsed(Exception):
    """A block in its own lines: `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class CodeBlocks:
    """Judges the code blocks of page after page; `unjudged` are those that it could not, being too large."""

    unjudged: list[Location] = field(default_factory=list)
    _doubtful: int = 0
    _found: int = 0

    def defects(self, page: Page) -> Iterator[Finding]:
        """The code blocks of a page that do not parse as what they claim to be."""
        for block in page.code_blocks:
            try:
                broken = self.defect_of(block) if self._found < _MAX_FINDINGS else None
            except RecursionError:
                self.unjudged.append(Location(page.file, block.line))
                continue
            if broken is not None:
                self._found += 1
                yield Finding(
                    f"the block is marked as {broken.language} and does not parse: {broken.message}",
                    Location(page.file, broken.line),
                    expected=f"{broken.language} that a reader can copy",
                    fix="correct the line, or mark the block as what it is, such as ```text",
                )

    def defect_of(self, block: CodeBlock) -> Broken | None:
        """What is wrong with a block; None when it parses, or claims nothing.

        Raises RecursionError when it is too long, or too deeply nested, to be judged.
        """
        known = _LANGUAGES.get(block.language)
        if known is None or not block.text.strip():
            return None
        language, parse, readings = known
        if len(block.text) > _MAX_CHARACTERS:
            raise RecursionError
        try:
            parse(block.text)
        except _NotParsed as error:
            self._doubtful += len(block.text)
            if self._doubtful > _MAX_DOUBTFUL:
                raise RecursionError from error
            if any(_parses(parse, text) for text in readings(block.text)):
                return None
            lines = block.text.count("\n") or 1
            return Broken(language, str(error), block.line + min(max(error.line, 1), lines) - 1)
        return None


def manifests_in(page: Page) -> Iterator[Document]:
    """The whole manifests that a page shows: YAML with a source and a sink. An excerpt has one of them."""
    for block in page.code_blocks:
        document = mapping_in(block, page.file)
        if document is None or not isinstance(document.value, dict):
            continue
        if all(isinstance(document.value.get(side), dict) for side in ("source", "sink")):
            yield document


def _parses(parse: Callable[[str], None], text: str) -> bool:
    try:
        parse(text)
    except (_NotParsed, RecursionError):
        return False
    return True


def _parse_yaml(text: str) -> None:
    """Events alone: nothing is built, so that aliases and tags cost nothing."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            if depth > _MAX_DEPTH:
                raise RecursionError
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _NotParsed(" ".join((error.problem or "").split()), mark.line + 1 if mark else 1) from error
    except yaml.YAMLError as error:
        raise _NotParsed("a character that YAML does not allow", 1) from error


def _parse_json(text: str) -> None:
    """One value, or several after one another, as in JSON Lines."""
    decoder = json.JSONDecoder()
    position = 0
    while rest := text[position:].lstrip():
        start = len(text) - len(rest)
        try:
            _, position = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            last = re.search(r",\s*$", text[: error.pos]) and text[error.pos : error.pos + 1] in ("}", "]")
            message = "a comma before the closing bracket" if last else error.msg[:1].lower() + error.msg[1:]
            raise _NotParsed(message, error.lineno) from error
        if position == start:
            return


def _parse_toml(text: str) -> None:
    try:
        parse_bounded(text)
    except HostileToml as error:
        raise RecursionError from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        at_end = text.count("\n") + 1
        raise _NotParsed(str(error).partition(" (at")[0], int(line[1]) if line else at_end) from error


def _parse_python(text: str) -> None:
    if re.search(r"^[ \t]*>>> ?", text, re.MULTILINE):
        text = _typed_at_a_prompt(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is a matter of style
            compile(text, "<example>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True)
    except SyntaxError as error:
        if sys.version_info < (3, 12) and (error.msg.startswith("f-string") or _NEWER.search(text)):
            return
        message = error.msg.partition(" (detected at")[0]  # a line of the block, not of the page
        raise _NotParsed(message, error.lineno or 1) from error
    except (ValueError, MemoryError) as error:
        raise _NotParsed(str(error) or "nested too deeply", 1) from error


#: Generic functions, classes and type aliases: Python 3.12.
_NEWER = re.compile(r"^[ \t]*(?:type \w+.*=|(?:async )?def \w+\[|class \w+\[)", re.MULTILINE)


def _typed_at_a_prompt(text: str) -> str:
    """What follows `>>>` and `...`, everything else blanked: it is output."""
    typed = []
    continues = False
    for line in text.split("\n"):
        match = re.match(r"\s*(>>>|\.\.\.)(?: (.*)|$)", line)
        continues = match is not None and (match[1] == ">>>" or continues)
        typed.append((match[2] or "") if match and continues else "")
    return "\n".join(typed)


#: `<your token>`, `{{ variable }}`, `${VARIABLE}`, and `…` for what is left out.
_PLACEHOLDER = re.compile(r"<[\w][\w .:/'-]*>|\{\{[^\n{}]{0,200}\}\}|\$\{\w+\}|\[\[?[A-Z_ ]+\]?\]")
_TEMPLATE_LINE = re.compile(r"^[ \t]*\{%.*%\}[ \t]*$", re.MULTILINE)
_ELLIPSIS = re.compile(r"\.\.\.|…")


def _without_templates(text: str) -> str:
    return _TEMPLATE_LINE.sub("", text)


def _yaml_readings(text: str) -> Iterator[str]:
    whole = "\n".join("" if _ELLIPSIS.fullmatch(line.strip()) else line for line in text.split("\n"))
    yield _PLACEHOLDER.sub("placeholder", _without_templates(whole))
    yield textwrap.dedent(whole)


def _json_readings(text: str) -> Iterator[str]:
    whole = re.sub(r"(?m)(^|[\s,{\[])//.*$", r"\1", text)  # a comment; not the // of an address
    whole = re.sub(r"(?m)^[ \t]*#.*$", "", whole)
    whole = re.sub(r",?\s{0,80}(?:\.\.\.|…)[ \t]*(?=[\]}\n,]|$)", "", whole)
    if whole != text:
        whole = re.sub(r",(\s{0,80}[\]}])", r"\1", whole)  # the comma before what was left out
    filled = re.sub(r'"?(?:<[\w][\w .:/\'-]*>|\{\{[^\n{}]{0,200}\}\}|\$\{\w+\})"?', "0", whole)
    for one in (whole, filled):
        bare = one.strip().rstrip(",")
        yield from (one, f"{{{bare}}}", f"[{bare}]")  # members and elements shown without their brackets


def _toml_readings(text: str) -> Iterator[str]:
    without = "\n".join("" if _ELLIPSIS.fullmatch(line.strip()) else line for line in text.split("\n"))
    yield without
    yield _PLACEHOLDER.sub("0", without)
    yield re.sub(r"=[ \t]*(\.\.\.|…)[ \t]*$", "= 0", without, flags=re.MULTILINE)


def _python_readings(text: str) -> Iterator[str]:
    plain = textwrap.dedent(_without_templates(text))
    # Lines for a notebook: `%pip install x`, `!ls`.
    plain = re.sub(r"(?m)^([ \t]*)[%!].*$", r"\1pass", plain)
    plain = re.sub(r"(?m)^[ \t]*--8<--.*$", "", plain)
    filled = _PLACEHOLDER.sub("_", plain)
    elided = re.sub(r"([\[({,]\s*)(?:\.\.\.|…)\s*,?", r"\1", filled)
    shortened = re.sub(r"(?<=\w)\.\.\.", "", elided.replace("…", "_"))  # `self.connection...`
    for one in dict.fromkeys((plain, filled, elided, shortened)):
        yield one
        yield _with_bodies(one)
        yield f"def {one.strip()}: ..."  # a signature: `get(url: str) -> Response`
        yield f"{one.rstrip()}: ..."  # … with its `def`
        yield f"{one.rstrip()}\ndef _(): ..."  # a decorator alone
        yield f"{{{one.strip()}\n}}"  # members of a dictionary
        yield f"_({one.strip()}\n)"  # arguments of a call


def _with_bodies(text: str) -> str:
    """The same, with something to do under each line that ends in a colon and has nothing under it."""
    lines = text.split("\n")
    below = 0  # the indentation of the next line that is code
    for number in range(len(lines) - 1, -1, -1):
        code = lines[number].split("  #")[0].strip()
        if not code or code.startswith("#"):
            continue
        depth = len(lines[number]) - len(lines[number].lstrip())
        if code.endswith(":") and below <= depth:
            lines[number] = f"{' ' * depth}{code} ..."
        below = depth
    return "\n".join(lines)


_Known = tuple[str, Callable[[str], None], Callable[[str], Iterator[str]]]
_YAML: _Known = ("YAML", _parse_yaml, _yaml_readings)
_JSON: _Known = ("JSON", _parse_json, _json_readings)
_TOML: _Known = ("TOML", _parse_toml, _toml_readings)
_PYTHON: _Known = ("Python", _parse_python, _python_readings)

_LANGUAGES: dict[str, _Known] = {
    **dict.fromkeys(("yaml", "yml"), _YAML),
    **dict.fromkeys(("json", "jsonl", "ndjson", "json-lines"), _JSON),
    **dict.fromkeys(("toml",), _TOML),
    **dict.fromkeys(("python", "py", "python3", "pycon", "python-repl"), _PYTHON),
}


def mapping_in(block: CodeBlock, file: str) -> Document | None:
    """The mapping that a YAML block shows, with lines as in the page; None for excerpts and all else."""
    if _LANGUAGES.get(block.language) is not _YAML or _ELLIPSIS.search(block.text):
        return None
    try:
        document = parse_document(block.text.encode(), file)
    except ContractError:
        return None
    above = block.line - 1
    return replace(document, lines={path: line + above for path, line in document.lines.items()})
