"""Tell text that a machine drew at random from words that a person wrote."""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise

#: A credential that a service issues is at least this long.
MIN_LENGTH = 16
#: So much of a longer text tells as much.
_LONGEST = 400
#: What a person chooses as a password is at least this long wherever it protects anything.
MIN_PASSWORD = 8

#: Drawn text has a stretch without signs of this length, or very few signs.
_LEAST_STRETCH = 10

_STRETCH = re.compile(r"[A-Za-z0-9]+")
#: Runs of one kind of character: words have few of them, drawn characters change their kind all the time.
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
#: Characters a piece on average. Drawn text has 2.0 (hexadecimal) to 2.6 (lower case and digits); in the
#: identifiers of ten packages from the index nine of ten have more than 4.
_MOST_PER_PIECE = 3.8
#: The same with one digit or none: drawn letters of both cases have 2.7, camelCase has more than 4.
_MOST_PER_PIECE_OF_LETTERS = 2.9
#: One character in this many may be a `-`, `_`, `+` or `/` within drawn text (2 of 64, and luck).
_SIGNS_ONE_IN = 8
#: Bits a character, for text of 16 characters and more: drawn hexadecimal has 3.2 to 4, base 62 3.5 to 5.
_LEAST_BITS_HEX = 2.7
_LEAST_BITS = 3.2


def looks_drawn(text: str) -> bool:
    """Whether this is random enough to be a credential that a service issued."""
    return len(text) >= MIN_LENGTH and _looks_drawn(text[:_LONGEST])


@lru_cache(maxsize=16_384)  # recordings hold the same addresses and identifiers again and again
def _looks_drawn(text: str) -> bool:
    stretches = _STRETCH.findall(text)
    if _is_drawn(max(stretches, key=len, default="")):
        return True
    few_signs = 1 < len(stretches) <= len(text) / _SIGNS_ONE_IN + 1
    return few_signs and _is_drawn("".join(stretches))


def looks_chosen(text: str, kinds: int = 3) -> bool:
    """Whether this could be a password that a person chose: letters and digits, of so many kinds in all."""
    has = [any(map(kind, text)) for kind in (str.isdigit, str.islower, str.isupper, _is_sign)]
    return (
        MIN_PASSWORD <= len(text) <= 64
        and not any(map(str.isspace, text))
        and any(map(str.isalpha, text))
        and has[0]
        and sum(has) >= kinds
        and len(set(text)) >= 6
    )


def bits(text: str) -> float:
    """Shannon entropy, bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _is_sign(character: str) -> bool:
    return not character.isalnum()


def _is_drawn(stretch: str) -> bool:
    return len(stretch) >= _LEAST_STRETCH and _mixes(stretch) and not _is_pattern(stretch)


def _mixes(stretch: str) -> bool:
    pieces = len(_PIECE.findall(stretch))
    # Asked of every long word in every file: words and identifiers end here.
    if len(stretch) > pieces * _MOST_PER_PIECE:
        return False
    digits = sum(map(str.isdigit, stretch))
    most = _MOST_PER_PIECE if digits >= 2 else _MOST_PER_PIECE_OF_LETTERS
    return len(stretch) - digits >= 3 and len(stretch) <= pieces * most


def _is_pattern(stretch: str) -> bool:
    """Whether it counts up, repeats itself, or has few different characters: `a1b2c3d4e5f6`, `0123abcd`."""
    least = _LEAST_BITS_HEX if _HEX.fullmatch(stretch) else _LEAST_BITS
    if bits(stretch) < min(least, math.log2(len(stretch)) - 0.9):
        return True
    low = stretch.lower()
    if low in (low + low)[1:-1]:
        return True
    letters, digits = "".join(filter(str.isalpha, low)), "".join(filter(str.isdigit, low))
    return _counts_up(low) or (_counts_up(letters) and _counts_up(digits))


def _counts_up(text: str) -> bool:
    """Whether most characters are the one before, or the next in the alphabet or among the digits."""
    steps = [ord(after) - ord(before) for before, after in pairwise(text)]
    return sum(step in (0, 1) for step in steps) > len(steps) * 0.6
