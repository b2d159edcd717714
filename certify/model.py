"""The report of a certification as one frozen value.

No I/O and no pytest in here. The words of a single rule come from `certify.outcomes`, and can be had here
too: a report speaks in them. `Report` and all it holds go to JSON and back unchanged (`to_json`,
`from_json`); the JSON is the record, and every other format is rendered from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import msgspec

from certify.errors import ReportError
from certify.facts import Artifact, CassetteFacts, Connector, RunFacts, SuiteFacts
from certify.figures import Load, Machine, Performance
from certify.outcomes import (
    OPEN,
    TIERS,
    WORST_FIRST,
    Effort,
    Evidence,
    Finding,
    Location,
    Moment,
    MomentKind,
    Outcome,
    OwnEvidence,
    Status,
    Tier,
    Timeline,
    worst,
)

__all__ = [
    "OPEN",
    "SCHEMA_VERSION",
    "TIERS",
    "WORST_FIRST",
    "Artifact",
    "CassetteFacts",
    "Connector",
    "Coverage",
    "Effort",
    "Evidence",
    "Finding",
    "Footer",
    "Format",
    "IdKind",
    "IdResult",
    "ItemResult",
    "Load",
    "Location",
    "Machine",
    "Moment",
    "MomentKind",
    "NextTier",
    "Outcome",
    "OwnEvidence",
    "Performance",
    "Reason",
    "Report",
    "RuleResult",
    "RunFacts",
    "Status",
    "Step",
    "SuiteFacts",
    "Tier",
    "Timeline",
    "Verdict",
    "WaiverResult",
    "digest_of",
    "digest_of_json",
    "from_json",
    "sealed",
    "to_json",
    "worst",
]

#: Additions raise the second number; anything a reader could trip over raises the first.
SCHEMA_VERSION = "1.1"


class Verdict(StrEnum):
    """Whether this connector may be released."""

    CERTIFIED = "certified"
    NOT_CERTIFIED = "not_certified"
    INCOMPLETE = "incomplete"
    #: A selection (`--only`) judges rules, not the connector.
    NONE = "none"


@dataclass(frozen=True)
class ItemResult:
    """One item of a rule, as the report lists it."""

    nodeid: str
    status: Status
    seconds: float
    message: str


@dataclass(frozen=True)
class WaiverResult:
    """A waiver that stands: who answers for it, and until when (ISO date)."""

    reason: str
    owner: str
    expires: str
    url: str | None = None


@dataclass(frozen=True)
class RuleResult:
    """What one rule of a suite said. `why` and `fix` come from the rule's own docstring."""

    id: str
    title: str
    area: str
    tier: Tier
    effort: Effort
    required: bool
    status: Status
    seconds: float
    message: str
    why: str
    fix: str
    waiver: WaiverResult | None = None
    location: Location | None = None
    detail: str = ""
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    items: tuple[ItemResult, ...] = ()
    suite: str = ""


class IdKind(StrEnum):
    """Where in the contract an id stands."""

    REQUIRED_TEST = "required_test"
    GATE = "gate"
    BENCHMARK = "benchmark"
    #: A flag of a native transfer that the contract claims: `stream_export.bounded`.
    NATIVE = "native"


@dataclass(frozen=True)
class IdResult:
    """One of the contract's own names and the rules that stand for it.

    `capability` is the one under whose `required_tests` it stands; gates and the benchmark have none.
    `needs` holds the exact lines to add to the contract before it can be exercised.
    """

    id: str
    kind: IdKind
    capability: str | None
    status: Status
    message: str
    rules: tuple[str, ...] = ()
    needs: str = ""


@dataclass(frozen=True)
class Reason:
    """Why the verdict is not *certified*: an id or rule, what it said, and how to mend it."""

    id: str
    status: Status
    message: str
    fix: str
    location: Location | None = None


@dataclass(frozen=True)
class Coverage:
    """What was claimed, planned and really run."""

    claimed_capabilities: tuple[str, ...]
    exercised_capabilities: tuple[str, ...]
    planned: int
    ran: int


@dataclass(frozen=True)
class Step:
    """A rule to satisfy on the way to the next tier."""

    id: str
    effort: Effort
    status: Status
    fix: str


@dataclass(frozen=True)
class NextTier:
    """The shortest path up: cheapest rule first."""

    tier: Tier
    rules: tuple[Step, ...]


@dataclass(frozen=True)
class Footer:
    """What was planned, and a digest that shows truncation and accident (not forgery)."""

    planned_ids: tuple[str, ...]
    digest: str = ""


@dataclass(frozen=True)
class Report:
    """A whole certification."""

    schema_version: str
    verdict: Verdict
    exit_code: int
    tier: Tier | None
    reasons: tuple[Reason, ...]
    connector: Connector
    run: RunFacts
    required: dict[Status, int]
    ids: tuple[IdResult, ...]
    rules: tuple[RuleResult, ...]
    coverage: Coverage
    next_tier: NextTier | None
    footer: Footer
    files: dict[str, str] = field(default_factory=dict)
    performance: Performance | None = None


@dataclass(frozen=True)
class Format:
    """One way to show a report: a pure function of it. Found by the entry points `certify.reports`."""

    name: str
    file_name: str
    render: Callable[[Report], str]


def sealed(report: Report) -> Report:
    """The same report with the digest of all its content in the footer."""
    return replace(report, footer=replace(report.footer, digest=digest_of(report)))


def digest_of(report: Report) -> str:
    """SHA-256 over the canonical JSON (sorted keys, no spaces, UTF-8) without `footer.digest`."""
    return _digest(msgspec.to_builtins(report))


def digest_of_json(text: str | bytes) -> str:
    """The same over a record as it is written, whatever else a later version, or a stranger, put into it.

    Raises ReportError when it is not JSON, or has a key twice: readers would not agree on what it says.
    """
    try:
        return _digest(json.loads(text, object_pairs_hook=_each_once))
    except (ValueError, KeyError, TypeError) as error:
        raise ReportError(f"not a certification report: {error}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ReportError(f"not a certification report: it has {twice!r} twice")
    return plain


def _digest(plain: dict[str, Any]) -> str:
    footer = {name: value for name, value in plain["footer"].items() if name != "digest"}
    whole = plain | {"footer": footer}
    canonical = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def to_json(report: Report) -> str:
    """The record: indented JSON, in the order of the dataclasses, with a newline at its end."""
    plain: dict[str, Any] = msgspec.to_builtins(report)
    return json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str | bytes) -> Report:
    """Read a record back.

    Raises ReportError when it is not JSON, or not a report; the message names the key.
    """
    try:
        return msgspec.json.decode(text, type=Report)
    except msgspec.ValidationError as error:
        raise ReportError(f"not a certification report: {error}") from error
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ReportError(f"not JSON, or cut short: {error}") from error
