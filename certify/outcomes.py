"""The words of one rule: its tier, the statuses, what it found and saw, and its outcome.

No I/O and no pytest in here: values, that go to JSON and back unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from certify.figures import Performance


class Status(StrEnum):
    """What became of one rule, or of one id of the contract."""

    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    BLOCKED = "blocked"
    UNVERIFIED = "unverified"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable"


#: Worst first: a set of rules has the status of its worst member.
WORST_FIRST = (
    Status.FAILED,
    Status.ERRORED,
    Status.BLOCKED,
    Status.UNVERIFIED,
    Status.WAIVED,
    Status.PASSED,
    Status.NOT_APPLICABLE,
)
#: A rule in one of these states stands between the connector and its release.
OPEN = (Status.FAILED, Status.ERRORED, Status.BLOCKED, Status.UNVERIFIED)


def worst(statuses: list[Status]) -> Status:
    """The worst of some statuses; nothing at all is *unverified*, never passed."""
    return min(statuses, key=WORST_FIRST.index, default=Status.UNVERIFIED)


class Tier(StrEnum):
    """How far beyond the contract a connector goes; each tier includes the ones before it."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"

    def __le__(self, other: str) -> bool:
        """Bronze is below silver is below gold is below platinum."""
        return TIERS.index(self) <= TIERS.index(Tier(other))


TIERS = tuple(Tier)


class Effort(StrEnum):
    """What it usually takes an author to mend a broken rule."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True)
class Location:
    """A place in the connector's tree; `file` is relative to its root where it lies inside."""

    file: str
    line: int | None = None

    def __str__(self) -> str:
        return self.file if self.line is None else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be: what was found, where, and how to mend it.

    `scenario` is that of the timeline, among the rule's evidence, which shows it.
    """

    message: str
    location: Location | None = None
    expected: str | None = None
    fix: str | None = None
    scenario: str | None = None


class MomentKind(StrEnum):
    """What happened at a moment of a run."""

    REQUEST = "request"
    WAIT = "wait"
    END = "end"


@dataclass(frozen=True)
class Moment:
    """One moment of a run: `at` and `seconds` are virtual seconds, `at` since the run began.

    Of a request, `text` went to `host`, which gave `answer`; a wait was on `text`, for `seconds`; at the end
    `text` says how.
    """

    at: float
    kind: MomentKind
    text: str
    host: str = ""
    answer: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Timeline:
    """What happened in one scenario, in order; `left_out` moments before the last are not listed."""

    scenario: str
    moments: tuple[Moment, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Evidence:
    """What was seen while a rule ran; a rule that saw nothing cannot pass."""

    kind: str
    summary: str
    path: str | None = None
    sha256: str | None = None
    timeline: Timeline | None = None


@dataclass(frozen=True)
class OwnEvidence:
    """What one of the connector's own tests says about an id: `@pytest.mark.certifies("vendor_quota")`."""

    id: str
    nodeid: str
    passed: bool


@dataclass(frozen=True)
class Outcome:
    """How one test item of a rule ended. `message` is the first line; `detail` the rest, if any."""

    rule: str
    nodeid: str
    status: Status
    seconds: float
    message: str = ""
    detail: str = ""
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    own_evidence: tuple[OwnEvidence, ...] = ()
    performance: Performance | None = None
