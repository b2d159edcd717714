"""Compare two reports of a connector: what newly fails, what was mended, and whether the rules changed.

Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from certify.errors import ReportError
from certify.model import Performance, Report, RuleResult, Status, Tier, Verdict, WaiverResult


class Change(StrEnum):
    """What became of a rule, or of an id that no rule stands for."""

    NEWLY_FAILING = "newly_failing"
    #: It passed or failed before; now nobody knows.
    UNVERIFIED_NOW = "unverified_now"
    NEWLY_WAIVED = "newly_waived"
    FIXED = "fixed"
    #: It was asked before, and is not asked or does not apply any more.
    GONE = "gone"


class Cause(StrEnum):
    """What differs between the two runs, and so can have brought a change about."""

    CONNECTOR = "connector_changed"
    RULE = "rule_changed"
    BOTH = "both_changed"
    #: Neither tree nor rules: the machine, the interpreter, what is installed there, or chance.
    NEITHER = "neither_changed"


@dataclass(frozen=True)
class Side:
    """One of the two reports, in short."""

    connector: str
    version: str | None
    verdict: Verdict
    tier: Tier | None
    finished: str


@dataclass(frozen=True)
class Entry:
    """One change. `rule_changes` are what is otherwise about the rule itself; empty where it is the same."""

    id: str
    change: Change
    cause: Cause
    required: bool
    old: Status | None
    new: Status | None
    message: str
    fix: str = ""
    waiver: WaiverResult | None = None
    rule_changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One figure of performance, before and after; `better` says which way is better."""

    name: str
    unit: str
    old: float
    new: float
    better: str

    @property
    def percent(self) -> float | None:
        """By how much it changed; None from nothing."""
        return (self.new / self.old - 1) * 100 if self.old else None


@dataclass(frozen=True)
class Drift:
    """What lies between two reports.

    `connector_changes` and `suite_changes` name what differs in the inputs. `figures` of two machines are
    not comparable: `same_machine` tells.
    """

    old: Side
    new: Side
    connector_changes: tuple[str, ...]
    suite_changes: tuple[str, ...]
    entries: tuple[Entry, ...]
    figures: tuple[Figure, ...] = ()
    same_machine: bool = True

    @property
    def exit_code(self) -> int:
        """1 where something newly fails."""
        return int(any(one.change is Change.NEWLY_FAILING for one in self.entries))


def compare(old: Report, new: Report) -> Drift:
    """What changed. Raises ReportError for reports of two connectors."""
    if old.connector.name != new.connector.name:
        names = f"{old.connector.name} and {new.connector.name}"
        raise ReportError(f"these are reports of two connectors, {names}; diff compares two of one")
    before, after = old.performance, new.performance
    return Drift(
        old=_side(old),
        new=_side(new),
        connector_changes=tuple(_connector_changes(old, new)),
        suite_changes=tuple(_suite_changes(old, new)),
        entries=tuple(sorted(_entries(old, new), key=_severity)),
        figures=tuple(_figures(before, after)) if before and after else (),
        same_machine=not (before and after) or before.machine == after.machine,
    )


def _side(report: Report) -> Side:
    facts = report.connector
    return Side(facts.name, facts.version, report.verdict, report.tier, report.run.finished)


def _severity(entry: Entry) -> tuple[int, bool]:
    """In the order of `Change`; what decides the verdict before the rest."""
    return list(Change).index(entry.change), not entry.required


def _connector_changes(old: Report, new: Report) -> Iterator[str]:
    pairs = (
        ("version", old.connector.version, new.connector.version),
        ("tree", old.connector.tree_digest, new.connector.tree_digest),
        ("contract", old.run.contract_digest, new.run.contract_digest),
    )
    yield from (name for name, before, after in pairs if before != after)
    # A report of an earlier schema does not know its cassettes: that is no change of the connector's.
    if old.schema_version == new.schema_version and old.run.cassettes != new.run.cassettes:
        yield "cassettes"


def _suite_changes(old: Report, new: Report) -> Iterator[str]:
    before = {one.name: one for one in old.run.suites}
    after = {one.name: one for one in new.run.suites}
    for name in dict.fromkeys([*before, *after]):
        if name not in before:
            yield f"suite {name} {after[name].version} is new"
        elif name not in after:
            yield f"suite {name} is gone"
        elif before[name].version != after[name].version:
            yield f"suite {name} {before[name].version} → {after[name].version}"
        elif before[name].digest != after[name].digest:
            yield f"suite {name} {after[name].version} has other files"
    if old.run.certify_version != new.run.certify_version:
        yield f"certify {old.run.certify_version} → {new.run.certify_version}"


