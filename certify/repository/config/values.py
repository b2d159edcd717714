"""Hold single values and limits against what one alternative of a schema asks."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from certify.repository.config.patterns import matches
from certify.repository.config.problems import shown
from certify.repository.config.views import LOWER, UPPER, Bound, View, canonical, tightest
from certify.text import one_line

_COUNTED = {
    "maxItems": "entries",
    "maxLength": "characters",
    "maxProperties": "keys",
    "minItems": "entries",
    "minLength": "characters",
    "minProperties": "keys",
}


def kind_of(value: Any) -> str:
    """The type of a value, as JSON Schema names it; 1.0 is an integer."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    names = {float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def accepts(view: View, value: Any) -> bool:
    """Whether a value meets what the alternative asks of it itself; what is inside it is not looked at."""
    kind = kind_of(value)
    if view.types is not None and not {kind, "number" if kind == "integer" else kind} & view.types:
        return False
    if view.values is not None and canonical(value) not in set(map(canonical, view.values)):
        return False
    limits = (*view.lower.items(), *view.upper.items())
    if any(_outside(keyword, bound, value) for keyword, bound in limits):
        return False
    return not (isinstance(value, str) and any(matches(one, value) is False for one in view.patterns))


def _outside(keyword: str, bound: Bound, value: Any) -> bool:
    measured = _measure(keyword, value)
    if measured is None:
        return False
    beyond = measured < bound.value if keyword in LOWER else measured > bound.value
    return beyond or (bound.is_open and measured == bound.value)


def _measure(keyword: str, value: Any) -> float | None:
    kind = kind_of(value)
    asked = (LOWER | UPPER)[keyword]
    if asked == "number":
        return value if kind in ("integer", "number") else None
    return len(value) if kind == asked else None


def tightened(old: View, new: View, name: str) -> Iterator[tuple[str, str]]:
    """Limits that leave less than before: the keyword, and what that refuses."""
    for keyword, bound in (*new.lower.items(), *new.upper.items()):
        before = (old.lower if keyword in LOWER else old.upper).get(keyword)
        if not _speaks_of(old, keyword) or not _speaks_of(new, keyword):
            continue
        now, then = _closed(new, keyword, bound), _closed(old, keyword, before) if before else None
        if _asks_nothing(keyword, now) or (then is not None and tightest(keyword, then, now) == then):
            continue
        refused = _refused(old, keyword, now, then, name)
        told = f"a configuration {refused} is refused now: {_limit(keyword, bound)}"
        yield _keyword(new, keyword), told
    for multiple in sorted(new.multiples):
        if _speaks_of(old, "minimum") and not _is_multiple_already(old, multiple):
            told = f"a configuration whose `{name}` is no multiple of {plain(multiple)} is refused now"
            yield "multipleOf", told
    if new.is_unique and not old.is_unique and (old.kinds is None or "array" in old.kinds):
        yield "uniqueItems", f"a configuration whose `{name}` has the same entry twice is refused now"


def _is_multiple_already(old: View, multiple: float) -> bool:
    if any(one and not Fraction(one) % Fraction(multiple) for one in old.multiples):
        return True
    return multiple == 1 and old.kinds is not None and "number" not in old.kinds


def _speaks_of(view: View, keyword: str) -> bool:
    asked = (LOWER | UPPER)[keyword]
    kinds = {"integer", "number"} if asked == "number" else {asked}
    return view.kinds is None or bool(kinds & view.kinds)


def _closed(view: View, keyword: str, bound: Bound) -> Bound:
    """The same limit as a whole number that is inside, where only whole numbers are."""
    only_whole = view.kinds is not None and "number" not in view.kinds
    if not (bound.is_open and only_whole and kind_of(bound.value) == "integer"):
        return bound
    return Bound(bound.value + (1 if keyword in LOWER else -1))


def _asks_nothing(keyword: str, bound: Bound) -> bool:
    return keyword in _COUNTED and keyword in LOWER and bound.value <= 0


def _keyword(view: View, keyword: str) -> str:
    """The keyword that is written there: `exclusiveMaximum` limits as `maximum` does."""
    exclusive = {"maximum": "exclusiveMaximum", "minimum": "exclusiveMinimum"}.get(keyword, keyword)
    return keyword if keyword in view.places else exclusive


def _refused(old: View, keyword: str, now: Bound, then: Bound | None, name: str) -> str:
    """A configuration that the limit refuses: the old default or example if it does, else the old limit."""
    sample = next((one for one in old.samples if accepts(old, one) and _outside(keyword, now, one)), None)
    counted = _COUNTED.get(keyword)
    if counted is not None:
        beyond = now.value - 1 if keyword in LOWER else now.value + 1
        return f"{f'whose `{name}` has' if name else 'of'} {plain(beyond)} {counted}"
    if sample is not None:
        return f"that sets `{name}: {shown(sample)}`"
    if then is not None and not then.is_open:
        return f"that sets `{name}: {plain(then.value)}`"
    return f"whose `{name}` is {'below' if keyword in LOWER else 'above'} {plain(now.value)}"


def plain(number: float) -> str:
    """A number without the exponent, or the `.0`, that Python would write."""
    return one_line(str(int(number)) if kind_of(number) == "integer" else repr(number), 40)


def _limit(keyword: str, bound: Bound) -> str:
    side = "at least" if keyword in LOWER else "at most"
    if bound.is_open:
        side = "more than" if keyword in LOWER else "less than"
    counted = _COUNTED.get(keyword)
    return f"{side} {plain(bound.value)}{f' {counted}' if counted else ''}"
