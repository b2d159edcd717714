"""Reads on answers that were not recorded so: without records, with an empty page, with odd values."""

from __future__ import annotations

import itertools
import json
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from certify.replay.cassette import Cassette
from certify.replay.played import Exchange
from certify.replay.records import Record, at, document_of, leaves, put, with_document
from certify.rules import HarnessFault, NotApplicable
from certify.sandbox.reads import Read, SourceReads

#: What counts the records, by its name.
_COUNTS = re.compile(r"count|total|size|results|returned|length|hits|num", re.IGNORECASE)


@dataclass(frozen=True)
class Gap:
    """A read with one page left empty, and the records of other pages that gave no row."""

    page: str
    read: Read
    lost: list[Record]


def empty_source(reads: SourceReads) -> Read:
    """A read of an API that has no records: each list answers with its last page, emptied."""
    found = reads.records
    total = sum(len(records) for _, _, records in found.lists())
    last: dict[tuple[str, str, str], Any] = {}
    for number, path, records in found.lists():
        one = found.cassette.recorded[number]
        document = put(document_of(one.answer), path, [])
        last[one.asked.address] = _counted(document, {len(records), total})
    made = [
        replace(one, answer=with_document(one.answer, last[address])) if address in last else one
        for one in found.cassette.recorded
        for address in [one.asked.address]
    ]
    read = reads.read(Cassette(f"{found.cassette.name}, without records", tuple(made)))
    if read.run.missed:
        raise HarnessFault(
            f"without records the source asks for what is not recorded: {read.run.missed[0].miss}"
        )
    return read


def _counted(document: Any, counts: set[int]) -> Any:
    """The document with its counts of records at zero; a reader may hold the rows against them."""
    if not isinstance(document, dict):
        return document
    return {
        key: 0 if type(value) is int and value in counts and _COUNTS.search(key) else _counted(value, counts)
        for key, value in document.items()
    }


def without_middle_page(reads: SourceReads) -> Gap:
    """A read with a page left empty that links to the next; not applicable where none does."""
    pages = _linked_pages(reads)
    if not pages:
        raise NotApplicable("no recorded page links to another")
    victim = pages[len(pages) // 2]
    number = reads.recorded_as(victim)
    read = reads.changed(lambda one, records: [] if one == number else records)
    lost: list[Record] = []
    for traced in reads.traced:
        left = [
            record
            for one, path, records in reads.records.lists()
            if one != number and path == traced.path
            for record in records
        ]
        rows = [row for stream, row in read.records() if stream == traced.stream]
        lost += traced.lost(left, rows)
    return Gap(f"request {victim.number + 1} ({victim.asked})", read, lost)


def _linked_pages(reads: SourceReads) -> list[Exchange]:
    """The requests whose answers tell, outside of their records, what the next request then asks for."""
    lists: defaultdict[tuple[str, str, str], list[Exchange]] = defaultdict(list)
    for one in reads.full.run.exchanges:
        if one.sent is not None and any(at(document_of(one.sent), path) for path in reads.records.paths):
            lists[one.address].append(one)
    found: list[Exchange] = []
    for pages in lists.values():
        linked = [one for one, following in itertools.pairwise(pages) if _links(reads, one, following)]
        found = linked if len(linked) > len(found) else found
    return found


def _links(reads: SourceReads, one: Exchange, following: Exchange) -> bool:
    assert one.sent is not None
    document = document_of(one.sent)
    for path in reads.records.paths:
        if isinstance(at(document, path), list):
            document = put(document, path, [])
    told = {value for _, value in leaves(document)}
    new = _asked(following) - _asked(one)
    return bool(new) and all(any(value in text for text in told) for value in new)


def _asked(exchange: Exchange) -> set[str]:
    """The values of a request's query and of its body's fields."""
    found = {value for _, value in parse_qsl(exchange.asked.query)}
    try:
        body = json.loads(exchange.asked.body or b"null")
    except ValueError:
        body = None
    return found | {value for _, value in leaves(body)}