@dataclass(frozen=True)
class _Told:
    """As much of a rule, or of an id that stands for none, as is compared."""

    status: Status
    required: bool
    message: str
    fix: str = ""
    waiver: WaiverResult | None = None
    rule: RuleResult | None = None


def _told(report: Report) -> dict[str, _Told]:
    told = {
        rule.id: _Told(rule.status, rule.required, rule.message, rule.fix, rule.waiver, rule)
        for rule in report.rules
    }
    for one in report.ids:
        if not one.rules:
            told.setdefault(one.id, _Told(one.status, True, one.message))
    return told


def _entries(old: Report, new: Report) -> Iterator[Entry]:
    before, after = _told(old), _told(new)
    connector_changes = tuple(_connector_changes(old, new))
    for name in dict.fromkeys([*after, *before]):
        one, other = before.get(name), after.get(name)
        if (one is None and old.verdict is Verdict.NONE) or (other is None and new.verdict is Verdict.NONE):
            continue  # a selection leaves out what it was not asked for
        change = _change(one.status if one else None, other.status if other else None)
        if change is not None:
            about = tuple(_rule_changes(one, other, old, new))
            yield _entry(name, change, _cause(about, connector_changes), one, other, about)


def _entry(
    name: str, change: Change, cause: Cause, old: _Told | None, new: _Told | None, about: tuple[str, ...]
) -> Entry:
    told = new or old
    return Entry(
        id=name,
        change=change,
        cause=cause,
        required=told is not None and told.required,
        old=old.status if old else None,
        new=new.status if new else None,
        message=new.message if new else "",
        fix=new.fix if new else "",
        waiver=new.waiver if new else None,
        rule_changes=about,
    )


_UNDECIDED = (Status.ERRORED, Status.BLOCKED, Status.UNVERIFIED)
_GOOD = (Status.PASSED, Status.NOT_APPLICABLE)


def _change(old: Status | None, new: Status | None) -> Change | None:
    """None where nothing is worth a line."""
    if old is new:
        return None
    if new is None or (new is Status.NOT_APPLICABLE and old is not None):
        return Change.GONE
    if new is Status.FAILED:
        return Change.NEWLY_FAILING
    if new is Status.WAIVED:
        return Change.NEWLY_WAIVED
    if new in _UNDECIDED:
        return None if old in _UNDECIDED else Change.UNVERIFIED_NOW
    return Change.FIXED if new is Status.PASSED and old is not None and old not in _GOOD else None


def _rule_changes(old: _Told | None, new: _Told | None, before: Report, after: Report) -> Iterator[str]:
    """What is otherwise about the rule itself, and about the suite that it comes from."""
    was, now = old.rule if old else None, new.rule if new else None
    if was is not None and now is not None:
        yield from (f"another {name}" for name in _WORDS if getattr(was, name) != getattr(now, name))
        if _suite(was, before) != _suite(now, after):
            yield "another suite"
    elif now is not None and not _suite(now, after) <= _suites(before):
        yield "the rule is new"
    elif was is not None and not _suite(was, before) <= _suites(after):
        yield "the rule is gone"
    if before.run.certify_version != after.run.certify_version:
        yield "another certify"


#: What a rule asks for, and how much depends on it.
_WORDS = ("title", "tier", "why")


def _suites(report: Report) -> set[tuple[str, str, str]]:
    return {(one.name, one.version, one.digest) for one in report.run.suites}


def _suite(rule: RuleResult, report: Report) -> set[tuple[str, str, str]]:
    """The suite of a rule by version and digest; all of them where the report does not say which."""
    return {one for one in _suites(report) if one[0] == rule.suite} or _suites(report)


def _cause(rule_changes: tuple[str, ...], connector_changes: tuple[str, ...]) -> Cause:
    if rule_changes:
        return Cause.BOTH if connector_changes else Cause.RULE
    return Cause.CONNECTOR if connector_changes else Cause.NEITHER


def _figures(old: Performance, new: Performance) -> Iterator[Figure]:
    yield Figure("throughput", "rows/s", old.rows_per_second, new.rows_per_second, "more")
    if old.parse_seconds and new.parse_seconds and _measured(old) and _measured(new):
        yield Figure("beside parsing alone", "×", old.overhead, new.overhead, "less")
    loads: Mapping[int, float] = {one.rows: one.memory_mib for one in old.loads}
    for load in new.loads:
        if load.rows in loads:
            yield Figure(f"memory, {load.rows:,} rows", "MiB", loads[load.rows], load.memory_mib, "less")


def _measured(figures: Performance) -> bool:
    return any(one.rows == figures.rows for one in figures.loads)
