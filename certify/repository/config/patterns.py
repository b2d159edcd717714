"""Regular expressions of a schema: whether they compile, and whether trying one is known to end soon.

An author's pattern is never run on trust: `(a+)+$` takes for ever on thirty letters, and nothing in Python
can interrupt it.
"""

from __future__ import annotations

import math
import re
import warnings
from functools import cache

#: Longer patterns are neither compiled nor run; the longest in the specs of 20 published sources has 196.
MAX_LENGTH = 2_000
#: Steps that a match may take at most. The dearest patterns found make some 20 million a second.
MAX_STEPS = 5_000_000

#: What JSON Schema's expressions (ECMA-262) have and Python's have not, and what stands for it here. The
#: meaning may differ, so such a pattern is compiled and not run.
_DIALECT = (
    (re.compile(r"\\[pP]\{[^}]*\}"), r"\\w"),
    (re.compile(r"\\u\{[0-9A-Fa-f]+\}"), "u"),
    (re.compile(r"\\c[A-Za-z]"), "c"),
    (re.compile(r"\(\?<(?=[A-Za-z_])"), "(?P<"),
    (re.compile(r"\\k<(\w+)>"), r"(?P=\1)"),
    (re.compile(r"\[\^\]"), r"[\\s\\S]"),
    (re.compile(r"\[\]"), "(?!)"),
)


def fault_of(pattern: str) -> str | None:
    """What keeps a pattern from compiling, be it read as Python or as JSON Schema; None if nothing."""
    if len(pattern) > MAX_LENGTH:
        return None
    error = _compile_error(pattern)
    if error is None:
        return None
    for expression, stand_in in _DIALECT:
        pattern = expression.sub(stand_in, pattern)
    return error if _compile_error(pattern) else None


@cache
def _compile_error(pattern: str) -> str | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "possible nested set" is no fault
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            return "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return None


def matches(pattern: str, text: str) -> bool | None:
    """Whether a pattern is found in a text; None where trying it might take long, or means something else."""
    if not can_run(pattern, len(text)):
        return None
    # In JSON Schema `$` is the end; in Python a line feed may follow.
    whole = pattern[:-1] + r"\Z" if re.search(r"(?<!\\)(?:\\\\)*\$\Z", pattern) else pattern
    return re.search(whole, text) is not None


#: Escapes, classes and fixed repetitions, which offer no choice; groups' heads; then what does offer one.
_LEXEME = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]"
    r"|\(\?(?:P?<\w+>|[:=!>]|<[=!])"
    r"|(?P<group>\)(?:[*+]|\{))"
    r"|\{\d+\}"
    r"|(?P<repeat>[*+]|\{)"
    r"|(?P<option>[?|])",
    re.DOTALL,
)
#: In verbose mode, and after a comment, a repetition may stand apart from the group that it repeats.
_HIDES_REPETITION = re.compile(r"\(\?(?:#|[a-zA-Z-]*x)")


def can_run(pattern: str, length: int) -> bool:
    """Whether a pattern means the same in Python, and trying it on a text of this length ends soon."""
    known = len(pattern) <= MAX_LENGTH and _compile_error(pattern) is None
    return known and steps(pattern, length) <= MAX_STEPS


def steps(pattern: str, length: int) -> float:
    """No fewer than the ways in which a match may be tried; infinite for a group that is repeated.

    Repetitions share the text among them, one more share goes to the place where the match begins, and each
    option or alternative doubles the ways.
    """
    kinds = [match.lastgroup for match in _LEXEME.finditer(pattern)]
    if "group" in kinds or _HIDES_REPETITION.search(pattern):
        return float("inf")
    shares = kinds.count("repeat") + (0 if pattern.startswith("^") and "|" not in pattern else 1)
    return float(math.comb(length + shares, shares) * 2 ** kinds.count("option"))
