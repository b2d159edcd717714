"""Take names apart into words, so that lists of words can say what a name means."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]?[a-zñ]+|[A-Z]+(?![a-z])|[0-9]+")


def words_of(name: str) -> list[str]:
    """The words of a name, in lower case: `apiKey`, `API_KEY` and `api-key` are all `api`, `key`."""
    return [word.lower() for word in _WORD.findall(name)]


def word_set(text: str) -> frozenset[str]:
    """The words of a text: a list of fifty reads best as one."""
    return frozenset(text.split())
