"""Find the records in recorded answers, and change them: the list that the rows came from."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from certify.replay.cassette import Answer, Cassette, Recorded

#: The keys that lead to a list within an answer.
Path = tuple[str, ...]
#: One record, as the API gave it.
Record = dict[str, Any]
#: The method, the host and the path of requests, ids left out.
Kind = tuple[str, str, str]
#: What becomes of the records of one answer, by its number in the cassette.
Change = Callable[[int, list[Any]], list[Any]]

_JSON_PATH = re.compile(r"\$((?:\.[\w-]+|\['[^']+'\])*)(?:\[\*\])?")
_HAS_DIGIT = re.compile(r"\d")
_STEP = re.compile(r"\.([\w-]+)|\['([^']+)'\]")
#: Objects within objects in which a list is looked for.
_DEEPEST = 6
#: Rows that are compared with records to find out which list they come from.
_COMPARED = 200
#: Bytes of an answer once it is unpacked.
_LARGEST = 256 * 1024 * 1024


@dataclass(frozen=True)
class Records:
    """The records of a cassette: `paths` lead to the lists in which they stand."""

    cassette: Cassette
    paths: tuple[Path, ...]

    def lists(self) -> Iterator[tuple[int, Path, list[Any]]]:
        """Each answer's number, with a list of records in it and where it stands."""
        for number, one in enumerate(self.cassette.recorded):
            document = document_of(one.answer)
            for path in self.paths:
                if isinstance(found := at(document, path), list):
                    yield number, path, found

    def kind(self, number: int) -> Kind:
        """What the answers to requests that differ only in what they ask it for have in common.

        A step of the path with a digit in it is an id: those for which each is asked are alike.
        """
        asked = self.cassette.recorded[number].asked
        steps = ["*" if _HAS_DIGIT.search(one) else one for one in asked.path.split("/")]
        return asked.method, asked.host, "/".join(steps)

    def changed(self, change: Change) -> Cassette:
        """The same recording with other records in its answers."""
        made = list(self.cassette.recorded)
        for number, one in enumerate(made):
            document = document_of(one.answer)
            changed = [path for path in self.paths if isinstance(at(document, path), list)]
            for path in changed:
                document = put(document, path, change(number, at(document, path)))
            if changed:
                made[number] = Recorded(one.asked, with_document(one.answer, document))
        return Cassette(f"{self.cassette.name}, changed", tuple(made))


def document_of(answer: Answer) -> Any:
    """The JSON of an answer; None when it has none."""
    body = answer.body
    if body[:2] == b"\x1f\x8b":
        try:
            body = zlib.decompressobj(31).decompress(body, _LARGEST)
        except zlib.error:
            return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def with_document(answer: Answer, document: Any) -> Answer:
    """The answer with another JSON in it."""
    kept = tuple(pair for pair in answer.headers if pair[0] not in ("content-encoding", "etag"))
    return replace(answer, headers=kept, body=json.dumps(document, ensure_ascii=False).encode())


def at(document: Any, path: Path) -> Any:
    """What stands at a path; None when nothing does."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def put(document: Any, path: Path, value: Any) -> Any:
    """A document with another value at a path, all of which but for the last key it has."""
    if not path:
        return value
    return document | {path[0]: put(document.get(path[0]), path[1:], value)}


def path_of(said: str) -> Path:
    """The path that a JSONPath such as `$.data[*]` names. Raises ValueError for what is no such one."""
    found = _JSON_PATH.fullmatch(said)
    if found is None:
        raise ValueError(f"{said!r} is not of the form $.data[*]")
    return tuple(name or quoted for name, quoted in _STEP.findall(found[1]))


def find_records(cassette: Cassette, rows: Iterable[Record], said: Mapping[str, str]) -> Records:
    """The lists that `said` names or, when it names none, those that the rows come from."""
    if said:
        return Records(cassette, tuple(dict.fromkeys(path_of(one) for one in said.values())))
    items: defaultdict[Path, list[Record]] = defaultdict(list)
    for one in cassette.recorded:
        for path, found in _lists(document_of(one.answer)):
            items[path] += found
    sample = [row for _, row in zip(range(_COMPARED), rows, strict=False)]
    matched = {path: _matched(sample, found) for path, found in items.items()}
    taken: set[int] = set()
    paths = []
    for path in sorted(matched, key=lambda one: (-len(matched[one]), len(one))):
        if matched[path] - taken:
            paths.append(path)
            taken |= matched[path]
    return Records(cassette, tuple(paths))


def _lists(document: Any, path: Path = ()) -> Iterator[tuple[Path, list[Record]]]:
    """The lists of objects that no other list contains."""
    if isinstance(document, list):
        if document and all(isinstance(one, dict) for one in document):
            yield path, document
    elif isinstance(document, dict) and len(path) < _DEEPEST:
        for key, one in document.items():
            yield from _lists(one, (*path, key))


def _matched(rows: list[Record], records: list[Record]) -> set[int]:
    """The rows of which at least half the values stand in one of the records."""
    holders: defaultdict[str, set[int]] = defaultdict(set)
    for number, record in enumerate(records):
        for _, value in leaves(record):
            holders[value].add(number)
    found = set()
    for number, row in enumerate(rows):
        values = {value for _, value in leaves(row)}
        hits = Counter(holder for value in values for holder in holders.get(value, ()))
        if values and max(hits.values(), default=0) * 2 >= len(values):
            found.add(number)
    return found


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """The texts and numbers of a record that say anything, each with its place, as text."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, str(key)))
    elif value is not None and not isinstance(value, (bool, list)) and (text := as_text(value)):
        yield path, text


def as_text(value: Any) -> str:
    """The value as text, the same for 1, 1.0 and "1": connectors turn one into the other."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
