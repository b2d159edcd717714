"""A certification contract as a frozen value, section by section as CONTRACT names them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from certify.contract.document import KeyPath
from certify.model import Location, Tier
from certify.roles import ROLE_OF


@dataclass(frozen=True)
class Capability:
    """What the connector claims under one capability, and the ids that must be shown for it."""

    strategies: tuple[str, ...] = ()
    required_tests: tuple[str, ...] = ()
    schema_evolution: str | None = None
    staging_first: bool = False


@dataclass(frozen=True)
class Performance:
    """The benchmark that is asked for: rows and columns of the synthetic load.

    `baseline` is an earlier report, whose figures are held against.
    """

    benchmark_required: bool = False
    minimum_rows: int = 10_000
    wide_columns: int = 120
    baseline: str | None = None


@dataclass(frozen=True)
class EvidencePlan:
    """Where the report goes, relative to the connector's folder."""

    artifacts_dir: str = "test_artifacts/certification"
    markdown_report: str = "certification_report.md"
    json_report: str = "certification_report.json"
    run_artifact: str | None = None


@dataclass(frozen=True)
class SubjectPlan:
    """How the connector is reached; all of it optional, much of it detected."""

    package: str | None = None
    command: tuple[str, ...] = ()
    source: str | None = None
    sink: str | None = None
    state: str | None = None
    executable: Mapping[str, str] = field(default_factory=dict)
    assembly: str | None = None
    config: str | None = None
    secrets: tuple[str, ...] = ()
    primary_keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cursor_fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReplayPlan:
    """Where recorded traffic lies, and the budgets of one run (`max_wait_seconds` on the virtual clock).

    `idempotent_requests` are those that may be sent again though they are no GET: `POST /v1/search`.
    """

    cassettes: str | None = None
    records: Mapping[str, str] = field(default_factory=dict)
    max_attempts: int = 6
    max_wait_seconds: float = 600.0
    idempotent_requests: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """The database a sink loads into: a SQLAlchemy URL in which `{tmp}` is a folder per run.

    `rows` is a file of sample rows (JSON, or JSON lines), `replace_by` the column whose values are the slices
    that `replace` replaces, `batch_rows` the most rows that the sink takes between two calls to the database,
    `quality` a file of the rules that it checks in every batch. `config` is what a Singer target's
    configuration has besides, or otherwise, in loads of a strategy.
    """

    url: str | None = None
    table: str | None = None
    rows: str | None = None
    replace_by: str | None = None
    batch_rows: int | None = None
    quality: str | None = None
    config: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sdk:
    """The SDK a connector is built against, and the major version it must stay with."""

    package: str
    major: int


@dataclass(frozen=True)
class Policy:
    """What is asked beyond the ids: rules up to `tier` decide the verdict too."""

    tier: Tier = Tier.SILVER
    dependency_allowlist: str | None = None
    egress_hosts: tuple[str, ...] = ()
    sdk: Sdk | None = None


@dataclass(frozen=True)
class Waiver:
    """A rule that may fail for now: why, who answers for it, and the last day it holds."""

    rule: str
    reason: str
    owner: str
    expires: datetime.date
    url: str | None = None

    def in_date(self, today: datetime.date) -> bool:
        """Whether it still holds; the day of expiry is the last."""
        return today <= self.expires


@dataclass(frozen=True)
class Contract:
    """A whole `certification.yaml`.

    `root` is the connector's folder (absolute), `file` the contract's path as errors and reports show
    it (relative to the root), `digest` the SHA-256 of its bytes.
    """

    root: Path
    file: str
    digest: str
    connector: str
    system: str
    capabilities: Mapping[str, Capability]
    connector_type: str | None = None
    status: str | None = None
    quality_gates: Mapping[str, bool] = field(default_factory=dict)
    performance: Performance = Performance()
    evidence: EvidencePlan = EvidencePlan()
    native_transfer: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    subject: SubjectPlan = SubjectPlan()
    replay: ReplayPlan = ReplayPlan()
    target: Target = Target()
    policy: Policy = Policy()
    waivers: tuple[Waiver, ...] = ()
    lines: Mapping[KeyPath, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def path(self) -> Path:
        """The contract file itself, absolute."""
        return self.root / self.file

    def claim(self, role: str) -> Capability | None:
        """What is claimed for a role, by whichever names its system has for it."""
        claims = [one for name, one in self.capabilities.items() if role in (name, ROLE_OF.get(name))]
        if len(claims) < 2:
            return claims[0] if claims else None
        return Capability(
            strategies=tuple(dict.fromkeys(one for claim in claims for one in claim.strategies)),
            required_tests=tuple(dict.fromkeys(one for claim in claims for one in claim.required_tests)),
            schema_evolution=next(filter(None, (claim.schema_evolution for claim in claims)), None),
            staging_first=any(claim.staging_first for claim in claims),
        )

    @property
    def strategies(self) -> Mapping[str, tuple[str, ...]]:
        """The strategies claimed, by capability."""
        return {name: capability.strategies for name, capability in self.capabilities.items()}

    def at(self, *keys: str | int) -> Location:
        """Where a key stands, or its nearest ancestor that does."""
        path: KeyPath = keys
        while path and path not in self.lines:
            path = path[:-1]
        return Location(self.file, self.lines.get(path, 1))
