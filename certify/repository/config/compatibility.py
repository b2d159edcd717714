"""Tell which configurations that one release of a schema accepted the next one refuses.

What cannot be decided is left out: a wrong alarm costs an author a major version. A pattern that changed
counts only where a value is known that the old one took and the new one does not.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from certify.contract.document import KeyPath
from certify.repository.config.alternatives import Flattener, TooLarge
from certify.repository.config.parts import SchemaTree
from certify.repository.config.patterns import matches
from certify.repository.config.problems import kinds, shown
from certify.repository.config.values import accepts, tightened
from certify.repository.config.views import Places, View, canonical

#: Pairs of alternatives compared. A large real schema takes hundreds.
_MAX_WORK = 5_000
_MAX_DEPTH = 24
#: Values of these kinds and no others: a choice among them is no narrowing.
_ENUMERABLE = {"boolean": (True, False), "null": (None,)}
_EVERYTHING = frozenset({"", ".*", "^.*", ".*$", "^.*$", "(.*)", "^(.*)$"})


@dataclass(frozen=True)
class Change:
    """What breaks whom, and the place in the new schema that does."""

    name: str
    message: str
    path: KeyPath


def breaking_changes(old: Any, new: Any) -> list[Change]:
    """The changes that make the new schema refuse, or ignore, what the old one took.

    Raises TooLarge where a schema has more alternatives than can be compared.
    """
    return [] if canonical(old) == canonical(new) else _Comparison(SchemaTree(old), SchemaTree(new)).changes()


class _Comparison:
    def __init__(self, old: SchemaTree, new: SchemaTree) -> None:
        self._old = Flattener(old)
        self._new = Flattener(new)
        self._work = 0
        self._going_on: list[tuple[Places, Places]] = []

    def changes(self) -> list[Change]:
        found = self._places(((),), ((),), "")
        # A definition that several settings refer to changed once: the shortest name stands for them all.
        by_defect: dict[tuple[KeyPath, str], Change] = {}
        for change in sorted(found, key=lambda one: len(one.name)):
            by_defect.setdefault((change.path, change.message.replace(f"`{change.name}", "`")), change)
        return list(dict.fromkeys(change for change in found if change in by_defect.values()))

    def _places(self, old: Places, new: Places, name: str) -> list[Change]:
        pair = (old, new)
        # A schema that comes back to itself changed no more the second time.
        if pair in self._going_on or len(self._going_on) > _MAX_DEPTH:
            return []
        self._going_on.append(pair)
        try:
            return self._alternatives(self._old.views(old), self._new.views(new), name, new[0])
        finally:
            self._going_on.pop()

    def _alternatives(self, old: list[View], new: list[View], name: str, place: KeyPath) -> list[Change]:
        if any(view.is_unknown for view in (*old, *new)):
            return []
        if not new:
            return [Change(name, f"{_any(name)} is refused now", place)] if old else []
        found: list[Change] = []
        for view in old:
            found += self._view(view, new, name, place)
        return found

    def _view(self, old: View, new: list[View], name: str, place: KeyPath) -> list[Change]:
        """The changes against the alternative that refuses least, if all refuse something."""
        self._work += len(new)
        if self._work > _MAX_WORK:
            raise TooLarge(f"more than {_MAX_WORK:,} alternatives to compare")
        compared = [(view, list(self._pair(old, view, name))) for view in new]
        if any(not changes for _, changes in compared):
            return []
        alike = [changes for view, changes in compared if view.label == old.label]
        if old.label and not alike:
            gone = f"the alternative {old.label!r}{f' of `{name}`' if name else ''} is gone: "
            return [Change(name, f"{gone}a configuration that uses it is refused now", place)]
        return min(alike or [changes for _, changes in compared], key=len)

    def _pair(self, old: View, new: View, name: str) -> Iterator[Change]:
        if old.values is not None:
            yield from _refused_values(old.values, new, name)
        else:
            yield from _narrowed_types(old, new, name)
            yield from _fewer_values(old, new, name)
            for keyword, told in tightened(old, new, name):
                yield Change(name, told, new.places.get(keyword, ()))
            yield from _patterns(old, new, name)
        yield from self._properties(old, new, name)
        yield from self._items(old, new, name)

    def _items(self, old: View, new: View, name: str) -> Iterator[Change]:
        if new.items is None or not _takes(old, "array"):
            return
        if old.items is not None:
            yield from self._places(old.items, new.items, f"{name}[]")
        elif any(view.kinds is not None for view in self._new.views(new.items)):
            told = f"the entries of `{name}` were of any kind, and are restricted now"
            yield Change(name, told, new.places.get("items", ()))

    def _properties(self, old: View, new: View, name: str) -> Iterator[Change]:
        # Where anything is taken now, nothing is gone.
        if not _takes(old, "object") or new.kinds is None or "object" not in new.kinds:
            return
        gone = [one for one in old.properties if one not in new.properties and not _by_pattern(new, one)]
        added = [one for one in new.properties if one not in old.properties]
        renamed = self._renamed(old, new, gone, added)
        for inner, places in old.properties.items():
            full = f"{name}.{inner}" if name else inner
            if inner in new.properties:
                yield from self._places(places, new.properties[inner], full)
            elif inner in gone:
                yield from self._gone(places, new, full, renamed.get(inner))
        yield from self._required(old, new, name, frozenset(renamed.values()))
        yield from self._others(old, new, name)

    def _gone(self, places: Places, new: View, full: str, renamed: str | None) -> Iterator[Change]:
        if isinstance(new.others, tuple):
            yield from self._places(places, new.others, full)
            return
        fate = "refused" if new.others is False else "ignored"
        what = f"is named {renamed!r} now" if renamed else "is gone"
        where = new.places.get("properties", new.places.get("", ()))
        path = (*where, renamed) if renamed else where
        yield Change(full, f"`{full}` {what}: a configuration that sets it is {fate}", path)

    def _renamed(self, old: View, new: View, gone: list[str], added: list[str]) -> dict[str, str]:
        """New names of what is gone: the nearest, or the only one of the same kind."""
        found: dict[str, str] = {}
        for name in gone:
            close = difflib.get_close_matches(name, added, n=1)
            if close:
                found[name] = close[0]
            elif len(gone) == len(added) == 1 and not self._places(
                old.properties[name], new.properties[added[0]], ""
            ):
                found[name] = added[0]
        return found

    def _required(self, old: View, new: View, name: str, renamed: frozenset[str]) -> Iterator[Change]:
        for inner in sorted(new.required - old.required - renamed):
            views = self._new.views(new.properties[inner]) if inner in new.properties else []
            if not any(view.has_default or view.is_unknown for view in views):
                full = f"{name}.{inner}" if name else inner
                told = f"a configuration without `{full}` is refused now: it is required, and has no default"
                yield Change(full, told, new.places.get("required", ()))

    def _others(self, old: View, new: View, name: str) -> Iterator[Change]:
        if old.others is False or new.others is None or old.named_by_pattern or new.named_by_pattern:
            return
        inside = f" in `{name}`" if name else ""
        keyword = next(
            (key for key in ("additionalProperties", "unevaluatedProperties") if key in new.places), ""
        )
        if new.others is False:
            told = f"a configuration with settings{inside} that the schema does not describe is refused now"
            yield Change(name, f"{told}; they were let through", new.places.get(keyword, ()))
        elif isinstance(new.others, tuple):
            full = f"{name}.*" if name else "*"
            if isinstance(old.others, tuple):
                yield from self._places(old.others, new.others, full)
            elif any(view.kinds is not None for view in self._new.views(new.others)):
                told = f"settings{inside} that the schema does not describe are restricted now"
                yield Change(name, told, new.places.get(keyword, ()))


def _any(name: str) -> str:
    return f"a configuration that sets `{name}`" if name else "every configuration"


def _takes(view: View, kind: str) -> bool:
    return view.kinds is None or kind in view.kinds


def _by_pattern(view: View, name: str) -> bool:
    """Whether a name may be described by a pattern; one that is not tried may match."""
    return any(matches(pattern, name) is not False for pattern in view.named_by_pattern)


def _refused_values(values: tuple[Any, ...], new: View, name: str) -> Iterator[Change]:
    refused = [value for value in values if not accepts(new, value)]
    keyword = next((key for key in ("enum", "const", "type") if key in new.places), "")
    for value in refused[:5]:
        told = f"a configuration that sets `{name}: {shown(value)}` is refused now"
        yield Change(name, told, new.places.get(keyword, ()))


def _narrowed_types(old: View, new: View, name: str) -> Iterator[Change]:
    if new.types is None or (old.types is None and old.hints <= new.types and (old.hints or not name)):
        return
    covered = new.types | ({"integer"} if "number" in new.types else set())
    lost = sorted((old.kinds or frozenset()) - covered)
    if lost or old.kinds is None:
        refused = kinds(lost) if lost else f"not {kinds(sorted(new.types))}"
        if lost == ["number"] and "integer" in new.types:
            refused = "a number that is not whole"
        told = f"a configuration whose `{name}` is {refused} is refused now"
        if lost:
            told += f": it has to be {kinds(sorted(new.types))}"
        yield Change(name, told, new.places.get("type", ()))


def _fewer_values(old: View, new: View, name: str) -> Iterator[Change]:
    if new.values is None:
        return
    if old.kinds and all(kind in _ENUMERABLE for kind in old.kinds):
        every = tuple(value for kind in sorted(old.kinds) for value in _ENUMERABLE[kind])
        yield from _refused_values(every, new, name)
        return
    allowed = set(map(canonical, new.values))
    refused = next((value for value in old.samples if canonical(value) not in allowed), None)
    example = f", so one that sets `{name}: {shown(refused)}` is refused" if refused is not None else ""
    shown_values = [shown(value) for value in new.values[:5]] + ["…"] * (len(new.values) > 5)
    listed = f"{'one of ' if len(new.values) > 1 else ''}{', '.join(shown_values)}"
    keyword = "enum" if "enum" in new.places else "const"
    told = f"a configuration must set `{name}` to {listed} now{example}"
    yield Change(name, told, new.places.get(keyword, ()))


def _patterns(old: View, new: View, name: str) -> Iterator[Change]:
    if not _takes(old, "string") or not _takes(new, "string"):
        return
    for pattern in sorted(new.patterns - old.patterns - _EVERYTHING):
        taken = [one for one in old.samples if isinstance(one, str) and accepts(old, one)]
        refused = next((one for one in taken if matches(pattern, one) is False), None)
        if refused is not None:
            value = f"`{name}: {shown(refused)}`"
            told = f"a configuration that sets {value} is refused now: it does not match {shown(pattern)}"
        elif not old.patterns:
            told = f"a configuration whose `{name}` does not match {shown(pattern)} is refused now"
        else:
            continue
        yield Change(name, told, new.places.get("pattern", ()))
