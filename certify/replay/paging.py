"""Tell how a list is paged, from the requests of a recorded happy path."""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from certify.replay.cassette import Answer, Asked
from certify.replay.played import Exchange
from certify.replay.records import Path, as_text, at, document_of, leaves

#: Stands for the header that names the next page (RFC 8288), beside the places in an answer's JSON.
HEADER: Path = ("\0header", "link")
_NEXT = re.compile(r"""<([^>]*)>(?=\s*;[^,]*\brel="?next\b)""")

#: Where a request says which page it is for: `("query", "cursor")`, or `("body", "page", "after")`.
Parameter = tuple[str, ...]


@dataclass(frozen=True)
class Link:
    """A place in an answer that names the next page: by the parameter's value, or by a whole address."""

    path: Path
    is_address: bool = False


@dataclass(frozen=True)
class Count:
    """A parameter that counts: pages (a step of 1) or rows."""

    first: int
    step: int


@dataclass(frozen=True)
class Paging:
    """How the pages of one list follow each other.

    `parameter` is what sets the requests apart; for the first page it is `start`, or absent (None). Where
    answers name the next page, they do so at `links`; where the parameter counts, `count` tells how.
    """

    address: tuple[str, str, str]
    parameter: Parameter
    start: str | None
    links: tuple[Link, ...]
    count: Count | None
    pages: tuple[Exchange, ...]

    def value(self, asked: Asked) -> str | None:
        """What a request says in the parameter."""
        return fields_of(asked).get(self.parameter)

    def is_for_list(self, asked: Asked) -> bool:
        """Whether a request goes to this list."""
        return (asked.method, asked.host, asked.path) == self.address


def find_paging(exchanges: Iterable[Exchange], records: Sequence[Path]) -> Paging | None:
    """How the longest list is paged; None when that cannot be told, or it has one page.

    `records` are the places of lists in answers: what stands there names no page.
    """
    lists: defaultdict[tuple[str, str, str], list[Exchange]] = defaultdict(list)
    for one in exchanges:
        if one.sent is not None and any(
            isinstance(at(document_of(one.sent), path), list) for path in records
        ):
            lists[one.address].append(one)
    found = (_paging_of(pages, records) for pages in sorted(lists.values(), key=len, reverse=True))
    return next(filter(None, found), None)


def _paging_of(pages: list[Exchange], records: Sequence[Path]) -> Paging | None:
    if len(pages) < 2:
        return None
    asked = [fields_of(one.asked) for one in pages]
    outside = [_told_outside(one.sent, records) for one in pages if one.sent is not None]
    told = []
    for parameter in asked[1]:
        values = [one.get(parameter) for one in asked]
        if None in values[1:] or any(one == after for one, after in itertools.pairwise(values)):
            continue
        links = tuple(_links(parameter, values, outside))
        count = _count(values, _size(pages[0], records))
        if links or (count and _is_alone(parameter, asked)):
            told.append(Paging(pages[0].address, parameter, values[0], links, count, tuple(pages)))
    return max(told, key=lambda one: bool(one.links), default=None)


def fields_of(asked: Asked) -> dict[Parameter, str]:
    """What a request says in its query and in a JSON body, by place."""
    fields: dict[Parameter, str] = {("query", name): value for name, value in parse_qsl(asked.query)}
    try:
        body = json.loads(asked.body) if asked.body else None
    except ValueError:
        body = None
    return fields | {("body", *path): value for path, value in leaves(body)}


def with_parameter(address: str, name: str, value: str) -> str:
    """An address with another value of one parameter of its query."""
    parts = urlsplit(address)
    pairs = [(key, value if key == name else old) for key, old in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def with_next(header: str, parameter: str, value: str) -> str:
    """A `Link` header that leads to another next page."""
    return _NEXT.sub(lambda found: f"<{with_parameter(found[1], parameter, value)}>", header)


def _told_outside(answer: Answer, records: Sequence[Path]) -> dict[Path, Any]:
    """What an answer says beside its records."""
    following = _NEXT.search(answer.header("link") or "")
    told = dict(_outside(document_of(answer), records))
    return told | ({HEADER: following[1]} if following else {})


def _outside(document: Any, records: Sequence[Path], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The values of an answer that stand in no list."""
    if isinstance(document, dict):
        for key, one in document.items():
            if (*path, key) not in records:
                yield from _outside(one, records, (*path, key))
    elif not isinstance(document, list):
        yield path, document


def _links(parameter: Parameter, values: list[str | None], outside: list[dict[Path, Any]]) -> Iterator[Link]:
    """The places where each answer but the last has the next request's value."""
    following = list(zip(outside, values[1:], strict=False))
    for path in outside[0]:
        if all(path in answer and as_text(answer[path]) == value for answer, value in following):
            yield Link(path)
        elif all(_named(answer.get(path), parameter) == value for answer, value in following):
            yield Link(path, is_address=True)


def _named(address: Any, parameter: Parameter) -> str | None:
    """What an address says in a parameter of its query."""
    if not isinstance(address, str) or parameter[0] != "query" or "?" not in address:
        return None
    try:
        return dict(parse_qsl(urlsplit(address).query)).get(parameter[1])
    except ValueError:
        return None


def _count(values: list[str | None], size: int) -> Count | None:
    """How the values count up; the first may be absent, and so taken for granted."""
    numbers = [int(one) for one in values if one is not None and one.isascii() and one.isdigit()]
    if len(numbers) < len(values) - 1:
        return None
    if values[0] is None:
        numbers = [*_taken_for_granted(numbers, size), *numbers]
    if len(numbers) < len(values):
        return None
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    step = min(steps)
    return Count(numbers[0], step) if len(steps) == 1 and step > 0 else None


def _taken_for_granted(numbers: list[int], size: int) -> list[int]:
    """What the first page would have said; nothing where that cannot be told."""
    if len(numbers) > 1:
        first = 2 * numbers[0] - numbers[1]
        return [first] if first >= 0 else []
    if numbers[0] == size:
        return [0] if size != 2 else []  # of two rows, 2 may be the second page
    return {1: [0], 2: [1]}.get(numbers[0], [])


def _is_alone(parameter: Parameter, asked: list[dict[Parameter, str]]) -> bool:
    """Whether nothing else sets the requests apart."""
    rest = [{name: value for name, value in one.items() if name != parameter} for one in asked]
    return all(one == rest[0] for one in rest)


def _size(page: Exchange, records: Sequence[Path]) -> int:
    document = document_of(page.sent) if page.sent is not None else None
    return max((len(found) for path in records if isinstance(found := at(document, path), list)), default=0)
