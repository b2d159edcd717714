"""Answer a list's requests with pages made on demand: any number of rows, never held whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from certify.replay.cassette import Answer, Asked, Cassette
from certify.replay.made_rows import MadeRows
from certify.replay.matching import CassetteIndex, Miss
from certify.replay.paging import HEADER, Link, Paging, with_next, with_parameter
from certify.replay.records import Path, as_text, at, document_of, put

#: Names under which APIs take the size of a page.
_LIMITS = frozenset(
    [
        "limit",
        "page_size",
        "pagesize",
        "per_page",
        "perpage",
        "count",
        "size",
        "first",
        "top",
        "$top",
        "max_results",
        "maxresults",
    ]
)
#: A page of the recording may be small to be readable; one of a load is not.
_LEAST, _MOST = 100, 1000
#: What cursors look like where they are opaque.
_CURSOR = "certify-"
_RECORDS = "\0records"


@dataclass(frozen=True, eq=False)
class Synthetic(Cassette):
    """A recording whose list has other rows: `rows` of them, at `path` of each page.

    Requests that are no part of the list get their recorded answers.
    """

    paging: Paging
    rows: MadeRows
    path: Path

    @property
    def most_requests(self) -> int:
        """How many requests a run may send."""
        return 10 * (len(self.recorded) + self.pages) + 100

    @property
    def most_seconds(self) -> float:
        """How long a run may take: 10 ms a row is a hundred times what a plain source needs."""
        return 20.0 + self.rows.count / 100

    @property
    def pages(self) -> int:
        """How many pages the rows take."""
        return -(-self.rows.count // self.page_rows)

    @cached_property
    def page_rows(self) -> int:
        """Rows a page: the offset's step, else as many as the connector asks for."""
        count = self.paging.count
        if count is not None and count.step > 1:
            return count.step
        asked = self.paging.pages[0].asked
        said = [value for name, value in parse_qsl(asked.query) if name.lower() in _LIMITS]
        wished = [int(one) for one in said if one.isdecimal()]
        return min(max([*wished[:1], *([] if wished else [_LEAST]), self._recorded_rows]), _MOST)

    @property
    def _recorded_rows(self) -> int:
        return max(len(at(one, self.path)) for one in self.documents)

    @cached_property
    def documents(self) -> list[Any]:
        """The recorded pages."""
        return [document_of(one.sent) for one in self.paging.pages if one.sent is not None]

    def page(self, row: int) -> Answer:
        """The answer that begins with a row, counted from 0."""
        rows = self.rows
        end = min(row + self.page_rows, rows.count)
        is_last = end >= rows.count and not (self._ends_empty and row < rows.count)
        form = len(self.documents) - 1 if is_last else 0
        envelope = self._envelope(self.documents[form], row, None if is_last else end, max(end - row, 0))
        before, after = json.dumps(envelope, ensure_ascii=False).split(json.dumps(_RECORDS))
        records = ", ".join(rows.text(number) for number in range(row + 1, end + 1))
        sent = self.paging.pages[form].sent
        assert sent is not None
        kept = tuple(self._headers(sent, None if is_last else end))
        return replace(sent, headers=kept, body=f"{before}[{records}]{after}".encode())

    def _headers(self, sent: Answer, following: int | None) -> Iterator[tuple[str, str]]:
        """Those of the recorded page; one that names the next page names the next made one."""
        for name, value in sent.headers:
            if name == "link" and following is not None:
                yield name, with_next(value, self.paging.parameter[-1], self.value_of(following))
            elif name not in ("content-encoding", "etag"):
                yield name, value

    @cached_property
    def _ends_empty(self) -> bool:
        """Whether the recorded list ends with a page without rows, which tells that it ends."""
        return not at(self.documents[-1], self.path)

    def _envelope(self, document: Any, row: int, following: int | None, size: int) -> Any:
        """A page but for its rows: what names the next page, and what counts."""
        made = put(document, self.path, _RECORDS)
        told = {"rows": self.rows.count, "pages": self.pages, "size": size, "own": self._own(row)}
        for path, role in self._roles.items():
            made = put(made, path, told[role])
        value = self.value_of(self.rows.count if following is None else following)
        for link in self.paging.links if following is not None else self._reached:
            if link.path == HEADER:
                continue
            recorded = at(document, link.path)
            if link.is_address:
                made = put(made, link.path, with_parameter(recorded, self.paging.parameter[1], value))
            else:
                made = put(made, link.path, value if isinstance(recorded, str) else int(value))
        return made

    @cached_property
    def _reached(self) -> tuple[Link, ...]:
        """Where the last recorded page, too, says how far it reaches: a number that goes on from its own."""
        asked = self.paging.value(self.paging.pages[-1].asked) or ""
        last = self.documents[-1]
        told = {one: as_text(at(last, one.path)) for one in self.paging.links if one.path != HEADER}
        return tuple(one for one, text in told.items() if _goes_on(text, asked))

    def value_of(self, row: int) -> str:
        """What the parameter says for the page that begins with a row."""
        count = self.paging.count
        if count is not None:
            return str(count.first + (row // self.page_rows if count.step == 1 else row))
        recorded = self.paging.value(self.paging.pages[1].asked) or ""
        return str(row) if recorded.isdigit() else f"{_CURSOR}{row}"

    def row_of(self, value: str | None) -> int | None:
        """The first row of the page that a request asks for; None for what no answer named."""
        if value is None or value == self.paging.start:
            return 0
        number = value.removeprefix(_CURSOR)
        if not (number.isascii() and number.isdigit()):
            return None
        count = self.paging.count
        if count is None:
            return int(number)
        return (int(number) - count.first) * (self.page_rows if count.step == 1 else 1)

    def _own(self, row: int) -> int:
        value = self.value_of(row)
        return int(value) if value.isdigit() else 0

    @cached_property
    def _roles(self) -> Mapping[Path, str]:
        """The numbers of an answer that count rows or pages, or say which page this is."""
        sizes = [len(at(one, self.path)) for one in self.documents]
        own = [self._own(0), *(self.paging.value(one.asked) for one in self.paging.pages[1:])]
        roles: dict[Path, str] = {}
        for path in _numbers(self.documents[0]):
            seen = [at(one, path) for one in self.documents]
            if seen == [sum(sizes)] * len(seen):
                roles[path] = "rows"
            elif seen == [len(seen)] * len(seen):
                roles[path] = "pages"
            elif seen == sizes and len(set(sizes)) > 1:
                roles[path] = "size"
            elif self.paging.count is not None and list(map(str, seen)) == list(map(str, own)):
                roles[path] = "own"
        return roles


class SyntheticIndex(CassetteIndex):
    """Finds the answer to a request: a page of the list, or what was recorded."""

    keeps_answers = False

    def __init__(self, cassette: Synthetic, canaries: Iterable[str] = ()) -> None:
        super().__init__(cassette, canaries)
        self._made = cassette
        self._asked = 0
        self._ready: tuple[int, Answer] | None = None

    def find(self, asked: Asked, use_up: bool = True) -> Answer | Miss:
        """The answer that a request gets."""
        if not self._made.paging.is_for_list(asked):
            return super().find(asked, use_up)
        row = self._made.row_of(self._made.paging.value(asked))
        if row is None:
            return Miss(asked, "no answer named this page")
        self._asked = row
        ready, self._ready = self._ready, None
        return ready[1] if ready is not None and ready[0] == row else self._made.page(row)

    def prepare(self) -> None:
        """The page after the one that was sent: what is measured is the connector, and not how it is made."""
        following = self._asked + self._made.page_rows
        if self._ready is None and following < self._made.rows.count:
            self._ready = following, self._made.page(following)


def _goes_on(text: str | None, asked: str) -> bool:
    numbers = [one for one in (text, asked) if one is not None and one.isascii() and one.isdigit()]
    return len(numbers) == 2 and int(numbers[0]) >= int(numbers[1])


def _numbers(document: Any, path: Path = ()) -> Iterable[Path]:
    if isinstance(document, dict):
        for key, one in document.items():
            yield from _numbers(one, (*path, key))
    elif isinstance(document, int) and not isinstance(document, bool):
        yield path
